"""How fast a connector submits: the rate it was given, the rate its SMSC puts up with, and its reconnects.

Pure functions of the time passed in: monotonic seconds of one clock.
"""

import random
from math import inf
from typing import Final

BURST_S: Final = 0.02
"""A token bucket saves up what comes in this time, at least one token: SMSCs count strictly."""

_SURPLUS: Final = 1e-9  # tokens are sums of floats


class TokenBucket:
    """At most `rate` tokens per second, which is more than 0, after a burst of `BURST_S` seconds' worth."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._burst = max(1.0, rate * BURST_S)
        self._tokens = self._burst
        self._at = now

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self._rate

    def set_rate(self, rate: float, now: float) -> None:
        """Changes the rate; what was saved up stays, but for what exceeds the new burst."""
        self.available(now)
        self._rate = rate
        self._burst = max(1.0, rate * BURST_S)
        self._tokens = min(self._tokens, self._burst)

    def available(self, now: float) -> int:
        """Whole tokens there are."""
        if now > self._at:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now
        return int(self._tokens + _SURPLUS)

    def take(self) -> None:
        """Takes one token; ask `available` first."""
        self._tokens -= 1.0

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking again: half a burst, at least one token, is there."""
        self.available(now)
        wanted = max(1.0, self._burst / 2)
        return max(0.0, (wanted - self._tokens) / self._rate)


class AdaptiveRate:
    """Finds the rate of an SMSC that answers "too fast": additive increase, multiplicative decrease.

    There is no limit until the first throttling answer. Such an answer pauses for a moment, longer when
    nothing was accepted since the last pause, and cuts the rate to somewhat less than the SMSC was seen to
    accept: at most once in a second, because SMSCs count by the second. Answers to what was submitted before
    a pause change nothing. While the SMSC is content the rate grows, faster after `CAUTIOUS_S` seconds, and
    after `FORGET_S` the limit is dropped.
    """

    CUT: Final = 0.9
    LEAST: Final = 1.0  # submits per second that are always tried
    FIRST: Final = 100.0  # tried where nothing was accepted yet
    GROWTH_CAUTIOUS: Final = 1.05  # per second
    GROWTH: Final = 1.5  # per second
    CAUTIOUS_S: Final = 5.0
    FORGET_S: Final = 60.0
    PAUSE_S: Final = 0.05
    PAUSE_MAX_S: Final = 2.0
    SLOT_S: Final = 1.0  # over which the accepted rate is measured

    __slots__ = (
        "_accepted_rate", "_bucket", "_cut_at", "_grown_at", "_pause", "_paused_at", "_proved", "_refused",
        "_slot_at", "_stale", "accepted", "paused_until",
    )  # fmt: skip

    def __init__(self, now: float) -> None:
        self.accepted = 0  # in this slot; counted up by the owner, for speed
        self.paused_until = -inf
        self._refused = 0  # in this slot
        self._slot_at = now
        self._accepted_rate = 0.0  # per second, in the slot before this one
        self._bucket: TokenBucket | None = None
        self._stale = 0  # answers still to come to what was submitted before the last pause
        self._proved = True  # something was accepted since the last pause
        self._pause = self.PAUSE_S
        self._paused_at = self._cut_at = self._grown_at = -inf  # a cut without a pause counts as one

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all; the common case is no."""
        return self._bucket is not None

    @property
    def rate(self) -> float:
        """Submits per second; infinity without a limit."""
        return inf if self._bucket is None else self._bucket.rate

    def room(self, now: float) -> int:
        """How many may be submitted now, under a limit."""
        if self._bucket is None or now < self.paused_until:
            return 0
        return self._bucket.available(now)

    def take(self) -> None:
        """One is submitted, under a limit."""
        if self._bucket is not None:
            self._bucket.take()

    def wait(self, now: float) -> float:
        """Seconds until there may be room again."""
        if self._bucket is None:
            return 0.0
        return max(self.paused_until - now, self._bucket.wait(now))

    def settle(self, now: float, answers: int) -> None:
        """After each batch of answers: how many there were, refusals included."""
        if now - self._slot_at >= self.SLOT_S:
            self._accepted_rate = self.accepted / (now - self._slot_at)
            self._start_slot(now)
        bucket = self._bucket
        if bucket is None:
            return
        if self._stale:
            self._stale = max(0, self._stale - answers)
        elif self.accepted:
            self._proved = True
        quiet = now - self._paused_at
        if quiet >= self.FORGET_S:
            self._bucket = None
        elif now - self._grown_at >= 1.0:
            self._grown_at = now
            growth = self.GROWTH_CAUTIOUS if quiet < self.CAUTIOUS_S else self.GROWTH
            bucket.set_rate(bucket.rate * growth + 1.0, now)

    def refused(self, now: float, in_flight: int, *, throttled: bool) -> bool:
        """The SMSC refused one for the moment; returns whether this begins a pause.

        `in_flight` is how many submits still wait for their answer. `throttled`: the SMSC said "too fast" or
        "queue full". Other temporary errors count only where they are most of the answers: a single one says
        nothing about the rate.
        """
        self._refused += 1
        if self._stale or now < self.paused_until:
            return False
        if not throttled and self._refused <= self.accepted + self._accepted_rate:
            return False
        self._proved |= self._bucket is None
        self._cut(now)
        self._pause = self.PAUSE_S if self._proved else min(self.PAUSE_MAX_S, self._pause * 2)
        self._proved = False
        self._stale = in_flight
        self._paused_at = self._grown_at = now
        self.paused_until = now + self._pause
        return True

    def strained(self, now: float) -> None:
        """The SMSC takes what it gets, and says that it can hardly take more (congestion_state of SMPP 5.0).

        The rate is cut as after a refusal, at most once in a second, and there is no pause.
        """
        if self._accepted_rate and now - self._cut_at >= self.SLOT_S:
            self._cut(now)
            self._paused_at = self._grown_at = now

    def _cut(self, now: float) -> None:
        seen = max(self.accepted / max(now - self._slot_at, self.SLOT_S), self._accepted_rate)
        bucket = self._bucket
        if bucket is None:
            self._bucket = TokenBucket(max(self.LEAST, seen * self.CUT) if seen else self.FIRST, now)
            self._cut_at = now
        elif seen and now - self._cut_at >= self.SLOT_S:
            bucket.set_rate(max(self.LEAST, min(bucket.rate, max(seen, bucket.rate / 2)) * self.CUT), now)
            self._cut_at = now

    def _start_slot(self, now: float) -> None:
        self._slot_at = now
        self.accepted = self._refused = 0


class Backoff:
    """Waiting times between attempts to connect: exponential, with full jitter.

    The n-th failure in a row waits a random time between `least` and `least * 2**n` seconds, never more than
    `most`. Many gateways that lost one SMSC at the same moment so do not come back at the same moment.
    """

    __slots__ = ("_least", "_most", "_rng", "failures")

    def __init__(self, least: float, most: float, rng: random.Random) -> None:
        self._least = least
        self._most = max(least, most)
        self._rng = rng
        self.failures = 0

    @property
    def most(self) -> float:
        """The longest wait, in seconds."""
        return self._most

    def next(self) -> float:
        """Seconds to wait after one more failure."""
        self.failures += 1
        # 2**30 times the least is beyond every sensible most, and floats do not overflow.
        limit = min(self._most, self._least * 2.0 ** min(self.failures, 30))
        return self._rng.uniform(self._least, limit)

    def reset(self) -> None:
        """The connection has proved itself."""
        self.failures = 0
