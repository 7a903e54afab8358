"""Slows down password guessing: how many failed logins an address may cause before it has to wait."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address
from typing import TypeVar

K = TypeVar("K")


class _Failures:
    """Failed logins of one key: `level` leaks away with time, `locked_until` is a moment of the clock."""

    __slots__ = ("at", "count", "locked_until")

    def __init__(self, at: float) -> None:
        self.count = 0.0
        self.at = at
        self.locked_until = 0.0


class LoginLimits:
    """Locks a pair of address and user name out, longer with every failure, and an address that tries many.

    The first `FREE` failures of a pair cost nothing; each further one locks the pair for 1, 2, 4 ... up to
    `LOCK_MAX_S` seconds. Attempts while locked are not looked at and lengthen nothing. A success clears the
    pair; `FORGET_S` seconds without a failure do too. An address as a whole may fail `ADDRESS_BURST` times at
    once and once a second after that, whatever names it tries; this second limit holds only for logins that
    need the slow check, so that a busy customer behind the same address goes on sending.
    Memory is bounded: the least recently failed of `KEPT` entries is dropped first.
    """

    FREE = 5
    LOCK_MAX_S = 300.0
    FORGET_S = 900.0
    ADDRESS_BURST = 50
    KEPT = 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pairs: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._addresses: OrderedDict[str, _Failures] = OrderedDict()

    def pair_wait_s(self, username: str, address: str) -> float:
        """Seconds until this user name may be tried from this address; 0: now."""
        if not self._pairs:
            return 0.0
        failures = self._pairs.get((network(address), username))
        if failures is None:
            return 0.0
        return max(0.0, failures.locked_until - self._clock())

    def address_wait_s(self, address: str) -> float:
        """Seconds until this address may try any password that is not known good; 0: now."""
        if not self._addresses:
            return 0.0
        failures = self._addresses.get(network(address))
        if failures is None:
            return 0.0
        level = failures.count - (self._clock() - failures.at)
        return max(0.0, level - self.ADDRESS_BURST + 1)

    def failed(self, username: str, address: str) -> None:
        """Counts a failed login."""
        now = self._clock()
        where = network(address)
        pair = _entry(self._pairs, (where, username), now, self.KEPT)
        if now - pair.at > self.FORGET_S:
            pair.count = 0.0
        pair.count += 1
        pair.at = now
        if pair.count > self.FREE:
            doublings = min(int(pair.count) - self.FREE - 1, 30)
            pair.locked_until = now + min(self.LOCK_MAX_S, float(1 << doublings))
        whole = _entry(self._addresses, where, now, self.KEPT)
        whole.count = max(0.0, whole.count - (now - whole.at)) + 1
        whole.at = now

    def succeeded(self, username: str, address: str) -> None:
        """Clears the pair."""
        if self._pairs:
            self._pairs.pop((network(address), username), None)


def network(address: str) -> str:
    """What counts as one address: an IPv4 address itself, an IPv6 address by its /64."""
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address.partition("%")[0])
    except AddressValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))


def _entry(table: OrderedDict[K, _Failures], key: K, now: float, kept: int) -> _Failures:
    failures = table.get(key)
    if failures is None:
        failures = table[key] = _Failures(now)
        if len(table) > kept:
            table.popitem(last=False)
    else:
        table.move_to_end(key)
    return failures
