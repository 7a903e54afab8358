"""The route table as people manage it."""

from typing import Any

import pytest

from trunkline.model.errors import NotFound
from trunkline.model.identity import COMMAND_LINE
from trunkline.services.accounts import InvalidInput
from trunkline.services.connectors import Connectors
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.routes import Routes

from .conftest import MemoryAdministration


@pytest.fixture
async def routes(administration: MemoryAdministration) -> Routes:
    await Connectors(administration).create(COMMAND_LINE, connector_id="a", host="a.example")
    await Connectors(administration).create(COMMAND_LINE, connector_id="b", host="b.example")
    await EnterpriseUsers(administration).create(COMMAND_LINE, "acme")
    return Routes(administration)


async def test_routes(routes: Routes) -> None:
    await routes.create("all", ("a", "b"))
    await routes.create("Germany", ("b",), prefix="49", account="acme", rate=70_000, position=1)
    first, second = await routes.list()
    assert (first.name, first.prefix, first.account_id, first.connector_ids, first.rate) == (
        "Germany",
        "49",
        1,
        ("b",),
        70_000,
    )
    assert (second.name, second.prefix, second.account_id, second.connector_ids) == (
        "all",
        "",
        None,
        ("a", "b"),
    )
    assert second.rate == 1_000_000


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"prefix": "+49"}, InvalidInput),
        ({"prefix": "49x"}, InvalidInput),
        ({"rate": -1}, InvalidInput),
        ({"connector_ids": ()}, InvalidInput),
        ({"connector_ids": ("a", "c")}, NotFound),
        ({"account": "nobody"}, NotFound),
    ],
)
async def test_routes_that_cannot_be(routes: Routes, fields: dict[str, Any], error: type[Exception]) -> None:
    values: dict[str, Any] = {"connector_ids": ("a",)} | fields
    with pytest.raises(error):
        await routes.create("r", values.pop("connector_ids"), **values)
    assert await routes.list() == []


async def test_free_routes(routes: Routes) -> None:
    await routes.create("free", ("a",), rate=0)
    assert (await routes.list())[0].rate == 0
