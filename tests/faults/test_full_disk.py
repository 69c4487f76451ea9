"""No room for the database's file: reviews go on, what has to be kept is refused whole, and it passes."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import event

from app.store.errors import StoreError
from app.tone.review import Engine
from tests.api.test_calendar_holds import HOLD, Stage, staged
from tests.api.test_errors import GOOD, problem
from tests.serving import figures

while_staged = contextmanager(staged)


class Disk:
    """A disk of a mebibyte, where this user may mount one."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "tactline.db"
        self._filler = folder / "filler"

    def fill(self, _: Stage) -> None:
        with self._filler.open("wb", buffering=0) as out, suppress(OSError):
            while True:
                out.write(bytes(4096))

    def empty(self) -> None:
        self._filler.unlink()


class Pages(Disk):
    """SQLite's own limit on a file, which it tells of as it tells of a full disk."""

    def fill(self, stage: Stage) -> None:
        service = stage.client.app.state.service
        self._engine = service.store._session.engine.sync_engine
        self._pages = 1  # it stays at what is used already
        event.listen(self._engine, "checkout", self._limit)
        # Those that are used have room for some rows yet.
        now = dt.datetime.now(dt.UTC)
        with suppress(StoreError):
            for number in range(500):
                stage.client.portal.call(service.store.begin, f"another-{number}", b"", now)

    def empty(self) -> None:
        self._pages = 1_000_000

    def _limit(self, connection: Any, *_: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {self._pages}")
        cursor.close()


@pytest.fixture(params=["disk", "pages"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "pages":
        yield Pages(tmp_path)
        return
    mount, umount = shutil.which("mount"), shutil.which("umount")
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(folder)]
    if mount is None or umount is None or subprocess.run([mount, *options], capture_output=True).returncode:  # noqa: S603
        pytest.skip("needs leave to mount a disk")
    try:
        yield Disk(folder)
    finally:
        subprocess.run([umount, str(folder)], check=True)  # noqa: S603


def hold(number: int) -> dict[str, Any]:
    return {**HOLD, "id": f"{number:032x}"}


def test_reviews_go_on_and_nothing_is_half_written(
    disk: Disk, portal: BlockingPortal, engine: Engine
) -> None:
    with while_staged(portal, engine, database_url=f"sqlite:///{disk.file}") as stage:

        def made(number: int) -> Any:
            key = {"Idempotency-Key": f"click-{number}"}
            return stage.post("microsoft", hold(number), headers=key, when_taken="keep")

        assert stage.client.request("PATCH", "/v1/me", json={"language": "fr"}).status_code == 200
        disk.fill(stage)
        number = 0
        while (refused := made(number)).status_code == 201:  # as long as there is a page left
            number += 1
            assert number < 50
        document = problem(refused, 503, "store-unavailable")
        assert document["title"] == "The database cannot be used"
        assert refused.headers["retry-after"] == "5"
        assert len(stage.events("microsoft")) == number

        assert stage.client.post("/v1/reviews", json=GOOD).status_code == 200
        assert stage.client.get("/v1/me").json()["language"] == "fr"
        assert stage.client.get("/readyz").status_code == 200  # what is there can be read
        told = figures(stage.client.get("/metrics").text)
        assert told["tactline_store_errors_total", (("operation", "begin"),)] >= 1

        disk.empty()
        again = made(number)
        assert again.status_code == 201
        assert made(number).content == again.content
        assert len(stage.events("microsoft")) == number + 1
        assert stage.client.request("PATCH", "/v1/me", json={"language": "tr"}).json()["language"] == "tr"
    with closing(sqlite3.connect(disk.file)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_was_made_is_told_though_the_answer_cannot_be_kept(
    portal: BlockingPortal, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Between the two writings the disk fills up: the event stands, and nobody hears that it does not."""

    async def full(*_: Any) -> None:
        raise StoreError("The database did not do what was asked.", "SQLITE_FULL")

    with while_staged(portal, engine) as stage:
        store = stage.client.app.state.service.store
        key = {"Idempotency-Key": "click"}
        with monkeypatch.context() as patch:
            patch.setattr(store, "finish", full)
            assert stage.post("microsoft", headers=key).status_code == 201
        assert "an answer was not kept" in [record.message for record in caplog.records]
        assert stage.post("microsoft", headers=key).status_code == 200
        with monkeypatch.context() as patch:
            patch.setattr(store, "abandon", full)
            stage.graph.down = True
            failed = stage.post("microsoft", hold(2), headers={"Idempotency-Key": "2"})
            problem(failed, 502, "calendar-unavailable")  # what went wrong first
        assert len(stage.events("microsoft")) == 1
