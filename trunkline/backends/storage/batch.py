"""A batch: the units that one transaction writes, with their rows already grouped by statement.

A unit is what one call of the journal recorded. It is one of

- a tuple ``(done, statement, row, statement, row, ...)``: plain changes, with a callback or None;
- an `AcceptUnit`: messages to store and charge, with the caller's future;
- a `QueryUnit`: something to read after the batch's rows, with the caller's future.

Units keep their own rows, so that a batch can be taken apart when the database refuses one of them.
"""

from asyncio import Future
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

import msgspec

from trunkline.backends.storage.balances import Charge
from trunkline.backends.storage.statements import (
    ACCEPT_MESSAGE,
    ACCEPT_SEGMENT,
    CHANGED,
    CHARGE,
    EVENT,
    MESSAGE_STATE,
    NOTIFIED,
    ORPHAN_ADD,
    ORPHAN_REMOVE,
    OUTBOX_ADD,
    OUTBOX_MOVE,
    OUTBOX_REMOVE,
    REFERENCE,
    REFUND,
    REVISED_MESSAGE,
    REVISED_SEGMENT,
    SETTLED,
    STATEMENTS,
    SUBMITTED,
    Row,
)
from trunkline.model.message import Message, Segment
from trunkline.model.ports import Acceptance, IdempotencyRecord

SegmentKey = tuple[str, int]


class Query(Enum):
    """What can be read through the journal, in order with what it writes."""

    CLAIM = "claim"
    DUE = "due"
    EXPIRED = "expired"
    STUCK = "stuck"
    BY_SMSC_KEY = "by_smsc_key"
    UNKNOWN_OUTCOME = "unknown_outcome"
    ORPHAN = "orphan"
    BY_ID = "by_id"
    BY_REFERENCE = "by_reference"


class AcceptUnit:
    """Messages that are stored, charged and queued together."""

    __slots__ = ("acceptance", "charges", "future", "message_rows", "reference_rows", "segment_rows")

    def __init__(
        self,
        future: "Future[Acceptance]",
        messages: Sequence[Message],
        idempotency: IdempotencyRecord | None,
    ) -> None:
        self.future = future
        self.acceptance = Acceptance(list(messages), idempotency, [])
        self.message_rows: list[Row] = []
        self.segment_rows: list[Row] = []
        self.reference_rows: list[Row] = []
        self.charges: list[Charge] = []
        for message in messages:
            segments = message.segments
            self.message_rows.append(message_row(message, len(segments)))
            if len(segments) == 1:
                self.segment_rows.append(segment_row(segments[0], message, message.text))
            else:
                self.segment_rows.extend([segment_row(segment, message, None) for segment in segments])
            if message.reference is not None:
                self.reference_rows.append((message.id, message.reference))
            if message.charged:
                self.charges.append((message.account_id, message.charged, message.id, message.accepted_at))


class QueryUnit:
    """A read that sees everything recorded before it."""

    __slots__ = ("arguments", "future", "query")

    def __init__(self, query: Query, arguments: tuple[Any, ...], future: "Future[Any]") -> None:
        self.query = query
        self.arguments = arguments
        self.future = future


ChangeUnit: TypeAlias = tuple[Any, ...]
Unit: TypeAlias = ChangeUnit | AcceptUnit | QueryUnit


@dataclass(slots=True)
class Outcome:
    """What a written batch answers."""

    refused: set[str] = field(default_factory=set)  # ids of messages that the balance did not cover
    conflicts: set[tuple[int, str]] = field(default_factory=set)  # idempotency keys that were there already
    results: list[Any] = field(default_factory=list)  # of the queries, in their order


def message_row(message: Message, parts: int) -> Row:
    """The row that stores an accepted message (`ACCEPT_MESSAGE`)."""
    return (
        message.id,
        message.account_id,
        message.door,
        message.credential,
        message.source_addr,
        message.source_ton,
        message.source_npi,
        message.dest_addr,
        message.dest_ton,
        message.dest_npi,
        message.text,
        message.encoding,
        message.data_coding,
        message.protocol_id,
        message.priority,
        message.registered_delivery,
        message.dlr_url,
        message.expires_at,
        message.accepted_at,
        message.route_id,
        message.connector_id,
        message.rate,
        message.charged,
        message.deferred,
        message.resend_unknown,
        message.receipt_policy,
        message.tlvs.hex() if message.tlvs else "",
        message.state,
        parts,
    )


def segment_row(segment: Segment, message: Message, text: str | None) -> Row:
    """The row that stores a new segment (`ACCEPT_SEGMENT`); content that equals `text` is not repeated."""
    content = segment.content
    udh = segment.udh
    return (
        message.id,
        segment.number,
        None if content == text else content,
        udh.hex() if udh else "",
        segment.connector_id,
        segment.state,
        segment.available_at,
        segment.attempts,
        segment.sar_reference,
        message.expires_at,
        message.priority,
    )


def changed_row(segment: Segment) -> Row:
    """Every column of a segment that can change (`CHANGED`)."""
    return (
        segment.message.id,
        segment.number,
        segment.connector_id,
        segment.state,
        segment.available_at,
        segment.attempts,
        segment.congested,
        segment.submitted_at,
        segment.smsc_message_id,
        segment.smsc_key,
        segment.command_status,
        segment.receipt_stat,
        segment.receipt_err,
        segment.receipt_at,
        segment.receipt_text,
        segment.done_at,
    )


def revised_message_row(message: Message) -> Row:
    """What a sender may still change of a message (`REVISED_MESSAGE`)."""
    return (
        message.id,
        message.text,
        message.encoding,
        message.data_coding,
        message.registered_delivery,
        message.expires_at,
    )


def revised_segment_row(segment: Segment) -> Row:
    """The same of a segment (`REVISED_SEGMENT`); `CHANGED` has the time it is due."""
    return (
        segment.message.id,
        segment.number,
        segment.content,
        segment.udh.hex(),
        segment.sar_reference,
        segment.message.expires_at,
    )


def remembered_rows(records: dict[tuple[int, str], AcceptUnit]) -> list[Any]:
    """Rows of `statements.REMEMBER`: the idempotency records of a batch."""
    rows = []
    for unit in records.values():
        record = unit.acceptance.idempotency
        if record is not None:
            rows.append(
                (record.account_id, record.key, record.request_hash, record.response, "[]", record.created_at)
            )
    return rows


def amended_rows(
    records: dict[tuple[int, str], AcceptUnit], refused: set[str]
) -> tuple[list[Any], list[Any]]:
    """Rows of `statements.REMEMBER_REFUSED` and of `statements.FORGET`.

    A record names the messages that the balance did not cover. When that is all of them nothing has happened,
    and the same request may be tried again.
    """
    changed, removed = [], []
    for key, unit in records.items():
        messages = unit.acceptance.messages
        uncovered = [message.id for message in messages if message.id in refused]
        if uncovered and len(uncovered) == len(messages):
            removed.append((key[1], key[0]))
        elif uncovered:
            changed.append((*key, msgspec.json.encode(uncovered).decode()))
    return changed, removed


class Batch:
    """Units and their rows, grouped for `STATEMENTS`.

    Updates are kept by key, the last one counts. Within a batch the statements run in rank order, so a lower
    one recorded after a higher one for the same segment would be overwritten: the journal records a full
    `CHANGED` row, the highest rank, in that case.
    """

    __slots__ = (
        "accept_messages",
        "accept_segments",
        "changed",
        "charges",
        "events",
        "message_states",
        "notified",
        "orphans_added",
        "orphans_removed",
        "outbox_added",
        "outbox_moved",
        "outbox_removed",
        "queries",
        "records",
        "references",
        "revised_messages",
        "revised_segments",
        "rows",
        "settled",
        "submitted",
        "units",
    )

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.queries: list[QueryUnit] = []
        self.charges: list[Charge] = []
        self.records: dict[tuple[int, str], AcceptUnit] = {}
        self.accept_messages: list[Row] = []
        self.accept_segments: list[Row] = []
        self.submitted: dict[SegmentKey, Row] = {}
        self.settled: dict[SegmentKey, Row] = {}
        self.changed: dict[SegmentKey, Row] = {}
        self.references: list[Row] = []
        self.revised_messages: dict[str, Row] = {}
        self.revised_segments: dict[SegmentKey, Row] = {}
        self.message_states: dict[str, Row] = {}
        self.outbox_added: list[Row] = []
        self.outbox_moved: dict[str, Row] = {}
        self.outbox_removed: list[Row] = []
        self.notified: dict[str, Row] = {}
        self.events: list[Row] = []
        self.orphans_added: list[Row] = []
        self.orphans_removed: list[Row] = []
        rows: list[list[Row] | dict[SegmentKey, Row] | dict[str, Row]] = [[] for _ in STATEMENTS]
        rows[ACCEPT_MESSAGE] = self.accept_messages
        rows[ACCEPT_SEGMENT] = self.accept_segments
        rows[CHARGE] = rows[REFUND] = []  # made by the writer, when the balance has decided
        rows[REFERENCE] = self.references
        rows[SUBMITTED] = self.submitted
        rows[SETTLED] = self.settled
        rows[CHANGED] = self.changed
        rows[REVISED_MESSAGE] = self.revised_messages
        rows[REVISED_SEGMENT] = self.revised_segments
        rows[MESSAGE_STATE] = self.message_states
        rows[OUTBOX_ADD] = self.outbox_added
        rows[OUTBOX_MOVE] = self.outbox_moved
        rows[OUTBOX_REMOVE] = self.outbox_removed
        rows[NOTIFIED] = self.notified
        rows[EVENT] = self.events
        rows[ORPHAN_ADD] = self.orphans_added
        rows[ORPHAN_REMOVE] = self.orphans_removed
        self.rows = rows

    @classmethod
    def of(cls, units: Iterable[Unit]) -> "Batch":
        """A batch of these units, in their order."""
        batch = cls()
        for unit in units:
            batch.add(unit)
        return batch

    def add(self, unit: Unit) -> None:
        """Adds a unit with its rows."""
        self.units.append(unit)
        if isinstance(unit, AcceptUnit):
            self.accept_messages += unit.message_rows
            self.accept_segments += unit.segment_rows
            self.references += unit.reference_rows
            self.charges += unit.charges
            record = unit.acceptance.idempotency
            if record is not None:
                self.records[record.account_id, record.key] = unit
        elif isinstance(unit, QueryUnit):
            self.queries.append(unit)
        else:
            for position in range(1, len(unit), 2):
                self._put(unit[position], unit[position + 1])

    def _put(self, statement: int, row: Row) -> None:
        if statement in (SUBMITTED, SETTLED, CHANGED, REVISED_SEGMENT):
            self.rows[statement][row[:2]] = row  # type: ignore[index, call-overload]
        elif statement in (MESSAGE_STATE, NOTIFIED, REVISED_MESSAGE):
            self.rows[statement][row[0]] = row
        elif statement == REFUND:
            self.charges.append(row)
        elif statement == OUTBOX_MOVE:
            self.move(row)
        else:
            self.rows[statement].append(row)  # type: ignore[union-attr]

    def move(self, row: Row) -> None:
        """Moves an outbox entry; one that this batch moves already still has its older place in the table."""
        before = self.outbox_moved.get(row[2])
        self.outbox_moved[row[2]] = row if before is None else (row[0], before[1], *row[2:])

    def charges_without(self, conflicts: set[tuple[int, str]]) -> tuple[list[Charge], set[str]]:
        """The charges of all units but those whose idempotency keys were taken, and those units' messages."""
        dropped: set[str] = set()
        for key in conflicts:
            dropped.update(message.id for message in self.records[key].acceptance.messages)
        if not dropped:
            return self.charges, dropped
        return [charge for charge in self.charges if charge[2] not in dropped], dropped

    def rows_without(self, dropped: set[str]) -> tuple[list[Row], list[Row]]:
        """The rows of the accepted messages and of their segments, but for these messages."""
        if not dropped:
            return self.accept_messages, self.accept_segments
        return (
            [row for row in self.accept_messages if row[0] not in dropped],
            [row for row in self.accept_segments if row[0] not in dropped],
        )

    def halves(self) -> tuple["Batch", "Batch"]:
        """The same units in two batches, to be written one after the other."""
        middle = len(self.units) // 2
        return Batch.of(self.units[:middle]), Batch.of(self.units[middle:])

    def without_accepts(self) -> tuple["Batch", list[AcceptUnit]]:
        """What must be kept until storage is back, and the units whose callers can be told no."""
        accepts = [unit for unit in self.units if isinstance(unit, AcceptUnit)]
        if not accepts:
            return self, accepts
        return Batch.of(unit for unit in self.units if not isinstance(unit, AcceptUnit)), accepts
