"""`tactline keys`: made, listed and revoked on the database of the settings."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from app import cli, strings
from app.errors import TactlineError
from app.store.api_keys import looks_like_key
from app.tone.types import LANGUAGES, Language
from tests.store.conftest import POSTGRESQL

Run = Callable[..., Result]
TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_LANGUAGE", "en")


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(cli.app, ["keys", *arguments])


@pytest.fixture(params=["file", POSTGRESQL])
def named(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database that the settings name."""
    file = f"sqlite:///{tmp_path / 'named.db'}"
    url = file if request.param == "file" else str(request.getfixturevalue("fresh_postgresql"))
    monkeypatch.setenv("TACTLINE_DATABASE_URL", url)
    monkeypatch.setenv("TACTLINE_SECRETS", "s" * 40)
    return url


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTLINE_DATABASE_URL", f"sqlite:///{tmp_path / 'named.db'}")


def made(run: Run, name: str, scopes: str = "review", *more: str) -> str:
    done = run("create", name, "--scopes", scopes, *more)
    assert done.exit_code == 0, done.output
    key = done.stdout.removesuffix("\n")
    # The key alone, for a script to take; what a person should know goes elsewhere.
    assert looks_like_key(key)
    assert "only now" in done.stderr
    return key


def listed(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("list", "--json").stdout)
    return found


@pytest.mark.usefixtures("named")
def test_a_key_is_made_listed_and_revoked(run: Run) -> None:
    before = dt.datetime.now(dt.UTC)
    first = made(run, "the portal", "holds, review")
    last = TODAY + dt.timedelta(days=30)
    second = made(run, "the archive", "review", "--expires", last.isoformat())
    one, two = listed(run)
    assert one["name"] == "the portal"
    assert one["scopes"] == ["review", "holds"]
    assert first.split("_")[1] == one["id"]
    assert before <= dt.datetime.fromisoformat(one["created_at"]) <= dt.datetime.now(dt.UTC)
    assert one["expires_at"] is one["revoked_at"] is one["last_used_at"] is None
    # It opens something on its last day, to the end of it.
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC)
    assert dt.datetime.fromisoformat(two["expires_at"]) == end
    done = run("revoke", "the portal")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "seconds" in done.stderr
    one, two = listed(run)
    assert one["revoked_at"] is not None
    assert two["revoked_at"] is None
    for output in (run("list").output, run("list", "--json").output):
        for key in (first, second):
            assert key.split("_", 2)[2] not in output


@pytest.mark.usefixtures("file")
def test_the_list_tells_people_what_stands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    made(run, "the portal", "review,admin")
    made(run, "the archive", "review", "--expires", TODAY.isoformat())
    made(run, "[red]old[/red]", "review")
    run("revoke", "[red]old[/red]")
    lines = run("list").output.splitlines()
    assert len(lines) == 4
    (portal,) = (line for line in lines if "the portal" in line)
    assert "review admin" in portal
    assert TODAY.isoformat() in portal
    (archive,) = (line for line in lines if "the archive" in line)
    assert archive.count(TODAY.isoformat()) == 2
    # What somebody named a key is no markup.
    (old,) = (line for line in lines if "[red]old[/red]" in line)
    assert "revoked" in old


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "", "--scopes", "review"), "bad-key-name"),
        (("create", "x" * 101, "--scopes", "review"), "bad-key-name"),
        (("create", "a\tb", "--scopes", "review"), "bad-key-name"),
        (("create", " a", "--scopes", "review"), "bad-key-name"),
        (("create", "a", "--scopes", ""), "bad-scopes"),
        (("create", "a", "--scopes", "review,all"), "bad-scopes"),
        (("create", "a", "--scopes", "review", "--expires", "tomorrow"), "bad-expires"),
        (("create", "a", "--scopes", "review", "--expires", "2020-01-01"), "key-expired"),
        (("create", "taken", "--scopes", "review"), "key-name-taken"),
        (("revoke", "nobody"), "no-such-key"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: str
) -> None:
    made(run, "taken")
    known = listed(run)
    said = set()
    for language in LANGUAGES:
        monkeypatch.setattr(cli, "_LANGUAGE", language)
        done = run(*arguments)
        assert done.exit_code == 2
        assert done.stdout == ""
        assert said_in(language, code) in " ".join(done.stderr.split())
        said.add(done.stderr)
    assert len(said) == len(LANGUAGES)
    assert listed(run) == known


def said_in(language: Language, code: str) -> str:
    return strings.say(language, f"cli.error.{code}", most=100, scopes="review, holds, admin")


def test_a_database_in_memory_keeps_no_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("sqlite://", "sqlite:///:memory:"):
        monkeypatch.setenv("TACTLINE_DATABASE_URL", url)
        for words in (("create", "a", "--scopes", "review"), ("list",), ("revoke", "a")):
            done = run(*words)
            assert done.exit_code == 2
            assert done.stdout == ""
            assert "TACTLINE_DATABASE_URL" in done.stderr


@pytest.mark.usefixtures("file")
def test_any_name_is_kept_as_it_is_or_refused(run: Run) -> None:
    names: set[str] = set()

    @hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120))
    def each(name: str) -> None:
        from app.cli import keys

        try:
            keys.create(name, ["review"], None, "en")
        except TactlineError:
            return
        assert name
        assert name == name.strip()
        assert name.isprintable()
        names.add(name)

    each()
    assert names
    assert {record["name"] for record in listed(run)} == names


@pytest.mark.usefixtures("file")
def test_a_key_in_the_store_lets_a_service_listen_to_others(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    from app import settings
    from app.cli.migrating import check_store
    from app.errors import SettingsError

    chosen = settings.load(host="0.0.0.0")  # noqa: S104 - nothing listens
    with pytest.raises(SettingsError, match=r"tactline keys create.*TACTLINE_API_KEYS"):
        check_store(chosen, "en")
    made(run, "the portal")
    check_store(chosen, "en")
    run("revoke", "the portal")
    with pytest.raises(SettingsError):
        check_store(chosen, "en")
