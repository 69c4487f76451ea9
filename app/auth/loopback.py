"""Signing in to Google from a terminal: a browser on this computer, which comes back to a port of it.

"OAuth 2.0 for Mobile & Desktop Apps" (Google), and RFC 8252 with PKCE (RFC 7636), by
google-auth-oauthlib, an optional part. What was kept is refreshed by google-auth alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport import Response
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials

from app.auth.sign_in import NotSignedIn, Signed
from app.errors import MoreConsent, TooSlow, Unavailable

HOST = "127.0.0.1"
"""Where the browser comes back to. Google wants the address, not the name `localhost`."""
WAIT = 300
"""Seconds that the user has for it."""
_SECONDS = 10.0


@dataclass(frozen=True)
class Loopback:
    """`client_file` is the client secrets file of a desktop app, as Google's console downloads it.

    `tell` shows a person the page to open, `page` is what the browser shows in the end. `adapter`
    stands for the network in tests.
    """

    client_file: Path | None
    scopes: Sequence[str]
    tell: Callable[[str], None]
    page: str
    wait: float = WAIT
    adapter: requests.adapters.BaseAdapter | None = None

    def sign_in(self, kept: bytes | None) -> Signed:
        """The user signed in by what was kept, refreshed when it has expired, or else in a browser.

        Raises NotSignedIn, and of CalendarError MoreConsent, TooSlow, Unavailable.
        """
        config = self._config()
        known = self._known(kept, config)
        if known is not None and known.valid:
            return Signed(str(known.token), None)
        try:
            if known is not None and self._refreshed(known):
                return _signed(known)
            return _signed(self._anew(config))
        except requests.Timeout:
            raise TooSlow("google") from None
        except (requests.RequestException, GoogleAuthError, OSError, ValueError):
            raise Unavailable("google") from None

    def _config(self) -> Mapping[str, Any] | None:
        """The content of the client's file; None when none is named."""
        if self.client_file is None:
            return None
        try:
            found = json.loads(self.client_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = None
        # A "web" client may come back only to addresses that were registered, never to a port of its own.
        app = found.get("installed") if isinstance(found, dict) else None
        needed = ("client_id", "client_secret", "auth_uri", "token_uri")
        if not isinstance(app, dict) or not all(isinstance(app.get(name), str) for name in needed):
            raise NotSignedIn("google", "bad-client-file", str(self.client_file))
        return {"installed": app}

    def _known(self, kept: bytes | None, config: Mapping[str, Any] | None) -> Credentials | None:
        """Who was signed in before, by this client and for all that is needed now."""
        if kept is None:
            return None
        try:
            info = json.loads(kept)
            if config is not None and info["client_id"] != config["installed"]["client_id"]:
                return None
            if not set(self.scopes) <= set(info["scopes"]):
                return None
            found: Credentials = Credentials.from_authorized_user_info(info)  # type: ignore[no-untyped-call]
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return found

    def _refreshed(self, known: Credentials) -> bool:
        """Whether Google still knows them. Raises Unavailable when it cannot say."""
        statuses: list[int] = []
        with self._session() as session:
            request = Request(session)

            def ask(*args: Any, **options: Any) -> Response:
                answer: Response = request(*args, **{**options, "timeout": _SECONDS})
                statuses.append(answer.status)
                return answer

            try:
                known.refresh(ask)  # type: ignore[no-untyped-call]
            except RefreshError:
                # google-auth says the same of a 503 with a page for people in it.
                if not statuses or statuses[-1] >= 500 or statuses[-1] == 429:
                    raise Unavailable("google") from None
                return False  # taken back by the user, or unused for too long
        return True

    def _session(self) -> requests.Session:
        session = requests.Session()
        if self.adapter is not None:
            session.mount("https://", self.adapter)
        return session

    def _anew(self, config: Mapping[str, Any] | None) -> Credentials:
        if config is None:
            raise NotSignedIn("google", "no-client-file")
        try:
            from google_auth_oauthlib.flow import InstalledAppFlow, WSGITimeoutError
            from oauthlib.oauth2 import AccessDeniedError, MissingTokenError, OAuth2Error
        except ImportError:
            raise NotSignedIn("google", "no-extra") from None
        tell = self.tell

        class Flow(InstalledAppFlow):  # type: ignore[misc]  # publishes no types
            """Shows the address by `tell`, and does not wait for ever for a token."""

            def authorization_url(self, **options: Any) -> tuple[str, str]:
                url, state = super().authorization_url(**options)
                tell(url)
                return url, state

            def fetch_token(self, **options: Any) -> Any:
                return super().fetch_token(timeout=_SECONDS, **options)

        flow = Flow.from_client_config(config, list(self.scopes))
        if self.adapter is not None:
            flow.oauth2session.mount("https://", self.adapter)
        try:
            found: Credentials = flow.run_local_server(
                host=HOST, port=0, open_browser=False, authorization_prompt_message=None,
                success_message=self.page, timeout_seconds=self.wait,
            )  # fmt: skip
        except (WSGITimeoutError, AccessDeniedError):
            raise NotSignedIn("google", "sign-in-declined") from None
        except MissingTokenError:
            raise Unavailable("google") from None  # what came back was no answer of Google's
        except OAuth2Error as error:
            name = str(error.error or "")
            code = name if re.fullmatch(r"[a-z_]{1,60}", name) else "unknown"
            raise NotSignedIn("google", "sign-in-refused", code) from None
        except Warning as warning:
            # oauthlib's way to say that the user ticked fewer boxes than were asked for.
            given = set(getattr(warning, "new_scope", None) or ())
            missing = [scope for scope in self.scopes if scope not in given]
            raise MoreConsent("google", missing or self.scopes) from None
        finally:
            flow.oauth2session.close()
        return found


def _signed(known: Credentials) -> Signed:
    kept: str = known.to_json()  # type: ignore[no-untyped-call]
    return Signed(str(known.token), kept.encode())
