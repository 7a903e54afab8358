"""`/api/v1/gateway`: the services of every process, and orders to them (text 000, "Gateway Control")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import Meta, Struct
from msgspec.json import Decoder

from trunkline.model.gateway_control import CONTROLS, Control, Order, Service
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.management import read_request
from trunkline.servers.http.messages import iso_or_none
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Door,
    Item,
    Items,
    PageQuery,
    item_answer,
    number_of,
    operation,
    page_answer,
    paging,
    read_query,
)
from trunkline.services.accounts import InvalidInput
from trunkline.services.gateway_control import ServiceRow


class ServiceView(Struct):
    """A service of a process: `node` is the process's name, `figures` what the service counts.

    `controls` are the orders that make sense now; `as_of` is when its process said all this.
    """

    node: str
    service: str
    state: str
    since: str
    ports: list[str]
    figures: dict[str, int | str]
    controls: list[str]
    as_of: str


class OrderRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a service is told. Without `node` it is the only one that has the service."""

    service: Annotated[str, Meta(max_length=32, description="Such as smpp_server.")]
    control: Annotated[str, Meta(max_length=32, description="Such as drain.")]
    node: Annotated[str, Meta(max_length=64)] = ""


class OrderView(Struct):
    """An order. `state` is waiting, done or failed; `failure` says why it failed."""

    id: int
    node: str
    service: str
    control: str
    ordered_by: str
    ordered_at: str
    done_at: str | None
    state: str
    failure: str


_order_request = Decoder(OrderRequest)


def gateway_control_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1/gateway")
    door = Door(authenticator)
    control = management.gateway_control

    @router.get("")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            page = await control.services(actor, paging(read_query(request, PageQuery)))
            return page_answer(page, _service_view)

    @router.get("/orders")
    async def ordered(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, PageQuery)
            return page_answer(await control.orders(actor, paging(query, numbered=True)), _order_view)

    @router.post("/orders")
    async def told(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _order_request)
            if wanted.service not in tuple(Service):
                raise InvalidInput("service", f"one of {', '.join(Service)}")
            if wanted.control not in tuple(Control):
                raise InvalidInput("control", f"one of {', '.join(Control)}")
            made = await control.order(actor, Service(wanted.service), Control(wanted.control), wanted.node)
            return item_answer(_order_view(made))

    @router.get("/orders/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_order_view(await control.find_order(actor, number_of("order", key))))

    return router


def _service_view(row: ServiceRow) -> ServiceView:
    status = row.status
    understood = [each for each in CONTROLS.get(status.service, ()) if status.understands(each)]
    return ServiceView(
        row.node,
        status.service.value,
        status.state.value,
        iso_timestamp(status.since),
        list(status.ports),
        status.figures,
        [each.value for each in understood],
        iso_timestamp(row.as_of),
    )


def _order_view(order: Order) -> OrderView:
    return OrderView(
        order.id,
        order.node,
        order.service.value,
        order.control.value,
        order.actor,
        iso_timestamp(order.ordered_at),
        iso_or_none(order.done_at),
        order.state,
        order.failure,
    )


PATHS: dict[str, Any] = {
    "/api/v1/gateway": {
        "get": operation("The services of every process", Items[ServiceView], query=PageQuery, reads=True)
    },
    "/api/v1/gateway/orders": {
        "get": operation("Orders, the newest first", Items[OrderView], query=PageQuery, reads=True),
        "post": operation("Tell a service something", Item[OrderView], body=OrderRequest),
    },
    "/api/v1/gateway/orders/{key}": {
        "get": operation("What became of an order", Item[OrderView], path="Its id.", reads=True)
    },
}
"""The entries of the OpenAPI document."""

REQUESTS = (OrderRequest,)
ANSWERS: tuple[Any, ...] = (Item[OrderView], Items[OrderView], Items[ServiceView])
