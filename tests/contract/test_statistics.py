"""Counts over the messages of late: by time and state, account and connector, reason; the newest of them."""

import asyncio
from itertools import count
from typing import Any

import pytest

from trunkline.backends.storage import SqlStore, statistics
from trunkline.model.ids import first_id
from trunkline.model.message import Message
from trunkline.model.states import MessageState, SegmentState
from trunkline.model.statistics import FailureReason, Share, TrafficCount

from .harness import Place, accept, make_account, make_message, settle, submit

HOUR = 3_600_000
START = 1_790_000_000_000 // HOUR * HOUR
_numbers = count(1)


def at(time: int, account_id: int, **fields: object) -> Message:
    """A message accepted at this time, whose id says so too."""
    identifier = f"{first_id(time)[:-12]}{next(_numbers):012x}"
    return make_message(account_id, id=identifier, accepted_at=time, **fields)  # type: ignore[arg-type]


async def fail(store: SqlStore, message: Message, error: str) -> None:
    """The gateway rejects the message."""
    message.error = error
    segment = message.segments[0]
    store.journal.changed(segment, segment.become(SegmentState.REJECTED, message.accepted_at))
    await store.journal.flush()


async def test_traffic_is_counted_by_step_and_state(store: SqlStore, account_id: int) -> None:
    early, late, failed = (at(START + offset, account_id) for offset in (5, HOUR + 5, HOUR + 7))
    await accept(store, early, late, failed)
    await fail(store, failed, "no route")
    found = await store.traffic(START, HOUR, None)
    assert sorted(found, key=lambda each: (each.at, each.state)) == [
        TrafficCount(START, MessageState.QUEUED, 1),
        TrafficCount(START + HOUR, MessageState.QUEUED, 1),
        TrafficCount(START + HOUR, MessageState.REJECTED, 1),
    ]
    assert len(await store.traffic(START + HOUR, HOUR, None)) == 2  # what is older is left out


async def test_shares_are_by_account_and_connector(store: SqlStore, account_id: int) -> None:
    other = await make_account(store)
    await accept(
        store,
        at(START, account_id),
        at(START, account_id),
        at(START, other),
        at(START, other, connector_id="smsc-2"),
    )
    found = await store.shares(START, None)
    assert set(found) == {
        Share(account_id, "smsc-1", MessageState.QUEUED, 2),
        Share(other, "smsc-1", MessageState.QUEUED, 1),
        Share(other, "smsc-2", MessageState.QUEUED, 1),
    }


async def test_the_commonest_reason_is_first(store: SqlStore, account_id: int) -> None:
    messages = [at(START + number, account_id) for number in range(4)]
    await accept(store, *messages)
    for message, error in zip(messages, ("blocked", "no route", "no route"), strict=False):
        await fail(store, message, error)
    assert await store.failure_reasons(START, None, 5) == [
        FailureReason("no route", 2),
        FailureReason("blocked", 1),
    ]
    assert await store.failure_reasons(START, None, 1) == [FailureReason("no route", 2)]


async def test_the_newest_are_first(store: SqlStore, account_id: int) -> None:
    messages = [at(START + number, account_id) for number in range(3)]
    await accept(store, *messages)
    await fail(store, messages[1], "no route")
    newest = await store.newest_messages(START, None, 2, failed=False)
    assert [line.id for line in newest] == [messages[2].id, messages[1].id]
    [line] = await store.newest_messages(START, None, 2, failed=True)
    assert (line.id, line.state, line.error) == (messages[1].id, MessageState.REJECTED, "no route")


async def test_an_account_counts_its_own_alone(store: SqlStore, account_id: int) -> None:
    other = await make_account(store)
    mine, theirs = at(START, account_id), at(START + 1, other)
    await accept(store, mine, theirs)
    for message in (mine, theirs):
        await fail(store, message, f"for {message.account_id}")
    assert [each.messages for each in await store.traffic(START, HOUR, account_id)] == [1]
    assert [each.account_id for each in await store.shares(START, account_id)] == [account_id]
    assert await store.failure_reasons(START, account_id, 5) == [FailureReason(f"for {account_id}", 1)]
    for failed in (False, True):
        lines = await store.newest_messages(START, account_id, 5, failed=failed)
        assert [line.id for line in lines] == [mine.id]


async def test_names_and_balances(store: SqlStore) -> None:
    paying = await make_account(store, balance=5)
    unlimited = await make_account(store, balance=7, unlimited=True)
    assert set(await store.account_names()) >= {paying, unlimited}
    assert await store.account_balance(paying) == 5
    assert await store.account_balance(unlimited) is None
    assert await store.account_balance(-1) is None


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START + 3 * HOUR + 1

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(place: Place, clock: Clock) -> Any:
    """A store whose time is the test's."""
    store = place.store(now_ms=clock)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int | None]]:
    """The stretches of time whose messages were read, in hours after the start."""
    found: list[tuple[int, int | None]] = []
    count_them = statistics._count

    async def count(connection: Any, begin: int, until: int | None, account_id: int | None) -> Any:
        found.append(((begin - START) // HOUR, None if until is None else (until - START) // HOUR))
        return await count_them(connection, begin, until, account_id)

    monkeypatch.setattr(statistics, "_count", count)
    return found


async def test_hours_that_are_over_are_counted_once(
    store: SqlStore, account_id: int, place: Place, counted: list[tuple[int, int | None]]
) -> None:
    await accept(store, *(at(START + hour * HOUR, account_id) for hour in (0, 2, 2, 3)))
    first = await store.traffic(START, HOUR, None)
    assert {(each.at - START) // HOUR: each.messages for each in first} == {0: 1, 2: 2, 3: 1}
    assert counted == [(0, 3), (3, None)]
    assert await store.traffic(START, HOUR, None) == first
    assert counted[2:] == [(3, None)]
    assert await place.value("SELECT sum(messages) FROM traffic") == 3
    by_day = await store.traffic(START, 3 * HOUR, None)
    assert sum(each.messages for each in by_day) == 4


async def test_the_current_hour_is_never_behind(store: SqlStore, account_id: int) -> None:
    message = at(START + 3 * HOUR, account_id)
    await accept(store, message)
    await store.traffic(START, HOUR, None)
    await fail(store, message, "no route")
    assert await store.failure_reasons(START, None, 5) == [FailureReason("no route", 1)]


async def test_an_hour_is_counted_again_in_time(
    store: SqlStore, account_id: int, clock: Clock, counted: list[tuple[int, int | None]]
) -> None:
    message = at(START + HOUR, account_id)
    await accept(store, message)
    await store.traffic(START, HOUR, None)
    await fail(store, message, "no route")
    clock.now += 2 * HOUR // statistics.AGAIN_AFTER - 60_000
    await store.traffic(START, HOUR, None)
    assert await store.failure_reasons(START, None, 5) == []
    assert counted[2] == (2, 3)  # the youngest hour is first
    clock.now += 2 * 60_000
    assert await store.failure_reasons(START, None, 5) == [FailureReason("no route", 1)]
    assert (await store.traffic(START, HOUR, None))[0].state is MessageState.REJECTED
    clock.now += 100 * HOUR
    counted.clear()
    await store.traffic(START, HOUR, None)
    days = [(0, 24), (24, 48), (48, 72), (72, 96), (96, 103)]  # no count reads for long
    assert counted == [*days, (103, None)]


async def test_segments_that_an_smsc_took_are_counted_by_connector(
    store: SqlStore, account_id: int, place: Place
) -> None:
    old, new, elsewhere, waiting, refused = (
        at(START, account_id, parts=2),
        at(START + 3 * HOUR, account_id),
        at(START + HOUR, account_id, connector_id="smsc-2"),
        at(START, account_id, parts=3),
        at(START, account_id),
    )
    await accept(store, old, new, elsewhere, waiting, refused)
    for message in (old, new, elsewhere):
        for segment in message.segments:
            store.journal.submitted(segment, submit(segment))
    await store.journal.flush()
    await fail(store, refused, "no route")
    assert await store.usage(START) == {"smsc-1": 3, "smsc-2": 1}
    assert await store.usage(START + HOUR) == {"smsc-1": 1, "smsc-2": 1}
    assert await place.value("SELECT sum(segments) FROM traffic") == 3
    assert await store.usage(START + 4 * HOUR) == {}


async def test_what_the_smsc_says_is_a_reason(store: SqlStore, account_id: int) -> None:
    message = at(START, account_id)
    await accept(store, message)
    [segment] = message.segments
    store.journal.submitted(segment, submit(segment))
    store.journal.settled(segment, settle(segment, SegmentState.UNDELIVERED), None)
    await store.journal.flush()
    assert await store.failure_reasons(START, None, 5) == [FailureReason("UNDELIV 000", 1)]


async def test_an_id_made_in_the_next_hour(store: SqlStore, account_id: int) -> None:
    message = at(START + HOUR, account_id)
    message.accepted_at -= 1
    await accept(store, message, at(START + HOUR, account_id))
    for since in (START + HOUR, START):
        found = await store.traffic(since, HOUR, None)
        assert {each.at: each.messages for each in found if each.at >= since}[START + HOUR] == 1
    assert sorted((each.at, each.messages) for each in found) == [(START, 1), (START + HOUR, 1)]


async def test_two_that_count_at_the_same_time(store: SqlStore, account_id: int, place: Place) -> None:
    await accept(store, *(at(START + hour * HOUR, account_id) for hour in range(3)))
    other = place.store(now_ms=lambda: START + 3 * HOUR)
    await other.open()
    try:
        found = await asyncio.gather(*(each.traffic(START, 3 * HOUR, None) for each in (store, other) * 3))
    finally:
        await other.close()
    assert {sum(each.messages for each in counts) for counts in found} == {3}
    assert await place.value("SELECT count(*) FROM traffic_hour") == 3


async def test_nothing_older_than_a_year_is_counted(
    store: SqlStore, counted: list[tuple[int, int | None]]
) -> None:
    await store.traffic(0, HOUR, None)
    first = 3 - statistics.OLDEST_MS // HOUR
    assert counted[0] == (first, first + statistics.LONGEST)
