"""Writes batches to PostgreSQL over one asyncpg connection of its own, with prepared statements."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import asyncpg
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
from trunkline.backends.storage.dialects import PostgresDialect
from trunkline.backends.storage.faults import (
    CONNECTION_FAULTS,
    BadRows,
    CommitUnknown,
    StorageDown,
    WriteFault,
    is_server_fault,
)
from trunkline.backends.storage.statements import REFUND, STATEMENTS
from trunkline.backends.storage.writer import NOTHING, Found

COMMAND_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 10.0

_dialect = PostgresDialect()
_SQL = tuple(_dialect.sql(statement) for statement in STATEMENTS)
_REMEMBER = _dialect.sql(statements.REMEMBER)
_REMEMBER_REFUSED = _dialect.sql(statements.REMEMBER_REFUSED)
_FORGET = _dialect.sql(statements.FORGET)
_DEBIT = _dialect.sql(statements.DEBIT)
_CLAIMED = _dialect.sql(statements.CLAIMED)
_MARK_ROW = "INSERT INTO journal_mark (node, batch) VALUES ($1, 0) ON CONFLICT (node) DO NOTHING"
_MARK = "UPDATE journal_mark SET batch = $2 WHERE node = $1"
# The lock waits for a transaction that is still being committed, or rolled back, by the lost connection.
_READ_MARK = "SELECT batch FROM journal_mark WHERE node = $1 FOR UPDATE"

_QUERIES = {
    Query.CLAIM: queries.POSTGRES_CLAIM,
    Query.EXPIRED: queries.POSTGRES_EXPIRED,
    Query.STUCK: queries.POSTGRES_STUCK,
    Query.BY_SMSC_KEY: queries.POSTGRES_BY_SMSC_KEY,
    Query.UNKNOWN_OUTCOME: queries.POSTGRES_UNKNOWN_OUTCOME,
    Query.BY_ID: queries.POSTGRES_BY_ID,
    Query.BY_REFERENCE: queries.POSTGRES_BY_REFERENCE,
    Query.DUE: queries.POSTGRES_DUE,
    Query.ORPHAN: queries.POSTGRES_ORPHAN,
}
# The rows of a batch are few, whatever the planner makes of a JSON array: always by the index.
_SETTINGS = {
    "application_name": "trunkline journal",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}

_encode = msgspec.json.Encoder().encode


class PostgresWriter:
    """The journal's connection to a PostgreSQL database.

    Every batch leaves its number in `journal_mark` in the row of this `node`: when the connection breaks
    during COMMIT, the mark tells whether the batch is stored. Numbers start from the clock, so that another
    process under the same name is not taken for this one.
    """

    def __init__(self, dsn: str, node: str) -> None:
        self._dsn = dsn
        self._node = node
        self._mark = time.time_ns()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._prepared: dict[str, Any] = {}

    async def open(self) -> None:
        """Connects. Raises `StorageDown`."""
        await self._connect()

    async def write(self, batch: Batch) -> Outcome:
        """Writes a batch in one transaction. Raises `StorageDown`, `CommitUnknown` or `BadRows`."""
        connection = await self._connect()
        self._mark += 1
        mark = self._mark
        outcome = Outcome()
        committing = False
        try:
            await connection.execute("BEGIN")
            await self._fetch(_MARK, self._node, mark)
            rows_of = batch.rows
            if batch.charges or batch.records:
                rows_of = [*await self._charge(batch, outcome), *rows_of[REFUND + 1 :]]
            for sql, rows in zip(_SQL, rows_of, strict=True):
                if rows:
                    await self._run(sql, rows if isinstance(rows, list) else list(rows.values()))
            for unit in batch.queries:
                outcome.results.append(await self._answer(unit))
            committing = True
            await connection.execute("COMMIT")
        except BaseException as error:
            fault = _fault(error)
            await self._rollback(connection, fault)
            if fault is None:
                raise
            if committing and isinstance(fault, StorageDown):
                raise CommitUnknown(str(fault), mark, outcome) from error
            raise fault from error
        return outcome

    async def is_committed(self, mark: int) -> bool:
        """Whether the batch with this mark is stored. Raises `StorageDown`."""
        connection = await self._connect()
        try:
            found = await self._fetch(_READ_MARK, self._node)
        except BaseException as error:
            fault = _fault(error)
            await self._rollback(connection, fault)
            if fault is None:
                raise
            raise StorageDown(str(fault)) from error
        return bool(found) and found[0][0] == mark

    async def close(self) -> None:
        """Disconnects."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await _discard(connection)

    # --- connection ---

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection = self._connection
        if connection is not None and not connection.is_closed():
            return connection
        try:
            connection = await asyncpg.connect(
                self._dsn,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=COMMAND_TIMEOUT_S,
                server_settings=_SETTINGS,
            )
            # Before anything else: a lock can be taken only on a row that is there.
            await connection.execute(_MARK_ROW, self._node)
        except (*CONNECTION_FAULTS, asyncpg.PostgresError) as error:
            if connection is not None:
                connection.terminate()
            raise StorageDown(f"{type(error).__name__}: {error}") from error
        self._prepared.clear()
        self._connection = connection
        return connection

    async def _rollback(
        self, connection: "asyncpg.Connection[asyncpg.Record]", fault: WriteFault | None
    ) -> None:
        """Leaves no transaction behind; a connection that may hang is given up."""
        if isinstance(fault, BadRows) and not connection.is_closed():
            with suppress(*CONNECTION_FAULTS, asyncpg.PostgresError):
                await connection.execute("ROLLBACK")
                return
        self._connection = None
        connection.terminate()

    async def _fetch(self, sql: str, *arguments: Any) -> list[Any]:
        prepared = self._prepared.get(sql)
        if prepared is None:
            connection = self._connection
            if connection is None:
                raise StorageDown("the connection is closed")
            prepared = self._prepared[sql] = await connection.prepare(sql)
        rows: list[Any] = await prepared.fetch(*arguments)
        return rows

    async def _run(self, sql: str, rows: list[Any]) -> list[Any]:
        return await self._fetch(sql, _encode(rows).decode())

    # --- the batch ---

    async def _charge(
        self, batch: Batch, outcome: Outcome
    ) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
        """Decides what is stored: the rows of messages, of segments, of charges and of refunds.

        The accounts' rows stay locked until the end, so balances cannot change in between.
        """
        if batch.records:
            outcome.conflicts = await self._remember(batch.records)
        charges, dropped = batch.charges_without(outcome.conflicts)
        accounts = sorted({charge[0] for charge in charges})
        locked = await self._fetch(queries.POSTGRES_FUNDS, accounts) if accounts else []
        settlement = settle(charges, {row[0]: Funds(row[1], row[2], row[3]) for row in locked})
        if settlement.balances:
            await self._run(_DEBIT, list(settlement.balances.items()))
        outcome.refused = settlement.refused
        if settlement.refused:
            changed, removed = amended_rows(batch.records, settlement.refused)
            for sql, rows in ((_REMEMBER_REFUSED, changed), (_FORGET, removed)):
                if rows:
                    await self._run(sql, rows)
        return *batch.rows_without(dropped | settlement.refused), settlement.ledger, settlement.refunds

    async def _remember(self, records: dict[tuple[int, str], AcceptUnit]) -> set[tuple[int, str]]:
        stored = await self._run(_REMEMBER, remembered_rows(records))
        return set(records).difference((row[0], row[1]) for row in stored)

    async def _answer(self, unit: QueryUnit) -> Any:
        query = unit.query
        rows = await self._fetch(_QUERIES[query], *unit.arguments)
        if query is Query.DUE or query is Query.ORPHAN:
            return rows
        if not rows:
            return NOTHING
        ids = list({row[0] for row in rows})
        found = Found(
            rows,
            await self._fetch(queries.POSTGRES_MESSAGES, ids),
            await self._fetch(queries.POSTGRES_SEGMENTS, ids),
        )
        if query is Query.CLAIM:
            await self._run(_CLAIMED, [(row[0], row[1], "submitting") for row in rows])
        return found


def _fault(error: BaseException) -> WriteFault | None:
    """What an error means for the batch; None when it is none of the database's."""
    if isinstance(error, WriteFault):
        return error
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, asyncpg.PostgresError):
        return StorageDown(text) if is_server_fault(error.sqlstate) else BadRows(text)
    if isinstance(error, asyncpg.DataError | ValueError | TypeError | OverflowError | msgspec.MsgspecError):
        return BadRows(text)  # a value that fits no column; found before anything was sent
    if isinstance(error, CONNECTION_FAULTS):  # TimeoutError is an OSError
        return StorageDown(text)
    return None


async def _discard(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    try:
        await connection.close(timeout=5)
    except (*CONNECTION_FAULTS, asyncpg.PostgresError, asyncio.CancelledError):
        connection.terminate()
