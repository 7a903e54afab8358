"""The route table as people manage it: who may, and what a route can be."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import SqlStore, open_store, upgrade
from trunkline.model.administration import RouteFilter, RouteRow
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.identity import COMMAND_LINE, PERMISSIONS_OF_ROLE, TENANT_PERMISSIONS, Forbidden, Role
from trunkline.services.accounts import InvalidInput
from trunkline.services.connectors import Connectors
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.routes import Routes

OPERATOR = replace(COMMAND_LINE, role=Role.OPERATOR, permissions=PERMISSIONS_OF_ROLE[Role.OPERATOR])
VIEWER = replace(COMMAND_LINE, role=Role.VIEWER, permissions=PERMISSIONS_OF_ROLE[Role.VIEWER])
TENANT = replace(COMMAND_LINE, role=Role.ENTERPRISE, permissions=frozenset(TENANT_PERMISSIONS), account_id=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("routes") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def store(template: Path, tmp_path: Path) -> AsyncIterator[SqlStore]:
    shutil.copy(template, tmp_path / "store.db")
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", secret_box=SecretBox(Fernet.generate_key()))
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def routes(store: SqlStore) -> Routes:
    """A table with nothing in it; there are the connectors a and b, and the account acme."""
    await Connectors(store).create(COMMAND_LINE, connector_id="a", host="a.example")
    await Connectors(store).create(COMMAND_LINE, connector_id="b", host="b.example")
    await EnterpriseUsers(store).create(COMMAND_LINE, "acme")
    return Routes(store)


async def test_a_route_from_its_making_to_its_end(routes: Routes) -> None:
    made = await routes.create(OPERATOR, "all", ("a", "b"))
    assert made == RouteRow(made.id, 1, "all", "", "", ("a", "b"), 1_000_000, True)
    germany = await routes.create(
        OPERATOR, "Germany", ["b"], prefix="49", account="acme", rate=70_000, position=1, enabled=False
    )
    assert germany == RouteRow(germany.id, 1, "Germany", "49", "acme", ("b",), 70_000, False)
    assert await routes.get(VIEWER, "all") == await routes.get(VIEWER, made.id) == replace(made, position=2)

    changed = await routes.change(OPERATOR, "Germany", prefix="", account="", rate=0, enabled=True)
    assert changed == replace(germany, prefix="", account="", rate=0, enabled=True)
    assert (await routes.change(OPERATOR, made.id, name="rest", connectors=("b",))).name == "rest"
    assert (await routes.move(OPERATOR, "Germany", 77)).position == 2
    listed = await routes.list(VIEWER, RouteFilter(connector="b"))
    assert [row.name for row in listed.items] == ["rest", "Germany"]

    await routes.delete(OPERATOR, "rest")
    assert [row.position for row in (await routes.list(VIEWER)).items] == [1]
    with pytest.raises(NotFound, match="route 'rest'"):
        await routes.get(VIEWER, "rest")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " all"),
        ("name", "a\nb"),
        ("name", "x" * 101),
        ("prefix", "+49"),
        ("prefix", "49x"),
        ("prefix", "²"),
        ("prefix", "4" * 21),
        ("rate", -1),
        ("rate", 10**12 + 1),
        ("connectors", ()),
        ("connectors", ("a", "c")),
        ("connectors", ("a", "a")),
        ("connectors", ("a\0",)),
        ("connectors", tuple(str(number) for number in range(51))),
        ("account", "nobody"),
    ],
)
async def test_routes_that_cannot_be(routes: Routes, field: str, value: object) -> None:
    values: dict[str, Any] = {"name": "r", "connectors": ("a",)} | {field: value}
    with pytest.raises(InvalidInput) as refused:
        await routes.create(OPERATOR, values.pop("name"), values.pop("connectors"), **values)
    assert refused.value.field == field
    assert (await routes.list(OPERATOR)).items == []
    before = await routes.create(OPERATOR, "r", ("a",))
    with pytest.raises(InvalidInput) as refused:
        await routes.change(OPERATOR, "r", **{field: value})
    assert refused.value.field == field
    assert await routes.get(OPERATOR, "r") == before


@pytest.mark.parametrize("position", [0, -1, 2**31])
async def test_places_that_there_are_not(routes: Routes, position: int) -> None:
    await routes.create(OPERATOR, "r", ("a",))
    for work in (
        routes.create(OPERATOR, "s", ("a",), position=position),
        routes.move(OPERATOR, "r", position),
    ):
        with pytest.raises(InvalidInput, match="position"):
            await work
    assert [row.name for row in (await routes.list(OPERATOR)).items] == ["r"]


async def test_a_name_is_there_once(routes: Routes) -> None:
    await routes.create(OPERATOR, "r", ("a",))
    await routes.create(OPERATOR, "s", ("a",))
    for work in (routes.create(OPERATOR, "r", ("a",)), routes.change(OPERATOR, "s", name="r")):
        with pytest.raises(AlreadyExists):
            await work


async def test_a_connector_that_is_no_more_may_stay_and_not_come_back(
    routes: Routes, store: SqlStore
) -> None:
    await routes.create(OPERATOR, "r", ("a", "b"))
    await routes.create(OPERATOR, "s", ("a",))
    await Connectors(store).delete(COMMAND_LINE, "b")
    assert (await routes.change(OPERATOR, "r", connectors=("b", "a"))).connector_ids == ("b", "a")
    with pytest.raises(InvalidInput, match="connector 'b' does not exist"):
        await routes.change(OPERATOR, "s", connectors=("b",))


async def test_the_default_route(routes: Routes) -> None:
    await routes.create(OPERATOR, "acme's", ("a",), account="acme")
    assert not await routes.has_default(VIEWER)
    await routes.create(OPERATOR, "all", ("a",))
    assert await routes.has_default(VIEWER)
    await routes.change(OPERATOR, "all", enabled=False)
    assert not await routes.has_default(VIEWER)


CHANGING: list[Callable[[Routes, Any], Awaitable[object]]] = [
    lambda routes, actor: routes.create(actor, "s", ("a",)),
    lambda routes, actor: routes.change(actor, "r", rate=0),
    lambda routes, actor: routes.move(actor, "r", 1),
    lambda routes, actor: routes.delete(actor, "r"),
]
LOOKING: list[Callable[[Routes, Any], Awaitable[object]]] = [
    lambda routes, actor: routes.get(actor, "r"),
    lambda routes, actor: routes.list(actor),
    lambda routes, actor: routes.has_default(actor),
]


async def test_who_may(routes: Routes) -> None:
    before = await routes.create(OPERATOR, "r", ("a",))
    for work in CHANGING:
        with pytest.raises(Forbidden, match="manage_traffic"):
            await work(routes, VIEWER)
    for work in LOOKING:
        await work(routes, VIEWER)
    for work in (*CHANGING, *LOOKING):
        with pytest.raises(Forbidden):
            await work(routes, TENANT)
    assert (await routes.list(OPERATOR)).items == [before]
