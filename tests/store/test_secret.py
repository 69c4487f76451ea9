"""Sealing, digests, and the secret that one machine makes for itself."""

from __future__ import annotations

import multiprocessing
import os
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.errors import SealError, SecretError, StoreError
from app.store.secret import Vault, secret_beside
from tests.store.conftest import OLDER, SECRET, VAULT


@given(st.binary(max_size=2000), st.text(max_size=50))
def test_what_is_sealed_is_opened_again_and_not_readable_before(content: bytes, place: str) -> None:
    sealed = VAULT.seal(content, place)
    assert VAULT.unseal(sealed, place) == content
    assert len(content) < 8 or content not in sealed


def test_sealing_twice_shows_nothing_in_common() -> None:
    assert VAULT.seal(b"same") != VAULT.seal(b"same")


def test_it_opens_only_where_it_was_put() -> None:
    sealed = VAULT.seal(b"hers", "her place")
    for place in ("his place", "", "her plac"):
        with pytest.raises(SealError):
            VAULT.unseal(sealed, place)


@pytest.mark.parametrize("change", ["another secret", "a flipped bit", "cut short", "not sealed at all"])
def test_what_cannot_be_opened_is_one_error_without_words_of_it(change: str) -> None:
    sealed = VAULT.seal(b"marked-content")
    vault = Vault([OLDER]) if change == "another secret" else VAULT
    tampered = {
        "another secret": sealed,
        "a flipped bit": sealed[:40] + bytes([sealed[40] ^ 1]) + sealed[41:],
        "cut short": sealed[:-4],
        "not sealed at all": b"marked-content",
    }[change]
    with pytest.raises(SealError) as raised:
        vault.unseal(tampered)
    assert isinstance(raised.value, StoreError)
    assert "marked" not in repr(raised.value)
    assert raised.value.__suppress_context__


def test_a_secret_is_changed_step_by_step() -> None:
    old, both, turned, new = (Vault(s) for s in ([OLDER], [OLDER, SECRET], [SECRET, OLDER], [SECRET]))
    by_old, by_new = old.seal(b"a"), turned.seal(b"b")
    assert both.unseal(by_old) == turned.unseal(by_old) == b"a"
    assert both.unseal(by_new) == turned.unseal(by_new) == new.unseal(by_new) == b"b"
    with pytest.raises(SealError):
        new.unseal(by_old)
    with pytest.raises(SealError):
        old.unseal(by_new)
    assert turned.digests("x") == (new.digest("x"), old.digest("x"))
    assert turned.digest("x") == new.digest("x")


def test_a_digest_is_keyed_stable_and_of_the_whole_text() -> None:
    digest = VAULT.digest("owner@example.com")
    assert digest == Vault([SECRET]).digest("owner@example.com")
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")
    assert len({digest, VAULT.digest("owner@example.con"), Vault([OLDER]).digest("owner@example.com")}) == 3
    # Text that came in broken is told apart too.
    assert VAULT.digest("\ud800") != VAULT.digest("\ud801") != VAULT.digest("?")


def test_digests_stay_as_they_are() -> None:
    # What another version of the service wrote has to be found.
    assert VAULT.digest("owner") == "26d31487accfa7c80780d27e14becb83321fb52f2c5fac7d199468c636c4a377"


def test_the_same_secret_twice_is_one() -> None:
    assert len(Vault([SECRET, SECRET]).digests("x")) == 1


@pytest.mark.parametrize("secrets", [[], [""], ["s" * 31], [SECRET, "short-one"], SECRET])
def test_a_secret_is_long_enough_and_never_shown(secrets: list[str]) -> None:
    with pytest.raises(SecretError) as raised:
        Vault(secrets)
    for secret in filter(None, secrets):
        assert len(secret) == 1 or secret not in str(raised.value)
    assert SECRET not in repr(VAULT)


def test_a_secret_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    database = tmp_path / "new folder" / "tactline.db"
    secret = secret_beside(database)
    file = tmp_path / "new folder" / "tactline.db.secret"
    assert secret == secret_beside(str(database)) == file.read_text().strip()
    assert len(secret) >= 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in file.parent.iterdir()] == ["tactline.db.secret"]
    assert secret != secret_beside(tmp_path / "other.db")


def test_a_strict_umask_or_none_changes_nothing(tmp_path: Path) -> None:
    for umask in (0o000, 0o277):
        before = os.umask(umask)
        try:
            secret_beside(tmp_path / f"{umask}.db")
        finally:
            os.umask(before)
        assert (tmp_path / f"{umask}.db.secret").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_a_secret_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    secret = secret_beside(tmp_path / "a.db")
    (tmp_path / "a.db.secret").chmod(mode)
    with pytest.raises(SecretError, match="chmod 600") as raised:
        secret_beside(tmp_path / "a.db")
    assert secret not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64, b" " * 64])
def test_a_file_without_a_secret_is_refused_not_replaced(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.db.secret"
    file.touch(0o600)
    file.write_bytes(content)
    with pytest.raises(SecretError, match="no secret"):
        secret_beside(tmp_path / "a.db")
    assert file.read_bytes() == content


def test_only_a_plain_file_holds_a_secret(tmp_path: Path) -> None:
    (tmp_path / "folder.db.secret").mkdir(0o700)
    secret_beside(tmp_path / "real.db")
    (tmp_path / "link.db.secret").symlink_to(tmp_path / "real.db.secret")
    (tmp_path / "dangling.db.secret").symlink_to(tmp_path / "nothing")
    (tmp_path / "in-the-way").touch()
    for name in ("folder.db", "link.db", "dangling.db", "in-the-way/a.db"):
        with pytest.raises(SecretError):
            secret_beside(tmp_path / name)


def test_a_secret_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret_beside(tmp_path / "a.db")
    monkeypatch.setattr(os, "geteuid", lambda: (tmp_path / "a.db.secret").stat().st_uid + 1)
    with pytest.raises(SecretError, match="another user"):
        secret_beside(tmp_path / "a.db")


def _make_one(path: Path, start: Barrier) -> str:
    start.wait(60)
    return secret_beside(path)


def _race(folder: Path, number: int, start: Barrier) -> None:
    found = [_make_one(folder / f"{turn}.db", start) for turn in range(20)]
    (folder / f"found-{number}").write_text("\n".join(found))


def test_processes_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    workers = [context.Process(target=_race, args=(tmp_path, number, start)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    found = {(tmp_path / f"found-{number}").read_text() for number in range(4)}
    assert len(found) == 1
    assert len(set(found.pop().split("\n"))) == 20
