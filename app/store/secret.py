"""Secrets: what is kept is sealed under them, and who it belongs to is known by a keyed digest only.

Keys are derived from a secret by HKDF-SHA256 (RFC 5869), one for each use. Sealing is Fernet
(AES-128-CBC with HMAC-SHA256, github.com/fyne-io/spec): `cryptography`'s own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets as randomness
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.store.errors import SealError, SecretError

SHORTEST = 32
"""Characters that a secret has at least."""
_MOST = 4096  # bytes of a secret's file that are read


class Vault:
    """Seals, opens and digests under one or more secrets.

    The first secret seals; every one opens, so that a secret can be changed with nothing lost:
    put the new one behind the old on all copies of the service, then before it, and take the old
    one away when what it sealed has expired.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        """Raises SecretError when there is no secret or one is too short."""
        if not secrets:
            raise SecretError("A secret is needed to keep anything: set TACTLINE_SECRETS.")
        for place, secret in enumerate(secrets, 1):
            if len(secret) < SHORTEST:
                raise SecretError(f"Secret number {place} is too short: {SHORTEST} characters or more.")
        once = list(dict.fromkeys(secrets))
        self._marks = [_derived(secret, b"tactline store: digests") for secret in once]
        self._fernet = MultiFernet([
            Fernet(base64.urlsafe_b64encode(_derived(secret, b"tactline store: sealing"))) for secret in once
        ])  # fmt: skip

    def digest(self, text: str) -> str:
        """64 hexadecimal digits that stand for a text and cannot be led back to it without the secret."""
        return self.digests(text)[0]

    def digests(self, text: str | bytes) -> tuple[str, ...]:
        """The text's digest under every secret, the first one's first: finds what an older one marked too."""
        content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        return tuple(hmac.new(mark, content, hashlib.sha256).hexdigest() for mark in self._marks)

    def seal(self, content: bytes, bound_to: str = "") -> bytes:
        """The content, encrypted under the first secret. It opens only with the same `bound_to`.

        Binding it to its place in the database keeps who can write there from giving one user's
        tokens to another by moving them.
        """
        return self._fernet.encrypt(_binding(bound_to) + content)

    def unseal(self, sealed: bytes, bound_to: str = "") -> bytes:
        """What was sealed. Raises SealError when no secret opens it, or it was bound to something else."""
        try:
            opened = self._fernet.decrypt(sealed)
        except InvalidToken:
            raise SealError("What is kept cannot be opened with the secrets that are given.") from None
        binding = _binding(bound_to)
        if not hmac.compare_digest(opened[: len(binding)], binding):
            raise SealError("What is kept is not where it was put.")
        return opened[len(binding) :]


def _derived(secret: str, use: bytes) -> bytes:
    # No salt: RFC 5869 (3.1) allows none, and every copy of the service must derive the same.
    return HKDF(SHA256(), 32, salt=None, info=use).derive(secret.encode("utf-8", "surrogatepass"))


def _binding(bound_to: str) -> bytes:
    return hashlib.sha256(bound_to.encode("utf-8", "surrogatepass")).digest()


def secret_beside(path: str | Path) -> str:
    """The secret in the file `path` + ".secret", made at random when there is none: for one machine alone.

    Processes that start at once get the same one. Raises SecretError, naming the file, when it
    cannot be made, is readable by others, belongs to another user, or holds no secret.
    """
    file = Path(f"{path}.secret")
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(file)
        return _read(file)
    except OSError as error:
        raise SecretError(
            f"The secret in {file} can be neither read nor made: {type(error).__name__}. "
            "TACTLINE_SECRETS is another way to give one."
        ) from None


def _make(file: Path) -> None:
    # Written aside and then linked: the name appears once, whole, and only if nobody was faster.
    handle, aside = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(randomness.token_urlsafe(48) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.link(aside, file)
    except FileExistsError:
        pass
    finally:
        Path(aside).unlink()


def _read(file: Path) -> str:
    # One handle is asked and read, so that the file cannot be exchanged in between.
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as stream:
        about = os.fstat(stream.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise SecretError(f"{file} is not a plain file.")
        if os.name == "posix":  # elsewhere these bits and owners mean nothing
            if about.st_mode & 0o077:
                raise SecretError(f"Others can read the secret in {file}: chmod 600 it.")
            if about.st_uid != os.geteuid():
                raise SecretError(f"The secret in {file} belongs to another user.")
        content = stream.read(_MOST)
    try:
        secret = content.decode("ascii").strip()
    except UnicodeDecodeError:
        secret = ""
    if len(secret) < SHORTEST:
        raise SecretError(
            f"{file} holds no secret of {SHORTEST} characters or more: remove it to have one made."
        )
    return secret
