"""The reads that run inside a batch's transaction, for SQLite and PostgreSQL.

In SQLite every step of a statement gives up and retakes the interpreter's lock, so each query there returns
all its rows as one JSON array in one step.
"""

from trunkline.backends.storage.statements import (
    MESSAGE_COLUMNS,
    NOTIFICATION_COLUMNS,
    ORPHAN_COLUMNS,
    SEGMENT_COLUMNS,
)

PRIORITIES = (3, 2, 1, 0)  # the highest first (priority_flag, SMPP 3.4, section 5.2.14)

# --- SQLite -----------------------------------------------------------------------------------------------


def _json_rows(columns: tuple[str, ...], source: str) -> str:
    listed = ", ".join(f'"{name}"' for name in columns)
    inner = f"SELECT {listed} FROM {source}"  # noqa: S608  (names from statements.py, no values)
    return f"SELECT json_group_array(json_array({listed})) FROM ({inner})"  # noqa: S608  (the same)


_KEY = ("message_id", "number")


def _sqlite_lane(priority: int) -> str:
    # Lane by lane, so that each is one range of the queue's index.
    return (
        "SELECT * FROM (SELECT message_id, number FROM segment WHERE connector_id = ?1 AND state = 'queued'"  # noqa: S608  (a number of ours)
        f" AND priority = {priority} AND available_at <= ?3 AND expires_at > ?3"
        " ORDER BY available_at, message_id, number LIMIT ?2)"
    )


SQLITE_CLAIM = _json_rows(_KEY, f"({' UNION ALL '.join(_sqlite_lane(each) for each in PRIORITIES)}) LIMIT ?2")
SQLITE_EXPIRED = _json_rows(
    _KEY, "segment WHERE state = 'queued' AND expires_at <= ?2 ORDER BY expires_at LIMIT ?1"
)
# The second condition repeats the index's, which SQLite does not infer from the first.
SQLITE_STUCK = _json_rows(
    _KEY, "segment WHERE state = 'submitting' AND state IN ('submitting', 'unknown') LIMIT ?1"
)
SQLITE_BY_SMSC_KEY = _json_rows(
    _KEY,
    "segment WHERE connector_id IN (SELECT value FROM json_each(?1))"
    " AND smsc_key IN (SELECT value FROM json_each(?2))"
    " ORDER BY message_id DESC, number DESC LIMIT 1",
)
# A message has at most 255 parts: if there is a second message between the addresses, 256 rows show it.
SQLITE_UNKNOWN_OUTCOME = (
    "SELECT json_group_array(json_array(message_id, number)) FROM (SELECT message_id, number"
    " FROM segment JOIN message ON message.id = segment.message_id"
    " WHERE segment.connector_id IN (SELECT value FROM json_each(?1)) AND segment.state = 'unknown'"
    " AND segment.state IN ('submitting', 'unknown')"
    " AND message.source_addr = ?2 AND message.dest_addr = ?3 ORDER BY message_id, number LIMIT 256)"
)
# Every message has a first segment, so the key of that one stands for the message.
SQLITE_BY_ID = _json_rows(_KEY, "segment WHERE message_id = ?1 AND number = 1")
SQLITE_BY_REFERENCE = (
    "SELECT json_group_array(json_array(id, 1)) FROM (SELECT id FROM message"
    " WHERE credential = ?1 AND reference = ?2 ORDER BY id)"
)
SQLITE_DUE = _json_rows(
    NOTIFICATION_COLUMNS, "outbox WHERE lane = ?1 AND next_at <= ?3 ORDER BY next_at, id LIMIT ?2"
)
SQLITE_ORPHAN = _json_rows(
    ORPHAN_COLUMNS,
    "orphan_receipt WHERE connector_id = ?1 AND smsc_key = ?2 ORDER BY received_at, id LIMIT 1",
)
SQLITE_MESSAGES = _json_rows(MESSAGE_COLUMNS, "message WHERE id IN (SELECT value FROM json_each(?1))")
SQLITE_SEGMENTS = _json_rows(SEGMENT_COLUMNS, "segment WHERE message_id IN (SELECT value FROM json_each(?1))")
SQLITE_FUNDS = _json_rows(
    ("id", "balance", "unlimited", "credit_floor"),
    "account WHERE id IN (SELECT value FROM json_each(?1))",
)

# --- PostgreSQL -------------------------------------------------------------------------------------------


def _select(columns: tuple[str, ...], source: str) -> str:
    uuids = {"id", "message_id"}
    listed = ", ".join(f'"{name}"::text' if name in uuids else f'"{name}"' for name in columns)
    return f"SELECT {listed} FROM {source}"  # noqa: S608  (names from statements.py, no values)


# ORDER BY names the table where the output has a column of that name, as text: only the former has an index.
# SKIP LOCKED: rows that another node is claiming now are its own.
def _postgres_lane(priority: int) -> str:
    lane = _select(
        _KEY,
        f"segment WHERE connector_id = $1 AND state = 'queued' AND priority = {priority}"
        " AND available_at <= $3 AND expires_at > $3"
        " ORDER BY available_at, segment.message_id, number LIMIT $2 FOR UPDATE SKIP LOCKED",
    )
    return f"(SELECT * FROM ({lane}) AS lane)"  # noqa: S608  (names and a number of ours)


POSTGRES_CLAIM = f"{' UNION ALL '.join(_postgres_lane(each) for each in PRIORITIES)} LIMIT $2"
POSTGRES_EXPIRED = _select(
    _KEY, "segment WHERE state = 'queued' AND expires_at <= $2 ORDER BY expires_at LIMIT $1"
)
POSTGRES_STUCK = _select(_KEY, "segment WHERE state = 'submitting' LIMIT $1")
POSTGRES_BY_SMSC_KEY = _select(
    _KEY,
    "segment WHERE connector_id = ANY($1::text[]) AND smsc_key = ANY($2::text[])"
    " ORDER BY segment.message_id DESC, number DESC LIMIT 1",
)
POSTGRES_UNKNOWN_OUTCOME = _select(
    _KEY,
    "segment JOIN message ON message.id = segment.message_id"
    " WHERE segment.connector_id = ANY($1::text[]) AND segment.state = 'unknown'"
    " AND message.source_addr = $2 AND message.dest_addr = $3"
    " ORDER BY segment.message_id, number LIMIT 256",
)
POSTGRES_BY_ID = _select(_KEY, "segment WHERE message_id = $1::uuid AND number = 1")
POSTGRES_BY_REFERENCE = (
    "SELECT id::text, 1 FROM message WHERE credential = $1 AND reference = $2 ORDER BY message.id"
)
POSTGRES_DUE = _select(
    NOTIFICATION_COLUMNS,
    "outbox WHERE lane = $1 AND next_at <= $3 ORDER BY outbox.next_at, outbox.id LIMIT $2",
)
POSTGRES_ORPHAN = _select(
    ORPHAN_COLUMNS,
    "orphan_receipt WHERE connector_id = $1 AND smsc_key = $2"
    " ORDER BY received_at, orphan_receipt.id LIMIT 1",
)
POSTGRES_MESSAGES = _select(MESSAGE_COLUMNS, "message WHERE id = ANY($1::uuid[])")
POSTGRES_SEGMENTS = _select(SEGMENT_COLUMNS, "segment WHERE message_id = ANY($1::uuid[])")
# In the order of ids, so that two nodes cannot lock each other out.
POSTGRES_FUNDS = (
    "SELECT id, balance, unlimited, credit_floor FROM account WHERE id = ANY($1::integer[])"
    " ORDER BY id FOR UPDATE"
)
