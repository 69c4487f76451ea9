# docker build -t tactline . && docker run -p 8000:8000 -e TACTLINE_API_KEYS=... tactline
# For a build that is the same tomorrow, name the base by its digest:
#   docker build --build-arg PYTHON_IMAGE=python:3.12-slim@sha256:... -t tactline:0.1.0 .
# docs/deploying.md tells the rest, docs/decisions/0017-deploying.md why it is so.
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python -m venv /opt/tactline
COPY requirements-image.lock ./
RUN /opt/tactline/bin/python -m pip install --quiet --no-cache-dir --require-hashes --only-binary :all: -r requirements-image.lock
COPY pyproject.toml README.md LICENSE ./
COPY manifests ./manifests
COPY app ./app
RUN /opt/tactline/bin/python -m pip install --quiet --no-cache-dir --no-deps --no-build-isolation .
RUN /opt/tactline/bin/python manifests/deploy/prune.py /opt/tactline
# Hashed, not dated: the same files give the same bytes, and nothing is compared at the start.
RUN /opt/tactline/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/tactline/lib

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Tactline" \
      org.opencontainers.image.description="Reviews the tone of client mail and proposes calendar holds" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# The base comes without bytecode, and on a read-only file system none can be kept later.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x "/(test|idlelib|lib2to3|site-packages)/" /usr/local/lib
COPY --from=build /opt/tactline /opt/tactline
RUN install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/tactline
# The database file lies in /var/lib/tactline unless TACTLINE_DATABASE_URL names another; nothing else is written.
# MALLOC_ARENA_MAX: a heap for each thread costs twenty MiB and makes no review faster (docs/performance.md).
ENV PATH=/opt/tactline/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/tactline \
    XDG_STATE_HOME=/var/lib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    TACTLINE_HOST=0.0.0.0 \
    TACTLINE_LOG_FORMAT=json
VOLUME /var/lib/tactline
WORKDIR /var/lib/tactline
# Listening beyond loopback, the service starts only with a key: TACTLINE_API_KEYS, or `tactline keys create`.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["tactline", "health"]
ENTRYPOINT ["tactline"]
CMD ["serve"]
