"""The ordered MT route table."""

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.engine import RowMapping

from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.model.errors import AlreadyExists
from trunkline.model.snapshot import Route

_route = tables.route
_decode_ids = msgspec.json.Decoder(tuple[str, ...]).decode


def build_route(row: RowMapping) -> Route:
    """A route from its row."""
    return Route(**{**row, "connector_ids": _decode_ids(row["connector_ids"])})


class Routes(AuditTrail):
    """Routes: the first that matches wins."""

    async def create_route(
        self,
        name: str,
        *,
        position: int | None,
        prefix: str,
        account_id: int | None,
        connector_ids: tuple[str, ...],
        rate: int,
    ) -> int:
        """Adds a route and returns its id; without a `position` it comes last.

        Raises `AlreadyExists`, and `NotFound` when there is no such account.
        """
        async with self._configure(AlreadyExists("route", name)) as connection:
            if account_id is not None:
                await self._need_account(connection, account_id)
            if position is None:
                position = 1 + (await connection.scalar(select(func.max(_route.c.position))) or 0)
            values = {
                "position": position,
                "name": name,
                "prefix": prefix,
                "account_id": account_id,
                "connector_ids": msgspec.json.encode(connector_ids).decode(),
                "rate": rate,
            }
            created = await connection.scalar(insert(_route).values(**values).returning(_route.c.id))
            shown = values | {"connector_ids": list(connector_ids)}
            await self._record(connection, "create", "route", name, after=shown, account_id=account_id)
        return int(created)

    async def list_routes(self) -> list[Route]:
        """All routes, in their order."""
        async with self._read() as connection:
            rows = await connection.execute(select(_route).order_by(_route.c.position, _route.c.id))
            return [build_route(row._mapping) for row in rows]
