"""Messages from rows, with one object per message in memory.

Two `Message` objects for one row would drift apart and overwrite each other's states. `LiveMessages` knows
the objects that are alive (weakly, it keeps none of them): building from a row returns the live object where
there is one, and memory wins over the row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from trunkline.backends.storage.batch import Batch
from trunkline.backends.storage.statements import (
    CHANGED_COLUMNS,
    MESSAGE_STATE_COLUMNS,
    REVISED_MESSAGE_COLUMNS,
    SETTLED_COLUMNS,
    SUBMITTED_COLUMNS,
    Row,
)
from trunkline.model.message import Message, Notification, OrphanReceipt, ReceiptPayload, Segment
from trunkline.model.snapshot import ReceiptPolicy
from trunkline.model.states import MessageState, SegmentState

_POLICIES = {policy.value: policy for policy in ReceiptPolicy}
_MESSAGE_STATES = {state.value: state for state in MessageState}
_SEGMENT_STATES = {state.value: state for state in SegmentState}
_decode_payload = msgspec.json.Decoder(ReceiptPayload).decode


def build_message(row: Sequence[Any]) -> Message:
    """A message from a row of MESSAGE_COLUMNS, without its segments."""
    values = [*row]
    values[23] = bool(row[23])  # deferred, resend_unknown: SQLite has integers for them
    values[24] = bool(row[24])
    values[25] = _POLICIES[row[25]]
    values[26] = bytes.fromhex(row[26])
    values[27] = _MESSAGE_STATES[row[27]]
    return Message(*values)


def build_segment(message: Message, row: Sequence[Any]) -> Segment:
    """A segment from a row of SEGMENT_COLUMNS."""
    content = row[2]
    return Segment(
        message,
        row[1],
        (message.text or "") if content is None else content,
        bytes.fromhex(row[3]),
        row[4],
        _SEGMENT_STATES[row[5]],
        *row[6:],
    )


def build_messages(
    message_rows: Iterable[Sequence[Any]], segment_rows: Iterable[Sequence[Any]]
) -> list[Message]:
    """Messages with their segments in order, apart from what lives in memory."""
    segments_of: dict[str, list[Sequence[Any]]] = defaultdict(list)
    for row in segment_rows:
        segments_of[row[0]].append(row)
    messages = []
    for row in message_rows:
        message = build_message(row)
        rows = sorted(segments_of[message.id], key=lambda each: int(each[1]))
        message.segments = [build_segment(message, each) for each in rows]
        messages.append(message)
    return messages


def build_notification(row: Sequence[Any]) -> Notification:
    """An outbox entry from a row of NOTIFICATION_COLUMNS."""
    return Notification(row[0], row[1], row[2], row[3], row[4], row[5], _decode_payload(row[6]))


def build_orphan(row: Sequence[Any]) -> OrphanReceipt:
    """An orphan receipt from a row of ORPHAN_COLUMNS."""
    return OrphanReceipt(*row)


class LiveMessages:
    """The messages that are alive in this process, by id."""

    def __init__(self, pending: Callable[[], Iterable[Batch]]) -> None:
        self._live: WeakValueDictionary[str, Message] = WeakValueDictionary()
        self._pending = pending

    def __len__(self) -> int:
        return len(self._live)

    def get(self, message_id: str) -> Message | None:
        """The live object of a message."""
        return self._live.get(message_id)

    def add(self, message: Message) -> None:
        """Makes this object the message's one object; it is new, so that there is no other."""
        self._live[message.id] = message

    def hydrate(
        self, message_rows: Iterable[Sequence[Any]], segment_rows: Iterable[Sequence[Any]]
    ) -> dict[str, Message]:
        """Messages by id: the live objects, others built from the rows as they are once all is written."""
        live = self._live
        found: dict[str, Message] = {}
        fresh_rows = []
        for row in message_rows:
            message = live.get(row[0])
            if message is None:
                fresh_rows.append(row)
            else:
                found[row[0]] = message
        if fresh_rows:
            fresh = build_messages(fresh_rows, segment_rows)
            for batch in self._pending():
                if batch.units:
                    for message in fresh:
                        _overlay(message, batch)
            for message in fresh:
                live[message.id] = message
                found[message.id] = message
        return found


def _overlay(message: Message, batch: Batch) -> None:
    """Applies what is recorded for a message but was not written yet when its rows were read."""
    state = batch.message_states.get(message.id)
    if state is not None:
        _apply(message, MESSAGE_STATE_COLUMNS, state[1:])
    revised = batch.revised_messages.get(message.id)
    if revised is not None:
        _apply(message, REVISED_MESSAGE_COLUMNS, revised[1:])
    for segment in message.segments:
        key = (message.id, segment.number)
        for rows, columns in (
            (batch.submitted, SUBMITTED_COLUMNS),
            (batch.settled, SETTLED_COLUMNS),
            (batch.changed, CHANGED_COLUMNS),
        ):
            row = rows.get(key)
            if row is not None:
                _apply(segment, columns, row[2:])
        row = batch.revised_segments.get(key)
        if row is not None:
            segment.content, segment.udh, segment.sar_reference = row[2], bytes.fromhex(row[3]), row[4]


def _apply(target: Message | Segment, columns: tuple[str, ...], values: Row) -> None:
    for name, value in zip(columns, values, strict=True):
        setattr(target, name, value)
