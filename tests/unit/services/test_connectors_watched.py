"""Connectors as people work them: who may, how each one does, pages and filters."""

import pytest

from trunkline.model.errors import NotFound
from trunkline.model.identity import PERMISSIONS_OF_ROLE, TENANT_PERMISSIONS, Actor, Forbidden, Role
from trunkline.model.people import Paging
from trunkline.model.status import BindStatus, ConnectorStatus
from trunkline.services.bottleneck import Limit
from trunkline.services.connectors import ConnectorFilter, Connectors, ConnectorState, state_of

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
async def connectors(administration: MemoryAdministration, live: list[ConnectorStatus]) -> Connectors:
    connectors = Connectors(administration, lambda: live)
    for connector_id in "dcba":
        await connectors.create(OPERATOR, connector_id=connector_id, host=f"{connector_id}.example")
    await connectors.set_enabled(OPERATOR, "d", False)
    return connectors


async def test_each_has_its_state_from_the_live_status(connectors: Connectors) -> None:
    page = await connectors.page(VIEWER, Paging())
    assert [(row.config.connector_id, state_of(row).value) for row in page.items] == [
        ("a", "bound"),
        ("b", "connecting"),
        ("c", "not_running"),
        ("d", "stopped"),
    ]
    assert page.next is None


async def test_pages_and_filters(connectors: Connectors) -> None:
    first = await connectors.page(VIEWER, Paging(3))
    assert ([row.config.connector_id for row in first.items], first.next) == (["a", "b", "c"], "c")
    second = await connectors.page(VIEWER, Paging(3, "c"))
    assert ([row.config.connector_id for row in second.items], second.next) == (["d"], None)
    for which, found in (
        (ConnectorFilter("B.EX"), ["b"]),
        (ConnectorFilter("a"), ["a", "b", "c", "d"]),  # every host has one
        (ConnectorFilter("a", ConnectorState.STOPPED), ["d"]),
        (ConnectorFilter("z"), []),
    ):
        page = await connectors.page(VIEWER, Paging(), which)
        assert [row.config.connector_id for row in page.items] == found


async def test_the_bottleneck_is_that_of_the_live_status(connectors: Connectors) -> None:
    assert "connection refused" in (await connectors.explain(VIEWER, "b")).explanation
    assert (await connectors.explain(VIEWER, "c")).limit is Limit.STOPPED
    with pytest.raises(NotFound):
        await connectors.explain(VIEWER, "z")


async def test_start_and_stop(connectors: Connectors, administration: MemoryAdministration) -> None:
    await connectors.set_enabled(OPERATOR, "a", False)
    assert not administration.connectors["a"].enabled
    await connectors.set_enabled(OPERATOR, "a", True)
    assert administration.connectors["a"].enabled
    with pytest.raises(NotFound):
        await connectors.set_enabled(OPERATOR, "z", False)


async def test_who_may_not(connectors: Connectors, administration: MemoryAdministration) -> None:
    for refused in (
        connectors.page(TENANT, Paging()),
        connectors.list(TENANT),
        connectors.get(TENANT, "a"),
        connectors.explain(TENANT, "a"),
    ):
        with pytest.raises(Forbidden, match="view_platform"):
            await refused
    for actor in (TENANT, VIEWER):
        for refused_change in (
            connectors.set_enabled(actor, "a", False),
            connectors.set_enabled(actor, "d", True),
            connectors.create(actor, connector_id="e", host="e.example"),
            connectors.change(actor, "a", window=1),
            connectors.delete(actor, "a"),
        ):
            with pytest.raises(Forbidden, match="manage_traffic"):
                await refused_change
    assert administration.connectors["a"].enabled
    assert not administration.connectors["d"].enabled
