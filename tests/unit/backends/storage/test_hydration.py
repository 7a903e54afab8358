import gc
from typing import Any

from trunkline.backends.storage.batch import Batch, changed_row, message_row
from trunkline.backends.storage.hydration import LiveMessages, build_messages
from trunkline.backends.storage.statements import (
    CHANGED,
    CHANGED_COLUMNS,
    MESSAGE_COLUMNS,
    MESSAGE_STATE,
    SEGMENT_COLUMNS,
)
from trunkline.model.message import Message, Segment
from trunkline.model.snapshot import ReceiptPolicy
from trunkline.model.states import MessageState, SegmentState

ID = "019aa2f4-5a10-7000-8a3c-2f60c1b4d9e7"


def make_rows(
    state: str = "queued", segment_state: str = "queued"
) -> tuple[list[list[Any]], list[list[Any]]]:
    """Two parts, as SQLite gives them: out of order, integers for booleans."""
    message = [
        ID, 1, "smpp", "c", "S", 5, 0, "D", 1, 1, "text", "gsm7", 0, 0, 0, 1, None, 2, 1, None, "x", 5, 10,
        1, 0, "any", "1401000142", state, None, None, None,
    ]  # fmt: skip
    tail = [0, 0, 0, None, None, None, None, None, None, None, None, None, 0]
    parts = [[ID, number, f"part {number}", "0500", "x", segment_state, *tail] for number in (2, 1)]
    return [message], parts


def test_rows_become_a_message() -> None:
    [message] = build_messages(*make_rows())
    assert (message.deferred, message.resend_unknown) == (True, False)
    assert message.receipt_policy is ReceiptPolicy.ANY
    assert message.tlvs == b"\x14\x01\x00\x01\x42"
    assert message.state is MessageState.QUEUED
    assert [(segment.number, segment.content) for segment in message.segments] == [
        (1, "part 1"),
        (2, "part 2"),
    ]
    assert all(segment.message is message and segment.udh == b"\x05\x00" for segment in message.segments)


def test_columns_are_in_the_order_of_the_fields() -> None:
    fields = [name for name in Message.__slots__ if name not in ("segments", "__weakref__")]
    assert list(MESSAGE_COLUMNS) == fields
    assert list(SEGMENT_COLUMNS[1:]) == [name for name in Segment.__slots__ if name != "message"]
    [message] = build_messages(*make_rows())
    row = message_row(message, 2)
    fields_of = {name: getattr(message, name) for name in MESSAGE_COLUMNS[: len(row) - 1]}
    assert list((fields_of | {"tlvs": message.tlvs.hex()}).values()) == list(row[:-1])
    segment = message.segments[0]
    assert [getattr(segment, name) for name in CHANGED_COLUMNS] == list(changed_row(segment)[2:])


def test_a_live_message_wins_over_its_row() -> None:
    live = LiveMessages(list)
    [message] = build_messages(*make_rows())
    message.segments[0].state = SegmentState.SUBMITTING
    live.add(message)
    assert live.hydrate(*make_rows("delivered", "delivered")) == {ID: message}
    assert message.segments[0].state is SegmentState.SUBMITTING


def test_messages_are_not_kept_alive() -> None:
    live = LiveMessages(list)
    found = live.hydrate(*make_rows())
    assert live.get(ID) is found[ID]
    found.clear()
    gc.collect()
    assert len(live) == 0


def test_what_waits_to_be_written_is_applied() -> None:
    [newer] = build_messages(*make_rows(segment_state="submitting"))
    segment = newer.segments[1]
    segment.become(SegmentState.REJECTED, 99)
    newer.error = "no"
    older, later = Batch(), Batch()
    older.add((None, CHANGED, (*changed_row(segment)[:3], SegmentState.UNKNOWN, *changed_row(segment)[4:])))
    later.add((None, CHANGED, changed_row(segment), MESSAGE_STATE, (ID, newer.state, "no", None, None)))
    live = LiveMessages(lambda: [older, Batch(), later])
    message = live.hydrate(*make_rows(segment_state="submitting"))[ID]
    assert [each.state for each in message.segments] == [SegmentState.SUBMITTING, SegmentState.REJECTED]
    assert message.segments[1].done_at == 99
    assert message.error == "no"
