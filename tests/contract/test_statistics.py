"""Counts over the messages of late: by time and state, account and connector, reason; the newest of them."""

from itertools import count

from trunkline.backends.storage import SqlStore
from trunkline.model.ids import first_id
from trunkline.model.message import Message
from trunkline.model.states import MessageState, SegmentState
from trunkline.model.statistics import FailureReason, Share, TrafficCount

from .harness import accept, make_account, make_message

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
