"""Gateway control: the services of every process on the database, and orders to them (text 000)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from trunkline.model.gateway_control import CONTROLS, Control, Order, Service, ServiceState, ServiceStatus
from trunkline.model.identity import Actor, Permission
from trunkline.model.nodes import NodeRole, NodeStatus
from trunkline.model.people import Page, Paging
from trunkline.model.ports import Clock
from trunkline.services.accounts import InvalidInput

LOOK_S: Final = 0.2


class ControlStore(Protocol):
    """What is written down of nodes and orders. Raises `StorageUnavailable`."""

    async def nodes(self) -> list[NodeStatus]: ...

    async def create_order(self, node: str, service: Service, control: Control) -> Order: ...

    async def find_order(self, order_id: int) -> Order:
        """Raises `NotFound`."""
        ...

    async def page_orders(self, page: Paging) -> Page[Order]: ...


@dataclass(slots=True, frozen=True)
class ServiceRow:
    """A service, and the process that it is of."""

    node: str
    role: NodeRole
    version: str
    status: ServiceStatus
    as_of: int  # when its process said so (Unix ms)

    @property
    def key(self) -> str:
        """What names it, and orders the rows."""
        return f"{self.node}/{list(Service).index(self.status.service):02d}"


class GatewayControl:
    """Watches and orders for an actor. Every method raises `Forbidden`."""

    def __init__(self, store: ControlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def services(self, actor: Actor, paging: Paging | None = None) -> Page[ServiceRow]:
        """The services by node; of a node that does not answer, the process alone."""
        actor.require(Permission.CONTROL_GATEWAY)
        paging = paging or Paging()
        found = [row for row in await self._rows() if row.key > paging.after]
        items = found[: paging.limit]
        return Page(items, items[-1].key if len(found) > len(items) else None)

    async def order(self, actor: Actor, service: Service, control: Control, node: str = "") -> Order:
        """Tells a service; its process takes the order up within a second.

        Without a node it is the only one that has the service. Raises `InvalidInput` naming `node` or
        `control`.
        """
        actor.require(Permission.CONTROL_GATEWAY)
        row = self._chosen(await self._rows(), service, node)
        if control not in CONTROLS.get(service, ()):
            known = ", ".join(each.value for each in CONTROLS.get(service, ()))
            raise InvalidInput("control", f"{service.value} understands {known or 'nothing: it is watched'}")
        if not row.status.understands(control):
            raise InvalidInput("control", f"{service.value} is {row.status.state.value} on {row.node}")
        return await self._store.create_order(row.node, service, control)

    async def find_order(self, actor: Actor, order_id: int) -> Order:
        """What became of an order. Raises `NotFound`."""
        actor.require(Permission.CONTROL_GATEWAY)
        return await self._store.find_order(order_id)

    async def orders(self, actor: Actor, paging: Paging | None = None) -> Page[Order]:
        """The orders of the last month, the newest first."""
        actor.require(Permission.CONTROL_GATEWAY)
        return await self._store.page_orders(paging or Paging())

    async def outcome(self, actor: Actor, order_id: int, patience_s: float) -> Order:
        """The order once its process has dealt with it, or as it is when the patience is over."""
        order = await self.find_order(actor, order_id)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience_s
        while order.done_at is None and loop.time() < deadline:
            await asyncio.sleep(LOOK_S)
            order = await self.find_order(actor, order_id)
        return order

    async def _rows(self) -> list[ServiceRow]:
        now = self._clock.now_ms()
        return [
            ServiceRow(node.node, node.role, node.version, status, node.as_of)
            for node in await self._store.nodes()
            for status in _services(node, now)
        ]

    def _chosen(self, rows: Sequence[ServiceRow], service: Service, node: str) -> ServiceRow:
        offered = [row for row in rows if row.status.service is service]
        found = [row for row in offered if node in ("", row.node)]
        alive = [row for row in found if row.status.state is not ServiceState.NOT_ANSWERING]
        if len(alive) == 1:
            return alive[0]
        if alive:
            raise InvalidInput("node", f"name one of {', '.join(row.node for row in alive)}")
        if found:
            raise InvalidInput("node", f"{found[0].node} does not answer")
        known = ", ".join(row.node for row in offered)
        raise InvalidInput(
            "node", f"{service.value} runs on {known}" if known else f"nothing has {service.value}"
        )


def _services(node: NodeStatus, now: int) -> Sequence[ServiceStatus]:
    if node.answers(now):
        return sorted(node.services, key=lambda each: list(Service).index(each.service))
    process = ServiceStatus(Service.PROCESS, ServiceState.NOT_ANSWERING, node.started_at)
    return [replace(process, figures={"version": node.version})]
