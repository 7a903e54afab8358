"""The ordered MT route table as people manage it (text 000, "MT (Outbound) Routes")."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.model.administration import Administration, RouteFilter, RouteRow
from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.money import MICROS
from trunkline.model.people import Page, Paging
from trunkline.services.accounts import InvalidInput

NAME_MAX = 100
PREFIX_MAX = 20
CONNECTORS_MAX = 50
RATE_MAX = 1_000_000 * MICROS  # times the parts of the longest message it still fits a column


@dataclass(slots=True, frozen=True)
class RouteFields:
    """What can be changed of a route; its position is changed by moving it."""

    name: str
    connectors: tuple[str, ...]
    prefix: str = ""
    account: str = ""
    rate: int = MICROS
    enabled: bool = True


class Routes:
    """MT routes: the first enabled one that fits takes the message. Positions count from 1."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(
        self,
        actor: Actor,
        name: str,
        connectors: Sequence[str],
        *,
        position: int | None = None,
        **fields: Any,
    ) -> RouteRow:
        """Adds a route at a position (the end when None), with `RouteFields`; `rate` is in micro-credits.

        Raises `Forbidden`, `InvalidInput`, `AlreadyExists`.
        """
        actor.require(Permission.MANAGE_TRAFFIC)
        wanted = RouteFields(name, tuple(connectors), **fields)
        if position is not None:
            _check_position(position)
        check_route(wanted)
        stored = await self._stored(wanted, known=())
        route_id = await self._administration.create_route(position=position, **stored)
        return await self._administration.find_route(route_id)

    async def change(self, actor: Actor, key: int | str, **fields: Any) -> RouteRow:
        """Changes `RouteFields` of a route; what is not given stays.

        Raises `Forbidden`, `InvalidInput`, `NotFound`, `AlreadyExists`.
        """
        actor.require(Permission.MANAGE_TRAFFIC)
        before = await self._administration.find_route(key)
        present: dict[str, Any] = {
            "name": before.name,
            "connectors": before.connector_ids,
            "prefix": before.prefix,
            "account": before.account,
            "rate": before.rate,
            "enabled": before.enabled,
        }
        wanted = RouteFields(**(present | fields))
        check_route(wanted)
        # A connector that was deleted may stay in the routes that name it: they pass it over.
        stored = await self._stored(wanted, known=before.connector_ids)
        await self._administration.update_route(before.id, **stored)
        return await self._administration.find_route(before.id)

    async def move(self, actor: Actor, key: int | str, position: int) -> RouteRow:
        """Puts a route at a position, the last at most; those between make room.

        Raises `Forbidden`, `InvalidInput`, `NotFound`.
        """
        actor.require(Permission.MANAGE_TRAFFIC)
        _check_position(position)
        route = await self._administration.find_route(key)
        await self._administration.move_route(route.id, position)
        return await self._administration.find_route(route.id)

    async def delete(self, actor: Actor, key: int | str) -> None:
        """Deletes a route; messages that it took keep its number. Raises `Forbidden`, `NotFound`."""
        actor.require(Permission.MANAGE_TRAFFIC)
        route = await self._administration.find_route(key)
        await self._administration.delete_route(route.id)

    async def get(self, actor: Actor, key: int | str) -> RouteRow:
        """One route by its id or its name. Raises `Forbidden`, `NotFound`."""
        actor.require(Permission.VIEW_PLATFORM)
        return await self._administration.find_route(key)

    async def list(
        self, actor: Actor, wanted: RouteFilter | None = None, page: Paging | None = None
    ) -> Page[RouteRow]:
        """Routes in the order in which they are tried. Raises `Forbidden`."""
        actor.require(Permission.VIEW_PLATFORM)
        return await self._administration.page_routes(wanted or RouteFilter(), page or Paging())

    async def has_default(self, actor: Actor) -> bool:
        """Whether every message finds a route, whatever its account and destination. Raises `Forbidden`."""
        actor.require(Permission.VIEW_PLATFORM)
        return await self._administration.has_default_route()

    async def _stored(self, wanted: RouteFields, known: Sequence[str]) -> dict[str, Any]:
        """As the administration takes it; connectors that are not `known` and the account must exist."""
        for connector_id in wanted.connectors:
            if connector_id not in known:
                await self._need_connector(connector_id)
        return {
            "name": wanted.name,
            "prefix": wanted.prefix,
            "account_id": await self._account_id(wanted.account),
            "connector_ids": wanted.connectors,
            "rate": wanted.rate,
            "enabled": wanted.enabled,
        }

    async def _need_connector(self, connector_id: str) -> None:
        try:
            await self._administration.find_connector(connector_id)
        except NotFound as error:
            raise InvalidInput("connectors", str(error)) from None

    async def _account_id(self, name: str) -> int | None:
        if not name:
            return None
        try:
            return (await self._administration.account_by_name(name)).id
        except NotFound as error:
            raise InvalidInput("account", str(error)) from None


def check_route(wanted: RouteFields) -> None:
    """Raises `InvalidInput` for the first field that breaks a rule."""
    name = wanted.name
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable() or name != name.strip():
        raise InvalidInput("name", f"1 to {NAME_MAX} characters, no space first or last")
    prefix = wanted.prefix
    if prefix and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= PREFIX_MAX):
        raise InvalidInput("prefix", f"up to {PREFIX_MAX} digits, in international form")
    if not 0 <= wanted.rate <= RATE_MAX:
        raise InvalidInput("rate", f"0 to {RATE_MAX // MICROS} credits")
    if not 1 <= len(wanted.connectors) <= CONNECTORS_MAX:
        raise InvalidInput("connectors", f"1 to {CONNECTORS_MAX} of them")
    if not all(each.isprintable() for each in wanted.connectors):
        raise InvalidInput("connectors", "ids of connectors")
    if len(set(wanted.connectors)) < len(wanted.connectors):
        raise InvalidInput("connectors", "each only once")


def _check_position(position: int) -> None:
    if not 1 <= position <= 2**31 - 1:
        raise InvalidInput("position", "a number from 1, the first")
