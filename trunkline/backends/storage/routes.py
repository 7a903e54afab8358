"""The ordered MT route table."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import containing, count_up, cut
from trunkline.model.administration import RouteFilter, RouteRow
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.people import Page, Paging
from trunkline.model.snapshot import Route

_route = tables.route
_account = tables.account
_decode_ids = msgspec.json.Decoder(tuple[str, ...]).decode
_shown = select(
    *(each for each in _route.c if each.name != "account_id"),
    func.coalesce(_account.c.name, "").label("account"),
).join_from(_route, _account, isouter=True)


def build_route(row: RowMapping) -> Route:
    """A route from its row."""
    return Route(**{**row, "connector_ids": _decode_ids(row["connector_ids"])})


class Routes(AuditTrail):
    """Routes: the first that matches wins. Their positions are 1, 2, 3 ... whatever is changed."""

    async def create_route(
        self,
        name: str,
        *,
        position: int | None,
        prefix: str,
        account_id: int | None,
        connector_ids: tuple[str, ...],
        rate: int,
        enabled: bool = True,
    ) -> int:
        """Adds a route and returns its id; without a `position` it comes last.

        Raises `AlreadyExists`, and `NotFound` when there is no such account.
        """
        values = _values(name, prefix, account_id, connector_ids, rate, enabled)
        async with self._configure(AlreadyExists("route", name)) as connection:
            if account_id is not None:
                await self._need_account(connection, account_id)
            end = 1 + await self._lock_order(connection)
            position = end if position is None else min(position, end)
            await connection.execute(
                update(_route).where(_route.c.position >= position).values(position=_route.c.position + 1)
            )
            route_id = await count_up(connection, tables.ROUTE_ID)
            values |= {"position": position}
            await connection.execute(insert(_route).values(id=route_id, **values))
            await self._record(
                connection, "create", "route", name, after=_plain(values), account_id=account_id
            )
        return route_id

    async def update_route(
        self,
        route_id: int,
        *,
        name: str,
        prefix: str,
        account_id: int | None,
        connector_ids: tuple[str, ...],
        rate: int,
        enabled: bool,
    ) -> None:
        """Changes everything but its position.

        Raises `AlreadyExists`, and `NotFound` when there is no such route or account.
        """
        values = _values(name, prefix, account_id, connector_ids, rate, enabled)
        async with self._configure(AlreadyExists("route", name)) as connection:
            if account_id is not None:
                await self._need_account(connection, account_id)
            await self._lock_order(connection)
            before = await self._locked_route(connection, route_id)
            await connection.execute(update(_route).where(_route.c.id == route_id).values(**values))
            await self._record(
                connection,
                "change",
                "route",
                before["name"],
                _plain({each: before[each] for each in values}),
                _plain(values),
                account_id=account_id,
            )

    async def move_route(self, route_id: int, position: int) -> None:
        """Puts a route at a position, the end at most; those between move up or down. Raises `NotFound`."""
        async with self._configure() as connection:
            end = await self._lock_order(connection)
            before = await self._locked_route(connection, route_id)
            old, new = before["position"], min(position, end)
            low, high, step = (new, old - 1, 1) if new < old else (old + 1, new, -1)
            between = _route.c.position.between(low, high)
            await connection.execute(update(_route).where(between).values(position=_route.c.position + step))
            await connection.execute(update(_route).where(_route.c.id == route_id).values(position=new))
            await self._record(
                connection,
                "change",
                "route",
                before["name"],
                {"position": old},
                {"position": new},
                account_id=before["account_id"],
            )

    async def delete_route(self, route_id: int) -> None:
        """Deletes a route; those after it move up. Messages go on naming it. Raises `NotFound`."""
        async with self._configure() as connection:
            await self._lock_order(connection)
            before = await self._locked_route(connection, route_id)
            await connection.execute(delete(_route).where(_route.c.id == route_id))
            after = _route.c.position > before["position"]
            await connection.execute(update(_route).where(after).values(position=_route.c.position - 1))
            del before["id"]
            account_id = before["account_id"]
            await self._record(
                connection, "delete", "route", before["name"], _plain(before), account_id=account_id
            )

    async def find_route(self, key: int | str) -> RouteRow:
        """One route by its id or its name. Raises `NotFound`."""
        column = _route.c.id if isinstance(key, int) else _route.c.name
        async with self._read() as connection:
            row = (await connection.execute(_shown.where(column == key))).one_or_none()
        if row is None:
            raise NotFound("route", str(key))
        return _row_of(row._mapping)

    async def page_routes(self, wanted: RouteFilter, page: Paging) -> Page[RouteRow]:
        """Routes in their order; the cursor is the last position."""
        query = _shown.where(_route.c.position > int(page.after or 0), *_conditions(wanted))
        async with self._read() as connection:
            rows = await connection.execute(query.order_by(_route.c.position).limit(page.limit + 1))
            found = [_row_of(row._mapping) for row in rows]
        return cut(found, page.limit, lambda row: str(row.position))

    async def list_routes(self) -> list[Route]:
        """All routes in their order, those that are switched off too."""
        async with self._read() as connection:
            rows = await connection.execute(select(_route).order_by(_route.c.position))
            return [build_route(row._mapping) for row in rows]

    async def has_default_route(self) -> bool:
        """Whether an enabled route takes every destination of every account."""
        everything = (_route.c.prefix == "", _route.c.account_id.is_(None), _route.c.enabled)
        async with self._read() as connection:
            return bool(await connection.scalar(select(exists().where(*everything))))

    async def _lock_order(self, connection: AsyncConnection) -> int:
        """Keeps the order for this transaction alone; returns the last position.

        Every change of the configuration writes the revision, so that its row stands for all of them.
        """
        setting = tables.setting
        await connection.execute(
            select(setting.c.value).where(setting.c.key == tables.REVISION).with_for_update()
        )
        return int(await connection.scalar(select(func.max(_route.c.position))) or 0)

    async def _locked_route(self, connection: AsyncConnection, route_id: int) -> dict[str, Any]:
        row = (await connection.execute(select(_route).where(_route.c.id == route_id))).one_or_none()
        if row is None:
            raise NotFound("route", str(route_id))
        return dict(row._mapping)


def _values(
    name: str, prefix: str, account_id: int | None, connector_ids: tuple[str, ...], rate: int, enabled: bool
) -> dict[str, Any]:
    return {
        "name": name,
        "prefix": prefix,
        "account_id": account_id,
        "connector_ids": msgspec.json.encode(connector_ids).decode(),
        "rate": rate,
        "enabled": enabled,
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row for the audit log."""
    return {**values, "connector_ids": list(_decode_ids(values["connector_ids"]))}


def _row_of(row: RowMapping) -> RouteRow:
    return RouteRow(**{**row, "connector_ids": _decode_ids(row["connector_ids"])})


def _conditions(wanted: RouteFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        name = func.lower(_route.c.name).like(containing(wanted.text.lower()), escape="\\")
        conditions.append(or_(name, _route.c.prefix.startswith(wanted.text, autoescape=True)))
    if wanted.account:
        conditions.append(_account.c.name == wanted.account)
    if wanted.connector:
        as_kept = msgspec.json.encode(wanted.connector).decode()
        conditions.append(_route.c.connector_ids.contains(as_kept, autoescape=True))
    if wanted.enabled is not None:
        conditions.append(_route.c.enabled == wanted.enabled)
    return conditions
