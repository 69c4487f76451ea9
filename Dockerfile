# docker build -t tactline . && docker run -p 8000:8000 -e TACTLINE_API_KEYS=... tactline
FROM python:3.12-slim
WORKDIR /srv/tactline
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY app ./app
COPY manifests ./manifests
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --system --no-create-home tactline
USER tactline
# Listening beyond loopback, the service starts only with TACTLINE_API_KEYS set.
ENV TACTLINE_HOST=0.0.0.0 TACTLINE_LOG_FORMAT=json
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=3)"]
CMD ["tactline", "serve"]
