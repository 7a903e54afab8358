"""The port `Journal`: what each call writes, in which order, and what it answers."""

import asyncio
import gc

import pytest

from trunkline.backends.storage import SqlStore
from trunkline.model.ids import new_id
from trunkline.model.message import OrphanReceipt
from trunkline.model.ports import StorageUnavailable
from trunkline.model.snapshot import ReceiptPolicy
from trunkline.model.states import MessageState, SegmentState

from .harness import (
    DAY,
    NOW,
    Place,
    accept,
    ids,
    make_account,
    make_event,
    make_message,
    make_notification,
    settle,
    submit,
)

# --- accept -----------------------------------------------------------------------------------------------


async def test_accept_stores_message_segments_and_ledger(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=5000)
    message = make_message(
        account_id,
        text='Grüße 🙂 "q" \\ \'',
        charged=1500,
        deferred=True,
        resend_unknown=True,
        dlr_url="https://x.example/",
    )

    acceptance = await accept(store, message)

    assert acceptance.messages == [message]
    row = await place.message(message.id)
    assert {
        name: row[name]
        for name in (
            "account_id",
            "door",
            "credential",
            "source_addr",
            "dest_addr",
            "text",
            "dlr_url",
            "state",
        )
    } == {
        "account_id": account_id,
        "door": "smpp",
        "credential": "client1",
        "source_addr": "INFO",
        "dest_addr": "971501234567",
        "text": 'Grüße 🙂 "q" \\ \'',
        "dlr_url": "https://x.example/",
        "state": "queued",
    }
    assert row["deferred"] in (1, True)
    assert row["resend_unknown"] in (1, True)
    assert (row["parts"], row["charged"], row["rate"], row["route_id"]) == (1, 1500, 1000, 7)
    assert (row["accepted_at"], row["expires_at"]) == (NOW, NOW + DAY)
    assert [row[name] for name in ("error", "sent_at", "done_at", "notified_at")] == [None] * 4
    segment = await place.segment(message.id)
    assert segment["content"] is None  # the message's text, not stored twice
    assert (segment["state"], segment["udh"], segment["expires_at"]) == ("queued", "", NOW + DAY)
    ledger = "SELECT kind, amount, balance_after, message_id, created_at FROM ledger WHERE account_id = ?"
    assert await place.rows(f"{ledger} AND kind = 'charge'", account_id) == [
        ("charge", -1500, 3500, message.id, NOW)
    ]
    assert await place.value("SELECT balance FROM account WHERE id = ?", account_id) == 3500


async def test_accept_stores_every_part_of_a_long_message(
    place: Place, store: SqlStore, account_id: int
) -> None:
    message = make_message(account_id, parts=3, text="part 1part 2part 3")
    message.segments[2].sar_reference = 65535
    await accept(store, message)
    rows = await place.rows(
        "SELECT number, content, udh, sar_reference FROM segment WHERE message_id = ? ORDER BY number",
        message.id,
    )
    assert rows == [
        (1, "part 1", "050003 2a 03 01".replace(" ", ""), 0),
        (2, "part 2", "0500032a0302", 0),
        (3, "part 3", "0500032a0303", 65535),
    ]


async def test_binary_content_is_kept(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, text=None, encoding="binary")
    await accept(store, message)
    del message
    gc.collect()
    [segment] = await store.journal.claim("smsc-1", 10, NOW)
    assert segment.content == "00ff"
    assert segment.message.text is None


async def test_a_part_that_equals_the_text_is_still_a_part(
    place: Place, store: SqlStore, account_id: int
) -> None:
    message = make_message(account_id, parts=2, text="part 1")
    await accept(store, message)
    assert (await place.segment(message.id, 1))["content"] == "part 1"


async def test_a_charge_of_nothing_writes_no_ledger_entry(
    place: Place, store: SqlStore, account_id: int
) -> None:
    await accept(store, make_message(account_id, charged=0))
    assert await place.rows("SELECT 1 FROM ledger WHERE kind = 'charge'") == []


async def test_an_id_that_is_stored_already_fails_only_its_own_call(
    place: Place, store: SqlStore, account_id: int
) -> None:
    first, second, other = (make_message(account_id) for _ in range(3))
    await accept(store, first)
    second.id = first.id
    results = await asyncio.gather(
        store.journal.accept((second,)), store.journal.accept((other,)), return_exceptions=True
    )
    assert isinstance(results[0], StorageUnavailable)
    assert not isinstance(results[1], BaseException)
    assert await place.value("SELECT count(*) FROM message") == 2
    charged = await place.value("SELECT sum(amount) FROM ledger WHERE kind = 'charge'")
    assert charged == -2000


# --- what becomes of segments -----------------------------------------------------------------------------


async def test_submitted(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, message)
    [segment] = message.segments
    store.journal.submitted(segment, submit(segment, "00AB"))
    await store.journal.flush()
    row = await place.segment(message.id)
    assert {name: row[name] for name in ("state", "submitted_at", "smsc_message_id", "smsc_key")} == {
        "state": "submitted",
        "submitted_at": NOW + 10,
        "smsc_message_id": "00AB",
        "smsc_key": "00ab",
    }
    assert (row["attempts"], row["command_status"]) == (1, 0)
    stored = await place.message(message.id)
    assert (stored["state"], stored["sent_at"], stored["done_at"]) == ("sent", NOW + 10, None)


async def test_settled_with_its_notification_event_and_orphan(
    place: Place, store: SqlStore, account_id: int
) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, message)
    [segment] = message.segments
    orphan = make_orphan("smsc-1", "key")
    store.journal.orphaned(orphan)
    store.journal.submitted(segment, submit(segment))
    called = asyncio.Event()
    notification = make_notification(message)
    store.journal.settled(
        segment, settle(segment), notification, make_event(message, "joined"), orphan.id, called.set
    )
    await asyncio.wait_for(called.wait(), 60)
    row = await place.segment(message.id)
    assert [row[name] for name in ("state", "receipt_stat", "receipt_err", "receipt_at", "done_at")] == [
        "delivered",
        "DELIVRD",
        "000",
        NOW + 20,
        NOW + 20,
    ]
    assert row["smsc_message_id"] == message.id[-12:]
    stored = await place.message(message.id)
    assert (stored["state"], stored["done_at"]) == ("delivered", NOW + 20)
    assert await place.rows("SELECT lane, id, message_id, attempts FROM outbox") == [
        ("esme:client1", notification.id, message.id, 0)
    ]
    assert await place.rows("SELECT kind FROM message_event") == [("joined",)]
    assert await place.rows("SELECT 1 FROM orphan_receipt") == []


async def test_submitted_and_settled_in_one_batch_end_settled(
    place: Place, store: SqlStore, account_id: int
) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, message)
    [segment] = message.segments
    store.journal.submitted(segment, submit(segment))
    store.journal.settled(segment, settle(segment), None)
    batches = store.journal.batches
    await store.journal.flush()
    assert store.journal.batches == batches + 1
    assert (await place.segment(message.id))["state"] == "delivered"
    assert (await place.message(message.id))["state"] == "delivered"


async def test_changed_then_submitted_then_settled_in_one_batch_keep_everything(
    place: Place, store: SqlStore, account_id: int
) -> None:
    """Statements run by rank; a change of lower rank that is recorded later must still win."""
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, message)
    [segment] = message.segments
    store.journal.changed(
        segment, segment.become(SegmentState.UNKNOWN, NOW + 5), make_event(message, "unknown")
    )
    store.journal.submitted(segment, submit_late(segment))
    store.journal.settled(segment, settle(segment), make_notification(message))
    batches = store.journal.batches
    await store.journal.flush()
    assert store.journal.batches == batches + 1
    row = await place.segment(message.id)
    assert (row["state"], row["smsc_key"], row["receipt_stat"]) == ("delivered", "late", "DELIVRD")
    assert (await place.message(message.id))["state"] == "delivered"
    assert await place.value("SELECT count(*) FROM outbox") == 1


async def test_settled_then_submitted_in_one_batch_keeps_the_later_state(
    place: Place, store: SqlStore, account_id: int
) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, message)
    [segment] = message.segments
    segment.receipt_stat = "ENROUTE"  # an intermediate receipt overtook the submit's answer
    store.journal.settled(segment, False, None)
    store.journal.submitted(segment, submit(segment))
    await store.journal.flush()
    row = await place.segment(message.id)
    assert (row["state"], row["receipt_stat"], row["smsc_key"]) == ("submitted", "ENROUTE", message.id[-12:])


async def test_the_last_change_of_a_batch_counts(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, message)
    [segment] = message.segments
    for attempt in (1, 2, 3):
        segment.attempts = attempt
        segment.available_at = NOW + attempt
        segment.state = SegmentState.QUEUED
        store.journal.changed(segment, False, make_event(message, "retry", str(attempt)))
    await store.journal.flush()
    row = await place.segment(message.id)
    assert (row["state"], row["attempts"], row["available_at"]) == ("queued", 3, NOW + 3)
    details = await place.rows("SELECT detail FROM message_event ORDER BY id")
    assert details == [("1",), ("2",), ("3",)]


async def test_changed_writes_every_mutable_column(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, message)
    [segment] = message.segments
    segment.connector_id = "smsc-2"
    segment.available_at = NOW + 1
    segment.attempts = 4
    segment.congested = 3
    segment.submitted_at = NOW + 2
    segment.smsc_message_id = "X"
    segment.smsc_key = "x"
    segment.command_status = 0xFFFFFFFF
    segment.receipt_stat = "UNDELIV"
    segment.receipt_err = "ABC"
    segment.receipt_at = NOW + 3
    segment.receipt_text = "raw"
    message.error = "it went wrong"
    changed = segment.become(SegmentState.REJECTED, NOW + 4)
    store.journal.changed(segment, changed, make_event(message), make_notification(message))
    await store.journal.flush()
    row = await place.segment(message.id)
    del row["content"], row["udh"], row["expires_at"], row["sar_reference"], row["priority"]
    assert row == {
        "message_id": message.id,
        "number": 1,
        "connector_id": "smsc-2",
        "state": "rejected",
        "available_at": NOW + 1,
        "attempts": 4,
        "congested": 3,
        "submitted_at": NOW + 2,
        "smsc_message_id": "X",
        "smsc_key": "x",
        "command_status": 0xFFFFFFFF,
        "receipt_stat": "UNDELIV",
        "receipt_err": "ABC",
        "receipt_at": NOW + 3,
        "receipt_text": "raw",
        "done_at": NOW + 4,
    }
    stored = await place.message(message.id)
    assert (stored["state"], stored["error"]) == ("rejected", "it went wrong")


async def test_noted_adds_history_and_a_notification(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id)
    await accept(store, message)
    called: list[str] = []
    store.journal.noted(
        make_event(message, "intermediate"), make_notification(message), lambda: called.append("a")
    )
    store.journal.noted(make_event(message, "duplicate_receipt"), done=lambda: called.append("b"))
    await store.journal.flush()
    assert called == ["a", "b"]
    assert await place.rows("SELECT kind FROM message_event ORDER BY id") == [
        ("intermediate",),
        ("duplicate_receipt",),
    ]
    assert await place.value("SELECT count(*) FROM outbox") == 1


# --- the outbox -------------------------------------------------------------------------------------------


async def test_due_notifications_in_order_and_as_they_were(
    place: Place, store: SqlStore, account_id: int
) -> None:
    message = make_message(account_id)
    await accept(store, message)
    later, first, second, not_yet, elsewhere = (
        make_notification(message, next_at=NOW + 2),
        make_notification(message, next_at=NOW),
        make_notification(message, next_at=NOW),
        make_notification(message, next_at=NOW + 100),
        make_notification(message, lane="http:user", next_at=NOW),
    )
    for notification in (later, first, second, not_yet, elsewhere):
        store.journal.noted(make_event(message), notification)
    due = await store.journal.due_notifications("esme:client1", 10, NOW + 2)
    assert [each.id for each in due] == [first.id, second.id, later.id]
    assert due[0].payload == first.payload
    assert (due[0].lane, due[0].next_at, due[0].message_id, due[0].attempts, due[0].created_at) == (
        "esme:client1",
        NOW,
        message.id,
        0,
        NOW,
    )
    limited = await store.journal.due_notifications("esme:client1", 1, NOW + 2)
    assert [each.id for each in limited] == [first.id]
    assert await store.outbox_lanes() == {"esme:client1": 4, "http:user": 1}
    assert await store.outbox_lanes(["http:user", "http:other"]) == {"http:user": 1}
    assert await store.outbox_lanes([]) == {}


async def test_notified_removes_the_entry_and_stamps_the_message(
    place: Place, store: SqlStore, account_id: int
) -> None:
    message, other = make_message(account_id), make_message(account_id)
    await accept(store, message, other)
    told, waiting = make_notification(message), make_notification(other)
    store.journal.noted(make_event(message), told)
    store.journal.noted(make_event(other), waiting)
    store.journal.notified(told, NOW + 50)
    await store.journal.flush()
    assert await place.rows("SELECT id FROM outbox") == [(waiting.id,)]
    assert (await place.message(message.id))["notified_at"] == NOW + 50
    assert (await place.message(other.id))["notified_at"] is None


async def test_postponed_twice_in_one_batch_then_notified(
    place: Place, store: SqlStore, account_id: int
) -> None:
    message = make_message(account_id)
    await accept(store, message)
    notification = make_notification(message)
    store.journal.noted(make_event(message), notification)
    await store.journal.flush()
    store.journal.postponed(notification, NOW + 1000, make_event(message, "notification_failed"))
    store.journal.postponed(notification, NOW + 2000, make_event(message, "notification_failed"))
    await store.journal.flush()
    assert await place.rows("SELECT next_at, attempts FROM outbox") == [(NOW + 2000, 2)]
    assert (notification.next_at, notification.attempts) == (NOW + 2000, 2)
    store.journal.postponed(notification, NOW + 3000, make_event(message, "notification_failed"))
    store.journal.notified(notification, NOW + 3001)
    await store.journal.flush()
    assert await place.rows("SELECT 1 FROM outbox") == []
    assert await place.value("SELECT count(*) FROM message_event") == 4


async def test_a_postponed_entry_read_back_can_be_given_up(
    place: Place, store: SqlStore, account_id: int
) -> None:
    message = make_message(account_id)
    await accept(store, message)
    notification = make_notification(message)
    store.journal.noted(make_event(message), notification)
    store.journal.postponed(notification, NOW + 9, make_event(message, "notification_failed"))
    assert await store.journal.due_notifications("esme:client1", 9, NOW + 8) == []
    [due] = await store.journal.due_notifications("esme:client1", 9, NOW + 9)
    assert due.attempts == 1
    store.journal.given_up(due, make_event(message, "notification_given_up"))
    await store.journal.flush()
    assert await place.rows("SELECT 1 FROM outbox") == []
    assert (await place.message(message.id))["notified_at"] is None
    kinds = [row[0] for row in await place.rows("SELECT kind FROM message_event ORDER BY id")]
    assert kinds == ["retry", "notification_failed", "notification_given_up"]


# --- the queue --------------------------------------------------------------------------------------------


async def test_claim_takes_the_oldest_due_segments_once(
    place: Place, store: SqlStore, account_id: int
) -> None:
    old = [make_message(account_id, available_at=NOW - 1000 + n) for n in range(3)]
    await accept(store, *reversed(old))
    await accept(
        store,
        make_message(account_id, available_at=NOW + 1),
        make_message(account_id, connector_id="smsc-2"),
        make_message(account_id, state=SegmentState.SUBMITTING),
        make_message(account_id, available_at=NOW - 5000, expires_at=NOW),
    )
    both = await asyncio.gather(store.journal.claim("smsc-1", 2, NOW), store.journal.claim("smsc-1", 10, NOW))
    assert [[segment.message.id for segment in claimed] for claimed in both] == [ids(old[:2]), ids(old[2:])]
    assert all(segment.state is SegmentState.SUBMITTING for claimed in both for segment in claimed)
    for message in old:
        assert (await place.segment(message.id))["state"] == "submitting"
    assert await store.journal.claim("smsc-1", 10, NOW) == []


async def test_a_higher_priority_is_claimed_first(store: SqlStore, account_id: int) -> None:
    campaign = [make_message(account_id, available_at=NOW - 1000 + n) for n in range(3)]
    otp = [make_message(account_id, available_at=NOW - n, priority=3) for n in (0, 1)]
    later = make_message(account_id, available_at=NOW + 1, priority=3)
    middle = make_message(account_id, parts=2, available_at=NOW, priority=1)
    await accept(store, *campaign, *otp, later, middle)
    claimed = [await store.journal.claim("smsc-1", limit, NOW) for limit in (3, 2, 10)]
    assert [[segment.message.id for segment in each] for each in claimed] == [
        [otp[1].id, otp[0].id, middle.id],
        [middle.id, campaign[0].id],
        ids(campaign[1:]),
    ]


async def test_a_claimed_segment_is_what_was_accepted(store: SqlStore, account_id: int) -> None:
    message = make_message(
        account_id,
        parts=2,
        deferred=True,
        resend_unknown=True,
        receipt_policy=ReceiptPolicy.LAST,
        tlvs=b"\x14\x01\x00\x00",
    )
    expected = _fields(message)
    await accept(store, message)
    identifier = message.id
    del message
    await store.journal.flush()  # the writer's thread has let go of the batch before
    gc.collect()
    assert store.journal.live.get(identifier) is None
    first, second = await store.journal.claim("smsc-1", 10, NOW)
    assert first.message is second.message
    assert first.message.segments == [first, second]
    assert _fields(first.message) == expected
    assert first.message.state is MessageState.QUEUED
    assert (first.content, first.udh) == ("part 1", bytes((5, 0, 3, 42, 2, 1)))


async def test_claiming_one_part_brings_the_whole_message(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, parts=3)
    await accept(store, message)
    del message
    gc.collect()
    [first] = await store.journal.claim("smsc-1", 1, NOW)
    states = [segment.state for segment in first.message.segments]
    assert states == [SegmentState.SUBMITTING, SegmentState.QUEUED, SegmentState.QUEUED]
    second, third = await store.journal.claim("smsc-1", 5, NOW)
    assert first.message.segments == [first, second, third]


async def test_one_object_per_message(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, parts=2)
    await accept(store, message)
    claimed = await store.journal.claim("smsc-1", 10, NOW)
    assert claimed == message.segments
    for segment in claimed:
        store.journal.submitted(segment, submit(segment, f"id-{segment.number}"))
    assert await store.find_by_smsc_keys(["smsc-1"], ["id-2"]) is message.segments[1]


async def test_a_message_that_went_back_to_the_queue_is_claimed_as_the_same_object(
    store: SqlStore, account_id: int
) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, message)
    [segment] = message.segments
    segment.state = SegmentState.QUEUED
    store.journal.changed(segment, False)
    assert await store.journal.claim("smsc-1", 10, NOW) == [segment]
    assert segment.state is SegmentState.SUBMITTING


async def test_claim_leaves_what_memory_knows_better(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, parts=2)
    await accept(store, message)
    gone = message.segments[0]
    claim = store.journal.claim("smsc-1", 10, NOW)
    gone.become(SegmentState.EXPIRED, NOW)  # between the claim's call and its answer
    assert await claim == [message.segments[1]]
    await store.journal.flush()
    assert (await place.segment(message.id, 1))["state"] == "expired"
    assert (await place.segment(message.id, 2))["state"] == "submitting"


async def test_a_claim_nobody_waits_for_goes_back(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id)
    await accept(store, message)
    claim = store.journal.claim("smsc-1", 10, NOW)
    claim.cancel()
    await store.journal.flush()
    await store.journal.flush()
    assert (await place.segment(message.id))["state"] == "queued"


async def test_an_accept_nobody_waits_for_is_queued(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    store.journal.accept((message,)).cancel()
    await store.journal.flush()
    await store.journal.flush()
    assert (await place.segment(message.id))["state"] == "queued"
    assert len(await store.journal.claim("smsc-1", 10, NOW)) == 1


async def test_expired_finds_queued_segments_whose_time_is_over(
    place: Place, store: SqlStore, account_id: int
) -> None:
    first, second = (make_message(account_id, expires_at=NOW - 10 + n) for n in range(2))
    await accept(store, second, first, make_message(account_id, expires_at=NOW + 1))
    await accept(store, make_message(account_id, expires_at=NOW - 9, state=SegmentState.SUBMITTING))
    found = await store.journal.expired(10, NOW)
    assert [segment.message.id for segment in found] == [first.id, second.id]
    assert (await place.segment(first.id))["state"] == "queued"
    assert len(await store.journal.expired(1, NOW)) == 1
    assert await store.journal.claim("smsc-1", 10, NOW + 1) == []


# --- order and atomicity ----------------------------------------------------------------------------------


async def test_reads_see_everything_recorded_before_them(store: SqlStore, account_id: int) -> None:
    messages = [make_message(account_id) for _ in range(5)]
    accepted = store.journal.accept(messages)
    claimed = await store.journal.claim("smsc-1", 10, NOW)
    assert accepted.done()
    assert [segment.message.id for segment in claimed] == ids(messages)


async def test_answers_come_in_the_order_of_the_calls(store: SqlStore, account_id: int) -> None:
    order: list[str] = []
    message = make_message(account_id)
    store.journal.accept((message,)).add_done_callback(lambda _: order.append("accept"))
    store.journal.noted(make_event(message), done=lambda: order.append("noted"))
    store.journal.claim("smsc-1", 1, NOW).add_done_callback(lambda _: order.append("claim"))
    store.journal.orphaned(make_orphan("smsc-1", "k"), lambda: order.append("orphaned"))
    await store.journal.flush()
    await asyncio.sleep(0)  # futures tell their callbacks one turn later than plain callbacks are called
    assert [each for each in order if each in ("noted", "orphaned")] == ["noted", "orphaned"]
    assert [each for each in order if each in ("accept", "claim")] == ["accept", "claim"]
    assert len(order) == 4


async def test_backlog_counts_what_is_not_durable(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id)
    store.journal.accept((message,))
    store.journal.noted(make_event(message))
    assert store.journal.backlog == 2
    await store.journal.flush()
    assert store.journal.backlog == 0


async def test_close_writes_what_is_recorded(place: Place) -> None:
    store = place.store(linger_ms=60_000)
    await store.open()
    account_id = await make_account(store)
    message = make_message(account_id)
    accepted = store.journal.accept((message,))
    store.journal.noted(make_event(message))
    await store.close()
    assert accepted.result().refused == []
    assert await place.value("SELECT count(*) FROM message_event") == 1
    with pytest.raises(StorageUnavailable):
        await store.journal.accept((make_message(account_id),))
    with pytest.raises(StorageUnavailable):
        await store.journal.claim("smsc-1", 1, NOW)


async def test_many_batches_keep_everything(place: Place) -> None:
    store = place.store(batch_max=7)
    await store.open()
    account_id = await make_account(store)
    messages = [make_message(account_id, parts=1 + n % 3) for n in range(200)]
    await asyncio.gather(*(store.journal.accept((message,)) for message in messages))
    for message in messages:
        for segment in message.segments:
            store.journal.submitted(segment, submit(segment, f"{message.id}-{segment.number}"))
            changed = settle(segment)
            store.journal.settled(segment, changed, make_notification(message) if changed else None)
    await store.close()
    assert await place.rows("SELECT state, count(*) FROM message GROUP BY state") == [("delivered", 200)]
    assert await place.value("SELECT count(*) FROM segment WHERE state = 'delivered'") == sum(
        len(message.segments) for message in messages
    )
    assert store.journal.batches > 200 // 7


# --- orphans ----------------------------------------------------------------------------------------------


def make_orphan(connector_id: str, key: str, received_at: int = NOW) -> OrphanReceipt:
    return OrphanReceipt(
        new_id(), connector_id, key, key.upper(), "97150", "INFO", "DELIVRD", "000", None, "id:x", received_at
    )


async def test_orphans_are_kept_found_and_dropped(store: SqlStore) -> None:
    old, new, other = (
        make_orphan("smsc-1", "a", NOW),
        make_orphan("smsc-1", "a", NOW + 1),
        make_orphan("smsc-2", "b", NOW + 2),
    )
    for orphan in (new, old, other):
        store.journal.orphaned(orphan)
    found = await store.orphan("smsc-1", "a")
    assert found is not None
    assert [getattr(found, name) for name in OrphanReceipt.__slots__] == [
        getattr(old, name) for name in OrphanReceipt.__slots__
    ]
    assert await store.orphan("smsc-2", "a") is None
    newest_first = await store.orphan_keys(2)
    assert [(each.connector_id, each.smsc_key, each.received_at) for each in newest_first] == [
        ("smsc-2", "b", NOW + 2),
        ("smsc-1", "a", NOW + 1),
    ]
    assert (newest_first[0].source_addr, newest_first[0].dest_addr) == (other.source_addr, other.dest_addr)
    assert await store.drop_orphans(NOW + 2) == 2
    assert [each.smsc_key for each in await store.orphan_keys(10)] == ["b"]


def submit_late(segment) -> bool:  # type: ignore[no-untyped-def]
    segment.smsc_message_id, segment.smsc_key, segment.command_status = "LATE", "late", 0
    return segment.become(SegmentState.SUBMITTED, NOW + 7)


def _fields(message) -> dict[str, object]:  # type: ignore[no-untyped-def]
    return {
        name: getattr(message, name) for name in message.__slots__ if name not in ("__weakref__", "segments")
    }
