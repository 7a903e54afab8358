"""The port `Journal`: turns each call into a unit of the open batch, and answers when the batch is written.

How batches are collected and written is in `group_commit`; what a unit is, in `batch`.
"""

from asyncio import Future
from collections.abc import Sequence
from typing import Any

import structlog

from trunkline.backends.storage.batch import (
    AcceptUnit,
    Batch,
    Outcome,
    Query,
    QueryUnit,
    changed_row,
    revised_message_row,
    revised_segment_row,
)
from trunkline.backends.storage.group_commit import GroupCommit
from trunkline.backends.storage.hydration import LiveMessages, build_notification, build_orphan
from trunkline.backends.storage.inbound_rows import inbound_part_row, inbound_row, inbound_seen_row
from trunkline.backends.storage.statements import (
    CHANGED,
    EVENT,
    INBOUND_ADD,
    INBOUND_PART_ADD,
    INBOUND_PART_REMOVE,
    INBOUND_SEEN,
    MESSAGE_STATE,
    NOTIFIED,
    ORPHAN_ADD,
    ORPHAN_REMOVE,
    OUTBOX_ADD,
    OUTBOX_MOVE,
    OUTBOX_REMOVE,
    REFUND,
    REVISED_MESSAGE,
    REVISED_SEGMENT,
    SETTLED,
    SUBMITTED,
    Row,
)
from trunkline.backends.storage.writer import Found, Writer
from trunkline.model.inbound import InboundMessage, InboundPart, InboundSeen
from trunkline.model.message import Message, MessageEvent, Notification, OrphanReceipt, Segment
from trunkline.model.ports import Acceptance, Done, IdempotencyConflict, IdempotencyRecord, StorageUnavailable
from trunkline.model.states import SegmentState

log = structlog.get_logger()


class GroupCommitJournal(GroupCommit):
    """The port `Journal` over a `Writer`. See the port for what each call promises."""

    def __init__(
        self, writer: Writer, *, linger_ms: float = 2.0, batch_max: int = 1000, backlog_max: int = 20_000
    ) -> None:
        super().__init__(writer, linger_ms, batch_max, backlog_max)
        self.live = LiveMessages(self._pending)

    # --- recording ---

    def accept(
        self, messages: Sequence[Message], idempotency: IdempotencyRecord | None = None
    ) -> "Future[Acceptance]":
        """Stores, charges and queues messages."""
        future: Future[Acceptance] = self._loop.create_future()
        if not self._up or self._closing:
            future.set_exception(StorageUnavailable(self._outage or "the journal is closed"))
            return future
        unit = AcceptUnit(future, messages, idempotency)
        if idempotency is not None and (idempotency.account_id, idempotency.key) in self._open.records:
            self._seal()  # the database decides which of the two was first
        for message in messages:
            self.live.add(message)
        self._open.add(unit)
        self._added()
        return future

    def submitted(self, segment: Segment, message_changed: bool) -> None:
        """Writes what the SMSC answered to a submit."""
        message = segment.message
        batch = self._open
        key = (message.id, segment.number)
        if key in batch.settled or (batch.changed and key in batch.changed):
            self._record(self._whole(segment, message_changed))
            return
        row = (
            message.id,
            segment.number,
            segment.state,
            segment.submitted_at,
            segment.smsc_message_id,
            segment.smsc_key,
            segment.attempts,
            segment.command_status,
        )
        batch.submitted[key] = row
        if message_changed:
            state = (message.id, message.state, message.error, message.sent_at, message.done_at)
            batch.message_states[message.id] = state
            batch.units.append((None, SUBMITTED, row, MESSAGE_STATE, state))
        else:
            batch.units.append((None, SUBMITTED, row))
        self._added()

    def settled(
        self,
        segment: Segment,
        message_changed: bool,
        notification: Notification | None,
        event: MessageEvent | None = None,
        orphan_id: str | None = None,
        done: Done | None = None,
    ) -> None:
        """Writes what a receipt brought."""
        message = segment.message
        batch = self._open
        if batch.changed and (message.id, segment.number) in batch.changed:
            unit = self._whole(segment, message_changed)
            self._record((done, *unit[1:], *_extras(event, notification, orphan_id)))
            return
        row = (
            message.id,
            segment.number,
            segment.state,
            segment.receipt_stat,
            segment.receipt_err,
            segment.receipt_at,
            segment.receipt_text,
            segment.done_at,
        )
        if event is None and orphan_id is None and message_changed and notification is not None:
            # The common case, without the detour.
            batch.settled[message.id, segment.number] = row
            state = (message.id, message.state, message.error, message.sent_at, message.done_at)
            batch.message_states[message.id] = state
            entry = _entry(notification)
            batch.outbox_added.append(entry)
            batch.units.append((done, SETTLED, row, MESSAGE_STATE, state, OUTBOX_ADD, entry))
            self._added()
            return
        changes: Row = (SETTLED, row)
        if message_changed:
            changes += (MESSAGE_STATE, _state_row(message))
        self._record((done, *changes, *_extras(event, notification, orphan_id)))

    def changed(
        self,
        segment: Segment,
        message_changed: bool,
        event: MessageEvent | None = None,
        notification: Notification | None = None,
        done: Done | None = None,
    ) -> None:
        """Writes every mutable column of a segment."""
        unit = self._whole(segment, message_changed)
        self._record((done, *unit[1:], *_extras(event, notification, None)))

    def cancelled(
        self,
        segments: Sequence[Segment],
        refund: int,
        event: MessageEvent,
        notification: Notification | None,
        done: Done | None = None,
    ) -> None:
        """Writes segments of one message that never went out, and gives back what they cost."""
        message = segments[0].message
        changes = self._changes(segments)
        if refund:
            changes += (REFUND, (message.account_id, -refund, message.id, event.at))
        self._record((done, *changes, *_extras(event, notification, None)))

    def revised(self, segments: Sequence[Segment], event: MessageEvent, done: Done | None = None) -> None:
        """Writes what a sender has changed of a message: its content, its times, its wish for a receipt."""
        changes = self._changes(segments)
        for segment in segments:
            changes += (REVISED_SEGMENT, revised_segment_row(segment))
        changes += (REVISED_MESSAGE, revised_message_row(segments[0].message))
        self._record((done, *changes, *_extras(event, None, None)))

    def noted(
        self, event: MessageEvent, notification: Notification | None = None, done: Done | None = None
    ) -> None:
        """Adds an event to a message's history, and an outbox entry."""
        self._record((done, *_extras(event, notification, None)))

    def orphaned(self, orphan: OrphanReceipt, done: Done | None = None) -> None:
        """Keeps a receipt that matches nothing yet."""
        row = (
            orphan.id,
            orphan.connector_id,
            orphan.smsc_key,
            orphan.smsc_message_id,
            orphan.source_addr,
            orphan.dest_addr,
            orphan.stat,
            orphan.err,
            orphan.done_date,
            orphan.text,
            orphan.received_at,
        )
        self._record((done, ORPHAN_ADD, row))

    def inbound_part(self, part: InboundPart, seen: InboundSeen, done: Done | None = None) -> None:
        """Keeps a part of an inbound message that waits for the others."""
        self._record((done, INBOUND_PART_ADD, inbound_part_row(part), INBOUND_SEEN, inbound_seen_row(seen)))

    def inbound(
        self,
        message: InboundMessage,
        part_ids: Sequence[str],
        seen: InboundSeen | None,
        done: Done | None = None,
    ) -> None:
        """Stores an inbound message and removes the kept parts that it is made of."""
        changes: Row = (INBOUND_ADD, inbound_row(message))
        for part_id in part_ids:
            changes += (INBOUND_PART_REMOVE, (part_id,))
        if seen is not None:
            changes += (INBOUND_SEEN, inbound_seen_row(seen))
        self._record((done, *changes))

    def notified(self, notification: Notification, now: int) -> None:
        """Removes the outbox entry and stamps the message."""
        batch = self._open
        place = (notification.lane, notification.next_at, notification.id)
        stamp = (notification.message_id, now)
        batch.outbox_removed.append(place)
        batch.notified[notification.message_id] = stamp
        batch.units.append((None, OUTBOX_REMOVE, place, NOTIFIED, stamp))
        self._added()

    def postponed(self, notification: Notification, next_at: int, event: MessageEvent) -> None:
        """Moves the outbox entry to `next_at` with one attempt more; `notification` follows."""
        lane, before, identifier = notification.lane, notification.next_at, notification.id
        notification.next_at = next_at
        notification.attempts += 1
        move = (lane, before, identifier, next_at, notification.attempts)
        self._record((None, OUTBOX_MOVE, move, EVENT, _event_row(event)))

    def given_up(self, notification: Notification, event: MessageEvent) -> None:
        """Removes the outbox entry."""
        place = (notification.lane, notification.next_at, notification.id)
        self._record((None, OUTBOX_REMOVE, place, EVENT, _event_row(event)))

    # --- reading in order with what was recorded ---

    def claim(self, connector_id: str, limit: int, now: int) -> "Future[list[Segment]]":
        """Takes due segments from a connector's queue."""
        return self._query(Query.CLAIM, connector_id, limit, now)

    def due_notifications(self, lane: str, limit: int, now: int) -> "Future[list[Notification]]":
        """The first due outbox entries of a lane."""
        return self._query(Query.DUE, lane, limit, now)

    def expired(self, limit: int, now: int) -> "Future[list[Segment]]":
        """Queued segments whose validity has passed."""
        return self._query(Query.EXPIRED, limit, now)

    def stuck(self, limit: int) -> "Future[list[Segment]]":
        """Segments that were claimed when the process ended: whether they went out is not known."""
        return self._query(Query.STUCK, limit)

    def by_smsc_key(self, connector_ids: Sequence[str], keys: Sequence[str]) -> "Future[list[Segment]]":
        """The newest segment of a connector with one of these keys, or none."""
        return self._query(Query.BY_SMSC_KEY, list(connector_ids), list(keys))

    def unknown_outcome(
        self, connector_ids: Sequence[str], source_addr: str, dest_addr: str
    ) -> "Future[list[Segment]]":
        """Segments with unknown outcome between these addresses, by message."""
        return self._query(Query.UNKNOWN_OUTCOME, list(connector_ids), source_addr, dest_addr)

    def orphan(self, connector_id: str, smsc_key: str) -> "Future[list[OrphanReceipt]]":
        """The oldest kept orphan receipt with this key, or none."""
        return self._query(Query.ORPHAN, connector_id, smsc_key)

    def find(self, message_id: str) -> "Future[list[Segment]]":
        """The first segment of the message with this id, or none."""
        return self._query(Query.BY_ID, message_id)

    def referenced(self, credential: str, reference: str) -> "Future[list[Segment]]":
        """The first segments of the messages that a sender was given this id for."""
        return self._query(Query.BY_REFERENCE, credential, reference)

    def _query(self, query: Query, *arguments: Any) -> "Future[Any]":
        future: Future[Any] = self._loop.create_future()
        if self._closing:
            future.set_exception(StorageUnavailable("the journal is closed"))
        else:
            self._record(QueryUnit(query, arguments, future))
        return future

    def _whole(self, segment: Segment, message_changed: bool) -> Row:
        row = changed_row(segment)
        if message_changed:
            return (None, CHANGED, row, MESSAGE_STATE, _state_row(segment.message))
        return (None, CHANGED, row)

    def _changes(self, segments: Sequence[Segment]) -> Row:
        """Rows for every mutable column of these segments of one message, and for the message's state."""
        changes: Row = ()
        for segment in segments:
            changes += (CHANGED, changed_row(segment))
        return (*changes, MESSAGE_STATE, _state_row(segments[0].message))

    # --- answering ---

    def _resolve(self, batch: Batch, outcome: Outcome) -> None:
        """Tells everyone who waited for this batch, in order."""
        results = iter(outcome.results)
        for unit in batch.units:
            try:
                if isinstance(unit, tuple):
                    if unit[0] is not None:
                        unit[0]()
                elif isinstance(unit, AcceptUnit):
                    self._accepted(unit, outcome)
                else:
                    self._found(unit, next(results))
            except Exception:
                log.exception("A callback of the journal failed.", action="journal.callback_failed")
        self._took_off(len(batch.units))

    def _accepted(self, unit: AcceptUnit, outcome: Outcome) -> None:
        acceptance = unit.acceptance
        record = acceptance.idempotency
        if outcome.conflicts and record is not None and (record.account_id, record.key) in outcome.conflicts:
            if not unit.future.done():
                unit.future.set_exception(IdempotencyConflict(record.key))
            return
        if outcome.refused:
            acceptance.refused = [each for each in acceptance.messages if each.id in outcome.refused]
        if not unit.future.done():
            unit.future.set_result(acceptance)
            return
        # Nobody waits any more, so nobody will submit what was claimed from the start: it queues.
        for message in acceptance.messages:
            if message.id not in outcome.refused:
                self._release(message.segments)

    def _found(self, unit: QueryUnit, result: Any) -> None:
        query = unit.query
        found: list[Any]
        if query is Query.DUE:
            found = [build_notification(row) for row in result]
        elif query is Query.ORPHAN:
            found = [build_orphan(row) for row in result]
        else:
            found = self._segments(query, result)
        if not unit.future.done():
            unit.future.set_result(found)
        elif query is Query.CLAIM:
            self._release(found)

    def _segments(self, query: Query, result: Found) -> list[Segment]:
        messages = self.live.hydrate(result.messages, result.segments)
        found = [messages[message_id].segments[number - 1] for message_id, number in result.keys]
        if query is Query.CLAIM:
            claimed = []
            for segment in found:
                if segment.state is SegmentState.QUEUED:
                    segment.state = SegmentState.SUBMITTING
                    claimed.append(segment)
                else:
                    # Memory knows better; the claim has overwritten its state in the table.
                    self.changed(segment, False)
            return claimed
        wanted = _STATE_OF_QUERY.get(query)
        return [segment for segment in found if wanted is None or segment.state is wanted]

    def _release(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            if segment.state is SegmentState.SUBMITTING:
                segment.state = SegmentState.QUEUED
                self.changed(segment, False)


_STATE_OF_QUERY = {
    Query.EXPIRED: SegmentState.QUEUED,
    Query.STUCK: SegmentState.SUBMITTING,
    Query.UNKNOWN_OUTCOME: SegmentState.UNKNOWN,
}


def _state_row(message: Message) -> Row:
    return (message.id, message.state, message.error, message.sent_at, message.done_at)


def _event_row(event: MessageEvent) -> Row:
    return (event.message_id, event.segment_number, event.at, event.kind, event.detail)


def _entry(notification: Notification) -> Row:
    return (
        notification.lane,
        notification.id,
        notification.next_at,
        notification.message_id,
        notification.attempts,
        notification.created_at,
        notification.payload,
    )


def _extras(event: MessageEvent | None, notification: Notification | None, orphan_id: str | None) -> Row:
    """What comes along with a change."""
    extras: Row = ()
    if event is not None:
        extras += (EVENT, _event_row(event))
    if notification is not None:
        extras += (OUTBOX_ADD, _entry(notification))
    if orphan_id is not None:
        extras += (ORPHAN_REMOVE, (orphan_id,))
    return extras
