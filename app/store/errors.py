"""What can go wrong with what is kept. No sentence here holds a payload, a key, a secret or a password."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app.errors import TactlineError


class StoreError(TactlineError):
    """The database did not do what was asked.

    `code` is the driver's own name for it, such as "SQLITE_FULL" or PostgreSQL's "53100"; "" when
    there is none.
    """

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


class FileError(StoreError):
    """The file of an SQLite database can be neither made nor written."""

    def __init__(self, path: Path, cause: OSError) -> None:
        super().__init__(
            f"The database's file cannot be opened: {path} can be neither made nor written "
            f"({type(cause).__name__}). Set TACTLINE_DATABASE_URL to sqlite:///PATH with another path, or to "
            "sqlite:// to keep nothing on disk.",
            str(cause.errno or ""),
        )
        self.path = path


class NotMigrated(StoreError):  # noqa: N818 - reads as what it says
    """The tables are not those of this version; the message names the command that mends it."""

    def __init__(self) -> None:
        super().__init__(
            "The database's tables are not those of this version: it has to be migrated (tactline migrate)."
        )


class SealError(StoreError):
    """What is kept cannot be opened: sealed under a secret that is no longer given, or tampered with."""


class SecretError(StoreError):
    """The secrets cannot be used as they are given; the message says what to do, never what they are."""


def told(error: BaseException, what: str = "The database did not do what was asked") -> StoreError:
    """A StoreError for an error of the database, its driver or its file.

    Only types and codes are taken over: a message may quote values (PostgreSQL's DETAIL does) or
    the address with its password. To be raised `from None` for the same reason.
    """
    inner = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = ""
    # sqlite3 has the first, PostgreSQL's drivers the second, the system's errors the third.
    for name in ("sqlite_errorname", "sqlstate", "errno"):
        # SQLAlchemy wraps a driver's error once more for PostgreSQL and keeps the original as the cause.
        for one in (inner, inner.__cause__):
            code = code or str(getattr(one, name, None) or "")
    return StoreError(f"{what}: {type(inner).__name__}{' ' * bool(code)}{code}", code)
