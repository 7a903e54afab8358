"""The hot changes as data: which table, which columns, in which order. `dialects` turns each into SQL.

A statement takes all its rows of a batch as one JSON array of arrays, in one parameter, so that the database
does the whole batch in a single step: in SQLite outside the interpreter's lock. A row holds the key columns
first, then the others.

The order of `STATEMENTS` is the order in which a batch runs them; `Batch.put` and the journal rely on it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from trunkline.backends.storage import tables

Row = tuple[Any, ...]


class Action(Enum):
    """What a statement does to its table."""

    INSERT = "insert"
    INSERT_NEW = "insert_new"  # rows whose key exists are left out; returns the keys of those inserted
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Statement:
    """One kind of change. `keys` find the row (update, delete); `columns` are written (insert, update)."""

    table: str
    action: Action
    keys: tuple[str, ...]
    columns: tuple[str, ...] = ()
    constants: tuple[tuple[str, str], ...] = ()  # texts that every inserted row has

    def __post_init__(self) -> None:
        known = tables.metadata.tables[self.table].c
        for name in (*self.keys, *self.columns, *(name for name, _ in self.constants)):
            if name not in known:
                raise ValueError(f"table {self.table} has no column {name}")


# In the order of the fields of `model.message.Message`, so that a stored row builds one.
MESSAGE_COLUMNS: Final = (
    "id",
    "account_id",
    "door",
    "credential",
    "source_addr",
    "source_ton",
    "source_npi",
    "dest_addr",
    "dest_ton",
    "dest_npi",
    "text",
    "encoding",
    "data_coding",
    "protocol_id",
    "priority",
    "registered_delivery",
    "dlr_url",
    "expires_at",
    "accepted_at",
    "route_id",
    "connector_id",
    "rate",
    "charged",
    "deferred",
    "resend_unknown",
    "receipt_policy",
    "tlvs",
    "state",
    "error",
    "sent_at",
    "done_at",
    "reference",
)
# In the order of the fields of `model.message.Segment`, the message's id in the place of the message.
SEGMENT_COLUMNS: Final = (
    "message_id",
    "number",
    "content",
    "udh",
    "connector_id",
    "state",
    "available_at",
    "attempts",
    "congested",
    "submitted_at",
    "smsc_message_id",
    "smsc_key",
    "command_status",
    "receipt_stat",
    "receipt_err",
    "receipt_at",
    "receipt_text",
    "done_at",
    "sar_reference",
)
NOTIFICATION_COLUMNS: Final = ("lane", "id", "next_at", "message_id", "attempts", "created_at", "payload")
ORPHAN_COLUMNS: Final = (
    "id",
    "connector_id",
    "smsc_key",
    "smsc_message_id",
    "source_addr",
    "dest_addr",
    "stat",
    "err",
    "done_date",
    "text",
    "received_at",
)

# In the order of the fields of `model.inbound.InboundMessage`.
INBOUND_COLUMNS: Final = (
    "id",
    "account_id",
    "connector_id",
    "source_ton",
    "source_npi",
    "source_addr",
    "dest_ton",
    "dest_npi",
    "dest_addr",
    "text",
    "encoding",
    "data_coding",
    "esm_class",
    "raw",
    "udh",
    "dest_port",
    "source_port",
    "parts",
    "missing",
    "error",
    "received_at",
)
INBOUND_PART_COLUMNS: Final = (
    "id",
    "connector_id",
    "received_at",
    "source_ton",
    "source_npi",
    "source_addr",
    "dest_ton",
    "dest_npi",
    "dest_addr",
    "esm_class",
    "data_coding",
    "user_data",
    "sar_reference",
    "sar_total",
    "sar_number",
    "dest_port",
    "source_port",
)
# In the order of the fields of `model.inbound.InboundSeen`.
INBOUND_SEEN_COLUMNS: Final = ("id", "fingerprint", "numbered", "received_at")

SEGMENT_KEY: Final = ("message_id", "number")
SUBMITTED_COLUMNS: Final = (
    "state",
    "submitted_at",
    "smsc_message_id",
    "smsc_key",
    "attempts",
    "command_status",
)
SETTLED_COLUMNS: Final = (
    "state",
    "receipt_stat",
    "receipt_err",
    "receipt_at",
    "receipt_text",
    "done_at",
)
CHANGED_COLUMNS: Final = SEGMENT_COLUMNS[4:18]
MESSAGE_STATE_COLUMNS: Final = ("state", "error", "sent_at", "done_at")
REVISED_MESSAGE_COLUMNS: Final = ("text", "encoding", "data_coding", "registered_delivery", "expires_at")
REVISED_SEGMENT_COLUMNS: Final = ("content", "udh", "sar_reference", "expires_at")
LEDGER_COLUMNS: Final = ("account_id", "amount", "balance_after", "message_id", "created_at")

ACCEPT_MESSAGE: Final = 0
ACCEPT_SEGMENT: Final = 1
CHARGE: Final = 2
REFUND: Final = 3
REFERENCE: Final = 4
SUBMITTED: Final = 5
SETTLED: Final = 6
CHANGED: Final = 7
REVISED_MESSAGE: Final = 8
REVISED_SEGMENT: Final = 9
MESSAGE_STATE: Final = 10
OUTBOX_ADD: Final = 11
OUTBOX_MOVE: Final = 12
OUTBOX_REMOVE: Final = 13
NOTIFIED: Final = 14
EVENT: Final = 15
ORPHAN_ADD: Final = 16
ORPHAN_REMOVE: Final = 17
INBOUND_ADD: Final = 18
INBOUND_PART_ADD: Final = 19
INBOUND_PART_REMOVE: Final = 20
INBOUND_SEEN: Final = 21

STATEMENTS: Final = (
    # A message is accepted queued: what only later states have is not written.
    Statement("message", Action.INSERT, ("id",), (*MESSAGE_COLUMNS[1:28], "parts")),
    Statement(
        "segment",
        Action.INSERT,
        SEGMENT_KEY,
        (*SEGMENT_COLUMNS[2:8], "sar_reference", "expires_at", "priority"),
    ),
    Statement(
        "ledger",
        Action.INSERT,
        (),
        LEDGER_COLUMNS,
        (("kind", "charge"), ("description", ""), ("source", "message"), ("actor", "")),
    ),
    Statement(
        "ledger",
        Action.INSERT,
        (),
        LEDGER_COLUMNS,
        (("kind", "refund"), ("description", "cancelled"), ("source", "message"), ("actor", "")),
    ),
    # Few messages have one, so it is not among the columns that every message writes.
    Statement("message", Action.UPDATE, ("id",), ("reference",)),
    Statement("segment", Action.UPDATE, SEGMENT_KEY, SUBMITTED_COLUMNS),
    Statement("segment", Action.UPDATE, SEGMENT_KEY, SETTLED_COLUMNS),
    Statement("segment", Action.UPDATE, SEGMENT_KEY, CHANGED_COLUMNS),
    Statement("message", Action.UPDATE, ("id",), REVISED_MESSAGE_COLUMNS),
    Statement("segment", Action.UPDATE, SEGMENT_KEY, REVISED_SEGMENT_COLUMNS),
    Statement("message", Action.UPDATE, ("id",), MESSAGE_STATE_COLUMNS),
    Statement("outbox", Action.INSERT, (), NOTIFICATION_COLUMNS),
    Statement("outbox", Action.UPDATE, ("lane", "next_at", "id"), ("next_at", "attempts")),
    Statement("outbox", Action.DELETE, ("lane", "next_at", "id")),
    Statement("message", Action.UPDATE, ("id",), ("notified_at",)),
    Statement("message_event", Action.INSERT, (), ("message_id", "segment_number", "at", "kind", "detail")),
    Statement("orphan_receipt", Action.INSERT, (), ORPHAN_COLUMNS),
    Statement("orphan_receipt", Action.DELETE, ("id",)),
    Statement("inbound", Action.INSERT, (), INBOUND_COLUMNS),
    Statement("inbound_part", Action.INSERT, (), INBOUND_PART_COLUMNS),
    Statement("inbound_part", Action.DELETE, ("id",)),
    Statement("inbound_seen", Action.INSERT, (), INBOUND_SEEN_COLUMNS),
)

# Not part of the rank: these run around the balance's decision, which the writers know.
REMEMBER: Final = Statement(
    "idempotency",
    Action.INSERT_NEW,
    ("account_id", "key"),
    ("request_hash", "response", "refused", "created_at"),
)
REMEMBER_REFUSED: Final = Statement("idempotency", Action.UPDATE, ("account_id", "key"), ("refused",))
# The text first: SQLite uses only the first column of the index when a number leads.
FORGET: Final = Statement("idempotency", Action.DELETE, ("key", "account_id"))
DEBIT: Final = Statement("account", Action.UPDATE, ("id",), ("balance",))
CLAIMED: Final = Statement("segment", Action.UPDATE, SEGMENT_KEY, ("state",))
