"""How fast a session hands messages in, as often as somebody looks. It costs the hot path nothing."""

from collections import deque
from typing import Final

SPAN_MS: Final = 10_000
"""The rate is that of the last ten seconds."""

SLOT_MS: Final = 900
"""Looks that follow each other closer than that are one."""


class Pace:
    """One session's rate; `now` is Unix milliseconds and `submitted` its counter, given by the caller."""

    __slots__ = ("_looks",)

    def __init__(self, now: int) -> None:
        self._looks = deque([(now, 0)])

    def look(self, now: int, submitted: int) -> float:
        """Messages per second, on average since the last look that is ten seconds old."""
        looks = self._looks
        if now - looks[-1][0] >= SLOT_MS:
            looks.append((now, submitted))
            while len(looks) > 2 and now - looks[1][0] >= SPAN_MS:
                looks.popleft()
        since, then = looks[0]
        return (submitted - then) * 1000 / max(now - since, SLOT_MS)
