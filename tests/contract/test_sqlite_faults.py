"""SQLite that is locked, full, read-only or not there: the journal pushes back, keeps, and recovers."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from trunkline.backends.storage import SqlStore
from trunkline.model.ports import StorageUnavailable
from trunkline.model.states import SegmentState

from .harness import NOW, Place, Weather, accept, make_account, make_event, make_message, settle, submit


@pytest.fixture
def place(sqlite_place: Place) -> Place:
    sqlite_place.options = {"busy_timeout_ms": 50}
    return sqlite_place


@pytest.fixture
async def weather(store: SqlStore) -> AsyncIterator[Weather]:
    yield Weather(store.journal)
    store.journal.on_available = None


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Another process that does not let go."""
    connection = sqlite3.connect(place.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def on_writer(store: SqlStore, sql: str) -> list[Any]:
    """Runs a statement on the journal's own connection, in its thread."""
    writer: Any = store.journal._writer
    loop = asyncio.get_running_loop()
    rows: list[Any] = await loop.run_in_executor(
        writer._thread, lambda: writer._connection.execute(sql).fetchall()
    )
    return rows


async def test_a_locked_database(place: Place, store: SqlStore, weather: Weather, account_id: int) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, message)
    [segment] = message.segments
    called = asyncio.Event()
    with structlog.testing.capture_logs() as logs:
        with locked(place):
            refused = store.journal.accept([make_message(account_id)])
            store.journal.submitted(segment, submit(segment))
            store.journal.settled(segment, settle(segment), None, done=called.set)
            claim = store.journal.claim("smsc-1", 1, NOW)
            with pytest.raises(StorageUnavailable, match="locked"):
                await refused
            assert not store.journal.available
            with pytest.raises(StorageUnavailable):
                await store.journal.accept([make_message(account_id)])  # at once, without waiting
            store.journal.noted(make_event(message))
            assert store.journal.backlog == 4
            assert not called.is_set()
        await weather.becomes(True)
        await asyncio.wait_for(called.wait(), 60)
    assert await claim == []
    await store.journal.flush()
    assert weather.seen == [False, True]
    assert (await place.segment(message.id))["state"] == "delivered"
    assert await place.value("SELECT count(*) FROM message_event") == 1
    assert await place.value("SELECT count(*) FROM message") == 1
    assert await place.value("SELECT sum(amount) FROM ledger WHERE kind = 'charge'") == -1000
    assert store.journal.retries > 0
    assert [line["action"] for line in logs] == ["journal.down", "journal.up"]
    await accept(store, make_message(account_id))


async def test_a_full_disk(place: Place, store: SqlStore, weather: Weather, account_id: int) -> None:
    message = make_message(account_id)
    await accept(store, message)
    [[pages]] = await on_writer(store, "PRAGMA page_count")
    await on_writer(store, f"PRAGMA max_page_count = {pages}")
    big = make_message(account_id, text="x" * 100_000)
    refused = store.journal.accept([big])
    store.journal.noted(make_event(message, detail="y" * 100_000))
    with pytest.raises(StorageUnavailable, match="full"):
        await refused
    assert weather.seen == [False]
    assert store.journal.backlog == 1
    assert await place.rows("SELECT 1 FROM message_event") == []
    await on_writer(store, "PRAGMA max_page_count = 1000000")  # somebody made room
    await weather.becomes(True)
    await store.journal.flush()
    assert await place.value("SELECT length(detail) FROM message_event") == 100_000
    assert await place.rows("SELECT id FROM message") == [(message.id,)]
    await accept(store, big)


async def test_a_read_only_database(place: Place, store: SqlStore, weather: Weather, account_id: int) -> None:
    await on_writer(store, "PRAGMA query_only = ON")
    with pytest.raises(StorageUnavailable, match="readonly"):
        await store.journal.accept([make_message(account_id)])
    await weather.becomes(True)  # a new connection was made
    await accept(store, make_message(account_id))
    assert weather.seen == [False, True]


async def test_closing_while_the_database_is_locked_ends(place: Place) -> None:
    store = place.store()
    await store.open()
    account_id = await make_account(store)
    message = make_message(account_id)
    await accept(store, message)
    with locked(place), structlog.testing.capture_logs() as logs:
        store.journal.noted(make_event(message))
        await store.journal.close(patience_s=0.2)
    await store.close()
    assert [line["action"] for line in logs] == ["journal.down", "journal.dropped"]
    assert store.journal.dropped == 1


async def test_reading_without_the_lock_and_writing_with_it(
    place: Place, store: SqlStore, account_id: int
) -> None:
    with locked(place):
        assert await store.revision() > 0
    await store.create_account("another")


async def test_a_file_that_is_not_there(tmp_path: Any) -> None:
    place = Place(f"sqlite:///{tmp_path / 'missing.db'}")
    store = place.store()
    with pytest.raises(StorageUnavailable):
        await store.open()
    with pytest.raises(StorageUnavailable):
        await store.revision()
    await store.close()
    assert not place.path.exists()  # opening creates nothing: `upgrade` does


async def test_a_file_that_is_no_database(tmp_path: Any) -> None:
    place = Place(f"sqlite:///{tmp_path / 'noise.db'}")
    place.path.write_bytes(b"this is not a database, whatever its name says" * 100)
    store = place.store()
    with pytest.raises(StorageUnavailable):
        await store.open()
    with pytest.raises(StorageUnavailable):
        await store.revision()
    await store.close()
