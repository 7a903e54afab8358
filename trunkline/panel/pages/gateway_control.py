"""Gateway Control: the services of every process, drained, resumed, started anew."""

from nicegui import ui
from starlette.requests import Request

from trunkline.model.gateway_control import Control, Order
from trunkline.model.identity import Actor, Permission
from trunkline.model.people import Page as Rows
from trunkline.model.people import Paging
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.gateway_control import ServiceRow

LIVE_S = 2.0
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
_ICONS = {
    Control.DRAIN: "pause_circle",
    Control.RESUME: "play_circle",
    Control.RESTART: "restart_alt",
    Control.STOP: "power_settings_new",
    Control.RELOAD: "sync",
    Control.SIGN_OUT: "logout",
}


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    heading(visitor, "gateway_control")
    desk = visitor.services.gateway_control

    def asking(control: Control) -> RowAction[ServiceRow]:
        async def ask(row: ServiceRow) -> None:
            service = visitor.text(f"service.{row.status.service.value}")

            async def carry_out() -> None:
                await desk.order(await visitor.actor(), row.status.service, control, row.node)
                visitor.tell(visitor.text("gateway_control.ordered"))
                await orders.refresh()

            confirm(
                visitor,
                visitor.text(f"control.{control.value}_question", service=service, node=row.node),
                visitor.text(_consequence(row, control)),
                visitor.text(f"control.{control.value}"),
                carry_out,
            )

        return RowAction(
            control.value,
            _ICONS[control],
            visitor.text(f"control.{control.value}"),
            ask,
            lambda row: row.status.understands(control),
        )

    services = Table(
        visitor,
        _services(visitor),
        actions=[asking(each) for each in Control],
        live_s=LIVE_S,
        addressed=False,
    )
    ui.label(visitor.text("gateway_orders.title")).props('role="heading" aria-level="2"').classes("part")
    orders = Table(visitor, _orders(visitor), live_s=LIVE_S, addressed=False)
    await services.refresh()
    await orders.refresh()


def _consequence(row: ServiceRow, control: Control) -> str:
    """The text that says what comes of it: of the service where it has one of its own."""
    own = f"control.{control.value}_{row.status.service.value}"
    return own if control in (Control.DRAIN, Control.RESTART) else f"control.{control.value}_consequence"


def _services(visitor: Visitor) -> Listing[ServiceRow]:
    async def load(actor: Actor, query: Query) -> Rows[ServiceRow]:
        return await visitor.services.gateway_control.services(actor, Paging(query.limit, query.after))

    column = Column[ServiceRow]
    return Listing(
        "gateway_control",
        (
            column("service", lambda row: visitor.text(f"service.{row.status.service.value}")),
            column("node", lambda row: row.node),
            column("service_state", lambda row: row.status.state.value, Kind.BADGE),
            column("uptime", lambda row: uptime(visitor, row)),
            column("ports", lambda row: ", ".join(row.status.ports)),
            column("figures", lambda row: _figures(visitor, row), Kind.PROSE),
        ),
        load,
        key=lambda row: row.key,
        icon="tune",
    )


def uptime(visitor: Visitor, row: ServiceRow) -> str:
    """How long it has been running, in its two largest units."""
    passed = max(0, visitor.services.clock.now_ms() - row.status.since) // 1000
    for name, unit, rest in (("days", DAY_S, HOUR_S), ("hours", HOUR_S, MINUTE_S), ("minutes", MINUTE_S, 1)):
        if passed >= unit:
            return visitor.text(f"uptime.{name}", number=passed // unit, rest=passed % unit // rest)
    return visitor.text("uptime.seconds", number=passed)


def _figures(visitor: Visitor, row: ServiceRow) -> str:
    return ", ".join(
        visitor.text(f"figure.{name}", value=visitor.number(value) if isinstance(value, int) else value)
        for name, value in row.status.figures.items()
    )


def _orders(visitor: Visitor) -> Listing[Order]:
    async def load(actor: Actor, query: Query) -> Rows[Order]:
        return await visitor.services.gateway_control.orders(actor, Paging(query.limit, query.after))

    column = Column[Order]
    return Listing(
        "gateway_orders",
        (
            column("time", lambda order: order.ordered_at, Kind.TIME),
            column("user", lambda order: order.actor),
            column("node", lambda order: order.node),
            column("service", lambda order: visitor.text(f"service.{order.service.value}")),
            column("action", lambda order: visitor.text(f"control.{order.control.value}")),
            column("order_state", lambda order: f"order_{order.state}", Kind.BADGE),
            column("error", lambda order: order.failure),
        ),
        load,
        key=lambda order: str(order.id),
        icon="history",
    )


PAGE = Page(
    "gateway_control",
    "/gateway-control",
    "tune",
    Section.SYSTEM,
    build,
    (Permission.CONTROL_GATEWAY,),
)
