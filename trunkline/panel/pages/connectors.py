"""SMPP client connectors: how they do, start and stop, and what holds one back."""

from collections import Counter

from nicegui import ui
from starlette.requests import Request

from trunkline.model.identity import Actor, Permission
from trunkline.model.people import Paging
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query, Rows
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.bottleneck import Bottleneck
from trunkline.services.connectors import ConnectorFilter, ConnectorRow, ConnectorState, state_of

LIVE_S = 2.0


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    heading(visitor, "connectors")
    board = visitor.services.connectors

    async def start(row: ConnectorRow) -> None:
        await board.set_enabled(await visitor.actor(), row.config.connector_id, True)
        visitor.tell(visitor.text("connectors.started", connector=row.config.connector_id))
        await table.refresh()

    async def stop(row: ConnectorRow) -> None:
        connector_id = row.config.connector_id

        async def carry_out() -> None:
            await board.set_enabled(await visitor.actor(), connector_id, False)
            visitor.tell(visitor.text("connectors.stop_done", connector=connector_id))
            await table.refresh()

        confirm(
            visitor,
            visitor.text("connectors.stop_question", connector=connector_id),
            visitor.text("connectors.stop_consequence"),
            visitor.text("connectors.stop"),
            carry_out,
        )

    async def explain(row: ConnectorRow) -> None:
        _show_bottleneck(visitor, await board.explain(await visitor.actor(), row.config.connector_id))

    actions = [RowAction("explain", "speed", visitor.text("connectors.explain"), explain)]
    if visitor.may(Permission.MANAGE_TRAFFIC):
        actions += [
            RowAction(
                "start",
                "play_arrow",
                visitor.text("connectors.start"),
                start,
                lambda row: not row.config.enabled,
            ),
            RowAction("stop", "stop", visitor.text("connectors.stop"), stop, lambda row: row.config.enabled),
        ]
    table = Table(visitor, _listing(visitor), actions=actions, live_s=LIVE_S)
    await table.refresh()


def _listing(visitor: Visitor) -> Listing[ConnectorRow]:
    async def load(actor: Actor, query: Query) -> Rows[ConnectorRow]:
        state = query.filters.get("connector_state", "")
        which = ConnectorFilter(
            query.filters.get("connector_id", ""), ConnectorState(state) if state else None
        )
        return await visitor.services.connectors.page(actor, Paging(query.limit, query.after), which)

    column = Column[ConnectorRow]
    no_limit = visitor.text("connectors.no_limit")
    return Listing(
        "connectors",
        (
            column("connector_id", lambda row: row.config.connector_id),
            column("host", lambda row: row.config.host),
            column("port", lambda row: row.config.port),
            column("system_id", lambda row: row.config.system_id),
            column("bind", _binds),
            column("connector_state", state_of, Kind.BADGE),
            column("throughput", lambda row: row.config.throughput or no_limit),
            column("submitted", _submitted, Kind.NUMBER),
            column("window", lambda row: row.config.window, Kind.NUMBER),
            column("in_flight", _in_flight, Kind.NUMBER),
            column("queue", _queued, Kind.NUMBER),
        ),
        load,
        key=lambda row: row.config.connector_id,
        filters=(
            Filter("connector_id"),
            Filter("connector_state", {each.value: visitor.text(f"state.{each}") for each in ConnectorState}),
        ),
        icon="cable",
    )


def _binds(row: ConnectorRow) -> str:
    """The binds that are wanted, and of those that run how many are bound: "TRX 1/2"."""
    config = row.config
    bound = Counter(
        bind.bind_type
        for bind in (row.status.binds if row.status is not None else ())
        if bind.state.startswith("BOUND")
    )
    wanted = {"TX": config.tx_binds, "RX": config.rx_binds, "TRX": config.trx_binds}
    return ", ".join(f"{kind} {bound[kind]}/{number}" for kind, number in wanted.items() if number)


def _submitted(row: ConnectorRow) -> float | None:
    speed = row.status.speed if row.status is not None else None
    return speed.submitted_per_s if speed is not None else None


def _in_flight(row: ConnectorRow) -> int | None:
    speed = row.status.speed if row.status is not None else None
    return speed.in_flight if speed is not None else None


def _queued(row: ConnectorRow) -> int:
    return row.queued + (row.status.waiting if row.status is not None else 0)


def _show_bottleneck(visitor: Visitor, found: Bottleneck) -> None:
    text, number = visitor.text, visitor.number

    def rate(value: float | None, nothing: str) -> str:
        return text("dashboard.per_second", rate=number(value, 1)) if value is not None else text(nothing)

    trip = found.round_trip_ms
    lines = {
        "reached": rate(found.reached, "connectors.unknown"),
        "by_window": rate(found.by_window, "connectors.unknown"),
        "by_throughput": rate(found.by_throughput, "connectors.no_limit"),
        "by_smsc": rate(found.by_smsc, "connectors.no_limit"),
        "round_trip": (
            text("connectors.milliseconds", number=number(trip, 1))
            if trip is not None
            else text("connectors.unknown")
        ),
        "waiting": number(found.waiting),
    }
    with ui.dialog() as dialog, ui.card().classes("confirm health").props('data-test="bottleneck"'):
        ui.label(f"{found.connector_id}: {text(f'limit.{found.limit}')}").classes("question")
        # The service's own words, which are English in every language.
        ui.label(found.explanation).props('dir="ltr" lang="en"')
        if found.advice:
            ui.label(found.advice).classes("quiet").props('dir="ltr" lang="en"')
        with ui.element("dl"):
            for name, value in lines.items():
                with ui.element("div"):
                    with ui.element("dt"):
                        ui.label(text(f"connectors.{name}"))
                    with ui.element("dd"):
                        ui.label(value)
        with ui.element("div").classes("actions"):
            ui.button(text("action.close"), on_click=dialog.close).props("flat no-caps autofocus")
    dialog.open()


PAGE = Page(
    "connectors", "/connectors", "cable", Section.GATEWAY, build, (Permission.VIEW_PLATFORM,), quick=True
)
