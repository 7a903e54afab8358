"""A database with data in it, made by the first version, is brought to this one's schema."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.migration import MigrationContext
from sqlalchemy import Boolean, Connection, MetaData, String, Text, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage import migrate, upgrade
from trunkline.backends.storage.database import create_engine, parse_url
from trunkline.model.administration import EsmeSettings
from trunkline.model.profile import STANDARD
from trunkline.model.snapshot import ReceiptPolicy
from trunkline.model.states import SegmentState

from .harness import NOW, SECRET_BOX, Place, accept, connector, make_message

IDS = [f"01a1ffd7-4375-7000-8f8b-4c41a32f933{number}" for number in range(3)]


@pytest.fixture
async def old_place(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Place:
    """A database with the schema of the first version."""
    url = f"sqlite:///{tmp_path / 'old.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    async with connected(url) as connection:
        await connection.run_sync(lambda sync: migrate_to(sync, "0001"))
    return Place(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    """A transaction on the database, which is made where it is missing."""
    engine = create_engine(parse_url(url), create=True)
    try:
        async with engine.execution_options(writing=True).begin() as connection:
            yield connection
    finally:
        await engine.dispose()


def migrate_to(connection: Connection, revision: str) -> None:
    config = migrate._config()
    config.attributes["connection"] = connection
    move = command.upgrade if _revision(connection) < revision else command.downgrade
    move(config, revision)


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


class Rows:
    """Inserts rows as the schema is; columns that are not named get what their type has for nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._metadata = MetaData()
        self._metadata.reflect(connection)

    def add(self, table: str, **values: Any) -> None:
        columns = self._metadata.tables[table].columns
        missing = {
            column.name: "" if isinstance(column.type, (String, Text)) else isinstance(column.type, Boolean)
            for column in columns
            if not column.nullable and column.name not in values and not column.primary_key
        }
        self._connection.execute(insert(self._metadata.tables[table]).values(**missing, **values))


def fill(connection: Connection) -> None:
    """One of everything that the later schemas change, and enough to send on."""
    rows = Rows(connection)
    rows.add("account", id=7, name="acme", balance=10**9, unknown_outcome="wait", created_at=5)
    rows.add("esme", id=3, account_id=7, system_id="shop", throughput=2, max_binds=4, window=9, created_at=6)
    rows.add("esme", id=8, account_id=7, system_id="bank", max_binds=1, window=9, created_at=7)
    for name, position in (("last", 9), ("first", -1), ("second", 2), ("third", 2)):
        rows.add("route", name=name, position=position, connector_ids='["a"]', rate=1)
    password = SECRET_BOX.encrypt("s3cret")
    base = {
        "host": "smsc.example", "port": 2775, "password_encrypted": password, "trx_binds": 1, "window": 10,
        "enquire_link_s": 30.0, "response_timeout_s": 10.0, "reconnect_min_s": 1.0, "reconnect_max_s": 60.0,
        "default_alphabet": "gsm7", "long_message": "udh8", "message_id_format": "auto", "max_attempts": 3,
    }  # fmt: skip
    rows.add("connector", connector_id="b", source_ton=None, dest_ton=2, **base)
    rows.add("connector", connector_id="a", source_ton=0, source_npi=3, **base)
    for number, (identifier, state) in enumerate(zip(IDS, ("queued", "queued", "submitted"), strict=True)):
        rows.add(
            "message", id=identifier, account_id=7, door="smpp", credential="shop", text="Hello", parts=1,
            encoding="gsm7", priority=number, expires_at=NOW + 9**9, accepted_at=NOW, state="queued",
            connector_id="a",
        )  # fmt: skip
        rows.add(
            "segment", message_id=identifier, number=1, connector_id="a", state=state, available_at=NOW,
            expires_at=NOW + 9**9,
        )  # fmt: skip


async def run(url: str, work: Callable[[Connection], Any]) -> None:
    async with connected(url) as connection:
        await connection.run_sync(work)


async def test_nothing_is_lost_and_what_is_new_has_its_default(old_place: Place) -> None:
    await run(old_place.url, fill)
    assert await asyncio.to_thread(upgrade, old_place.url)

    store = old_place.store()
    await store.open()
    try:
        shop, bank = await store.find_esme("shop"), await store.find_esme("bank")
        assert shop.settings == EsmeSettings(4, "", 120, 9, enabled=True), "it was per second"
        assert (shop.id, shop.password, shop.created_at, shop.updated_at) == (3, "", 6, 6)
        assert bank.settings.throughput == 0
        assert await store.create_esme(7, "new", EsmeSettings(), password_hash="argon") == 9

        first, second = (each.config for each in await store.list_connectors())
        assert (first.connector_id, first.number, second.connector_id, second.number) == ("a", 1, "b", 2)
        assert (first.smpp_version, first.tls, first.tls_verify) == ("3.4", False, True)
        assert first.profile == STANDARD
        assert (first.source_ton, first.source_npi, first.dest_ton) == (0, 3, None)
        assert (first.fixed_source_ton, first.fixed_source_npi, first.fixed_dest_ton) == (0, 3, 1)
        assert (second.fixed_source_ton, second.fixed_dest_ton, second.fixed_dest_npi) == (5, 2, 1)
        assert first.password == "s3cret"
        await store.create_connector(connector("c"))
        assert (await store.find_connector("c")).config.number == 3

        snapshot = await store.snapshot()
        routes = [(route.position, route.name) for route in snapshot.routes]
        assert routes == [(1, "first"), (2, "second"), (3, "third"), (4, "last")], "in the order they had"
        route = {"prefix": "", "account_id": None, "connector_ids": ("a",), "rate": 1}
        assert await store.create_route("new", position=None, **route) == 5

        account = snapshot.accounts[7]
        assert (account.receipt_policy, account.smart_encoding) == (ReceiptPolicy.ALL, False)
        claimed = await store.journal.claim("a", 10, NOW + 1)
        assert [segment.message.id for segment in claimed] == [IDS[1], IDS[0]], "the higher priority first"
        assert claimed[0].message.receipt_policy is ReceiptPolicy.ALL
        await accept(store, make_message(7, connector_id="a", state=SegmentState.QUEUED))
    finally:
        await store.close()


async def test_there_and_back_again(old_place: Place) -> None:
    await run(old_place.url, fill)
    before = await contents(old_place)
    await asyncio.to_thread(upgrade, old_place.url)
    await run(old_place.url, lambda connection: migrate_to(connection, "0001"))
    assert await contents(old_place) == before
    assert await asyncio.to_thread(upgrade, old_place.url)


async def test_counts_without_segments_are_made_again(old_place: Place) -> None:
    await run(old_place.url, lambda connection: migrate_to(connection, "0010"))

    def count(connection: Connection) -> None:
        rows = Rows(connection)
        rows.add("traffic", hour=0, account_id=7, connector_id="a", state="sent", reason="", messages=3)
        rows.add("traffic_hour", hour=0, counted_at=5)

    await run(old_place.url, count)
    assert await asyncio.to_thread(upgrade, old_place.url)
    assert await old_place.rows("SELECT hour FROM traffic UNION ALL SELECT hour FROM traffic_hour") == []


async def contents(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the tables that `fill` fills."""
    tables = ("account", "esme", "connector", "message", "segment", "setting")
    found = {}
    for table in tables:
        columns = ", ".join(f'"{name}"' for name in sorted(await place._columns(table)))
        found[table] = sorted(await place.rows(f"SELECT {columns} FROM {table}"), key=str)
    return found
