"""Password hashes, API keys, and the checker that all doors share."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from trunkline.services import credentials
from trunkline.services.credentials import (
    API_KEY_PREFIX,
    MAX_PASSWORD_BYTES,
    CredentialChecker,
    hash_api_key,
    hash_password,
    new_api_key,
    shown_prefix,
)
from trunkline.services.login_limits import LoginLimits

HASH = hash_password("right")
ADDRESS = "192.0.2.1"


@pytest.fixture
def checker() -> Iterator[CredentialChecker]:
    checker = CredentialChecker()
    yield checker
    checker.close()


def test_hash_is_argon2id_with_salt_and_parameters() -> None:
    assert HASH.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password("right") != HASH
    assert "right" not in HASH


@pytest.mark.parametrize("password", ["", "x" * (MAX_PASSWORD_BYTES + 1), "é" * MAX_PASSWORD_BYTES])
def test_unusable_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValueError, match="a password"):
        hash_password(password)


def test_api_keys_are_random_and_looked_up_by_sha_256() -> None:
    keys = {new_api_key() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert key.startswith(API_KEY_PREFIX)
        assert len(key) == len(API_KEY_PREFIX) + 43
        assert hash_api_key(key) == hash_api_key(key.encode()) == hashlib.sha256(key.encode()).hexdigest()
        assert key.startswith(shown_prefix(key))
        assert len(shown_prefix(key)) == 9


async def test_right_and_wrong_password(checker: CredentialChecker) -> None:
    assert await checker.verify("user", "right", HASH, ADDRESS)
    assert not await checker.verify("user", "wrong", HASH, ADDRESS)
    assert not await checker.verify("user", "", HASH, ADDRESS)
    assert not await checker.verify("user", "x" * 2000, HASH, ADDRESS)
    assert checker.failures == 3


async def test_unknown_user_is_wrong_whatever_the_password(checker: CredentialChecker) -> None:
    assert not await checker.verify("nobody", "right", None, ADDRESS)
    assert not await checker.verify("nobody", "right", None, ADDRESS)
    assert checker.slow_checks == 2


async def test_second_check_is_fast(checker: CredentialChecker) -> None:
    assert checker.check_fast("user", "right", HASH) is None
    assert await checker.verify("user", "right", HASH, ADDRESS)
    assert checker.check_fast("user", "right", HASH) is True
    assert await checker.verify("user", "right", HASH, ADDRESS)
    assert checker.slow_checks == 1


async def test_fast_check_never_says_yes_to_anything_else(checker: CredentialChecker) -> None:
    await checker.verify("user", "right", HASH, ADDRESS)
    assert checker.check_fast("user", "wrong", HASH) is None
    assert checker.check_fast("other", "right", HASH) is None
    assert checker.check_fast("user", "right", hash_password("right")) is None
    assert checker.check_fast("user", "", hash_password("right")) is False
    await checker.verify("user", "wrong", HASH, ADDRESS)
    assert checker.check_fast("user", "wrong", HASH) is None


async def test_wrong_passwords_take_the_slow_way_for_known_and_unknown_names(
    checker: CredentialChecker,
) -> None:
    await checker.verify("user", "right", HASH, ADDRESS)
    before = checker.slow_checks
    await checker.verify("user", "wrong", HASH, ADDRESS)
    await checker.verify("nobody", "wrong", None, ADDRESS)
    assert checker.slow_checks == before + 2


async def test_checks_at_once_share_one_computation(checker: CredentialChecker) -> None:
    verified = await asyncio.gather(*(checker.verify("user", "right", HASH, ADDRESS) for _ in range(50)))
    assert all(verified)
    assert checker.slow_checks == 1
    results = await asyncio.gather(
        checker.verify("user", "wrong", HASH, ADDRESS), checker.verify("user", "wronger", HASH, ADDRESS)
    )
    assert results == [False, False]
    assert checker.slow_checks == 3


async def test_one_caller_that_leaves_does_not_end_the_others_check(checker: CredentialChecker) -> None:
    leaving = asyncio.ensure_future(checker.verify("user", "right", HASH, ADDRESS))
    staying = asyncio.ensure_future(checker.verify("user", "right", HASH, ADDRESS))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_the_loop_is_free_while_a_password_is_checked(
    checker: CredentialChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = threading.Event()
    monkeypatch.setattr(credentials, "_matches", lambda _hash, _password: turned.wait(60))
    checking = asyncio.ensure_future(checker.verify("user", "right", HASH, ADDRESS))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not checking.done()
    turned.set()
    assert await checking


async def test_unreadable_hash_is_logged_and_wrong(checker: CredentialChecker) -> None:
    with capture_logs() as logs:
        assert not await checker.verify("user", "right", "not a hash", ADDRESS)
    assert logs[0]["action"] == "credentials.bad_hash"
    assert "right" not in str(logs)


async def test_memory_of_known_passwords_is_bounded(
    checker: CredentialChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CredentialChecker, "KNOWN_MAX", 2)
    monkeypatch.setattr(credentials, "_matches", lambda _hash, _password: True)
    for number in range(3):
        assert await checker.verify("user", "right", f"hash{number}", ADDRESS)
    assert checker.check_fast("user", "right", "hash0") is None
    assert checker.check_fast("user", "right", "hash2") is True


async def test_failures_lock_and_a_success_clears(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    checker = CredentialChecker(LoginLimits(lambda: now))
    for _ in range(LoginLimits.FREE):
        await checker.verify("user", "", HASH, ADDRESS)
    assert not checker.locked("user", ADDRESS)
    assert await checker.verify("user", "right", HASH, ADDRESS)
    for _ in range(LoginLimits.FREE):
        checker.failed("user", ADDRESS)
    assert not checker.locked("user", ADDRESS)
    checker.failed("user", ADDRESS)
    assert checker.locked("user", ADDRESS)
    assert checker.wait_s("user", ADDRESS) == 1
    assert not checker.locked("user", "192.0.2.2")
    assert checker.locked_out == 2
    now = 1.0
    assert not checker.locked("user", ADDRESS)
    checker.close()


async def test_what_is_known_good_is_not_computed_again(
    checker: CredentialChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await checker.verify("user", "right", HASH, ADDRESS)
    monkeypatch.setattr(credentials, "_HASHER", None)
    assert checker.check_fast("user", "right", HASH)
    assert await checker.verify("user", "right", HASH, ADDRESS)
    assert checker.slow_checks == 1
