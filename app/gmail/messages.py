"""Gmail, by google-api-python-client: the open message, its thread, drafts, and replies.

Every call builds its own service and runs in a thread: the library is blocking and httplib2 not
safe between threads. What is read is parsed in that thread too. Readings are asked again at most
once; writings never, since saving a draft twice makes two.

The scopes of an add-on that reach the open message only count together with the message's own
token, which comes with each event and goes along in a header (guide "Alternate runtimes").
Methods, scopes and fields: Gmail API v1 reference, `users.messages`, `users.threads`, `users.drafts`.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import google_auth_httplib2
import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from app.gmail import letters, mime
from app.gmail.errors import (
    MailChanged,
    MailEmpty,
    MailError,
    MailExpired,
    MailGone,
    MailNeedsScopes,
    MailSlow,
    MailTooLarge,
    MailUnavailable,
)
from app.gmail.letters import LIMIT, Draft, Letter, Resource, api_id
from app.gmail.refusals import Failed, Refused, failure
from app.holds.google import plain_http
from app.holds.retry import Deadline

__all__ = [
    "DRAFTS", "READ", "REPLY", "Draft", "Letter", "MailChanged", "MailEmpty", "MailError", "MailExpired",
    "MailGone", "MailNeedsScopes", "MailSlow", "MailTooLarge", "MailUnavailable", "Mailbox", "api_id",
]  # fmt: skip

T = TypeVar("T")

READ = "https://www.googleapis.com/auth/gmail.addons.current.message.readonly"
"""The open message and the others of its thread."""
REPLY = "https://www.googleapis.com/auth/gmail.addons.current.action.compose"
"""Saving a draft."""
DRAFTS = "https://www.googleapis.com/auth/gmail.compose"
"""Reading and writing every draft, and no other mail; the narrowest that can, and restricted."""

TOKEN_HEADER = "X-Goog-Gmail-Access-Token"  # noqa: S105 - the name of a header

_ME = "me"
_THREAD_LETTERS = 8
_ONE_CALL, _ASIDE, _LEAST = 5.0, 2.5, 0.05  # seconds: of a call, of one that can be done without
_PAGE, _PAGES, _CANDIDATES = 500, 4, 5


class Mailbox:
    """The mailbox of one user for the time of one request.

    Args:
        token: The event's userOAuthToken.
        message_token: The event's gmail.accessToken, where it has one.
        deadline: The time of the whole request.
        http: Makes the transport of one call, given its timeout in seconds.
        address: The user's own address, to tell whose a message is where labels do not.
    """

    def __init__(
        self,
        token: str,
        message_token: str | None = None,
        deadline: Deadline | None = None,
        http: Callable[[float], httplib2.Http] = plain_http,
        *,
        address: str | None = None,
    ) -> None:
        self._token = token
        self._message_token = message_token
        self._deadline = deadline or Deadline()
        self._http = http
        self._address = address
        self._letters: dict[str, Letter] = {}

    async def message(self, message_id: str) -> Letter:
        """The open message, by its id in the event or in the API; read once in a request.

        Scope READ. Raises MailError.
        """
        if message_id not in self._letters:
            self._letters[message_id] = await self._message(message_id)
        return self._letters[message_id]

    async def thread(self, message_id: str) -> list[Letter]:
        """The message with those before it, oldest first: at most 8, and 1 MiB of text.

        The message alone where the thread cannot be had. Scope READ. Raises MailError for the message.
        """
        letter = await self.message(message_id)
        before: list[Letter] = []
        with suppress(MailError):
            before = await self._call(
                lambda users: users.threads().get(userId=_ME, id=letter.thread, format="full"),
                (READ,),
                lambda found: letters.earlier(found, letter, _THREAD_LETTERS - 1, self._address),
                aside=True,
            )
        return [*before, letter]

    async def draft(self, thread_id: str | None) -> Draft | None:
        """The newest draft of a conversation, by its id in the event or in the API; None without one.

        Without a conversation it is the newest draft of all. Scope DRAFTS. Raises MailError.
        """
        thread = None if thread_id is None else await self._thread_id(thread_id)
        stubs = []
        for draft_id in await self._draft_ids(thread):
            with suppress(MailGone):  # sent or thrown away meanwhile
                stubs.append(await self._stub(draft_id))
        if not stubs:
            return None
        newest = max(stubs, key=lambda stub: stub.milliseconds)
        if newest.size > LIMIT:
            raise MailTooLarge
        try:
            return await self._call(
                lambda users: users.drafts().get(userId=_ME, id=newest.id, format="raw"),
                (DRAFTS,),
                letters.read_draft,
                own_token=False,
            )
        except MailGone:
            return None

    async def put(self, draft: Draft, revised_source: str) -> None:
        """Save a draft with `revised_source` in place of its document's source.

        Attachments, headers and its place in the conversation are kept. A compose window that is
        open does not show it, and may save over it. Scope DRAFTS. Raises MailError; MailChanged
        when the draft is not the one that was read.
        """
        standing = await self._stub(draft.id)
        if standing.message_id != draft.message.id:
            raise MailChanged
        made = await anyio.to_thread.run_sync(mime.with_source, draft.raw, revised_source)
        raw = letters.encoded(made)
        body = {"id": draft.id, "message": {"raw": raw, "threadId": draft.message.thread}}
        await self._call(
            lambda users: users.drafts().update(userId=_ME, id=draft.id, body=body),
            (DRAFTS,),
            lambda _: None,
            own_token=False,
            once=True,
        )

    async def reply(self, letter: Letter, text: str) -> tuple[str, str]:
        """Save a draft that answers a message, with `text` in it: its id and its conversation's.

        Scope REPLY. Raises MailError; after MailSlow or MailUnavailable the draft may have been saved.
        It may be saved twice where Gmail hangs up without a word: httplib2 sends again by itself then.
        """
        raw = letters.encoded(mime.reply(letter.subject, letter.answering, text))
        body = {"message": {"raw": raw, "threadId": letter.thread}}
        return await self._call(
            lambda users: users.drafts().create(userId=_ME, body=body),
            (REPLY,),
            lambda made: (str(made["id"]), str(made["message"]["threadId"])),
            once=True,
        )

    async def _message(self, message_id: str) -> Letter:
        seen = await self._seen(message_id)
        letter = seen.letter
        if seen.doubtful and seen.size <= LIMIT:
            with suppress(MailError):
                letter = await self._call(
                    lambda users: users.messages().get(userId=_ME, id=seen.id, format="raw"),
                    (READ,),
                    lambda found: letters.read_raw(found, self._address),
                    aside=True,
                )
        if letter is None:
            raise MailEmpty
        return letter

    async def _seen(self, message_id: str) -> _Seen:
        """Whether the API takes an event's id is told both ways: its own it surely does."""
        own = api_id(message_id)
        try:
            return await self._full(message_id)
        except Refused:
            if own == message_id:
                raise
        return await self._full(own)

    async def _full(self, message_id: str) -> _Seen:
        return await self._call(
            lambda users: users.messages().get(userId=_ME, id=message_id, format="full"),
            (READ,),
            partial(_seen, own=self._address),
        )

    async def _thread_id(self, thread_id: str) -> str:
        """The API's id of a conversation; that of one begun in this mailbox has to be asked for."""
        known = api_id(thread_id)
        if ":" in known:
            with suppress(MailError):
                known = await self._call(
                    lambda users: users.threads().get(userId=_ME, id=thread_id, format="minimal"),
                    (READ,),
                    lambda found: str(found["id"]),
                    aside=True,
                )
        return known

    async def _draft_ids(self, thread: str | None) -> list[str]:
        """The drafts of a conversation, or the first of all. Lists tell nothing of their age."""
        found: list[str] = []
        page: str | None = None
        for _ in range(_PAGES):
            ask = {"userId": _ME, "maxResults": _PAGE, "pageToken": page}
            ids, page = await self._call(
                partial(_listed, ask), (DRAFTS,), partial(_ids, thread=thread), own_token=False
            )
            found += ids
            if found or not page:
                break
        return found[:_CANDIDATES]

    async def _stub(self, draft_id: str) -> _Stub:
        return await self._call(
            lambda users: users.drafts().get(userId=_ME, id=draft_id, format="minimal"),
            (DRAFTS,),
            _stub,
            own_token=False,
        )

    async def _call(
        self,
        ask: Callable[[Any], Any],
        scopes: Sequence[str],
        read: Callable[[Resource], T],
        *,
        own_token: bool = True,
        once: bool = False,
        aside: bool = False,
    ) -> T:
        """What `read` makes of the answer to one request of the library's.

        `own_token` sends the message's token along. `once` is for what may not happen twice, `aside`
        for what can be done without, and may take no more than half of the time that is left.
        """
        tries = 1 if once or aside else 2
        for attempt in range(tries):
            left = self._deadline.left()
            if left < _LEAST:
                raise MailSlow
            timeout = min(left / 2, _ASIDE) if aside else min(left, _ONE_CALL)
            outcome: T | Failed = Failed(MailSlow(), again=True)
            # A socket's timeout is one of silence: an answer that trickles in is cut off here.
            with anyio.move_on_after(timeout):
                outcome = await anyio.to_thread.run_sync(
                    self._work, ask, scopes, read, own_token, timeout, abandon_on_cancel=True
                )
            if not isinstance(outcome, Failed):
                return outcome
            wait = outcome.after
            if not outcome.again or attempt == tries - 1 or wait > self._deadline.left() - _LEAST:
                raise outcome.error
            await anyio.sleep(wait)
        raise AssertionError("unreachable")

    def _work(
        self,
        ask: Callable[[Any], Any],
        scopes: Sequence[str],
        read: Callable[[Resource], T],
        own_token: bool,
        timeout: float,
    ) -> T | Failed:
        """Failures are handed back, not raised: an exception drags along what it met, which is mail."""
        who = Credentials(token=self._token)  # type: ignore[no-untyped-call]
        wire = google_auth_httplib2.AuthorizedHttp(who, http=self._http(timeout))
        api = build("gmail", "v1", http=wire, static_discovery=True, cache_discovery=False)
        request = ask(api.users())
        if own_token and self._message_token is not None:
            request.headers[TOKEN_HEADER] = self._message_token
        try:
            answer = request.execute(num_retries=0)
        except HttpError as error:
            return failure(int(error.status_code), error.content, error.resp.get("retry-after"), scopes)
        except RefreshError:
            # A 401 makes google-auth look for a refresh token, which add-ons never have.
            return Failed(MailExpired())
        except TimeoutError:
            return Failed(MailSlow(), again=True)
        except (
            GoogleAuthError, OSError, httplib2.HttpLib2Error, http.client.HTTPException, ValueError,
            RecursionError,
        ):  # fmt: skip
            # The connection broke, also amid an answer, or what came back was no JSON.
            return Failed(MailUnavailable(), again=True)
        finally:
            api.close()
        try:
            if not isinstance(answer, dict):
                raise TypeError("a broken body, which the library hands on as text")
            return read(answer)
        except MailError as error:
            error.__context__ = None
            return Failed(error.with_traceback(None))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return Failed(MailUnavailable(), again=True)


@dataclass(frozen=True)
class _Seen:
    """A message as format=full shows it; `letter` is None where that shows no text."""

    letter: Letter | None
    id: str
    size: int
    doubtful: bool


@dataclass(frozen=True)
class _Stub:
    """A draft without its text; `message_id` is another after each saving."""

    id: str
    message_id: str
    milliseconds: int
    size: int


def _seen(found: Resource, own: str | None) -> _Seen:
    letter = None
    with suppress(MailEmpty):
        letter = letters.read_full(found, own)
    return _Seen(letter, str(found["id"]), int(found.get("sizeEstimate", 0)), letters.doubtful(found))


def _stub(found: Resource) -> _Stub:
    message = found["message"]
    return _Stub(
        str(found["id"]), str(message["id"]), letters.milliseconds(message),
        int(message.get("sizeEstimate", 0)),
    )  # fmt: skip


def _listed(ask: Mapping[str, Any], users: Any) -> Any:
    return users.drafts().list(**ask)


def _ids(found: Resource, thread: str | None) -> tuple[list[str], str | None]:
    drafts = found.get("drafts", ())
    ids = [str(item["id"]) for item in drafts if thread is None or item["message"]["threadId"] == thread]
    return ids, found.get("nextPageToken")
