"""Connectors as people work them: who may, how each one does, pages and filters."""

import pytest

from trunkline.model.errors import NotFound
from trunkline.model.identity import PERMISSIONS_OF_ROLE, TENANT_PERMISSIONS, Actor, Forbidden, Role
from trunkline.model.people import Paging
from trunkline.model.status import BindStatus, ConnectorStatus
from trunkline.services.bottleneck import Limit
from trunkline.services.connector_board import ConnectorBoard, ConnectorFilter, ConnectorState, state_of
from trunkline.services.connectors import Connectors

from .conftest import MemoryAdministration

OPERATOR = Actor("operator", Role.OPERATOR, PERMISSIONS_OF_ROLE[Role.OPERATOR])
VIEWER = Actor("viewer", Role.VIEWER, PERMISSIONS_OF_ROLE[Role.VIEWER])
TENANT = Actor("acme", Role.ENTERPRISE, frozenset(TENANT_PERMISSIONS), account_id=7)
BOUND = BindStatus("TRX", "BOUND_TRX", 0, "", "", 0, "")
DOWN = BindStatus("TRX", "CLOSED", 0, "", "", 0, "connection refused")


@pytest.fixture
def live() -> list[ConnectorStatus]:
    return [
        ConnectorStatus("a", True, (BOUND,), 3),
        ConnectorStatus("b", True, (DOWN,), 0),
        ConnectorStatus("c", False, (), 0),
    ]


@pytest.fixture
async def board(administration: MemoryAdministration, live: list[ConnectorStatus]) -> ConnectorBoard:
    connectors = Connectors(administration)
    for connector_id in "dcba":
        await connectors.create(connector_id=connector_id, host=f"{connector_id}.example")
    await connectors.set_enabled("d", False)
    return ConnectorBoard(connectors, lambda: live)


async def test_each_has_its_state_from_the_live_status(board: ConnectorBoard) -> None:
    page = await board.list(VIEWER, Paging())
    assert [(row.config.connector_id, state_of(row).value) for row in page.items] == [
        ("a", "bound"),
        ("b", "connecting"),
        ("c", "not_running"),
        ("d", "stopped"),
    ]
    assert page.next is None


async def test_pages_and_filters(board: ConnectorBoard) -> None:
    first = await board.list(VIEWER, Paging(3))
    assert ([row.config.connector_id for row in first.items], first.next) == (["a", "b", "c"], "c")
    second = await board.list(VIEWER, Paging(3, "c"))
    assert ([row.config.connector_id for row in second.items], second.next) == (["d"], None)
    for which, found in (
        (ConnectorFilter("B.EX"), ["b"]),
        (ConnectorFilter("a"), ["a", "b", "c", "d"]),  # every host has one
        (ConnectorFilter("a", ConnectorState.STOPPED), ["d"]),
        (ConnectorFilter("z"), []),
    ):
        page = await board.list(VIEWER, Paging(), which)
        assert [row.config.connector_id for row in page.items] == found


async def test_the_bottleneck_is_that_of_the_live_status(board: ConnectorBoard) -> None:
    assert "connection refused" in (await board.explain(VIEWER, "b")).explanation
    assert (await board.explain(VIEWER, "c")).limit is Limit.STOPPED
    with pytest.raises(NotFound):
        await board.explain(VIEWER, "z")


async def test_start_and_stop(board: ConnectorBoard, administration: MemoryAdministration) -> None:
    await board.stop(OPERATOR, "a")
    assert not administration.connectors["a"].enabled
    await board.start(OPERATOR, "a")
    assert administration.connectors["a"].enabled
    with pytest.raises(NotFound):
        await board.stop(OPERATOR, "z")


async def test_who_may_not(board: ConnectorBoard, administration: MemoryAdministration) -> None:
    for refused in (board.list(TENANT, Paging()), board.explain(TENANT, "a")):
        with pytest.raises(Forbidden, match="view_platform"):
            await refused
    for actor in (TENANT, VIEWER):
        for refused_change in (board.stop(actor, "a"), board.start(actor, "d")):
            with pytest.raises(Forbidden, match="manage_traffic"):
                await refused_change
    assert administration.connectors["a"].enabled
    assert not administration.connectors["d"].enabled
