"""Figures that are counted once for all who ask."""

import asyncio

import pytest

from trunkline.services.counted import FRESH_MS, REST, Counted

from .test_dashboard import HandClock


class Counter:
    """Counts how often it was asked to count; each time takes `takes_ms`."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.takes_ms = 0
        self.fault: Exception | None = None
        self.counts = 0

    async def count(self, now: int) -> int:
        assert now == self.clock.now
        await asyncio.sleep(0)
        self.clock.now += self.takes_ms
        if self.fault is not None:
            raise self.fault
        self.counts += 1
        return self.counts


@pytest.fixture
def counter() -> Counter:
    return Counter(HandClock())


async def test_those_who_ask_together_are_told_the_same(counter: Counter) -> None:
    counted = Counted(counter.count, counter.clock)
    assert await asyncio.gather(*(counted.get() for _ in range(5))) == [1] * 5
    counter.clock.now += FRESH_MS - 1
    assert await counted.get() == 1
    counter.clock.now += 1
    assert await counted.get() == 2


async def test_what_takes_long_is_counted_seldom(counter: Counter) -> None:
    counted = Counted(counter.count, counter.clock)
    counter.takes_ms = 3_000
    assert await counted.get() == 1
    counter.clock.now += REST * 3_000 - 1
    assert await counted.get() == 1
    counter.clock.now += 1
    assert await counted.get() == 2


async def test_a_count_that_fails_is_made_again(counter: Counter) -> None:
    counted = Counted(counter.count, counter.clock)
    counter.fault = RuntimeError("away")
    with pytest.raises(RuntimeError):
        await counted.get()
    counter.fault = None
    assert await counted.get() == 1
