"""The databases that can hold the store: their URLs, and connections for everything beside the journal."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import asyncpg
from sqlalchemy import BigInteger, Text, cast, event, select, text, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from trunkline.backends.storage import tables
from trunkline.backends.storage.faults import CONNECTION_FAULTS, SQLITE_FAULTS, is_server_fault, sqlite_code
from trunkline.model.errors import AlreadyExists, NotFound, UnsupportedDatabase
from trunkline.model.people import Page
from trunkline.model.ports import StorageUnavailable

T = TypeVar("T")

POOL_SIZE = 5
BUSY_S = 10.0


def parse_url(url: str) -> URL:
    """The URL with the driver's name made plain: ``sqlite`` or ``postgresql``.

    Raises `UnsupportedDatabase` for anything else, and for SQLite without a file.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UnsupportedDatabase("not a database URL; use sqlite:///PATH or postgresql://...") from None
    if parsed.drivername in ("sqlite", "sqlite+aiosqlite"):
        if not parsed.database or parsed.database == ":memory:":
            raise UnsupportedDatabase(
                "SQLite needs a file: sqlite:///PATH (four slashes for an absolute path)"
            )
        return parsed.set(drivername="sqlite")
    if parsed.drivername in ("postgresql", "postgresql+asyncpg", "postgres"):
        return parsed.set(drivername="postgresql")
    raise UnsupportedDatabase(
        f"{parsed.drivername!r} is not supported; use sqlite:///PATH or postgresql://USER@HOST/NAME"
    )


def is_sqlite(url: URL) -> bool:
    """Whether a parsed URL names a SQLite file."""
    return url.drivername == "sqlite"


def dsn_of(url: URL) -> str:
    """The URL of a PostgreSQL database as its driver reads it (it knows sslmode and the like)."""
    return url.render_as_string(hide_password=False)


def create_engine(
    url: URL, pool_size: int = POOL_SIZE, *, create: bool = False, busy_s: float = BUSY_S
) -> AsyncEngine:
    """An engine whose transactions are explicit: deferred for reading, immediate for writing on SQLite.

    A SQLite file that is not there is made only with `create`; one that another process is writing to is
    waited for, `busy_s` seconds at the most.
    """
    if not is_sqlite(url):

        async def connect() -> Any:
            try:
                return await asyncpg.connect(dsn_of(url))
            except (*CONNECTION_FAULTS, asyncpg.PostgresError) as error:
                raise StorageUnavailable(str(error)) from error

        return create_async_engine(
            "postgresql+asyncpg://", async_creator=connect, pool_size=pool_size, pool_pre_ping=True
        )
    mode = "rwc" if create else "rw"
    file = URL.create(
        "sqlite+aiosqlite",
        database=f"file:{quote(url.database or '')}",
        query={"mode": mode, "uri": "true"},
    )
    engine = create_async_engine(file, pool_size=pool_size, connect_args={"timeout": busy_s})

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
                cursor.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()  # it has a thread, and nobody else knows of it yet
            raise
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        writing = connection.get_execution_options().get("writing", False)
        # A transaction that reads first and then writes would fail when the journal wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


class Database:
    """Connections to read and to write with; the base of the store's parts."""

    def __init__(self, url: URL, now_ms: Callable[[], int]) -> None:
        self._url = url
        self._now_ms = now_ms
        self._engine = create_engine(url)
        self._writing = self._engine.execution_options(writing=True)
        self._reading = (
            self._engine
            if is_sqlite(url)
            else self._engine.execution_options(isolation_level="REPEATABLE READ")
        )

    @asynccontextmanager
    async def _read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent picture of the database. Raises `StorageUnavailable`."""
        with translated():
            async with self._reading.connect() as connection:
                yield connection

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed at the end. Raises `StorageUnavailable`."""
        with translated():
            async with self._writing.begin() as connection:
                yield connection

    @asynccontextmanager
    async def _configure(self, taken: AlreadyExists | None = None) -> AsyncIterator[AsyncConnection]:
        """A transaction that changes the configuration: the revision grows with it.

        `taken` is raised when a unique name is in use already.
        """
        setting = tables.setting
        try:
            async with self._write() as connection:
                yield connection
                await connection.execute(
                    update(setting)
                    .where(setting.c.key == tables.REVISION)
                    .values(value=cast(cast(setting.c.value, BigInteger) + 1, Text))
                )
        except IntegrityError as error:
            if taken is None:
                raise
            raise taken from error

    async def size(self) -> int:
        """Bytes that the database takes, its log included. Raises `StorageUnavailable`."""
        if is_sqlite(self._url):
            file = Path(self._url.database or "")
            found = (file, file.with_name(f"{file.name}-wal"))
            return sum(each.stat().st_size for each in found if each.exists())
        async with self._read() as connection:
            return int(await connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)

    async def _need_account(self, connection: AsyncConnection, account_id: int) -> None:
        """Raises `NotFound`; locks the account, so that it stays while something is attached to it."""
        account = tables.account
        found = await connection.scalar(
            select(account.c.id).where(account.c.id == account_id).with_for_update(read=True)
        )
        if found is None:
            raise NotFound("account", str(account_id))


def cut(rows: list[T], limit: int, key: Callable[[T], str]) -> Page[T]:
    """A page of `rows`, which were read with one more than `limit`: that one tells whether more follow."""
    items = rows[:limit]
    return Page(items, key(items[-1]) if len(rows) > limit else None)


def containing(text: str) -> str:
    """A pattern for LIKE, with a backslash as its escape, that matches whatever contains this text."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def read_setting(connection: AsyncConnection, key: str) -> str | None:
    """The value of a row of `setting`; None where there is no such row."""
    setting = tables.setting
    value = await connection.scalar(select(setting.c.value).where(setting.c.key == key))
    return None if value is None else str(value)


async def count_up(connection: AsyncConnection, key: str) -> int:
    """One more for the number in a row of `setting`; the new number. The row is there from the migration."""
    setting = tables.setting
    number = await connection.scalar(
        update(setting)
        .where(setting.c.key == key)
        .values(value=cast(cast(setting.c.value, BigInteger) + 1, Text))
        .returning(setting.c.value)
    )
    return int(number)


@contextmanager
def translated() -> Iterator[None]:
    """Faults of the database as a whole become `StorageUnavailable`."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeoutError, *CONNECTION_FAULTS) as error:
        raise StorageUnavailable(str(error)) from error
    except DBAPIError as error:
        if (
            error.connection_invalidated
            or is_server_fault(getattr(error.orig, "sqlstate", None))
            or sqlite_code(error.orig) in SQLITE_FAULTS
        ):
            raise StorageUnavailable(str(error)) from error
        raise
