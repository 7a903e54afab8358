"""Messages are found by the ids their senders know, cancelled with their money back, and revised."""

import asyncio
import gc
from typing import Any

import pytest

from trunkline.backends.storage import SqlStore
from trunkline.model.message import Message, MessageEvent, Segment
from trunkline.model.states import MessageState, SegmentState

from .harness import (
    NOW,
    Gate,
    Place,
    accept,
    ids,
    make_account,
    make_event,
    make_message,
    make_notification,
    submit,
)

PRICE = 1000


def delete(*segments: Segment) -> None:
    """What the pipeline does to segments that never went out."""
    for segment in segments:
        if segment.state is SegmentState.SUBMITTING:
            segment.become(SegmentState.QUEUED, NOW + 5)
        segment.become(SegmentState.DELETED, NOW + 5)


def event_of(message: Message) -> MessageEvent:
    return MessageEvent(message.id, None, NOW + 5, "cancelled", "taken off the queue")


async def find(store: SqlStore, message_id: str) -> Message | None:
    found = await store.journal.find(message_id)
    return found[0].message if found else None


async def balance(place: Place, account_id: int) -> int:
    return int(await place.value("SELECT balance FROM account WHERE id = ?", account_id))


# --- finding ---


async def test_find_gives_the_one_object(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, parts=3, state=SegmentState.SUBMITTING)
    await accept(store, message)
    assert await find(store, message.id) is message
    assert await find(store, make_message(account_id).id) is None


async def test_find_sees_what_was_recorded_before(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id)
    accepting = store.journal.accept([message])
    found = await store.journal.find(message.id)
    assert accepting.done()
    assert [segment.message for segment in found] == [message]


async def test_find_builds_what_is_no_longer_in_memory(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, parts=2, reference="0000002a")
    await accept(store, message)
    identifier = message.id
    del message
    gc.collect()
    found = await find(store, identifier)
    assert found is not None
    assert len(found.segments) == 2
    assert (found.public_id, found.reference) == ("0000002a", "0000002a")


async def test_a_reference_names_its_sender_s_messages(store: SqlStore, account_id: int) -> None:
    group = [make_message(account_id, reference="group") for _ in range(3)]
    await accept(store, *group)
    await accept(store, make_message(account_id, reference="group", credential="client2"))
    await accept(store, make_message(account_id))
    found = await store.journal.referenced("client1", "group")
    assert [segment.message for segment in found] == group
    assert await store.journal.referenced("client1", "nothing") == []


async def test_a_message_that_was_refused_leaves_no_reference(place: Place, store: SqlStore) -> None:
    poor = await make_account(store, balance=0)
    await store.journal.accept([make_message(poor, reference="group")])
    assert await store.journal.referenced("client1", "group") == []


# --- cancelling ---


@pytest.mark.parametrize("state", [SegmentState.QUEUED, SegmentState.SUBMITTING])
async def test_what_is_cancelled_is_paid_back_in_the_same_transaction(
    place: Place, store: SqlStore, state: SegmentState
) -> None:
    account_id = await make_account(store, balance=10 * PRICE)
    message = make_message(account_id, parts=2, charged=2 * PRICE, state=state)
    await accept(store, message)
    delete(*message.segments)
    told = asyncio.Event()
    store.journal.cancelled(
        message.segments, 2 * PRICE, event_of(message), make_notification(message), told.set
    )
    await store.journal.flush()
    assert told.is_set()
    assert [(await place.segment(message.id, number))["state"] for number in (1, 2)] == ["deleted"] * 2
    stored = await place.message(message.id)
    assert (stored["state"], stored["done_at"]) == ("deleted", NOW + 5)
    assert await balance(place, account_id) == 10 * PRICE
    ledger = await place.rows(
        "SELECT kind, amount, balance_after, message_id, source, created_at FROM ledger"
        " WHERE account_id = ? AND kind <> 'topup' ORDER BY id",
        account_id,
    )
    assert ledger == [
        ("charge", -2 * PRICE, 8 * PRICE, message.id, "message", NOW),
        ("refund", 2 * PRICE, 10 * PRICE, message.id, "message", NOW + 5),
    ]
    assert await place.value("SELECT kind FROM message_event WHERE message_id = ?", message.id) == "cancelled"
    assert await place.value("SELECT count(*) FROM outbox WHERE message_id = ?", message.id) == 1


async def test_accepted_and_cancelled_in_one_batch(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=PRICE)
    message, next_one = make_message(account_id), make_message(account_id)
    accepting = store.journal.accept([message])
    delete(*message.segments)
    store.journal.cancelled(message.segments, PRICE, event_of(message), None)
    # What was given back can be spent at once.
    assert (await store.journal.accept([next_one])).refused == []
    assert (await accepting).refused == []
    assert await balance(place, account_id) == 0
    assert (await place.segment(message.id))["state"] == "deleted"


async def test_money_comes_back_below_the_floor_too(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=PRICE)
    message = make_message(account_id)
    await accept(store, message)
    await place.rows("UPDATE account SET balance = ?, credit_floor = 0 WHERE id = ?", -5 * PRICE, account_id)
    delete(*message.segments)
    store.journal.cancelled(message.segments, PRICE, event_of(message), None)
    await store.journal.flush()
    assert await balance(place, account_id) == -4 * PRICE


async def test_what_cost_nothing_gives_nothing_back(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, charged=0)
    await accept(store, message)
    delete(*message.segments)
    store.journal.cancelled(message.segments, 0, event_of(message), None)
    await store.journal.flush()
    assert await place.value("SELECT count(*) FROM ledger WHERE message_id = ?", message.id) == 0


async def test_only_the_parts_that_never_went_out(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, parts=3, charged=3 * PRICE, state=SegmentState.SUBMITTING)
    await accept(store, message)
    store.journal.submitted(message.segments[0], submit(message.segments[0]))
    delete(*message.segments[1:])
    store.journal.cancelled(message.segments[1:], 2 * PRICE, event_of(message), None)
    await store.journal.flush()
    states = [(await place.segment(message.id, number))["state"] for number in (1, 2, 3)]
    assert states == ["submitted", "deleted", "deleted"]
    assert (await place.message(message.id))["state"] == "sent"
    assert message.state is MessageState.SENT


async def test_a_claim_under_way_does_not_bring_a_cancelled_segment_back(
    place: Place, store: SqlStore, account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim's batch is being written while the cancel is recorded: the cancel wins."""
    message = make_message(account_id)
    await accept(store, message)
    found = await find(store, message.id)
    assert found is message
    gate = Gate(store.journal, monkeypatch)
    claiming = store.journal.claim("smsc-1", 10, NOW)
    await gate.reached.wait()
    delete(*message.segments)
    store.journal.cancelled(message.segments, PRICE, event_of(message), None)
    gate.opened.set()
    assert await claiming == []
    await store.journal.flush()
    assert (await place.segment(message.id))["state"] == "deleted"
    assert await store.journal.claim("smsc-1", 10, NOW) == []


async def test_a_claim_that_was_first_is_seen_by_the_cancel(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id)
    await accept(store, message)
    claiming = store.journal.claim("smsc-1", 10, NOW)
    finding = store.journal.find(message.id)
    assert await claiming == message.segments
    assert (await finding)[0].state is SegmentState.SUBMITTING


# --- revising ---


def revise(message: Message, text: str = "Other", **fields: Any) -> None:
    message.text = text
    message.encoding = "ucs2"
    message.data_coding = 8
    message.registered_delivery = 0
    message.expires_at = NOW + 77
    [segment] = message.segments
    segment.content = text
    segment.available_at = NOW + 7
    for name, value in fields.items():
        setattr(segment, name, value)


async def test_a_revised_message_is_stored(place: Place, store: SqlStore, account_id: int) -> None:
    message = make_message(account_id)
    await accept(store, message)
    revise(message, udh=b"\x05\x00\x03\x01\x01\x01", sar_reference=9)
    told = asyncio.Event()
    store.journal.revised(message.segments, make_event(message, "replaced", "by its sender"), told.set)
    await store.journal.flush()
    assert told.is_set()
    stored = await place.message(message.id)
    assert [stored[name] for name in ("text", "encoding", "data_coding", "registered_delivery")] == [
        "Other", "ucs2", 8, 0,
    ]  # fmt: skip
    row = await place.segment(message.id)
    assert (row["available_at"], row["expires_at"], stored["expires_at"]) == (NOW + 7, NOW + 77, NOW + 77)
    assert (row["content"], row["udh"], row["sar_reference"]) == ("Other", "050003010101", 9)
    identifier = message.id
    del message
    gc.collect()
    [claimed] = await store.journal.claim("smsc-1", 10, NOW + 7)
    assert (claimed.message.id, claimed.content, claimed.udh.hex()) == (identifier, "Other", "050003010101")
    assert claimed.message.text == "Other"


async def test_a_claim_under_way_brings_the_revised_message(
    store: SqlStore, account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the revised object is gone before the claim, which read the old rows, is answered."""
    message = make_message(account_id)
    await accept(store, message)
    gate = Gate(store.journal, monkeypatch)
    claiming = store.journal.claim("smsc-1", 10, NOW)
    await gate.reached.wait()
    revise(message)
    store.journal.revised(message.segments, make_event(message, "replaced", "by its sender"))
    (identifier,) = ids([message])
    del message
    gc.collect()
    gate.opened.set()
    [claimed] = await claiming
    assert claimed.message.id == identifier
    assert (claimed.content, claimed.message.text, claimed.message.encoding) == ("Other", "Other", "ucs2")
