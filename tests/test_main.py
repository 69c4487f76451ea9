"""The application as a server starts it."""

from __future__ import annotations

from collections.abc import Callable

from app.main import create_app
from app.settings import Settings
from app.tone.review import Engine
from tests.conftest import Client


def test_starting_loads_the_engine_and_then_the_service_is_ready(make_client: Callable[..., Client]) -> None:
    client = make_client(None, log_level="error")
    assert client.get("/readyz").status_code == 503

    with client.portal.wrap_async_context_manager(client.app.router.lifespan_context(client.app)):
        ready = client.get("/readyz")
        assert ready.json() == {"status": "ready", "engine": "ready", "store": "ready"}
        assert ready.status_code == 200
    assert client.review({"direction": "outgoing", "text": "The menus are ready."}).status_code == 200


def test_the_limit_on_a_body_can_be_set(make_client: Callable[..., Client], engine: Engine) -> None:
    client = make_client(engine, max_bytes=2048)
    assert client.review({"direction": "outgoing", "text": "a" * 3000}).status_code == 413


def test_no_page_of_documentation_needs_another_host() -> None:
    app = create_app(Settings())
    assert app.docs_url is None
    assert app.redoc_url is None
