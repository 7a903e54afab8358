"""PostgreSQL whose connections are cut, at any moment: nothing is lost and nothing is stored twice."""

import asyncio
import random
from typing import Any

import asyncpg
import pytest
import structlog

from trunkline.backends.storage import SqlStore
from trunkline.model.message import Message
from trunkline.model.ports import StorageUnavailable
from trunkline.model.states import SegmentState

from .harness import NOW, Place, Weather, accept, ids, make_account, make_event, make_message, settle, submit

pytestmark = pytest.mark.services

CUT_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
CUT = f"{CUT_ALL} AND application_name = 'trunkline journal'"


@pytest.fixture
def place(postgres_place: Place) -> Place:
    return postgres_place


class CutAtCommit:
    """Breaks the writer's connection at the next COMMIT, before or after the server has done it."""

    def __init__(self, store: SqlStore, monkeypatch: pytest.MonkeyPatch, done: bool) -> None:
        self._done = done
        self.armed = True
        writer: Any = store.journal._writer
        connect = writer._connect

        async def connected() -> Any:
            connection = await connect()
            return Cut(connection, self) if self.armed else connection

        monkeypatch.setattr(writer, "_connect", connected)

    async def commit(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.armed = False
        if self._done:
            await connection.execute("COMMIT")
        connection.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


class Cut:
    """A connection that breaks at COMMIT."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", cut: CutAtCommit) -> None:
        self._connection = connection
        self._cut = cut

    async def execute(self, sql: str, *arguments: Any) -> Any:
        if sql == "COMMIT":
            return await self._cut.commit(self._connection)
        return await self._connection.execute(sql, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@pytest.mark.parametrize("done", [True, False], ids=["committed", "not committed"])
async def test_a_connection_that_breaks_during_commit(
    place: Place, store: SqlStore, account_id: int, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    queued = make_message(account_id)
    await accept(store, queued)
    weather = Weather(store.journal)
    CutAtCommit(store, monkeypatch, done)
    message = make_message(account_id)
    accepted = store.journal.accept([message])
    store.journal.noted(make_event(message))
    claim = store.journal.claim("smsc-1", 10, NOW)
    assert (await accepted).refused == []  # either way the caller gets the truth, and only later
    assert [segment.message.id for segment in await claim] == ids([queued, message])
    await store.journal.flush()
    assert weather.seen == [False, True]
    assert await place.value("SELECT count(*) FROM message") == 2
    assert await place.value("SELECT count(*) FROM message_event") == 1
    assert await place.value("SELECT sum(amount) FROM ledger WHERE kind = 'charge'") == -2000


async def test_a_connection_that_is_cut_while_idle(place: Place, store: SqlStore, account_id: int) -> None:
    weather = Weather(store.journal)
    await place.rows(CUT)
    message = make_message(account_id)
    try:
        await store.journal.accept([message])
    except StorageUnavailable:
        await weather.becomes(True)
        await accept(store, message)
    assert await place.value("SELECT count(*) FROM message") == 1


async def test_connections_cut_again_and_again_under_load(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store)
    journal = store.journal
    weather = Weather(journal)
    rng = random.Random(3)
    stored: list[Message] = []
    refused: list[Message] = []
    finished = asyncio.Event()
    grown = asyncio.Event()
    cuts = 0

    async def cut() -> None:
        nonlocal cuts
        connection = await asyncpg.connect(place.url)
        try:
            while cuts < 25:
                enough = len(stored) + rng.randrange(1, 30)
                while len(stored) < enough:
                    grown.clear()
                    await grown.wait()
                for _ in range(rng.randrange(10)):  # somewhere in the batches that follow
                    await connection.execute("SELECT 1")
                cuts += len(await connection.fetch(CUT))
                if not journal.available:
                    await weather.becomes(True)
        finally:
            await connection.close()
            finished.set()

    async def send() -> None:
        while not finished.is_set():
            message = make_message(account_id, state=SegmentState.SUBMITTING)
            try:
                await journal.accept([message])
            except StorageUnavailable:
                refused.append(message)
                await weather.becomes(True)
                continue
            stored.append(message)
            grown.set()
            [segment] = message.segments
            journal.submitted(segment, submit(segment))
            journal.settled(segment, settle(segment), None, make_event(message, "joined"))

    with structlog.testing.capture_logs() as logs:
        # A group: when one fails, the others must not go on in a journal that is closed.
        async with asyncio.TaskGroup() as group:
            group.create_task(cut())
            for _ in range(20):
                group.create_task(send())
        await journal.flush()
    assert cuts >= 25
    assert any(line["action"] == "journal.down" for line in logs)
    assert journal.dropped == 0
    rows = await place.rows("SELECT id, state FROM message ORDER BY id")
    assert rows == [(identifier, "delivered") for identifier in sorted(ids(stored))]
    assert refused
    assert not {row[0] for row in rows} & set(ids(refused))
    charged = await place.value("SELECT sum(amount) FROM ledger WHERE kind = 'charge'")
    assert charged == -1000 * len(stored)
    assert await place.value("SELECT count(*) FROM message_event") == len(stored)


async def test_a_server_that_is_not_there() -> None:
    store = Place("postgresql://nobody@127.0.0.1:1/nothing").store()
    with pytest.raises(StorageUnavailable):
        await store.open()
    with pytest.raises(StorageUnavailable):
        await store.revision()
    await store.close()


async def test_a_database_that_is_not_there(place: Place) -> None:
    store = Place(f"{place.url}_missing").store()
    with pytest.raises(StorageUnavailable, match="does not exist"):
        await store.open()
    with pytest.raises(StorageUnavailable, match="does not exist"):
        await store.revision()
    await store.close()


async def test_reading_survives_a_cut_connection(place: Place, store: SqlStore) -> None:
    before = await store.revision()
    await place.rows(CUT_ALL)
    assert await store.revision() == before
