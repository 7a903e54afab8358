"""One SMPP client connector: its binds, what holds it back, its PDUs as they pass, and its PDU logs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, BinaryIO

from nicegui import ui
from starlette.requests import Request

from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.pdu_log import LogSide
from trunkline.panel.components.empty_state import empty_state
from trunkline.panel.components.heading import card, heading
from trunkline.panel.navigation import Page, Section
from trunkline.panel.pages.connector_form import change_connector
from trunkline.panel.pages.connector_tail import LivePdus
from trunkline.panel.pages.connector_trial import try_connector
from trunkline.panel.pages.connectors import delete_connector, queued, start_connector, stop_connector
from trunkline.panel.visitor import Visitor
from trunkline.services.bottleneck import Bottleneck, explain
from trunkline.services.connectors import ConnectorRow, state_of
from trunkline.services.pdu_logs import LogFile

LIVE_S = 2.0
LOG_DAYS = 31
PIECE = 1 << 18  # octets of a download at a time
LOG_END = 32_768  # octets of a log that are shown


async def build(visitor: Visitor, request: Request) -> None:
    """Builds the page."""
    connector_id = request.path_params["connector_id"]
    try:
        row = await visitor.services.connectors.get(visitor.signed_in.actor, connector_id)
    except NotFound:
        heading(visitor, "connector_detail")
        text = visitor.text
        empty_state("search_off", text("connector_detail.unknown"), text("connector_detail.unknown_next"))
        return
    await _Detail(visitor, row).build()


class _Detail:
    """The page and what of it changes while it is open."""

    def __init__(self, visitor: Visitor, row: ConnectorRow) -> None:
        self._visitor = visitor
        self._row = row
        self._id = row.config.connector_id
        self._may_change = visitor.may(Permission.MANAGE_TRAFFIC)

    async def build(self) -> None:
        text = self._visitor.text
        with heading(self._visitor, "connector_detail"):
            self._actions = _Redrawn()
        with ui.element("div").classes("grid"):
            with card(self._id, "facts"):
                self._facts = _Redrawn()
            with card(text("connectors.explain"), "wide", "health").props('data-test="bottleneck"'):
                self._why = _Redrawn()
            with card(text("connector_detail.binds"), "full"):
                self._binds = _Redrawn()
            with card(text("connector_detail.tail"), "full"):
                if self._visitor.services.pdu_tails.possible:
                    LivePdus(self._visitor, self._id)
                else:
                    empty_state(
                        "visibility_off",
                        text("connector_detail.elsewhere"),
                        text("connector_detail.elsewhere_next"),
                    )
            with card(text("connector_detail.logs"), "full"):
                self._switch = _Redrawn()
                self._files = _Redrawn()
        self._show(self._row)
        await self._list_files(self._visitor.signed_in.actor)
        self._visitor.every(LIVE_S, self._refresh)

    async def _refresh(self, actor: Actor) -> None:
        self._show(await self._visitor.services.connectors.get(actor, self._id))

    async def _again(self) -> None:
        await self._refresh(await self._visitor.actor())

    def _show(self, row: ConnectorRow) -> None:
        self._row = row
        config = row.config
        found = explain(config, row.status, row.queued)
        if self._may_change:
            self._actions.show(config.enabled, self._draw_actions)
            self._switch.show(config.pdu_log, self._draw_switch)
        self._facts.show(
            (config, state_of(row), queued(row), row.last_submit_at, row.last_receipt_at), self._draw_facts
        )
        self._why.show(found, lambda: _draw_bottleneck(self._visitor, found))
        self._binds.show((row.status.binds if row.status is not None else ()), self._draw_binds)

    def _draw_actions(self) -> None:
        visitor, text = self._visitor, self._visitor.text

        def button(name: str, icon: str, label: str, act: Callable[[], Awaitable[None]]) -> None:
            ui.button(label, icon=icon, on_click=visitor.on(act)).props(
                f'outline no-caps dense data-action="{name}"'
            )

        async def start() -> None:
            await start_connector(visitor, self._id)
            await self._again()

        async def stop() -> None:
            stop_connector(visitor, self._id, self._again)

        async def change() -> None:
            now = await visitor.services.connectors.get(await visitor.actor(), self._id)
            change_connector(visitor, now.config, self._again)

        async def delete() -> None:
            async def leave() -> None:
                ui.navigate.to("/connectors")

            delete_connector(visitor, self._id, leave)

        async def attempt() -> None:
            try_connector(visitor, self._id)

        button("change", "edit", text("action.change"), change)
        if self._row.config.enabled:
            button("stop", "stop", text("connectors.stop"), stop)
        else:
            button("start", "play_arrow", text("connectors.start"), start)
        button("test", "network_check", text("connectors.test"), attempt)
        button("delete", "delete", text("action.delete"), delete)

    def _draw_facts(self) -> None:
        visitor, row, config = self._visitor, self._row, self._row.config
        state = state_of(row)
        with ui.element("dl").classes("fact-list"):
            with ui.element("dt"):
                ui.label(visitor.text("column.connector_state"))
            with ui.element("dd"):
                ui.label(visitor.text(f"state.{state}")).classes("badge").props(f'data-state="{state}"')
            facts = {
                "provider": config.provider,
                "host": f"{config.host}:{config.port}" + (" (TLS)" if config.tls else ""),
                "system_id": config.system_id,
                "throughput": visitor.number(config.throughput)
                if config.throughput
                else visitor.text("connectors.no_limit"),
                "window": visitor.number(config.window),
                "queue": visitor.number(queued(row)),
                "last_submit": visitor.time(row.last_submit_at or None),
                "last_dlr": visitor.time(row.last_receipt_at or None),
            }
            for name, value in facts.items():
                if value:
                    with ui.element("dt"):
                        ui.label(visitor.text(f"column.{name}"))
                    with ui.element("dd"):
                        ui.label(value)

    def _draw_binds(self) -> None:
        visitor, row = self._visitor, self._row
        binds = row.status.binds if row.status is not None else ()
        if not binds:
            empty_state(
                "link_off",
                visitor.text("connector_detail.no_bind"),
                visitor.text("connector_detail.no_bind_next"),
            )
            return
        header = ("bind", "bind_state", "since_time", "in_flight", "remote", "enquired", "last_error")
        with _table([visitor.text(f"column.{name}") for name in header], "wraps"):
            for bind in binds:
                error = bind.detail or bind.last_error
                if error and bind.last_error_at and not bind.detail:
                    error = f"{visitor.time(bind.last_error_at)}: {error}"
                _row(
                    bind.bind_type,
                    bind.state,
                    visitor.time(bind.since),
                    f"{visitor.number(bind.in_flight)} / {visitor.number(row.config.window)}",
                    bind.remote,
                    visitor.time(bind.enquired_at or None),
                    error,
                )

    def _draw_switch(self) -> None:
        visitor = self._visitor

        async def switch(event: Any) -> None:
            actor = await visitor.actor()
            await visitor.services.connectors.change(actor, self._id, pdu_log=bool(event.value))
            await self._again()

        ui.switch(
            visitor.text("connector_detail.log_switch"),
            value=self._row.config.pdu_log,
            on_change=visitor.on(switch),
        ).props('data-test="pdu-log"')

    async def _list_files(self, actor: Actor) -> None:
        today = datetime.now(UTC).date()
        files = await asyncio.to_thread(self._find_files, actor, today)
        self._files.show(tuple(files), lambda: self._draw_files(files))

    def _find_files(self, actor: Actor, today: date) -> Sequence[LogFile]:
        first = today - timedelta(days=LOG_DAYS)
        return self._visitor.services.pdu_logs.list(actor, LogSide.CONNECTORS, first, today, [self._id])[::-1]

    def _draw_files(self, files: Sequence[LogFile]) -> None:
        visitor, text = self._visitor, self._visitor.text

        async def again() -> None:
            await self._list_files(await visitor.actor())

        if not files:
            empty_state("receipt_long", text("connector_detail.no_log"), text("connector_detail.no_log_next"))
        else:
            header = [text("column.day"), text("column.size"), text("column.time"), ""]
            with _table(header):
                for file in files:
                    with _row(
                        file.day.isoformat(),
                        visitor.number(file.size),
                        visitor.time(file.modified_ns // 1_000_000),
                    ):
                        with ui.element("td"):
                            self._file_buttons(file)
        ui.button(text("table.refresh"), icon="refresh", on_click=visitor.on(again)).props(
            "flat no-caps dense"
        )

    def _file_buttons(self, file: LogFile) -> None:
        visitor, logs = self._visitor, self._visitor.services.pdu_logs

        async def show() -> None:
            actor = await visitor.actor()
            found = await asyncio.to_thread(logs.find, actor, LogSide.CONNECTORS, file.id)
            end = await asyncio.to_thread(_end_of, logs.open(actor, found))
            _show_text(visitor, f"{self._id}, {file.day.isoformat()}", end)

        async def download() -> None:
            actor = await visitor.actor()
            found = await asyncio.to_thread(logs.find, actor, LogSide.CONNECTORS, file.id)
            content = _pieces(logs.open(actor, found))
            ui.download.from_url(visitor.downloads.offer(visitor.token, found.id, "text/plain", content))

        for icon, label, act in (
            ("visibility", visitor.text("connector_detail.show_end"), show),
            ("download", visitor.text("connector_detail.download"), download),
        ):
            ui.button(icon=icon, on_click=visitor.on(act)).props(
                f'flat dense round size=sm aria-label="{label}" title="{label}"'
            )


class _Redrawn:
    """A place whose content is made anew when what it shows has changed, and only then."""

    def __init__(self) -> None:
        self._place = ui.element("div").classes("redrawn")
        self._shown: object = self

    def show(self, what: object, draw: Callable[[], None]) -> None:
        """Has `draw` make the content unless `what` is what stands there."""
        if what == self._shown:
            return
        self._shown = what
        self._place.clear()
        with self._place:
            draw()


def _draw_bottleneck(visitor: Visitor, found: Bottleneck) -> None:
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
    ui.label(text(f"limit.{found.limit}")).classes("part")
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


def _table(header: Sequence[str], *classes: str) -> ui.element:
    """A small table's body; rows are made inside `with`."""
    with (
        ui.element("div").classes("scrolls"),
        ui.element("table").classes("small-table " + " ".join(classes)),
    ):
        with ui.element("thead"), ui.element("tr"):
            for each in header:
                with ui.element("th"):
                    ui.label(each)
        return ui.element("tbody")


def _row(*cells: str) -> ui.element:
    row = ui.element("tr")
    with row:
        for each in cells:
            with ui.element("td"):
                ui.label(each)
    return row


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


def _end_of(file: BinaryIO) -> str:
    """The last entries of a log as text; the first line of them may be cut off."""
    with file:
        size = file.seek(0, 2)
        file.seek(max(0, size - LOG_END))
        return file.read().decode("utf-8", "replace")


def _show_text(visitor: Visitor, title: str, content: str) -> None:
    with (
        ui.context.client.layout,
        ui.dialog() as dialog,
        ui.card().classes("confirm form-dialog wide-dialog"),
    ):
        dialog.on("hide", dialog.delete)
        ui.label(title).classes("question")
        with ui.element("pre").classes("pdus").props('dir="ltr" tabindex="0" data-test="log"'):
            ui.label(content)
        with ui.element("div").classes("actions"):
            ui.button(visitor.text("action.close"), on_click=dialog.close).props("flat no-caps")
    dialog.open()


PAGE = Page(
    "connector_detail",
    "/connectors/{connector_id}",
    "cable",
    Section.GATEWAY,
    build,
    (Permission.VIEW_PLATFORM,),
    listed=False,
)
