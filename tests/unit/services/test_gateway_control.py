"""Gateway control: who may, which service, which order makes sense."""

from dataclasses import replace

import pytest

from trunkline.model.errors import NotFound
from trunkline.model.gateway_control import Control, Order, Service, ServiceState, ServiceStatus
from trunkline.model.identity import COMMAND_LINE, PERMISSIONS_OF_ROLE, Actor, Forbidden, Role
from trunkline.model.nodes import ALIVE_MS, NodeRole, NodeStatus
from trunkline.model.people import Page, Paging
from trunkline.services.accounts import InvalidInput
from trunkline.services.gateway_control import GatewayControl

NOW = 1_790_000_000_000


def status(service: Service, state: ServiceState = ServiceState.RUNNING) -> ServiceStatus:
    return ServiceStatus(service, state, NOW)


def node(name: str, *services: ServiceStatus, as_of: int = NOW) -> NodeStatus:
    return NodeStatus(name, NodeRole.ALL, "1.0", NOW, 0, 0, 0, (), services, as_of)


class Nodes:
    """Nodes that the test puts in, and the orders that came."""

    def __init__(self, *nodes: NodeStatus) -> None:
        self.found = list(nodes)
        self.orders: list[Order] = []
        self.looks = 0

    async def nodes(self) -> list[NodeStatus]:
        return self.found

    async def create_order(self, node: str, service: Service, control: Control) -> Order:
        self.orders.append(Order(len(self.orders), node, service, control, "ann", NOW))
        return self.orders[-1]

    async def find_order(self, order_id: int) -> Order:
        if order_id >= len(self.orders):
            raise NotFound("order", str(order_id))
        self.looks += 1
        order = self.orders[order_id]
        return replace(order, done_at=NOW) if self.looks > 2 else order

    async def page_orders(self, _page: Paging) -> Page[Order]:
        return Page(self.orders, None)


class Clock:
    def now_ms(self) -> int:
        return NOW


def control_of(*nodes: NodeStatus) -> tuple[GatewayControl, Nodes]:
    store = Nodes(*nodes)
    return GatewayControl(store, Clock()), store


SMPP = status(Service.SMPP_SERVER)
HELD = status(Service.SMPP_SERVER, ServiceState.DRAINED)


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.SUPER_ADMIN])
async def test_only_super_administrators_may(role: Role) -> None:
    control, store = control_of(node("a", SMPP))
    actor = Actor("ann", role, PERMISSIONS_OF_ROLE[role])
    for attempt in (
        control.services(actor),
        control.orders(actor),
        control.find_order(actor, 0),
        control.outcome(actor, 0, 0),
        control.order(actor, Service.SMPP_SERVER, Control.DRAIN),
    ):
        with pytest.raises(Forbidden):
            await attempt
    assert not store.orders


async def test_services_stand_by_node_page_by_page() -> None:
    control, _ = control_of(
        node("a", SMPP, status(Service.PROCESS)),
        node("b", status(Service.PROCESS), SMPP, as_of=NOW - ALIVE_MS),
    )
    first = await control.services(COMMAND_LINE, Paging(2))
    rest = await control.services(COMMAND_LINE, Paging(2, str(first.next)))
    assert [(row.node, row.status.service, row.status.state) for row in [*first.items, *rest.items]] == [
        ("a", Service.PROCESS, ServiceState.RUNNING),
        ("a", Service.SMPP_SERVER, ServiceState.RUNNING),
        ("b", Service.PROCESS, ServiceState.NOT_ANSWERING),
    ]
    assert rest.next is None


@pytest.mark.parametrize(
    ("services", "service", "order", "field", "rule"),
    [
        ([SMPP], Service.SMPP_SERVER, Control.RESUME, "control", "smpp_server is running on a"),
        ([HELD], Service.SMPP_SERVER, Control.DRAIN, "control", "smpp_server is drained on a"),
        (
            [SMPP],
            Service.SMPP_SERVER,
            Control.STOP,
            "control",
            "smpp_server understands drain, resume, restart",
        ),
        (
            [status(Service.PDU_LOGS)],
            Service.PDU_LOGS,
            Control.RESTART,
            "control",
            "pdu_logs understands nothing: it is watched",
        ),
        ([SMPP], Service.SMPP_TLS, Control.RELOAD, "node", "nothing has smpp_tls"),
    ],
)
async def test_orders_that_make_no_sense(
    services: list[ServiceStatus], service: Service, order: Control, field: str, rule: str
) -> None:
    control, store = control_of(node("a", *services))
    with pytest.raises(InvalidInput) as refused:
        await control.order(COMMAND_LINE, service, order)
    assert (refused.value.field, refused.value.rule) == (field, rule)
    assert not store.orders


async def test_which_node() -> None:
    control, store = control_of(node("a", SMPP), node("b", HELD), node("c", SMPP, as_of=NOW - ALIVE_MS))
    for name, rule in (
        ("", "name one of a, b"),
        ("d", "smpp_server runs on a, b"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await control.order(COMMAND_LINE, Service.SMPP_SERVER, Control.DRAIN, name)
        assert (refused.value.field, refused.value.rule) == ("node", rule)
    with pytest.raises(InvalidInput, match="c does not answer"):
        await control.order(COMMAND_LINE, Service.PROCESS, Control.STOP, "c")
    order = await control.order(COMMAND_LINE, Service.SMPP_SERVER, Control.RESUME, "b")
    assert store.orders == [order]
    assert (order.node, order.control) == ("b", Control.RESUME)


async def test_the_outcome_is_waited_for() -> None:
    control, _ = control_of(node("a", SMPP))
    order = await control.order(COMMAND_LINE, Service.SMPP_SERVER, Control.DRAIN)
    assert (await control.outcome(COMMAND_LINE, order.id, 0)).state == "waiting"
    assert (await control.outcome(COMMAND_LINE, order.id, 60)).state == "done"
