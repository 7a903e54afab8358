"""`/api/v1/routes`: the ordered MT route table (text 000, "MT (Outbound) Routes")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from trunkline.model.administration import RouteFilter, RouteRow
from trunkline.model.money import format_credits, parse_credits
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import invalid
from trunkline.servers.http.management import read_request
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Door,
    Item,
    Items,
    PageQuery,
    Text,
    done_answer,
    item_answer,
    noun_paths,
    number_of,
    operation,
    page_answer,
    paging,
    read_query,
    set_fields,
)

RouteName = Annotated[str, Meta(min_length=1, max_length=100)]
Prefix = Annotated[
    str, Meta(max_length=20, description="Of the destination, digits in international form; empty: all.")
]
Payer = Annotated[str, Meta(max_length=64, description="The only account that it is for; empty: all.")]
Rate = Annotated[str, Meta(max_length=40, description="Credits per segment, up to six decimals.")]
Connectors = Annotated[
    list[str], Meta(max_length=50, description="Ids of connectors, in the order of preference.")
]
Position = Annotated[
    int, Meta(ge=1, le=2**31 - 1, description="1 is the first; one beyond the last is the last.")
]


class RouteView(Struct):
    """A route; the first enabled one whose prefix and account fit a message takes it."""

    id: int
    position: int
    name: str
    prefix: str
    account: str
    connectors: list[str]
    rate: str
    enabled: bool


class NewRoute(Struct, kw_only=True, forbid_unknown_fields=True):
    """A route to be made; without a position it comes last."""

    name: RouteName
    connectors: Connectors
    prefix: Prefix = ""
    account: Payer = ""
    rate: Rate = "1"
    enabled: bool = True
    position: Position | UnsetType = UNSET


class RouteChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a route."""

    name: RouteName | UnsetType = UNSET
    connectors: Connectors | UnsetType = UNSET
    prefix: Prefix | UnsetType = UNSET
    account: Payer | UnsetType = UNSET
    rate: Rate | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class RouteMove(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a route shall stand; those between make room."""

    position: Position


class RouteQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Which routes: `text` is in the name or begins the prefix."""

    text: Text = ""
    account: Text = ""
    connector: Text = ""
    enabled: bool | None = None


_new_route = Decoder(NewRoute)
_route_change = Decoder(RouteChange)
_route_move = Decoder(RouteMove)


def route_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these paths."""
    router = APIRouter(prefix="/api/v1")
    door = Door(authenticator)
    routes = management.routes

    @router.get("/routes")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, RouteQuery)
            wanted = RouteFilter(query.text, query.account, query.connector, query.enabled)
            return page_answer(await routes.list(actor, wanted, paging(query, numbered=True)), _view)

    @router.post("/routes")
    async def created(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _new_route)
            fields = _fields(wanted)
            made = await routes.create(actor, fields.pop("name"), fields.pop("connectors"), **fields)
            await management.refresh()
            return item_answer(_view(made))

    @router.get("/routes/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_view(await routes.get(actor, number_of("route", key))))

    @router.patch("/routes/{key}")
    async def changed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _route_change)
            route = await routes.change(actor, number_of("route", key), **_fields(wanted))
            await management.refresh()
            return item_answer(_view(route))

    @router.post("/routes/{key}/move")
    async def moved(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _route_move)
            route = await routes.move(actor, number_of("route", key), wanted.position)
            await management.refresh()
            return item_answer(_view(route))

    @router.delete("/routes/{key}")
    async def deleted(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            await routes.delete(actor, number_of("route", key))
            await management.refresh()
            return done_answer()

    return router


def _fields(wanted: Struct) -> dict[str, Any]:
    """What a request gives, by the service's names and units. Raises `ApiError`."""
    fields = set_fields(wanted)
    if "rate" in fields:
        try:
            fields["rate"] = parse_credits(fields["rate"])
        except ValueError as error:
            raise invalid(f"rate: {error}") from None
    if "connectors" in fields:
        fields["connectors"] = tuple(fields["connectors"])
    return fields


def _view(route: RouteRow) -> RouteView:
    return RouteView(
        route.id,
        route.position,
        route.name,
        route.prefix,
        route.account,
        list(route.connector_ids),
        format_credits(route.rate),
        route.enabled,
    )


_KEY = "Its id."

PATHS = {
    **noun_paths(
        "/api/v1/routes",
        "MT routes, in the order in which they are tried",
        RouteView,
        query=RouteQuery,
        create=NewRoute,
        change=RouteChange,
        key=_KEY,
    ),
    "/api/v1/routes/{key}/move": {
        "post": operation("Move a route to another position", Item[RouteView], body=RouteMove, path=_KEY)
    },
}
"""The entries of the OpenAPI document."""

REQUESTS = (NewRoute, RouteChange, RouteMove)
ANSWERS: tuple[Any, ...] = (Item[RouteView], Items[RouteView])
