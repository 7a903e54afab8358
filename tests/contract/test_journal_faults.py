"""What the journal does when something is wrong with a change, with its caller, or with its own speed."""

import asyncio

import pytest
import structlog

from trunkline.backends.storage import SqlStore
from trunkline.model.ports import Acceptance, StorageUnavailable
from trunkline.model.states import SegmentState

from .harness import (
    NOW,
    Gate,
    Place,
    Weather,
    accept,
    ids,
    make_account,
    make_event,
    make_message,
    make_notification,
    submit,
)

UNSTORABLE = "\ud800"  # half a surrogate pair: no database takes it


async def test_a_message_that_cannot_be_stored_fails_alone(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=10**6)
    messages = [make_message(account_id) for _ in range(20)]
    messages[13].text = UNSTORABLE
    results: list[Acceptance | BaseException] = await asyncio.gather(
        *(store.journal.accept([message]) for message in messages), return_exceptions=True
    )
    failed = [number for number, result in enumerate(results) if isinstance(result, StorageUnavailable)]
    assert failed == [13]
    good = ids(messages[:13] + messages[14:])
    assert [row[0] for row in await place.rows("SELECT id FROM message ORDER BY id")] == good
    assert await place.value("SELECT balance FROM account") == 10**6 - 19_000
    assert await place.value("SELECT count(*) FROM ledger WHERE kind = 'charge'") == 19
    assert store.journal.dropped == 1
    assert store.journal.backlog == 0
    assert store.journal.available


async def test_a_change_that_cannot_be_stored_is_dropped_and_said(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store)
    messages = [make_message(account_id) for _ in range(5)]
    await accept(store, *messages)
    called: list[int] = []
    with structlog.testing.capture_logs() as logs:
        for number, message in enumerate(messages):
            event = make_event(message, detail=UNSTORABLE if number == 2 else str(number))
            store.journal.noted(
                event, make_notification(message), lambda number=number: called.append(number)
            )
        await store.journal.flush()
    assert called == [0, 1, 3, 4]
    assert [row[0] for row in await place.rows("SELECT detail FROM message_event ORDER BY id")] == list(
        "0134"
    )
    assert await place.value("SELECT count(*) FROM outbox") == 4  # its notification went with it: atomic
    assert store.journal.dropped == 1
    [line] = [line for line in logs if line["action"] == "journal.dropped"]
    assert line["log_level"] == "error"
    assert messages[2].id in line["unit"]
    assert UNSTORABLE not in line["unit"]


async def test_two_entries_of_one_name_cannot_both_be_stored(place: Place, store: SqlStore) -> None:
    """A constraint of the database finds the culprit too, and the order of all others stays."""
    account_id = await make_account(store)
    message = make_message(account_id)
    await accept(store, message)
    notification = make_notification(message)
    store.journal.noted(make_event(message, detail="1"), notification)
    store.journal.noted(make_event(message, detail="2"))
    store.journal.noted(make_event(message, detail="3"), notification)
    store.journal.noted(make_event(message, detail="4"))
    await store.journal.flush()
    assert [row[0] for row in await place.rows("SELECT detail FROM message_event ORDER BY id")] == [
        "1",
        "2",
        "4",
    ]
    assert await place.value("SELECT count(*) FROM outbox") == 1


async def test_states_stay_in_order_around_a_bad_change(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store)
    message, bad = (make_message(account_id, state=SegmentState.SUBMITTING) for _ in range(2))
    await accept(store, message, bad)
    [segment] = message.segments
    store.journal.changed(segment, segment.become(SegmentState.UNKNOWN, NOW))
    store.journal.noted(make_event(bad, detail=UNSTORABLE))
    segment.state = SegmentState.SUBMITTING
    store.journal.submitted(segment, submit(segment))
    await store.journal.flush()
    assert (await place.segment(message.id))["state"] == "submitted"


async def test_a_table_that_is_missing_is_the_databases_fault(place: Place, store: SqlStore) -> None:
    """No row is to blame, so none is dropped: the journal waits until somebody has put the table back."""
    account_id = await make_account(store)
    message = make_message(account_id)
    await accept(store, message)
    weather = Weather(store.journal)
    await place.rows("ALTER TABLE message_event RENAME TO elsewhere")
    store.journal.noted(make_event(message))
    await weather.becomes(False)
    await place.rows("ALTER TABLE elsewhere RENAME TO message_event")
    await weather.becomes(True)
    await store.journal.flush()
    assert store.journal.dropped == 0
    assert await place.value("SELECT count(*) FROM message_event") == 1


async def test_a_callback_that_fails_keeps_nobody_waiting(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store)
    message = make_message(account_id)
    await accept(store, message)
    called = []

    def fails() -> None:
        raise ValueError("no")

    with structlog.testing.capture_logs() as logs:
        store.journal.noted(make_event(message), done=fails)
        store.journal.noted(make_event(message), done=lambda: called.append(1))
        await store.journal.flush()
    assert called == [1]
    assert [line["action"] for line in logs] == ["journal.callback_failed"]
    assert store.journal.backlog == 0


async def test_a_backlog_above_its_limit_pushes_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    store = place.store(backlog_max=10, batch_max=4)
    await store.open()
    account_id = await make_account(store)
    message = make_message(account_id)
    await accept(store, message)
    weather = Weather(store.journal)
    gate = Gate(store.journal, monkeypatch)
    for _ in range(10):
        store.journal.noted(make_event(message))
    assert store.journal.available
    store.journal.noted(make_event(message))
    assert not store.journal.available
    assert weather.seen == [False]
    accepted = store.journal.accept([make_message(account_id)])  # pushed back, but not refused
    gate.opened.set()
    await store.journal.flush()
    assert weather.seen == [False, True]
    assert accepted.result().refused == []
    assert max(len(batch.units) for batch in gate.batches) == 4
    assert await place.value("SELECT count(*) FROM message_event") == 11
    await store.close()


async def test_a_fault_nobody_foresaw_does_not_stop_the_journal(
    place: Place, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await make_account(store)
    message = make_message(account_id)
    await accept(store, message)
    writer = store.journal._writer
    write = writer.write
    faults = iter([KeyError("surprise")])

    async def broken_once(batch):  # type: ignore[no-untyped-def]
        for fault in faults:
            raise fault
        return await write(batch)

    monkeypatch.setattr(writer, "write", broken_once)
    with structlog.testing.capture_logs() as logs:
        for detail in "ab":
            store.journal.noted(make_event(message, detail=detail))
        await store.journal.flush()
    assert [line["action"] for line in logs] == ["journal.failed"]
    assert [row[0] for row in await place.rows("SELECT detail FROM message_event ORDER BY id")] == ["a", "b"]


async def test_what_comes_after_the_end_is_dropped_and_said(place: Place) -> None:
    store = place.store()
    await store.open()
    account_id = await make_account(store)
    message = make_message(account_id)
    await accept(store, message)
    await store.close()
    with structlog.testing.capture_logs() as logs:
        store.journal.noted(make_event(message))
        store.journal._hurry()  # what the linger timer does
    assert [line["action"] for line in logs] == ["journal.dropped"]
    assert store.journal.backlog == 0
