"""A SQLite database full of messages, made by the database itself: a million in some seconds."""

import sqlite3
from pathlib import Path

from trunkline.backends.storage import upgrade

ACCOUNTS = 50
CONNECTORS = 8
MESSAGES_PER_AUDIT_ENTRY = 10
INTERVAL_MS = 200  # between two messages: ten million are three weeks'
FIRST_MS = 1_760_000_000_000

_MESSAGES = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :messages)
INSERT INTO message (
    id, account_id, door, credential, source_addr, source_ton, source_npi, dest_addr, dest_ton, dest_npi,
    text, encoding, data_coding, protocol_id, priority, registered_delivery, expires_at, accepted_at,
    route_id, connector_id, rate, charged, deferred, resend_unknown, state, error, sent_at, done_at, parts
)
SELECT
    printf('%08x-%04x-7000-8000-%012x', (:first + n * :interval) >> 16, (:first + n * :interval) & 65535, n),
    1 + n * 7 % :accounts, CASE n % 3 WHEN 0 THEN 'smpp' ELSE 'http' END, 'user' || (n * 7 % :accounts),
    'BRAND' || (n % 20), 5, 0, printf('9715%08d', n * 7919 % 100000000), 1, 1,
    'Your code is ' || n, 'gsm7', 0, 0, 0, 1, :first + n * :interval + 86400000, :first + n * :interval, 1,
    'smsc-' || (n % :connectors), 10000, 10000, 0, 0,
    CASE n % 50 WHEN 0 THEN 'undelivered' WHEN 1 THEN 'rejected' ELSE 'delivered' END,
    CASE n % 50 WHEN 1 THEN 'ESME_RINVDSTADR (0x0000000B)' END,
    :first + n * :interval + 20, :first + n * :interval + 2000, 1
FROM numbers
"""
_SEGMENTS = """
INSERT INTO segment (
    message_id, number, udh, connector_id, state, available_at, expires_at, attempts, submitted_at,
    smsc_message_id, smsc_key, command_status, receipt_stat, receipt_err, receipt_at, receipt_text, done_at,
    sar_reference
)
SELECT
    id, 1, '', connector_id, state, accepted_at, expires_at, 1, sent_at, substr(id, 25), substr(id, 25),
    CASE state WHEN 'rejected' THEN 11 ELSE 0 END,
    CASE state WHEN 'delivered' THEN 'DELIVRD' WHEN 'undelivered' THEN 'UNDELIV' END,
    CASE state WHEN 'delivered' THEN '000' WHEN 'undelivered' THEN '011' END,
    CASE state WHEN 'rejected' THEN NULL ELSE done_at END, '', done_at, 0
FROM message ORDER BY id
"""
_LEDGER = """
INSERT INTO ledger (
    account_id, kind, amount, balance_after, message_id, description, source, actor, created_at
)
SELECT account_id, 'charge', -charged, 0, id, '', door, credential, accepted_at FROM message ORDER BY id
"""
_AUDIT = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :entries)
INSERT INTO audit (at, actor, account_id, action, entity, entity_id, address, door, details)
SELECT
    :first + n * :interval, 'person' || (n % 30), CASE n % 2 WHEN 0 THEN 1 + n * 7 % :accounts END,
    CASE n % 10 WHEN 0 THEN 'create' WHEN 1 THEN 'delete' ELSE 'change' END,
    CASE n % 3 WHEN 0 THEN 'route' WHEN 1 THEN 'account' ELSE 'login' END, 'row ' || (n % 1000),
    '192.0.2.' || (n % 250), 'panel', '{"enabled": [true, false]}'
FROM numbers
"""


def make_database(path: Path, messages: int) -> str:
    """Creates the file with so many messages; returns its URL."""
    url = f"sqlite:///{path}"
    upgrade(url)
    fill(path, messages)
    return url


def fill(path: Path, messages: int) -> None:
    """Puts so many messages into an empty database. The newest has the highest number."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-200000")
        for number in range(1, ACCOUNTS + 1):
            connection.execute(
                "INSERT INTO account (id, name, enabled, balance, unlimited, credit_floor, unknown_outcome,"
                " default_sender, created_at) VALUES (?, ?, 1, 0, 1, 0, 'wait', '', 0)",
                (number, f"account {number}"),
            )
        connection.execute("BEGIN")
        connection.execute(_MESSAGES, {"messages": messages, "connectors": CONNECTORS, **_shape(INTERVAL_MS)})
        connection.execute(_SEGMENTS)
        connection.execute(_LEDGER)
        entries = max(1, messages // MESSAGES_PER_AUDIT_ENTRY)
        connection.execute(_AUDIT, {"entries": entries, **_shape(INTERVAL_MS * MESSAGES_PER_AUDIT_ENTRY)})
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


def _shape(interval: int) -> dict[str, int]:
    return {"first": FIRST_MS, "interval": interval, "accounts": ACCOUNTS}
