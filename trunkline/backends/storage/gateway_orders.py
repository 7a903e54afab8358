"""Orders to the services of a process: whoever gives one writes a row, the process looks for its own."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import cut
from trunkline.model.errors import NotFound
from trunkline.model.gateway_control import Control, Order, Service
from trunkline.model.identity import acting
from trunkline.model.people import Page, Paging

_order = tables.gateway_order

KEPT_MS: Final = 30 * 24 * 3_600_000
"""How long an order is shown; the audit log keeps it for ever."""


class GatewayOrders(AuditTrail):
    """Orders, in the order in which they were given."""

    async def create_order(self, node: str, service: Service, control: Control) -> Order:
        """Writes an order down, and who gave it."""
        now = self._now_ms()
        async with self._write() as connection:
            await connection.execute(delete(_order).where(_order.c.ordered_at < now - KEPT_MS))
            created = await connection.scalar(
                insert(_order)
                .values(
                    node=node,
                    service=service.value,
                    control=control.value,
                    actor=acting().name[:255],
                    ordered_at=now,
                    failure="",
                )
                .returning(_order.c.id)
            )
            await self._append(
                connection, control.value, "gateway", node, {"service": service.value}, account_id=None
            )
        return Order(int(created), node, service, control, acting().name, now)

    async def find_order(self, order_id: int) -> Order:
        """One order. Raises `NotFound`."""
        async with self._read() as connection:
            row = (await connection.execute(select(_order).where(_order.c.id == order_id))).one_or_none()
        if row is None:
            raise NotFound("order", str(order_id))
        return _build(row._mapping)

    async def page_orders(self, page: Paging) -> Page[Order]:
        """The newest first."""
        query = select(_order).order_by(_order.c.id.desc())
        if page.after:
            query = query.where(_order.c.id < int(page.after))
        async with self._read() as connection:
            rows = await connection.execute(query.limit(page.limit + 1))
            orders = [_build(row._mapping) for row in rows]
        return cut(orders, page.limit, lambda each: str(each.id))

    async def waiting_orders(self, node: str) -> list[Order]:
        """What a node has not done yet, the oldest first."""
        query = select(_order).where(_order.c.node == node, _order.c.done_at.is_(None)).order_by(_order.c.id)
        async with self._read() as connection:
            return [_build(row._mapping) for row in await connection.execute(query)]

    async def finish_order(self, order_id: int, failure: str = "") -> None:
        """It was carried out, or could not be."""
        async with self._write() as connection:
            await connection.execute(
                update(_order).where(_order.c.id == order_id).values(done_at=self._now_ms(), failure=failure)
            )

    async def void_orders(self, node: str, failure: str) -> None:
        """What still waits for a node was meant for the process that had its name before."""
        async with self._write() as connection:
            await connection.execute(
                update(_order)
                .where(_order.c.node == node, _order.c.done_at.is_(None))
                .values(done_at=self._now_ms(), failure=failure)
            )


def _build(row: Mapping[Any, Any]) -> Order:
    return Order(**{**row, "service": Service(row["service"]), "control": Control(row["control"])})
