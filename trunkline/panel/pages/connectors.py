"""SMPP client connectors: how they do; added, changed, started, stopped and deleted."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui
from starlette.requests import Request

from trunkline.model.identity import Actor, Permission
from trunkline.model.people import Paging
from trunkline.model.snapshot import ConnectorConfig
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query, Rows
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.pages.connector_form import add_connector, change_connector
from trunkline.panel.visitor import Visitor
from trunkline.services.connectors import ConnectorFilter, ConnectorRow, ConnectorState, state_of

LIVE_S = 2.0
USAGE_S = 30.0


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    connectors = visitor.services.connectors
    usage: dict[str, int] = {}

    async def refresh() -> None:
        await table.refresh()

    async def start(row: ConnectorRow) -> None:
        await start_connector(visitor, row.config.connector_id)
        await refresh()

    async def stop(row: ConnectorRow) -> None:
        stop_connector(visitor, row.config.connector_id, refresh)

    async def delete(row: ConnectorRow) -> None:
        delete_connector(visitor, row.config.connector_id, refresh)

    async def change(row: ConnectorRow) -> None:
        # As it is now: the row may be seconds old.
        now = await connectors.get(await visitor.actor(), row.config.connector_id)
        change_connector(visitor, now.config, refresh)

    async def count(actor: Actor) -> None:
        usage.update(await connectors.usage(actor))

    with heading(visitor, "connectors"):
        if visitor.may(Permission.MANAGE_TRAFFIC):
            ui.button(
                visitor.text("connectors.new"), icon="add", on_click=lambda: add_connector(visitor, refresh)
            ).props("unelevated no-caps dense")
    text = visitor.text
    actions = [
        RowAction("change", "edit", text("action.change"), change),
        RowAction("start", "play_arrow", text("connectors.start"), start, lambda row: not row.config.enabled),
        RowAction("stop", "stop", text("connectors.stop"), stop, lambda row: row.config.enabled),
        RowAction("delete", "delete", text("action.delete"), delete),
    ]
    may_change = visitor.may(Permission.MANAGE_TRAFFIC)
    table = Table(visitor, _listing(visitor, usage), actions=actions if may_change else (), live_s=LIVE_S)
    await table.refresh()
    # Beside the page: a month that was not counted for long takes its time.
    visitor.every(USAGE_S, count, at_once=True)


async def start_connector(visitor: Visitor, connector_id: str) -> None:
    """Starts it as the visitor, and says so."""
    await visitor.services.connectors.set_enabled(await visitor.actor(), connector_id, True)
    visitor.tell(visitor.text("connectors.started", connector=connector_id))


def stop_connector(visitor: Visitor, connector_id: str, done: Callable[[], Awaitable[None]]) -> None:
    """Asks whether it is to stop; `done` runs when it was told to."""

    async def carry_out() -> None:
        await visitor.services.connectors.set_enabled(await visitor.actor(), connector_id, False)
        visitor.tell(visitor.text("connectors.stop_done", connector=connector_id))
        await done()

    confirm(
        visitor,
        visitor.text("connectors.stop_question", connector=connector_id),
        visitor.text("connectors.stop_consequence"),
        visitor.text("connectors.stop"),
        carry_out,
    )


def delete_connector(visitor: Visitor, connector_id: str, done: Callable[[], Awaitable[None]]) -> None:
    """Asks whether it is to be deleted; `done` runs when it is. What needs it is said by the service."""

    async def carry_out() -> None:
        await visitor.services.connectors.delete(await visitor.actor(), connector_id)
        visitor.tell(visitor.text("connectors.deleted", connector=connector_id))
        await done()

    confirm(
        visitor,
        visitor.text("connectors.delete_question", connector=connector_id),
        visitor.text("connectors.delete_consequence"),
        visitor.text("action.delete"),
        carry_out,
    )


def _listing(visitor: Visitor, usage: Mapping[str, int]) -> Listing[ConnectorRow]:
    """The table; `usage` is looked at whenever the page is shown."""

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
            column("provider", lambda row: row.config.provider),
            column("host", lambda row: row.config.host),
            column("port", lambda row: row.config.port),
            column("system_id", lambda row: row.config.system_id),
            column("bind", _binds),
            column("connector_state", state_of, Kind.BADGE),
            column("throughput", lambda row: row.config.throughput or no_limit),
            column("submitted", _submitted, Kind.NUMBER),
            column("usage_month", lambda row: usage.get(row.config.connector_id), Kind.NUMBER),
            column("window", lambda row: row.config.window, Kind.NUMBER),
            column("in_flight", _in_flight, Kind.NUMBER, shown=False),
            column("queue", queued, Kind.NUMBER),
            column("last_submit", lambda row: row.last_submit_at or None, Kind.TIME),
            column("last_dlr", lambda row: row.last_receipt_at or None, Kind.TIME),
        ),
        load,
        key=lambda row: row.config.connector_id,
        link=lambda row: f"/connectors/{row.config.connector_id}",
        filters=(
            Filter("connector_id"),
            Filter("connector_state", {each.value: visitor.text(f"state.{each}") for each in ConnectorState}),
        ),
        icon="cable",
    )


def _binds(row: ConnectorRow) -> str:
    """The binds that are wanted, and of those that run how many are bound: "TRX 1/2"."""
    bound = Counter(
        bind.bind_type
        for bind in (row.status.binds if row.status is not None else ())
        if bind.state.startswith("BOUND")
    )
    return ", ".join(f"{kind} {bound[kind]}/{number}" for kind, number in _wanted(row.config) if number)


def _wanted(config: ConnectorConfig) -> tuple[tuple[str, int], ...]:
    return ("TX", config.tx_binds), ("RX", config.rx_binds), ("TRX", config.trx_binds)


def _submitted(row: ConnectorRow) -> float | None:
    speed = row.status.speed if row.status is not None else None
    return speed.submitted_per_s if speed is not None else None


def _in_flight(row: ConnectorRow) -> int | None:
    speed = row.status.speed if row.status is not None else None
    return speed.in_flight if speed is not None else None


def queued(row: ConnectorRow) -> int:
    """Segments that wait for it, in the database and in memory."""
    return row.queued + (row.status.waiting if row.status is not None else 0)


PAGE = Page(
    "connectors", "/connectors", "cable", Section.GATEWAY, build, (Permission.VIEW_PLATFORM,), quick=True
)
