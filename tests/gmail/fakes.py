"""A Gmail in memory: an ASGI application that answers as the Gmail API v1 does, as strictly.

Methods, scopes, parameters and fields are read from the discovery document (`fake_answers`). Where
the vendor's pages leave open what happens, an attribute of `FakeGmail` chooses, and says so with
"[not verified]". It is stricter than the service in this: fields and parameters that do not exist
are refused, and so are raw messages with bare line breaks or overlong lines.
"""

from __future__ import annotations

import base64
import copy
import json
import re
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from tests.gmail import fake_answers as api
from tests.gmail.fake_answers import Refusal
from tests.gmail.fake_box import Books, Box, Stored, joins
from tests.holds.fakes.faults import Fault, Faults
from tests.holds.fakes.google_transport import AsgiHttp
from tests.holds.fakes.served import Served, no_such_page

__all__ = ["ADDON", "OPERATIONS", "AsgiHttp", "Call", "FakeGmail", "Fault", "Stored"]

OPERATIONS = {
    "message": "messages.get", "thread": "threads.get", "list": "drafts.list", "get": "drafts.get",
    "create": "drafts.create", "update": "drafts.update",
}  # fmt: skip
"""The methods that are served, by the word under which `Fault.on` and `Call.operation` name them."""

ADDON = frozenset(("gmail.addons.current.message.readonly", "gmail.addons.current.action.compose"))
"""The narrowest scopes, in short, of reading the open message and saving a reply."""

TOKEN_HEADER = "x-goog-gmail-access-token"
_LARGEST_PAGE = 500


class Call(NamedTuple):
    """A request as it came: `query` holds the parameters by name, those of the path too."""

    operation: str
    query: Mapping[str, list[str]]
    body: Any
    message_token: str | None


@dataclass(frozen=True)
class _Token:
    user: str
    scopes: frozenset[str]
    expired: bool


@dataclass(frozen=True)
class _Opened:
    """A message's token, or one of a compose window (`message` is None)."""

    user: str
    message: str | None
    clicked: bool
    expired: bool


class FakeGmail(Served):
    """See the module. Several threads may ask at once.

    Attributes:
        calls: Every request in its order, those that a fault met too.
        faults: What shall go wrong; a fault is met before the request is looked at.
        converted: format=full hands texts out in UTF-8, whatever their headers say (reported); False
            hands out the bytes that were sent.
        decoded: format=full reads the encoded words of headers [not verified].
        padded: base64url keeps its padding; clients report both.
        large: Bytes above which format=full tells a text only by an attachment id [not verified].
        labelled: Messages tell their labels; whether they do under a message's token is [not verified].
        bare: format=minimal tells ids and labels only, as its description says; the service is
            observed to tell date and size too.
        event_ids: Ids of events are taken by the API, as the vendor's sample has it; one client
            reports that they are refused.
        raw_by_token: format=raw is answered under a message's token [not verified].
        threads_by_token: threads.get is answered under a message's token; one client reports not.
        refused_token: Status, word and sentence for a message's token that does not fit [not verified].
        newest_first: The order of drafts.list [not verified].
        page: The most drafts on a page, as the service is free to have it.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.faults = Faults()
        self.converted = True
        self.decoded = True
        self.padded = True
        self.large = 1 << 22
        self.labelled = True
        self.bare = False
        self.event_ids = True
        self.raw_by_token = True
        self.threads_by_token = True
        self.refused_token = (403, "forbidden", "Access denied: Expired access token.")
        self.newest_first = True
        self.page = _LARGEST_PAGE
        self._tokens: dict[str, _Token] = {}
        self._opened: dict[str, _Opened] = {}
        self._boxes: dict[str, Box] = {}
        self._books = Books()
        self._lock = threading.RLock()
        self._routes = [
            (
                api.method(name)["httpMethod"],
                re.compile("/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", api.method(name)["path"])),
                operation,
            )
            for operation, name in OPERATIONS.items()
        ]

    # What tests do beside the API.

    def user(self, token: str, name: str, scopes: Collection[str] = ADDON, *, expired: bool = False) -> None:
        """Let `token` speak for the user `name`, with scopes in short. Raises ValueError for unknown ones."""
        if unknown := set(scopes) - api.every_scope():
            raise ValueError(f"no such scope: {', '.join(sorted(unknown))}")
        with self._lock:
            self._tokens[token] = _Token(name, frozenset(scopes), expired)
            self._boxes.setdefault(name, Box(self._books))

    def open(
        self,
        token: str,
        name: str,
        message: Stored | None = None,
        *,
        clicked: bool = True,
        expired: bool = False,
    ) -> None:
        """Let `token` be the message's token that an event brings, or without a message that of a
        compose window. `clicked`: the user did something, as the scope "action" wants."""
        with self._lock:
            self._opened[token] = _Opened(name, message.id if message else None, clicked, expired)

    def deliver(
        self, name: str, raw: bytes, labels: Collection[str] = ("INBOX",), thread: str | None = None
    ) -> Stored:
        """A message that came in, or with other labels one that went out; each a minute after the last."""
        with self._lock:
            return self._boxes[name].add(raw, tuple(labels), thread)

    def save_draft(self, name: str, raw: bytes, thread: str | None = None) -> str:
        """A draft that the user began in Gmail: its id."""
        with self._lock:
            return self._boxes[name].save(raw, thread)

    def type_on(self, name: str, draft: str, raw: bytes) -> None:
        """The user goes on with a draft, and Gmail saves it."""
        with self._lock:
            self._boxes[name].replace(draft, raw, self.drafts(name)[draft].thread)

    def discard(self, name: str, draft: str) -> None:
        """The user throws a draft away."""
        with self._lock:
            del self._boxes[name].messages[self._boxes[name].drafts.pop(draft)]

    def drafts(self, name: str) -> dict[str, Stored]:
        """The drafts of a user by their ids, in the order in which they were begun."""
        box = self._boxes[name]
        return {draft: box.messages[message] for draft, message in box.drafts.items()}

    # The API.

    def _served(self, request: Request, content: bytes) -> tuple[Response, Fault | None]:
        found = self.routed(request)
        if found is None:
            return no_such_page(), None
        operation, placed = found
        query: dict[str, list[str]] = {}
        for key, value in parse_qsl(request.url.query, keep_blank_values=True):
            query.setdefault(key, []).append(value)
        body: Any = None
        if content:
            try:
                body = json.loads(content)
            except ValueError:
                body = content
        every = {**{key: [value] for key, value in placed.items()}, **query}
        self.calls.append(Call(operation, every, copy.deepcopy(body), request.headers.get(TOKEN_HEADER)))
        fault = self.faults.take(operation)
        headers = dict(fault.headers) if fault else {}
        name = OPERATIONS[operation]
        try:
            if fault and fault.status:
                raise Refusal(fault.status, fault.reason)
            api.check_query(name, query)
            status, answer = 200, self._answered(request, operation, every, body)
            api.check(api.method(name)["response"], answer)
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body(name)
        told = json.dumps(answer, indent=2, ensure_ascii=False).encode("utf-8", "replace")
        if fault and fault.body is not None:
            told = fault.body
        return Response(told, status, headers, "application/json; charset=UTF-8"), fault

    def _answered(
        self, request: Request, operation: str, query: Mapping[str, list[str]], body: Any
    ) -> dict[str, Any]:
        name = OPERATIONS[operation]
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        token = self._tokens.get(bearer) if scheme.lower() == "bearer" else None
        if token is None or token.expired:
            raise Refusal(401)
        granted = token.scopes & api.scopes(name)
        if not granted:
            raise Refusal(403, "insufficientPermissions")
        if query["userId"] != ["me"]:
            raise NotImplementedError("the fake knows its users by their tokens only")
        if ("request" in api.method(name)) != isinstance(body, dict):
            raise Refusal(400, "parseError", "Parse Error")
        box = self._boxes[token.user]
        form = query.get("format", ["full"])[0]
        opened = None
        if all(scope.startswith("gmail.addons.") for scope in granted):
            opened = self._token_of_message(request.headers.get(TOKEN_HEADER), token.user)
        elif granted == {"gmail.metadata"} and form in ("full", "raw"):
            raise Refusal(403, "forbidden", f"Metadata scope doesn't allow format {form.upper()}")
        if operation == "message":
            message = self._message(box, query["id"][0])
            self._may_read(box, opened, granted, message.thread, form)
            return self._told(message, form)
        if operation == "thread":
            thread = self._thread(box, query["id"][0])
            self._may_read(box, opened, granted, thread, form)
            if opened and not self.threads_by_token:
                raise Refusal(403)
            inside = [self._told(m, form) for m in box.messages.values() if m.thread == thread]
            return {"id": thread, "historyId": str(self._books.next), "messages": inside}
        if operation == "list":
            return self._listed(box, query)
        if operation == "create":
            raw, joined = self._sent(box, body)
            return self._draft(box, box.save(raw, joined), "minimal", brief=True)
        draft = query["id"][0]
        if draft not in box.drafts:
            raise Refusal(404)
        if operation == "update":
            raw, joined = self._sent(box, body, but=box.drafts[draft])
            box.replace(draft, raw, joined)
            return self._draft(box, draft, "minimal", brief=True)
        return self._draft(box, draft, form)

    # Who may.

    def _token_of_message(self, header: str | None, user: str) -> _Opened:
        if header is None:
            raise Refusal(403, "insufficientPermissions")  # [not verified]
        found = self._opened.get(header)
        if found is None or found.expired or found.user != user:
            raise Refusal(*self.refused_token)
        return found

    def _may_read(
        self, box: Box, opened: _Opened | None, granted: Collection[str], thread: str, form: str
    ) -> None:
        """What a message's token opens: that message, and the others of its conversation."""
        if opened is None:
            return
        if opened.message is None or box.messages[opened.message].thread != thread:
            raise Refusal(*self.refused_token)
        whole = "gmail.addons.current.message.readonly" in granted or (
            "gmail.addons.current.message.action" in granted and opened.clicked
        )
        if form in ("full", "raw") and not whole:
            raise Refusal(403, "insufficientPermissions")
        if form == "raw" and not self.raw_by_token:
            raise Refusal(403)

    # What is there.

    def _message(self, box: Box, identifier: str) -> Stored:
        found = box.messages.get(self._api_id(identifier, "msg-f:"))
        if found is None:
            raise Refusal(404)
        return found

    def _thread(self, box: Box, identifier: str) -> str:
        known = self._api_id(identifier, "thread-f:")
        if all(message.thread != known for message in box.messages.values()):
            raise Refusal(404)
        return known

    def _api_id(self, identifier: str, prefix: str) -> str:
        own = prefix.replace("-f:", "-a:r")  # of conversations begun here
        for known in (prefix, own):
            number = identifier.removeprefix(known)
            if self.event_ids and number != identifier and re.fullmatch(r"\d{1,20}", number, re.ASCII):
                return f"{int(number):x}"
        if not re.fullmatch(r"[0-9a-f]{1,16}", identifier):
            raise Refusal(400, "invalidArgument", "Invalid id value")
        return identifier

    def _told(self, message: Stored, form: str) -> dict[str, Any]:
        told: dict[str, Any] = {"id": message.id, "threadId": message.thread}
        if self.labelled:
            told["labelIds"] = list(message.labels)
        if form == "minimal" and self.bare:
            return told
        told |= {
            "snippet": "", "historyId": str(self._books.next), "internalDate": str(message.milliseconds),
            "sizeEstimate": len(message.raw),
        }  # fmt: skip
        if form == "raw":
            told["raw"] = api.written(message.raw, self.padded)
        elif form != "minimal":
            told["payload"] = api.payload(
                message.raw, converted=self.converted, decoded=self.decoded, padded=self.padded,
                large=self.large,
            )  # fmt: skip
            if form == "metadata":
                told["payload"] = {key: told["payload"][key] for key in ("mimeType", "headers")}
        return told

    def _listed(self, box: Box, query: Mapping[str, list[str]]) -> dict[str, Any]:
        order = list(box.drafts.items())[:: -1 if self.newest_first else 1]
        first = int(query.get("pageToken", ["0"])[0])
        size = min(int(query.get("maxResults", ["100"])[0]), self.page, _LARGEST_PAGE)
        answer: dict[str, Any] = {"resultSizeEstimate": len(order)}
        if page := order[first : first + size]:
            answer["drafts"] = [
                {"id": draft, "message": {"id": message, "threadId": box.messages[message].thread}}
                for draft, message in page
            ]
        if first + size < len(order):
            answer["nextPageToken"] = str(first + size)
        return answer

    def _draft(self, box: Box, draft: str, form: str, *, brief: bool = False) -> dict[str, Any]:
        message = self._told(box.messages[box.drafts[draft]], form)
        if brief:
            message = {key: message[key] for key in ("id", "threadId", "labelIds") if key in message}
        return {"id": draft, "message": message}

    # What is written.

    def _sent(self, box: Box, body: Any, but: str = "") -> tuple[bytes, str | None]:
        """The raw message of a body, and the conversation that it may join; None for one of its own."""
        try:
            api.check({"$ref": "Draft"}, body)
        except api.Invalid as error:
            raise Refusal(400, "invalidArgument", f"Invalid JSON payload received. {error}") from None
        message = body.get("message", {})
        if not message.get("raw"):
            raise Refusal(400, "invalidArgument", "'raw' RFC822 payload message string required")
        text = message["raw"]
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if re.search(rb"(?<!\r)\n|\r(?!\n)", raw) or max(map(len, raw.split(b"\r\n"))) > 998:
            raise Refusal(400, "invalidArgument", "bare line breaks or overlong lines")
        parsed = message_from_bytes(raw, policy=policy.default)
        if any(part.defects for part in parsed.walk()) or len(parsed.get_all("Subject", [])) != 1:
            raise Refusal(400, "invalidArgument", "a damaged message")
        thread = message.get("threadId")
        if thread is None:
            return raw, None
        beside = [m for m in box.messages.values() if m.thread == thread and m.id != but]
        if not beside and (not but or box.messages[but].thread != thread):
            raise Refusal(404)
        return raw, thread if not beside or joins(parsed, beside) else None
