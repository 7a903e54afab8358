"""Writes batches to SQLite: one thread with one connection of its own, WAL, synchronous FULL."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import msgspec

from trunkline.backends.storage import queries, statements
from trunkline.backends.storage.balances import Funds, settle
from trunkline.backends.storage.batch import (
    AcceptUnit,
    Batch,
    Outcome,
    Query,
    QueryUnit,
    amended_rows,
    remembered_rows,
)
from trunkline.backends.storage.dialects import SqliteDialect
from trunkline.backends.storage.faults import SQLITE_FAULTS, BadRows, StorageDown, sqlite_code
from trunkline.backends.storage.statements import REFUND, STATEMENTS
from trunkline.backends.storage.writer import NOTHING, Found

_dialect = SqliteDialect()
_SQL = tuple(_dialect.sql(statement) for statement in STATEMENTS)
_REMEMBER = _dialect.sql(statements.REMEMBER)
_REMEMBER_REFUSED = _dialect.sql(statements.REMEMBER_REFUSED)
_FORGET = _dialect.sql(statements.FORGET)
_DEBIT = _dialect.sql(statements.DEBIT)
_CLAIMED = _dialect.sql(statements.CLAIMED)

_SEGMENT_QUERIES = {
    Query.CLAIM: queries.SQLITE_CLAIM,
    Query.EXPIRED: queries.SQLITE_EXPIRED,
    Query.STUCK: queries.SQLITE_STUCK,
    Query.BY_SMSC_KEY: queries.SQLITE_BY_SMSC_KEY,
    Query.UNKNOWN_OUTCOME: queries.SQLITE_UNKNOWN_OUTCOME,
    Query.BY_ID: queries.SQLITE_BY_ID,
    Query.BY_REFERENCE: queries.SQLITE_BY_REFERENCE,
}
_ROW_QUERIES = {Query.DUE: queries.SQLITE_DUE, Query.ORPHAN: queries.SQLITE_ORPHAN}

# After these the connection is as good as before.
_PASSING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM})

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def connect(path: str, busy_timeout_ms: int) -> sqlite3.Connection:
    """A connection to an existing database with the writer's settings. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode=rw",
        uri=True,
        timeout=busy_timeout_ms / 1000,
        isolation_level=None,
        cached_statements=256,
    )
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-16384",
            "wal_autocheckpoint=4000",
            "mmap_size=0",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class SqliteWriter:
    """The journal's connection to a SQLite file. `node` names the row of `journal_mark` that probes write."""

    def __init__(self, path: str, node: str, busy_timeout_ms: int = 10_000) -> None:
        self._path = path
        self._node = node
        self._busy_timeout_ms = busy_timeout_ms
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "journal")

    async def open(self) -> None:
        """Connects. Raises `StorageDown`."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def write(self, batch: Batch) -> Outcome:
        """Writes a batch in one transaction. Raises `StorageDown` or `BadRows`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, batch)

    async def is_committed(self, mark: int) -> bool:
        """Never needed: a COMMIT that fails here is rolled back, so `write` raises no `CommitUnknown`."""
        raise StorageDown(f"SQLite keeps no mark {mark}")

    async def close(self) -> None:
        """Disconnects and ends the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=False)

    # --- in the thread ---

    def _open(self) -> sqlite3.Connection:
        connection = self._connection
        if connection is None:
            try:
                connection = self._connection = connect(self._path, self._busy_timeout_ms)
            except sqlite3.Error as error:
                raise StorageDown(str(error)) from error
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _write(self, batch: Batch) -> Outcome:
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcome = Outcome()
            every_row = batch.rows
            if batch.charges or batch.records:
                every_row = [*self._charge(connection, batch, outcome), *every_row[REFUND + 1 :]]
            for sql, rows in zip(_SQL, every_row, strict=True):
                if rows:
                    listed = rows if isinstance(rows, list) else list(rows.values())
                    connection.execute(sql, (_encode(listed).decode(),))
            for unit in batch.queries:
                outcome.results.append(self._answer(connection, unit))
            if not batch.units:
                self._probe(connection)
            connection.execute("COMMIT")
        except (sqlite3.Error, ValueError, TypeError, OverflowError, msgspec.MsgspecError) as error:
            # The others are about values that fit no JSON or no column.
            self._rollback(connection)
            raise self._fault(error) from error
        except BaseException:
            self._rollback(connection)
            raise
        return outcome

    def _rollback(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error:
                self._disconnect()  # which rolls back too

    def _fault(self, error: Exception) -> BadRows | StorageDown:
        text = f"{type(error).__name__}: {error}"
        code = sqlite_code(error)
        if code not in SQLITE_FAULTS:
            return BadRows(text)
        if code not in _PASSING:
            self._disconnect()
        return StorageDown(text)

    def _probe(self, connection: sqlite3.Connection) -> None:
        """A write of no importance: whether the database takes any."""
        connection.execute(
            "INSERT INTO journal_mark (node, batch) VALUES (?1, 1)"
            " ON CONFLICT (node) DO UPDATE SET batch = batch + 1",
            (self._node,),
        )

    def _charge(
        self, connection: sqlite3.Connection, batch: Batch, outcome: Outcome
    ) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
        """Decides what is stored: the rows of messages, of segments, of charges and of refunds.

        The transaction holds the write lock, so balances cannot change between reading and writing them.
        """
        if batch.records:
            outcome.conflicts = self._remember(connection, batch.records)
        charges, dropped = batch.charges_without(outcome.conflicts)
        accounts = list({charge[0] for charge in charges})
        funds = {row[0]: Funds(*row[1:]) for row in self._rows(connection, queries.SQLITE_FUNDS, accounts)}
        settlement = settle(charges, funds)
        if settlement.balances:
            connection.execute(_DEBIT, (_encode(list(settlement.balances.items())).decode(),))
        outcome.refused = settlement.refused
        if settlement.refused:
            self._amend(connection, batch.records, settlement.refused)
        return *batch.rows_without(dropped | settlement.refused), settlement.ledger, settlement.refunds

    def _remember(
        self, connection: sqlite3.Connection, records: dict[tuple[int, str], AcceptUnit]
    ) -> set[tuple[int, str]]:
        rows = remembered_rows(records)
        stored = connection.execute(_REMEMBER, (_encode(rows).decode(),)).fetchall()
        return set(records).difference(stored)

    def _amend(
        self,
        connection: sqlite3.Connection,
        records: dict[tuple[int, str], AcceptUnit],
        refused: set[str],
    ) -> None:
        changed, removed = amended_rows(records, refused)
        for sql, rows in ((_REMEMBER_REFUSED, changed), (_FORGET, removed)):
            if rows:
                connection.execute(sql, (_encode(rows).decode(),))

    def _answer(self, connection: sqlite3.Connection, unit: QueryUnit) -> Any:
        query = unit.query
        arguments = [_encode(each).decode() if isinstance(each, list) else each for each in unit.arguments]
        sql = _ROW_QUERIES.get(query)
        if sql is not None:
            return _decode(connection.execute(sql, arguments).fetchone()[0])
        keys = _decode(connection.execute(_SEGMENT_QUERIES[query], arguments).fetchone()[0])
        if not keys:
            return NOTHING
        ids = list({key[0] for key in keys})
        found = Found(
            keys,
            self._rows(connection, queries.SQLITE_MESSAGES, ids),
            self._rows(connection, queries.SQLITE_SEGMENTS, ids),
        )
        if query is Query.CLAIM:
            claimed = [(message_id, number, "submitting") for message_id, number in keys]
            connection.execute(_CLAIMED, (_encode(claimed).decode(),))
        return found

    def _rows(self, connection: sqlite3.Connection, sql: str, wanted: list[Any]) -> Any:
        return _decode(connection.execute(sql, (_encode(wanted).decode(),)).fetchone()[0])
