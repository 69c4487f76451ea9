"""What can go wrong with what is kept. No sentence here holds a payload, a key, a secret or a password."""

from __future__ import annotations

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
