"""Inbound SMS (MO): what handsets sent, and how much of it."""

from datetime import datetime, timedelta

from nicegui import ui
from starlette.requests import Request

from trunkline.model.identity import Actor, Permission
from trunkline.model.inbound import InboundFilter, InboundRow
from trunkline.model.message_list import MessagePage
from trunkline.panel.components.facts import facts_dialog
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query, moment_of
from trunkline.panel.components.stat_card import StatCard
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor

LIVE_S = 10.0
DAY = timedelta(days=1)
CONNECTORS = 4  # that have a card of their own: those with the most messages
_TEXT = 200  # characters in a row; the dialog has all


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    heading(visitor, "inbound")
    figures = _Figures(visitor)

    async def refresh(actor: Actor) -> None:
        await figures.refresh(actor)

    async def show(row: InboundRow) -> None:
        _show(visitor, row)

    await refresh(visitor.signed_in.actor)
    detail = RowAction("detail", "article", visitor.text("inbound.detail"), show)
    await Table(visitor, _listing(visitor), actions=[detail], live_s=LIVE_S).refresh()
    visitor.every(LIVE_S, refresh)


class _Figures:
    """How many came today and in the last 24 hours, and over which connectors."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        with ui.element("div").classes("stats"):
            self._today = StatCard(visitor.text("inbound.today"), "today")
            self._last_day = StatCard(visitor.text("inbound.last_day"), "history")
            # In the same grid, and changed without the others.
            self._place = ui.element("div").style("display: contents")
        self._shown: dict[str, StatCard] = {}

    async def refresh(self, actor: Actor) -> None:
        """Counts once more."""
        visitor = self._visitor
        now = datetime.fromtimestamp(visitor.services.clock.now_ms() / 1000, visitor.zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        today = await visitor.services.inbound.counts(actor, _ms(midnight))
        last_day = await visitor.services.inbound.counts(actor, _ms(now - DAY))
        self._today.set(visitor.number(today.total))
        self._last_day.set(visitor.number(last_day.total))
        busiest = sorted(last_day.by_connector.items(), key=lambda each: (-each[1], each[0]))[:CONNECTORS]
        if list(self._shown) != [name for name, _ in busiest]:
            self._place.clear()
            with self._place:
                self._shown = {name: StatCard(name, "router") for name, _ in busiest}
        for name, messages in busiest:
            self._shown[name].set(visitor.number(messages), visitor.text("inbound.of_last_day"))


def _listing(visitor: Visitor) -> Listing[InboundRow]:
    async def load(actor: Actor, query: Query) -> MessagePage[InboundRow]:
        asked = query.filters
        wanted = InboundFilter(
            connector_id=asked.get("connector", ""),
            source_addr=asked.get("from", ""),
            dest_addr=asked.get("short_code", ""),
            text=asked.get("text", ""),
            since=moment_of(asked.get("since", ""), visitor),
            until=moment_of(asked.get("until", ""), visitor),
        )
        return await visitor.services.inbound.list(actor, wanted, query.after, query.limit)

    return Listing(
        "inbound",
        (
            Column[InboundRow]("from", lambda each: each.message.source_addr),
            Column[InboundRow]("short_code", lambda each: each.message.dest_addr),
            Column[InboundRow]("message", lambda each: _text(visitor, each)[:_TEXT], Kind.PROSE),
            Column[InboundRow]("connector", lambda each: each.message.connector_id),
            Column[InboundRow]("account", lambda each: each.account, shown=False),
            Column[InboundRow]("parts", lambda each: each.message.parts, Kind.NUMBER, shown=False),
            Column[InboundRow]("error", lambda each: each.message.error, Kind.PROSE, shown=False),
            Column[InboundRow]("time", lambda each: each.message.received_at, Kind.TIME),
        ),
        load,
        key=lambda each: each.message.id,
        filters=(
            Filter("text"),
            Filter("from"),
            Filter("short_code"),
            Filter("connector"),
            Filter("since", moment=True),
            Filter("until", moment=True),
        ),
        icon="move_to_inbox",
    )


def _text(visitor: Visitor, row: InboundRow) -> str:
    """What it says; octets as hex digits."""
    message = row.message
    return visitor.text("inbound.octets", octets=message.raw or "") if message.text is None else message.text


def _show(visitor: Visitor, row: InboundRow) -> None:
    message = row.message
    numbering = "{} (TON {}, NPI {})"
    facts = {
        "id": message.id,
        "from": numbering.format(message.source_addr, message.source_ton, message.source_npi),
        "short_code": numbering.format(message.dest_addr, message.dest_ton, message.dest_npi),
        "message": message.text or "",
        "octets": message.raw or "",
        "encoding": f"{message.encoding} (data_coding {message.data_coding})",
        "parts": visitor.number(message.parts),
        "missing_parts": ", ".join(map(visitor.number, message.missing)),
        "udh": message.udh,
        "ports": "" if message.dest_port is None else f"{message.source_port} → {message.dest_port}",
        "error": message.error or "",
        "connector": message.connector_id,
        "account": row.account,
        "time": visitor.time(message.received_at),
    }
    facts_dialog(
        visitor,
        visitor.text("inbound.detail"),
        ((visitor.text(f"column.{name}"), value) for name, value in facts.items()),
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


PAGE = Page("inbound", "/inbound", "move_to_inbox", Section.MESSAGING, build, (Permission.VIEW_INBOX,))
