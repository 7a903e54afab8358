"""What a scenario has in store for each message: seeded draws, one generator per setting."""

import random
from collections.abc import Callable

from trunkline.simulator.scenario import Scenario

BURST_S = 0.1


class Fates:
    """The random decisions of one run. Each call decides for the next message; times are in seconds.

    Shares that are 0 have no function at all (None): a well-behaved SMSC draws nothing.
    """

    __slots__ = (
        "_seed",
        "late",
        "no_answer",
        "receipt_delay_s",
        "response_delay_s",
        "take_before_cut",
    )

    def __init__(self, scenario: Scenario) -> None:
        self._seed = scenario.seed
        self.no_answer = self.share("no_answer", scenario.no_answer_share)
        self.late = self.share("late", scenario.late_share)
        self.take_before_cut = self.share("cut", 0.5 if scenario.drop_link_every else 0.0)
        self.response_delay_s = self._delay(
            "response", scenario.response_delay_ms, scenario.response_jitter_ms
        )
        self.receipt_delay_s = self._delay("receipt", scenario.receipt_delay_ms, scenario.receipt_jitter_ms)

    def share(self, name: str, share: float) -> Callable[[], bool] | None:
        """The function that draws with this probability, from the generator of this name; None for 0."""
        if not share:
            return None
        draw = self._generator(name)
        return lambda: draw() < share

    def _delay(self, name: str, delay_ms: float, jitter_ms: float) -> Callable[[], float]:
        delay, jitter = delay_ms / 1000, jitter_ms / 1000
        if not jitter:
            return lambda: delay
        draw = self._generator(name)
        return lambda: delay + jitter * draw()

    def _generator(self, name: str) -> Callable[[], float]:
        return random.Random(f"{self._seed}/{name}").random  # noqa: S311 - repeatable on purpose


class Throttle:
    """A token bucket: `per_second` on average, bursts of a tenth of a second. Times are monotonic seconds."""

    __slots__ = ("_at", "_burst", "_per_second", "_tokens")

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._burst = max(1.0, per_second * BURST_S)
        self._tokens = self._burst
        self._at = now

    def allows(self, now: float) -> bool:
        """Whether one more may pass now; if so it is counted."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
