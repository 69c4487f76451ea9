"""Signing in from `tactline holds`: by a code to Microsoft, in a browser to Google, once for many runs."""

from __future__ import annotations

import json
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from app import strings
from app.cli import calendars
from app.settings import load
from app.tone.review import Engine
from app.tone.types import LANGUAGES
from tests.auth.device import PAGE
from tests.auth.google_tokens import CLIENT, SCOPES
from tests.auth.tokens import CONSUMERS, TENANT, USER
from tests.cli_bench import GoogleBench, GraphBench, plain


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, engine: Engine, tmp_path: Path) -> None:
    plain(monkeypatch, engine, tmp_path)


def memory() -> calendars.Memory:
    return calendars.Memory(load())


def kept(tmp_path: Path) -> bytes:
    """All that lies on the disk."""
    return b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())


class TestMicrosoft:
    @pytest.fixture
    def bench(self, tmp_path: Path) -> GraphBench:
        return GraphBench(tmp_path)

    def test_a_code_is_shown_once_and_the_sign_in_is_remembered(
        self, bench: GraphBench, tmp_path: Path
    ) -> None:
        first = bench.run(bench.mail())
        assert first.exit_code == 0, first.output
        [code] = bench.entra.codes
        assert first.stderr == f"To sign in, open {PAGE} and enter the code {code}\n"
        second = bench.run(bench.mail())
        assert (second.exit_code, second.stderr) == (0, "")
        assert len(bench.entra.codes) == 1
        for secret in bench.secrets():
            assert secret not in first.output + second.output
            assert secret.encode() not in kept(tmp_path)
        assert USER.encode() not in kept(tmp_path)

    def test_it_asks_for_the_calendar_and_no_more(self, bench: GraphBench) -> None:
        bench.run(bench.mail())
        assert set(bench.entra.issued.values()) == {(TENANT, USER)}
        kept_cache = json.loads(memory().get("cli.microsoft") or b"")
        [token] = kept_cache["AccessToken"].values()
        assert token["target"].split() == ["https://graph.microsoft.com/Calendars.ReadWrite"]
        assert bench.entra.tenants_asked == {"common"}

    def test_an_expired_token_is_renewed_silently(self, bench: GraphBench) -> None:
        bench.entra.expires_in = 60
        bench.run(bench.mail())
        assert bench.run(bench.mail()).exit_code == 0
        assert bench.entra.forms[-1]["grant_type"] == "refresh_token"
        assert len(bench.entra.codes) == 1

    def test_a_sign_in_taken_back_leads_to_a_new_code(self, bench: GraphBench) -> None:
        bench.entra.expires_in = 60
        bench.run(bench.mail())
        bench.entra.revoke(USER)
        assert bench.run(bench.mail()).exit_code == 0
        assert len(bench.entra.codes) == 2

    def test_who_signs_in_anew_takes_the_place_of_who_was(self, bench: GraphBench) -> None:
        bench.entra.expires_in = 60
        bench.run(bench.mail())
        bench.entra.revoke(USER)
        bench.entra.signing_in = TENANT, "11111111-0000-0000-0000-000000000001"
        bench.run(bench.mail())
        accounts = json.loads(memory().get("cli.microsoft") or b"")["Account"]
        assert [one["local_account_id"] for one in accounts.values()] == [bench.entra.signing_in[1]]

    def test_a_personal_account_has_its_own_pages(self, bench: GraphBench) -> None:
        assert "https://outlook.office365.com/" in bench.run(bench.mail(), "--kind", "check-in").stdout
        memory().forget("cli.microsoft")
        bench.entra.signing_in = CONSUMERS, USER
        assert "https://outlook.live.com/" in bench.run(bench.mail(), "--kind", "commitment").stdout
        # By what was kept, too.
        bench.clear()
        assert "https://outlook.live.com/" in bench.run(bench.mail()).stdout

    def test_an_application_of_one_directory_signs_in_there(
        self, bench: GraphBench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TACTLINE_ENTRA_CLIENT_ID", bench.entra.client_id)
        monkeypatch.setenv("TACTLINE_ENTRA_TENANTS", TENANT)
        bench.arguments = []
        assert bench.run(bench.mail()).exit_code == 0
        assert bench.entra.tenants_asked == {TENANT}

    @pytest.mark.parametrize("refused", ["authorization_declined", "expired_token"])
    def test_who_does_not_go_along_is_not_signed_in(self, bench: GraphBench, refused: str) -> None:
        bench.entra.refused = refused
        done = bench.run(bench.mail())
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.splitlines()[-1].startswith("Microsoft Outlook: the sign-in was declined")
        assert memory().get("cli.microsoft") is None

    def test_what_is_missing_is_named(self, bench: GraphBench) -> None:
        bench.entra.public = False
        assert "public client flows" in bench.run(bench.mail()).stderr
        bench.arguments = []
        assert "--client-id" in bench.run(bench.mail()).stderr
        bench.arguments = ["--client-id", "another"]
        assert "refused the sign-in (AADSTS700016)" in bench.run(bench.mail()).stderr

    def test_more_that_is_wanted_is_one_sentence(self, bench: GraphBench) -> None:
        bench.entra.consent(USER)
        assert "asks for: https://graph.microsoft.com/Calendars" in bench.run(bench.mail()).stderr
        bench.entra.consent(USER, given=True)
        bench.entra.claims(USER, '{"access_token":{}}')
        assert "run the command again to sign in" in bench.run(bench.mail()).stderr

    @pytest.mark.parametrize(
        ("attribute", "value", "words"),
        [("down", True, "not answering"), ("slow", True, "took too long"), ("status", 503, "not answering")],
    )
    def test_an_entra_that_is_away_is_one_sentence(
        self, bench: GraphBench, attribute: str, value: Any, words: str
    ) -> None:
        setattr(bench.entra, attribute, value)
        done = bench.run(bench.mail())
        assert (done.exit_code, done.stdout) == (2, "")
        assert words in done.stderr
        assert "Traceback" not in done.output

    def test_what_was_kept_under_another_secret_is_no_hindrance(
        self, bench: GraphBench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bench.run(bench.mail())
        monkeypatch.setenv("TACTLINE_SECRETS", "s" * 40)
        assert bench.run(bench.mail()).exit_code == 0
        assert len(bench.entra.codes) == 2

    def test_what_was_kept_and_makes_no_sense_is_no_hindrance(self, bench: GraphBench) -> None:
        for rubbish in (b"{}", b"[", b"\xff"):
            memory().keep("cli.microsoft", rubbish)
            assert bench.run(bench.mail()).exit_code == 0


@pytest.mark.allow_hosts(["127.0.0.1"])
class TestGoogle:
    """With the real way back: a port of this machine, and a browser that is a thread."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[GoogleBench]:
        pytest.importorskip("google_auth_oauthlib", reason="needs the optional part tactline[google]")
        made = GoogleBench(tmp_path, signed=False)
        secrets = tmp_path / "client.json"
        secrets.write_text(json.dumps({"installed": CLIENT}), encoding="utf-8")
        made.arguments = ["--client-file", str(secrets)]
        yield made
        made.tokens.done()

    def test_a_browser_is_opened_once_and_the_sign_in_is_remembered(
        self, bench: GoogleBench, tmp_path: Path
    ) -> None:
        first = bench.run(bench.mail())
        assert first.exit_code == 0, first.output
        [page] = bench.tokens.pages
        assert first.stderr == f"To sign in, open this page in your browser: {page}\n"
        bench.tokens.done()
        assert bench.tokens.shown == ["You can close this page now and go back to the terminal."]
        bench.arguments = []
        second = bench.run(bench.mail())
        assert (second.exit_code, second.stderr) == (0, "")
        assert len(bench.tokens.forms) == 1
        secrets = [*bench.tokens.issued, *bench.tokens._refresh, CLIENT["client_secret"]]
        for secret in map(str, secrets):
            assert secret not in first.output + second.output
            assert secret.encode() not in kept(tmp_path)

    def test_it_asks_for_its_own_events_and_for_free_time_and_no_more(self, bench: GoogleBench) -> None:
        bench.run(bench.mail())
        assert f"scope={'+'.join(SCOPES)}".replace(":", "%3A").replace("/", "%2F") in bench.tokens.pages[0]

    def test_an_expired_token_is_renewed_silently(self, bench: GoogleBench) -> None:
        bench.tokens.expires_in = 60
        bench.run(bench.mail())
        bench.arguments = []
        for _ in range(2):
            assert bench.run(bench.mail()).exit_code == 0
        assert [form.get("refresh_token") is None for form in bench.tokens.forms] == [True, False, False]
        assert len(bench.tokens.pages) == 1

    def test_a_sign_in_taken_back_leads_to_the_browser(self, bench: GoogleBench) -> None:
        bench.tokens.expires_in = 60
        bench.run(bench.mail())
        bench.tokens.revoked = True
        assert bench.run(bench.mail()).exit_code == 0
        assert len(bench.tokens.pages) == 2

    def test_another_application_signs_in_for_itself(self, bench: GoogleBench, tmp_path: Path) -> None:
        bench.run(bench.mail())
        other = {**CLIENT, "client_id": "5678.apps.googleusercontent.com"}
        (tmp_path / "client.json").write_text(json.dumps({"installed": other}), encoding="utf-8")
        bench.tokens.open = lambda url: bench.tokens.pages.append(url)  # type: ignore[method-assign]
        bench.outside = calendars.Outside(**{**vars(bench.outside), "wait": 0.05})
        assert bench.run(bench.mail()).exit_code == 2
        assert str(other["client_id"]) in bench.tokens.pages[1]

    @pytest.mark.parametrize(
        ("attribute", "value", "words"),
        [
            ("denies", True, "Google Calendar: the sign-in was declined"),
            ("closes", True, "Google Calendar: the sign-in was declined, or took too long"),
            ("lies", True, "Google Calendar refused the sign-in (mismatching_state)"),
            ("ticked", SCOPES[:1], f"Google Calendar asks for: {SCOPES[1]}."),
            ("status", 503, "Google Calendar is not answering"),
            ("fails", requests.ConnectionError("made up"), "Google Calendar is not answering"),
            ("fails", requests.ReadTimeout("made up"), "Google Calendar took too long"),
        ],
    )
    def test_what_goes_wrong_is_one_sentence(
        self, bench: GoogleBench, attribute: str, value: Any, words: str
    ) -> None:
        setattr(bench.tokens, attribute, value)
        bench.outside = calendars.Outside(
            **{**vars(bench.outside), "wait": 0.2 if bench.tokens.closes else 5}
        )
        done = bench.run(bench.mail())
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.splitlines()[-1].startswith(words)
        assert "Traceback" not in done.output
        assert memory().get("cli.google") is None

    def test_a_renewal_that_fails_for_now_keeps_the_sign_in(
        self, bench: GoogleBench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda _: None)  # google-auth asks again, and waits before
        bench.tokens.expires_in = 60
        bench.run(bench.mail())
        for status in (503, 429):
            bench.tokens.status = status
            assert "not answering" in bench.run(bench.mail()).stderr
        bench.tokens.status = 0
        for error in (requests.ConnectionError("made up"), requests.ReadTimeout("made up")):
            bench.tokens.fails = error
            assert bench.run(bench.mail()).exit_code == 2
        bench.tokens.fails = None
        assert bench.run(bench.mail()).exit_code == 0
        assert len(bench.tokens.pages) == 1

    @pytest.mark.parametrize(
        "content",
        ["", "[]", "{}", '{"web": {}}', '{"installed": {"client_id": 1}}', json.dumps({"web": CLIENT})],
    )
    def test_a_file_of_another_kind_is_named(self, bench: GoogleBench, tmp_path: Path, content: str) -> None:
        (tmp_path / "client.json").write_text(content, encoding="utf-8")
        done = bench.run(bench.mail())
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"{tmp_path / 'client.json'}: not the client secrets file")
        assert bench.tokens.pages == []

    def test_the_file_may_be_a_setting(self, bench: GoogleBench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACTLINE_GOOGLE_CLIENT_FILE", bench.arguments.pop())
        bench.arguments = []
        assert bench.run(bench.mail()).exit_code == 0
        monkeypatch.delenv("TACTLINE_GOOGLE_CLIENT_FILE")
        memory().forget("cli.google")
        assert "TACTLINE_GOOGLE_CLIENT_FILE" in bench.run(bench.mail()).stderr

    def test_without_the_extra_package_it_is_named(
        self, bench: GoogleBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "google_auth_oauthlib.flow", None)
        done = bench.run(bench.mail())
        assert done.exit_code == 2
        assert "pip install 'tactline[google]'" in done.stderr
        # Whoever is signed in does not need it.
        assert GoogleBench(tmp_path).run(bench.mail()).exit_code == 0

    def test_what_was_kept_and_makes_no_sense_is_no_hindrance(self, bench: GoogleBench) -> None:
        for rubbish in (b"{}", b"[]", b"[", b'{"client_id": 1, "scopes": 2}', b"\xff"):
            memory().keep("cli.google", rubbish)
            assert bench.run(bench.mail()).exit_code == 0
        assert len(bench.tokens.pages) == 5


@pytest.mark.parametrize(
    ("found", "opens"),
    [
        (webbrowser.GenericBrowser("w3m"), False),
        (webbrowser.BackgroundBrowser("firefox"), True),
        (webbrowser.Mozilla("firefox"), True),
        (None, False),
    ],
)
def test_a_browser_in_the_terminal_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, found: webbrowser.BaseBrowser | None, opens: bool
) -> None:
    opened: list[str] = []

    def get() -> webbrowser.BaseBrowser:
        if found is None:
            raise webbrowser.Error("could not locate runnable browser")
        monkeypatch.setattr(found, "open", opened.append)
        return found

    monkeypatch.setattr(webbrowser, "get", get)
    calendars.show_page("https://accounts.google.com/")
    assert bool(opened) is opens


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_to_fail_is_worded(language: Any) -> None:
    from typing import get_args

    from app.auth.sign_in import Failure

    values = {"provider": "P", "code": "C", "path": "F"}
    for why in get_args(Failure):
        assert strings.say(language, f"cli.error.{why}", **values).strip()
