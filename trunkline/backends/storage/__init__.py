"""Storage in a SQL database: SQLite or PostgreSQL.

`upgrade(url)` brings the schema up to date, `is_current(url)` asks, `open_store(url, ...)` makes the store.
"""

import time
from collections.abc import Callable

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage.database import dsn_of, is_sqlite, parse_url
from trunkline.backends.storage.journal import GroupCommitJournal
from trunkline.backends.storage.migrate import is_current, upgrade
from trunkline.backends.storage.postgres_writer import PostgresWriter
from trunkline.backends.storage.sqlite_writer import SqliteWriter
from trunkline.backends.storage.store import SqlStore
from trunkline.backends.storage.writer import Writer

__all__ = ["GroupCommitJournal", "SqlStore", "is_current", "open_store", "upgrade"]


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


def open_store(
    url: str,
    *,
    secret_box: SecretBox,
    node: str = "main",
    linger_ms: float = 2.0,
    batch_max: int = 1000,
    backlog_max: int = 20_000,
    busy_timeout_ms: int = 10_000,
    now_ms: Callable[[], int] = _wall_clock_ms,
) -> SqlStore:
    """The store in the database at `url`; await its `open` before use.

    `node` names this process among those that share the database. `busy_timeout_ms` is how long a write waits
    for SQLite's lock before storage counts as away. The other parameters are those of `GroupCommitJournal`.
    Raises `UnsupportedDatabase`.
    """
    parsed = parse_url(url)
    writer: Writer
    if is_sqlite(parsed):
        writer = SqliteWriter(parsed.database or "", node, busy_timeout_ms)
    else:
        writer = PostgresWriter(dsn_of(parsed), node)
    journal = GroupCommitJournal(writer, linger_ms=linger_ms, batch_max=batch_max, backlog_max=backlog_max)
    return SqlStore(parsed, journal, secret_box, now_ms)
