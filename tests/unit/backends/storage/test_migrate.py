import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from trunkline.backends.storage import is_current, upgrade
from trunkline.backends.storage.tables import metadata
from trunkline.model.errors import DatabaseTooNew
from trunkline.model.ports import StorageUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def url(request: pytest.FixtureRequest, path: Path) -> str:
    return f"sqlite:///{path}" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


def test_upgrade_creates_the_schema_once(url: str) -> None:
    assert not is_current(url)
    assert upgrade(url) is True
    assert is_current(url)
    assert upgrade(url) is False


def test_processes_that_upgrade_together(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(upgrade, [url] * 4))
    assert sorted(done) == [False, False, False, True]


async def test_upgrade_inside_an_event_loop(path: Path) -> None:
    assert upgrade(f"sqlite:///{path}")


def test_the_migrations_lead_to_the_tables_of_the_code(path: Path) -> None:
    upgrade(f"sqlite:///{path}")
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        rowids = connection.exec_driver_sql("SELECT name FROM pragma_table_list WHERE wr = 1").scalars().all()
    engine.dispose()
    assert {name for name in rowids if name in metadata.tables} == {
        table.name
        for table in metadata.sorted_tables
        if table.dialect_options["sqlite"]["with_rowid"] is False
    }
    with sqlite3.connect(path) as database:
        [[mode]] = database.execute("PRAGMA journal_mode")
        partial = database.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%INDEX%WHERE%'").fetchall()
    database.close()
    assert mode == "wal"
    assert {name for (name,) in partial} == {
        index.name
        for table in metadata.sorted_tables
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }


def test_a_database_of_a_newer_version(path: Path) -> None:
    url = f"sqlite:///{path}"
    upgrade(url)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    assert not is_current(url)
    with pytest.raises(DatabaseTooNew, match="9999"):
        upgrade(url)


@pytest.mark.services
async def test_postgres_has_the_tables_of_the_code(postgres_url: str) -> None:
    upgrade(postgres_url)
    connection = await asyncpg.connect(postgres_url)
    try:
        found = await connection.fetch(
            "SELECT table_name, column_name, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
        )
        kind = await connection.fetchval(
            "SELECT data_type FROM information_schema.columns"
            " WHERE table_name = 'message' AND column_name = 'id'"
        )
    finally:
        await connection.close()
    assert {tuple(row) for row in found} == {
        (table.name, column.name, "YES" if column.nullable else "NO")
        for table in metadata.sorted_tables
        for column in table.columns
    }
    assert kind == "uuid"


def test_a_database_that_does_not_answer() -> None:
    for call in (upgrade, is_current):
        with pytest.raises(StorageUnavailable):
            call("postgresql://nobody@127.0.0.1:1/nothing")
