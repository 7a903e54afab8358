"""A figure that is costly to count: counted once for all who ask, and the seldomer the longer it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from trunkline.model.ports import Clock

T = TypeVar("T")

FRESH_MS: Final = 10_000
"""How long a figure is good at the least."""

REST: Final = 20
"""A count that took a second is not made again for twenty."""


class Counted(Generic[T]):
    """What `count` returns, kept for a while. `count` is given the time it begins at (Unix ms)."""

    def __init__(
        self, count: Callable[[int], Awaitable[T]], clock: Clock, turn: asyncio.Semaphore | None = None
    ) -> None:
        """`turn`: counts that share it wait for each other, since the database is there for the messages."""
        self._count = count
        self._clock = clock
        self._turn = turn or asyncio.Semaphore(1)
        self._counting = asyncio.Lock()
        self._kept: tuple[T, int] | None = None  # and until when it is good

    async def get(self) -> T:
        """The figure. Raises what `count` raises."""
        async with self._counting:
            kept = self._kept
            if kept is None or self._clock.now_ms() >= kept[1]:
                async with self._turn:
                    began = self._clock.now_ms()
                    found = await self._count(began)
                    now = self._clock.now_ms()
                kept = self._kept = (found, now + max(FRESH_MS, REST * (now - began)))
            return kept[0]
