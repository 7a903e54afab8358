"""How long failed logins lock, whom, and for how much memory."""

import pytest

from trunkline.services.login_limits import LoginLimits, network


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> LoginLimits:
    return LoginLimits(clock)


def fail(limits: LoginLimits, times: int, username: str = "user", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        limits.failed(username, address)


def test_nothing_is_locked_at_first(limits: LoginLimits) -> None:
    assert limits.pair_wait_s("user", "192.0.2.1") == 0
    assert limits.address_wait_s("192.0.2.1") == 0
    limits.succeeded("user", "192.0.2.1")


def test_locks_double_up_to_the_maximum(limits: LoginLimits, clock: Clock) -> None:
    fail(limits, LoginLimits.FREE)
    assert limits.pair_wait_s("user", "192.0.2.1") == 0
    waits = []
    for _ in range(12):
        fail(limits, 1)
        waits.append(limits.pair_wait_s("user", "192.0.2.1"))
        clock.now += waits[-1]
        assert limits.pair_wait_s("user", "192.0.2.1") == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_thousands_of_failures_do_not_overflow(limits: LoginLimits) -> None:
    fail(limits, 5000)
    assert limits.pair_wait_s("user", "192.0.2.1") == LoginLimits.LOCK_MAX_S


def test_pairs_are_separate(limits: LoginLimits) -> None:
    fail(limits, LoginLimits.FREE + 1)
    assert limits.pair_wait_s("user", "192.0.2.1") == 1
    assert limits.pair_wait_s("other", "192.0.2.1") == 0
    assert limits.pair_wait_s("user", "192.0.2.2") == 0


def test_success_clears_the_pair(limits: LoginLimits) -> None:
    fail(limits, LoginLimits.FREE)
    limits.succeeded("user", "192.0.2.1")
    fail(limits, LoginLimits.FREE)
    assert limits.pair_wait_s("user", "192.0.2.1") == 0


def test_time_clears_the_pair(limits: LoginLimits, clock: Clock) -> None:
    fail(limits, LoginLimits.FREE)
    clock.now += LoginLimits.FORGET_S + 1
    fail(limits, 1)
    assert limits.pair_wait_s("user", "192.0.2.1") == 0


def test_an_address_may_fail_once_a_second_in_the_long_run(limits: LoginLimits, clock: Clock) -> None:
    for number in range(LoginLimits.ADDRESS_BURST - 1):
        fail(limits, 1, f"user{number}")
    assert limits.address_wait_s("192.0.2.1") == 0
    fail(limits, 1, "last")
    assert limits.address_wait_s("192.0.2.1") == 1
    assert limits.address_wait_s("192.0.2.2") == 0
    clock.now += 1
    assert limits.address_wait_s("192.0.2.1") == 0
    fail(limits, 3, "more")
    assert limits.address_wait_s("192.0.2.1") == 3


def test_memory_is_bounded_and_the_oldest_go_first(
    limits: LoginLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LoginLimits, "KEPT", 3)
    fail(limits, LoginLimits.FREE + 1, "a")
    fail(limits, LoginLimits.FREE + 1, "b")
    fail(limits, 1, "a")
    for name in ("c", "d"):
        fail(limits, 1, name)
    assert limits.pair_wait_s("a", "192.0.2.1") > 0
    assert limits.pair_wait_s("b", "192.0.2.1") == 0


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("not:an:address", "not:an:address"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(address: str, expected: str) -> None:
    assert network(address) == expected
