"""How fast a connector submits, and how long its SMSC takes to answer. Cheap enough for the hot path."""

from collections import deque
from typing import Final

from trunkline.model.status import ConnectorSpeed

SPAN_S: Final = 10.0
"""Rates are those of the last ten seconds."""

SLOT_S: Final = 0.9
"""Looks that follow each other closer than that are one."""

WEIGHT: Final = 0.2
"""Of the newest round trip in the mean: about the last ten samples count."""


class LastGrowth:
    """When a counter grew last, as those find out who look: whoever counts pays nothing for it."""

    __slots__ = ("_at", "_count")

    def __init__(self) -> None:
        self._count = 0
        self._at = 0

    def look(self, count: int, now_ms: int) -> int:
        """The time of the first look (Unix milliseconds) that found the counter as it is; 0 while it is 0."""
        if count != self._count:
            self._count = count
            self._at = now_ms
        return self._at


class SpeedMeter:
    """One connector's figures. Times are monotonic seconds of one clock, given by the caller."""

    __slots__ = ("_looks", "_round_trip_s")

    def __init__(self) -> None:
        self._round_trip_s: float | None = None
        self._looks: deque[tuple[float, int, int, int]] = deque()

    def answered(self, seconds: float) -> None:
        """A submit that was timed has its answer."""
        mean = self._round_trip_s
        self._round_trip_s = seconds if mean is None else mean + (seconds - mean) * WEIGHT

    def look(
        self,
        now: float,
        *,
        submitted: int,
        accepted: int,
        refused: int,
        window: int,
        in_flight: int,
        throttled_to: float | None,
    ) -> ConnectorSpeed:
        """The figures of now, from the connector's counters since it was made; to be called every second."""
        looks = self._looks
        if not looks or now - looks[-1][0] >= SLOT_S:
            looks.append((now, submitted, accepted, refused))
            while len(looks) > 2 and now - looks[1][0] >= SPAN_S:
                looks.popleft()
        since, submitted_then, accepted_then, refused_then = looks[0]
        span = max(now - since, SLOT_S)
        trip = self._round_trip_s
        return ConnectorSpeed(
            None if trip is None else trip * 1000,
            (submitted - submitted_then) / span,
            (accepted - accepted_then) / span,
            (refused - refused_then) / span,
            window,
            in_flight,
            throttled_to,
        )
