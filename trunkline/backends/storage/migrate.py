"""Brings a database to the schema of this version, or creates it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import URL, Connection

from trunkline.backends.storage.database import create_engine, is_sqlite, parse_url, translated
from trunkline.model.errors import DatabaseTooNew

BUSY_S = 600.0
"""A process that upgrades waits for another one that does; on a large database that takes its time."""

_LOCK = 0x7472756E6B  # "trunk": one migration at a time on a PostgreSQL server


def upgrade(url: str) -> bool:
    """Creates the schema or brings it up to date; true when anything had to be done.

    Raises `UnsupportedDatabase`, `DatabaseTooNew`, and `StorageUnavailable` when there is no answer.
    """
    parsed = parse_url(url)
    if is_sqlite(parsed) and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    # In a thread: the caller may be inside an event loop, and this is not.
    with ThreadPoolExecutor(1, "migrate") as pool:
        return pool.submit(lambda: asyncio.run(_upgrade(parsed))).result()


async def _upgrade(url: URL) -> bool:
    engine = create_engine(url, create=True, busy_s=BUSY_S)
    try:
        with translated():
            async with engine.execution_options(writing=True).begin() as connection:
                if not is_sqlite(url):
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                return await connection.run_sync(_migrate)
    finally:
        await engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "trunkline.backends.storage:migrations")
    return config


def _migrate(connection: Connection) -> bool:
    config = _config()
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return False
    if current is not None and current not in {each.revision for each in script.walk_revisions()}:
        raise DatabaseTooNew(
            f"the database is at revision {current}, which this version of Trunkline does not know;"
            " it was made by a newer one"
        )
    command.upgrade(config, "head")
    return True


def is_current(url: str) -> bool:
    """Whether the database exists and has exactly the schema of this version.

    Raises `UnsupportedDatabase`, and `StorageUnavailable` when its server does not answer.
    """
    parsed = parse_url(url)
    if is_sqlite(parsed) and not Path(parsed.database or "").exists():
        return False
    with ThreadPoolExecutor(1, "migrate") as pool:
        return pool.submit(lambda: asyncio.run(_is_current(parsed))).result()


async def _is_current(url: URL) -> bool:
    engine = create_engine(url)
    try:
        with translated():
            async with engine.connect() as connection:
                return await connection.run_sync(_compare)
    finally:
        await engine.dispose()


def _compare(connection: Connection) -> bool:
    return (
        MigrationContext.configure(connection).get_current_revision()
        == ScriptDirectory.from_config(_config()).get_current_head()
    )
