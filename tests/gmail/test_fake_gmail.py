"""The fake Gmail is as strict as the API's description: asked by the vendor's library, and by hand."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import google_auth_httplib2
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.gmail import fake_answers as answers
from tests.gmail.fakes import ADDON, OPERATIONS, AsgiHttp, FakeGmail, Fault, Stored
from tests.gmail.mails import ANA, ARABIC, MESSAGE_TOKEN, USER_TOKEN, composed, plain

REPLYING = {"Subject": "Re: The menus", "In-Reply-To": "<m1@client.example>"}
ALL = ("gmail.modify",)


@pytest.fixture
def fake() -> FakeGmail:
    made = FakeGmail()
    made.user(USER_TOKEN, ANA, ALL)
    return made


def opened(fake: FakeGmail, *scopes: str) -> Stored:
    """A message that is open, with its token, for a user with these scopes."""
    fake.user(USER_TOKEN, ANA, scopes or ADDON)
    stored = fake.deliver(ANA, plain("Where are the menus?"))
    fake.open(MESSAGE_TOKEN, ANA, stored)
    return stored


def users(fake: FakeGmail) -> Any:
    http = google_auth_httplib2.AuthorizedHttp(
        Credentials(token=USER_TOKEN),  # type: ignore[no-untyped-call]
        http=AsgiHttp(fake),
    )
    return build("gmail", "v1", http=http, static_discovery=True, cache_discovery=False).users()


def ask(request: Any, token: str | None = MESSAGE_TOKEN) -> Any:
    if token:
        request.headers["X-Goog-Gmail-Access-Token"] = token
    return request.execute()


def message(fake: FakeGmail, identifier: str, token: str | None = MESSAGE_TOKEN, form: str = "full") -> Any:
    return ask(users(fake).messages().get(userId="me", id=identifier, format=form), token)


def thread(fake: FakeGmail, identifier: str, form: str = "full") -> Any:
    return ask(users(fake).threads().get(userId="me", id=identifier, format=form))


def body(raw: bytes, **rest: Any) -> dict[str, Any]:
    return {"message": {"raw": base64.urlsafe_b64encode(raw).decode(), **rest}}


def create(fake: FakeGmail, sent: Any, token: str | None = MESSAGE_TOKEN) -> Any:
    return ask(users(fake).drafts().create(userId="me", body=sent), token)


def refused(call: Callable[[], object]) -> tuple[int, str]:
    """The status and Google's word of the error that asking ends in."""
    with pytest.raises(HttpError) as caught:
        call()
    error = json.loads(caught.value.content)["error"]
    assert error["code"] == caught.value.status_code
    return caught.value.status_code, error["errors"][0]["reason"]


def by_hand(fake: FakeGmail, path: str, method: str = "GET", sent: bytes = b"") -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {USER_TOKEN}", "Content-Type": "application/json"}
    answer, content = AsgiHttp(fake).request(f"https://gmail.googleapis.com{path}", method, sent, headers)
    return int(answer.status), content


def test_a_message_in_its_formats(fake: FakeGmail) -> None:
    stored = fake.deliver(ANA, composed("<b>Hi</b>", "Hi", b"%PDF"))
    full = message(fake, stored.id)
    assert (full["id"], full["threadId"], full["labelIds"]) == (stored.id, stored.thread, ["INBOX"])
    mixed, attached = full["payload"]["parts"]
    assert [part["partId"] for part in mixed["parts"]] == ["0.0", "0.1"]
    assert base64.urlsafe_b64decode(mixed["parts"][1]["body"]["data"]).strip() == b"<b>Hi</b>"
    assert (attached["filename"], attached["body"]) == ("teklif ş.pdf", {"size": 4, "attachmentId": "a1"})
    assert "raw" not in full
    raw = message(fake, stored.id, form="raw")
    assert base64.urlsafe_b64decode(raw["raw"]) == stored.raw
    assert "payload" not in raw
    assert set(message(fake, stored.id, form="metadata")["payload"]) == {"mimeType", "headers"}
    assert {"raw", "payload"}.isdisjoint(message(fake, stored.id, form="minimal"))
    fake.bare = True
    assert set(message(fake, stored.id, form="minimal")) == {"id", "threadId", "labelIds"}


def test_texts_are_converted_and_headers_are_not(fake: FakeGmail) -> None:
    stored = fake.deliver(ANA, plain(ARABIC, "windows-1256"))
    for converted, charset in ((True, "utf-8"), (False, "windows-1256")):
        fake.converted = converted
        payload = message(fake, stored.id)["payload"]
        assert base64.urlsafe_b64decode(payload["body"]["data"]).decode(charset) == ARABIC
        headers = {header["name"]: header["value"] for header in payload["headers"]}
        assert headers["Content-Type"] == 'text/plain; charset="windows-1256"'


def test_ids_of_events_are_taken_and_ids_of_the_api_answered(fake: FakeGmail) -> None:
    stored = fake.deliver(ANA, plain("Hi"))
    assert stored.event_id.startswith("msg-f:")
    assert message(fake, stored.event_id)["id"] == stored.id
    assert thread(fake, stored.event_thread)["id"] == stored.thread
    assert refused(lambda: message(fake, stored.event_thread)) == (400, "invalidArgument")
    assert refused(lambda: message(fake, "msg-f:17")) == (404, "notFound")
    assert refused(lambda: message(fake, "17")) == (404, "notFound")
    fake.event_ids = False
    assert refused(lambda: message(fake, stored.event_id)) == (400, "invalidArgument")


def test_a_thread_tells_its_messages_in_their_order(fake: FakeGmail) -> None:
    first = fake.deliver(ANA, plain("First"))
    fake.deliver(ANA, plain("Elsewhere"))
    fake.save_draft(ANA, plain("Draft"), first.thread)
    found = thread(fake, first.thread, "minimal")["messages"]
    assert [item["labelIds"] for item in found] == [["INBOX"], ["DRAFT"]]
    assert "payload" in thread(fake, first.thread)["messages"][0]


def test_what_is_not_in_the_description_is_refused(fake: FakeGmail) -> None:
    fake.deliver(ANA, plain("Hi"))
    assert by_hand(fake, "/gmail/v1/users/me/letters")[0] == 404
    assert by_hand(fake, "/gmail/v1/users/me/drafts", "PATCH")[0] == 404
    for query in ("nosuch=1", "maxResults=many", "maxResults=1&maxResults=2", "alt=xml"):
        assert by_hand(fake, f"/gmail/v1/users/me/drafts?{query}")[0] == 400
    assert by_hand(fake, "/gmail/v1/users/me/drafts", "POST", b"{")[0] == 400
    assert by_hand(fake, "/gmail/v1/users/me/drafts", "POST", b"[]")[0] == 400
    with pytest.raises(NotImplementedError):
        by_hand(fake, "/gmail/v1/users/me/drafts?q=from:bo")
    with pytest.raises(NotImplementedError):
        by_hand(fake, "/gmail/v1/users/ana@example.com/drafts")
    with pytest.raises(ValueError, match="no such scope"):
        fake.user(USER_TOKEN, ANA, ("gmail.everything",))


# Who may.


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_each_method_wants_one_of_its_scopes(fake: FakeGmail, operation: str) -> None:
    stored = opened(fake)
    draft = fake.save_draft(ANA, plain("Draft"), stored.thread)
    sent = body(plain("Hi", headers=REPLYING))
    calls: dict[str, Callable[[], object]] = {
        "message": lambda: message(fake, stored.id, form="minimal"),
        "thread": lambda: thread(fake, stored.thread, "minimal"),
        "list": lambda: ask(users(fake).drafts().list(userId="me")),
        "get": lambda: ask(users(fake).drafts().get(userId="me", id=draft)),
        "create": lambda: create(fake, sent),
        "update": lambda: ask(users(fake).drafts().update(userId="me", id=draft, body=sent)),
    }
    for scope in sorted(answers.every_scope()):
        fake.user(USER_TOKEN, ANA, (scope,))
        if scope in answers.scopes(OPERATIONS[operation]):
            calls[operation]()
        else:
            assert refused(calls[operation]) == (403, "insufficientPermissions")


def test_a_users_token_is_wanted(fake: FakeGmail) -> None:
    stored = opened(fake)
    fake.user(USER_TOKEN, ANA, ALL, expired=True)
    # google-auth answers a 401 by looking for a refresh token.
    with pytest.raises(RefreshError):
        message(fake, stored.id)
    answer, content = AsgiHttp(fake).request("https://gmail.googleapis.com/gmail/v1/users/me/drafts")
    assert (answer.status, json.loads(content)["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_scopes_of_add_ons_want_the_messages_token_too(fake: FakeGmail) -> None:
    stored = opened(fake)
    assert message(fake, stored.id)["id"] == stored.id
    assert refused(lambda: message(fake, stored.id, None)) == (403, "insufficientPermissions")
    assert refused(lambda: message(fake, stored.id, "AF.unknown")) == (403, "forbidden")
    fake.user(USER_TOKEN, ANA, ALL)
    assert message(fake, stored.id, None)["id"] == stored.id


def test_a_messages_token_opens_its_conversation_and_no_other(fake: FakeGmail) -> None:
    stored = opened(fake)
    beside = fake.deliver(ANA, plain("Later"), thread=stored.thread)
    other = fake.deliver(ANA, plain("Elsewhere"))
    assert message(fake, beside.id)["id"] == beside.id
    assert len(thread(fake, stored.thread)["messages"]) == 2
    assert refused(lambda: message(fake, other.id)) == (403, "forbidden")
    assert refused(lambda: thread(fake, other.thread)) == (403, "forbidden")
    fake.open(MESSAGE_TOKEN, ANA)
    assert refused(lambda: message(fake, stored.id)) == (403, "forbidden")
    fake.open(MESSAGE_TOKEN, "somebody")
    assert refused(lambda: message(fake, stored.id)) == (403, "forbidden")


def test_what_each_scope_of_a_message_shows(fake: FakeGmail) -> None:
    stored = opened(fake, "gmail.addons.current.message.metadata")
    assert "payload" in message(fake, stored.id, form="metadata")
    assert refused(lambda: message(fake, stored.id)) == (403, "insufficientPermissions")
    fake.user(USER_TOKEN, ANA, ("gmail.addons.current.message.action",))
    assert "raw" in message(fake, stored.id, form="raw")
    fake.open(MESSAGE_TOKEN, ANA, stored, clicked=False)
    assert refused(lambda: message(fake, stored.id)) == (403, "insufficientPermissions")
    fake.user(USER_TOKEN, ANA, ("gmail.metadata",))
    assert refused(lambda: message(fake, stored.id)) == (403, "forbidden")


# Drafts.


def test_drafts_are_listed_in_pages_with_ids_alone(fake: FakeGmail) -> None:
    assert ask(users(fake).drafts().list(userId="me")) == {"resultSizeEstimate": 0}
    made = [fake.save_draft(ANA, plain(str(number))) for number in range(5)]
    seen: list[str] = []
    page = None
    while True:
        found = ask(users(fake).drafts().list(userId="me", maxResults=2, pageToken=page))
        assert all(set(item["message"]) == {"id", "threadId"} for item in found["drafts"])
        seen += [item["id"] for item in found["drafts"]]
        page = found.get("nextPageToken")
        if page is None:
            break
    assert seen == made[::-1]
    assert "raw" in ask(users(fake).drafts().get(userId="me", id=made[0], format="raw"))["message"]
    assert refused(lambda: ask(users(fake).drafts().get(userId="me", id="r0"))) == (404, "notFound")


def test_a_draft_joins_a_conversation_by_thread_headers_and_subject(fake: FakeGmail) -> None:
    stored = opened(fake, *ALL)
    good = plain("Hi", headers=REPLYING)
    assert create(fake, body(good, threadId=stored.thread))["message"]["threadId"] == stored.thread
    for raw, rest in (
        (good, {}),
        (plain("Hi", headers={"Subject": "Re: The menus"}), {"threadId": stored.thread}),
        (plain("Hi", headers=REPLYING | {"Subject": "Re: Menus"}), {"threadId": stored.thread}),
    ):
        assert create(fake, body(raw, **rest))["message"]["threadId"] != stored.thread
    assert refused(lambda: create(fake, body(good, threadId="17"))) == (404, "notFound")


def test_an_update_keeps_the_drafts_id_and_makes_another_message(fake: FakeGmail) -> None:
    stored = opened(fake, *ALL)
    draft = create(fake, body(plain("Hi", headers=REPLYING), threadId=stored.thread))
    assert set(draft["message"]) == {"id", "threadId", "labelIds"}
    sent = body(plain("Hello", headers=REPLYING), threadId=stored.thread)
    update = users(fake).drafts().update
    after = ask(update(userId="me", id=draft["id"], body=sent))
    assert (after["id"], after["message"]["threadId"]) == (draft["id"], stored.thread)
    assert after["message"]["id"] != draft["message"]["id"]
    assert list(fake.drafts(ANA)) == [draft["id"]]
    # Without the thread it leaves the conversation.
    del sent["message"]["threadId"]
    assert ask(update(userId="me", id=draft["id"], body=sent))["message"]["threadId"] != stored.thread
    assert refused(lambda: ask(update(userId="me", id="r0", body=sent))) == (404, "notFound")


def test_a_draft_of_its_own_stays_in_its_conversation(fake: FakeGmail) -> None:
    draft = create(fake, body(plain("Hi")))
    sent = body(plain("Hello"), threadId=draft["message"]["threadId"])
    after = ask(users(fake).drafts().update(userId="me", id=draft["id"], body=sent))
    assert after["message"]["threadId"] == draft["message"]["threadId"]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"message": {}},
        {"message": {"raw": "a+b/"}},
        {"message": {"raw": "SGk", "nosuch": 1}},
        {"id": 7, "message": {"raw": "SGk"}},
        body(b"Subject: x\nTo: y@z.example\n\nbare"),
        body(b"Subject: x\r\n\r\n" + b"x" * 999),
        body(b"To: y@z.example\r\n\r\nno subject"),
        body(b"Subject: x\r\nSubject: y\r\n\r\ntwo"),
        body(b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ncut off"),
    ],
)
def test_a_draft_that_is_none_is_refused(fake: FakeGmail, sent: Any) -> None:
    assert refused(lambda: create(fake, sent)) == (400, "invalidArgument")
    assert fake.drafts(ANA) == {}


def test_faults_are_met_once_each(fake: FakeGmail) -> None:
    stored = fake.deliver(ANA, plain("Hi"))
    fake.faults.add(Fault("message", 403, "userRateLimitExceeded"))
    fake.faults.add(Fault("message", 503))
    fake.faults.add(Fault("message", body=b'{"id":'))
    fake.faults.add(Fault("create", lose=True))
    assert refused(lambda: message(fake, stored.id)) == (403, "userRateLimitExceeded")
    assert refused(lambda: message(fake, stored.id)) == (503, "backendError")
    assert not isinstance(message(fake, stored.id), dict)
    assert message(fake, stored.id)["id"] == stored.id
    with pytest.raises(ConnectionResetError):
        create(fake, body(plain("Hi")))
    # The answer is lost, not the work.
    assert len(fake.drafts(ANA)) == 1
    assert [call.operation for call in fake.calls] == ["message"] * 4 + ["create"]


def test_calls_are_kept_as_they_came(fake: FakeGmail) -> None:
    stored = fake.deliver(ANA, plain("Hi"))
    message(fake, stored.event_id)
    (call,) = fake.calls
    assert call.query == {"userId": ["me"], "id": [stored.event_id], "format": ["full"], "alt": ["json"]}
    assert (call.body, call.message_token) == (None, MESSAGE_TOKEN)


def test_the_user_goes_on_typing_and_throws_away(fake: FakeGmail) -> None:
    draft = fake.save_draft(ANA, plain("Hi"))
    before = fake.drafts(ANA)[draft]
    fake.type_on(ANA, draft, plain("Hello"))
    after = fake.drafts(ANA)[draft]
    assert (after.thread, after.id == before.id) == (before.thread, False)
    assert after.milliseconds > before.milliseconds
    fake.discard(ANA, draft)
    assert fake.drafts(ANA) == {}
