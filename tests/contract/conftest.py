"""A migrated database of each kind, and a store on it."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trunkline.backends.storage import SqlStore, upgrade

from .harness import Place, make_account

if TYPE_CHECKING:
    from conftest import PostgresServer


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: "PostgresServer") -> Iterator[str]:
    """A PostgreSQL database with the schema, to be copied."""
    url = postgres_server.create_database()
    upgrade(url)
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def sqlite_place(migrated_sqlite: Path, tmp_path: Path) -> Place:
    """A SQLite database."""
    path = tmp_path / "store.db"
    shutil.copy(migrated_sqlite, path)
    return Place(f"sqlite:///{path}")


@pytest.fixture
def postgres_place(postgres_server: "PostgresServer", migrated_postgres: str) -> Iterator[Place]:
    """A PostgreSQL database."""
    url = postgres_server.create_database(migrated_postgres)
    yield Place(url)
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def place(request: pytest.FixtureRequest) -> Place:
    """A database of every kind in turn."""
    found = request.getfixturevalue(f"{request.param}_place")
    assert isinstance(found, Place)
    return found


@pytest.fixture
async def store(place: Place) -> AsyncIterator[SqlStore]:
    """An open store on it."""
    store = place.store()
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def account_id(store: SqlStore) -> int:
    """An account with plenty of credit."""
    return await make_account(store)


@pytest.fixture(autouse=True)
async def workers_end() -> AsyncIterator[None]:
    """aiosqlite's threads end before the event loop does: one that fails to connect reports to it last."""
    yield
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5)
