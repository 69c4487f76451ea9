"""What the command line can read: mails, text, HTML, mbox files, Maildirs and folders of .eml files."""

from __future__ import annotations

import datetime as dt
import mailbox
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app import strings
from app.errors import TactlineError
from app.tone import mail
from app.tone.types import Document, Language

MOST = 32 * 1024 * 1024
"""Largest single message that is read, in bytes."""
_HEADER = re.compile(rb"(?:From |[A-Za-z][A-Za-z0-9-]*:[ \t])")
_MAIL_HEADERS = re.compile(
    rb"^(?:From|Date|Subject|MIME-Version|Received|Message-ID):", re.MULTILINE | re.IGNORECASE
)
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body|div|p|table)\b", re.IGNORECASE | re.DOTALL
)


class Unreadable(TactlineError):  # noqa: N818 - reads as what it says
    """An input that cannot be reviewed; its sentence names the file."""


@dataclass(frozen=True)
class Read:
    """A message that was read. `thread` names its thread, "" where no header does; `date` is when it was
    sent, None where no header tells, and aware: a time without a zone counts as UTC."""

    document: Document
    thread: str = ""
    date: dt.datetime | None = None


@dataclass(frozen=True)
class Item:
    """One message to review: what to call it, and how to get its bytes (raises Unreadable). `mail`: they are
    a mail, else it is found out what they are."""

    name: str
    data: Callable[[], bytes]
    mail: bool = False

    def read(self, language: Language) -> Read:
        """Raises Unreadable."""
        return parsed(self.name, self.data(), self.mail, language)


def one(name: str, language: Language) -> Read:
    """The one message that is named: a mail, text or HTML, in a file or on standard input.

    Raises Unreadable, for a mailbox too.
    """
    with ExitStack() as open_files:
        path = Path(name)
        if name != "-" and path.exists() and (path.is_dir() or _is_mbox(path, language)):
            raise Unreadable(strings.say(language, "cli.error.not-one-mail", path=name))
        return next(items(name, language, open_files)).read(language)


def items(name: str, language: Language, open_files: ExitStack) -> Iterator[Item]:
    """The messages behind one argument; mailboxes stay open until `open_files` is left.

    Raises Unreadable when there is nothing there.
    """
    if name == "-":
        data = sys.stdin.buffer.read(MOST + 1)
        yield Item("-", lambda: data)
        return
    path = Path(name)
    if not path.exists():
        raise Unreadable(strings.say(language, "cli.error.missing-file", path=name))
    if path.is_dir() and not ((path / "cur").is_dir() and (path / "new").is_dir()):
        yield from _folder(path, language)
    elif path.is_dir():
        yield from _messages(name, mailbox.Maildir(path, create=False), language)
    elif _is_mbox(path, language):
        box = mailbox.mbox(path, create=False)
        open_files.callback(box.close)
        yield from _messages(name, box, language)
    else:
        yield Item(name, lambda: _content(path, language))


def _folder(path: Path, language: Language) -> Iterator[Item]:
    """The .eml files of a folder by name, not of the folders in it."""
    try:
        mails = sorted(
            entry for entry in path.iterdir() if entry.suffix.lower() == ".eml" and entry.is_file()
        )
    except OSError:
        raise Unreadable(strings.say(language, "cli.error.unreadable", path=path)) from None
    if not mails:
        raise Unreadable(strings.say(language, "cli.error.not-a-mailbox", path=path))
    for mail_path in mails:
        yield Item(str(mail_path), partial(_content, mail_path, language))


def _messages(name: str, box: mailbox.Mailbox[mailbox.Message], language: Language) -> Iterator[Item]:
    for number, key in enumerate(sorted(box.keys()), start=1):
        label = f"{name}#{number}"

        def data(key: str = key, label: str = label) -> bytes:
            try:
                content = box.get_bytes(key)
            except (KeyError, OSError):
                raise Unreadable(strings.say(language, "cli.error.unreadable", path=label)) from None
            return _fits(label, content, language)

        yield Item(label, data, mail=True)


def parsed(name: str, data: bytes, as_mail: bool, language: Language) -> Read:
    """What the bytes of an item say. Raises Unreadable."""
    return _mail(name, data, language) if as_mail else message(name, data, language)


def _content(path: Path, language: Language) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST + 1)
    except OSError:
        raise Unreadable(strings.say(language, "cli.error.unreadable", path=path)) from None


def _is_mbox(path: Path, language: Language) -> bool:
    if path.suffix.lower() in (".eml", ".txt", ".html", ".htm"):
        return False
    return path.suffix.lower() == ".mbox" or _content_start(path, language).startswith(b"From ")


def _content_start(path: Path, language: Language) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(5)
    except OSError:
        raise Unreadable(strings.say(language, "cli.error.unreadable", path=path)) from None


def message(name: str, data: bytes, language: Language) -> Read:
    """A message by its name's ending, else by how it begins. Raises Unreadable."""
    _fits(name, data, language)
    suffix = Path(name).suffix.lower()
    if suffix == ".eml" or (suffix != ".txt" and _looks_like_mail(data)):
        return _mail(name, data, language)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(strings.say(language, "cli.error.not-text", path=name)) from None
    if suffix in (".html", ".htm") or (suffix != ".txt" and _HTML.match(data)):
        return Read(mail.read_html(text))
    return Read(mail.read_text(text))


def _fits(name: str, data: bytes, language: Language) -> bytes:
    if len(data) > MOST:
        raise Unreadable(strings.say(language, "cli.error.too-large", path=name, most=MOST))
    return data


def _looks_like_mail(data: bytes) -> bool:
    head = re.split(rb"\r?\n\r?\n", data[:20_000], maxsplit=1)[0]
    return _HEADER.match(head) is not None and _MAIL_HEADERS.search(head) is not None


def _mail(name: str, data: bytes, language: Language) -> Read:
    try:
        envelope, document = mail.read_mail(data)
    except mail.NotAMail:
        raise Unreadable(strings.say(language, "cli.error.not-a-mail", path=name)) from None
    date = envelope.date
    if date is not None and date.tzinfo is None:
        date = date.replace(tzinfo=dt.UTC)
    return Read(document, envelope.thread_id, date)
