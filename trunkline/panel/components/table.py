"""A table over rows that stay in the database: it holds one page of them, however many there are."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from nicegui import events, ui

from trunkline.model.identity import Actor
from trunkline.panel.components.empty_state import empty_state
from trunkline.panel.components.listing import Kind, Listing, Query
from trunkline.panel.visitor import Visitor
from trunkline.services.spreadsheet import csv_file, xlsx_file

T = TypeVar("T")

PAGE = 50
EXPORT_MAX = 50_000
EXPORT_CHUNK = 1_000

_LINKED = """<q-td :props="props"><a class="row-link" :href="props.row._link">
{{ props.value }}</a></q-td>"""
_BADGE = """<q-td :props="props"><span v-if="props.value" class="badge" :data-state="props.row['%s_']">
{{ props.value }}</span></q-td>"""
_ACTIONS = """<q-td :props="props" auto-width><q-btn v-for="each in props.row._actions" :key="each.name"
flat dense round size="sm" :icon="each.icon" :aria-label="each.label" :title="each.label"
@click="$parent.$emit('act', {action: each.name, key: props.row._key})" /></q-td>"""


@dataclass(frozen=True)  # with slots, Python 3.11 cannot make the generic kinds
class RowAction(Generic[T]):
    """A button in a row; `applies` says in which."""

    name: str
    icon: str
    label: str
    run: Callable[[T], Awaitable[None]]
    applies: Callable[[T], bool] = lambda _: True


class Table(Generic[T]):
    """A listing with its filters, its columns to choose from, its pages and its export."""

    def __init__(
        self,
        visitor: Visitor,
        listing: Listing[T],
        *,
        actions: Sequence[RowAction[T]] = (),
        live_s: float = 0,
    ) -> None:
        """`live_s`: how often the page that is shown is read again; 0: when asked to."""
        self._visitor = visitor
        self._listing = listing
        self._actions = {each.name: each for each in actions}
        self._before: list[str] = []  # the cursors of the pages before this one
        self._after = ""
        self._next = ""
        self._sort = ""
        self._descending = False
        self._items: dict[str, T] = {}
        self._filters: dict[str, str] = {}
        with ui.element("section").classes("card table-card"):
            self._bar()
            self._table = self._make()
            self._empty = empty_state(
                listing.icon,
                visitor.text(f"{listing.name}.empty"),
                visitor.text(f"{listing.name}.empty_next"),
            )
            self._footer()
        if live_s:
            visitor.every(live_s, self._show)

    async def refresh(self) -> None:
        """Reads the page that is shown once more. Raises what the service raises."""
        await self._show(await self._visitor.actor())

    # --- what it is made of ---

    def _bar(self) -> None:
        visitor, listing = self._visitor, self._listing
        with ui.element("div").classes("filter-bar"):
            for each in listing.filters:
                label = visitor.text(f"column.{each.name}")
                changed = visitor.on(lambda event, name=each.name: self._filter(name, event.value))
                if each.options:
                    made: Any = ui.select(dict(each.options), label=label, clearable=True, on_change=changed)
                else:
                    made = ui.input(label, on_change=changed).props("debounce=400 clearable")
                    if each.moment:
                        made.props("type=datetime-local stack-label")
                made.props("outlined dense").props(f'data-filter="{each.name}"')
            ui.space()
            self._columns_menu()
            with ui.button(icon="download").props(f'flat dense aria-label="{visitor.text("table.export")}"'):
                with ui.menu():
                    ui.menu_item("CSV", on_click=visitor.on(self._export_csv))
                    ui.menu_item("XLSX", on_click=visitor.on(self._export_xlsx))
            ui.button(icon="refresh", on_click=visitor.on(self.refresh)).props(
                f'flat dense aria-label="{visitor.text("table.refresh")}"'
            )

    def _columns_menu(self) -> None:
        visitor = self._visitor
        with ui.button(icon="view_column").props(f'flat dense aria-label="{visitor.text("table.columns")}"'):
            with ui.menu(), ui.element("div").classes("choices"):
                for each in self._listing.columns:
                    ui.checkbox(
                        visitor.text(f"column.{each.name}"),
                        value=each.shown,
                        on_change=lambda event, name=each.name: self._choose(name, event.value),
                    ).props("dense")

    def _make(self) -> ui.table:
        visitor, listing = self._visitor, self._listing
        columns: list[dict[str, Any]] = [
            {
                "name": each.name,
                "field": each.name,
                "label": visitor.text(f"column.{each.name}"),
                "align": "right" if each.kind is Kind.NUMBER else "left",
                "sortable": each.sortable,
            }
            for each in listing.columns
        ]
        if self._actions:
            columns.append({"name": "_actions", "field": "_actions", "label": "", "align": "right"})
        table = ui.table(
            columns=columns,
            rows=[],
            row_key="_key",
            # `rowsNumber` has the table ask us to sort instead of sorting the page that it holds.
            pagination={"rowsPerPage": 0, "rowsNumber": 0, "page": 1},
        )
        table.props("flat dense hide-pagination wrap-cells").props["visible-columns"] = [
            *(each.name for each in listing.columns if each.shown),
            "_actions",
        ]
        for each in listing.columns:
            if each.kind is Kind.BADGE:
                table.add_slot(f"body-cell-{each.name}", _BADGE % each.name)
        if listing.link is not None:
            table.add_slot(f"body-cell-{listing.columns[0].name}", _LINKED)
        if self._actions:
            table.add_slot("body-cell-_actions", _ACTIONS)
            table.on("act", visitor.on(self._act))
        table.on("request", visitor.on(self._sort_by))
        return table

    def _footer(self) -> None:
        visitor = self._visitor
        rtl = visitor.language.right_to_left
        with ui.element("div").classes("table-footer"):
            self._unfinished = ui.label(visitor.text("table.unfinished")).classes("badge")
            self._unfinished.set_visibility(False)
            self._count = ui.label("").classes("quiet")
            self._back = ui.button(
                icon="chevron_right" if rtl else "chevron_left", on_click=visitor.on(self._page_back)
            ).props(f'flat dense aria-label="{visitor.text("table.previous")}"')
            self._forth = ui.button(
                icon="chevron_left" if rtl else "chevron_right", on_click=visitor.on(self._page_forth)
            ).props(f'flat dense aria-label="{visitor.text("table.next")}"')

    # --- what happens ---

    async def _filter(self, name: str, value: str | None) -> None:
        if value:
            self._filters[name] = value
        else:
            self._filters.pop(name, None)
        await self._from_the_start()

    async def _sort_by(self, event: events.GenericEventArguments) -> None:
        wanted = event.args["pagination"]
        self._sort, self._descending = wanted.get("sortBy") or "", bool(wanted.get("descending"))
        self._table.pagination = self._table.pagination | {
            "sortBy": self._sort or None,
            "descending": self._descending,
        }
        await self._from_the_start()

    async def _from_the_start(self) -> None:
        self._before.clear()
        self._after = ""
        await self.refresh()

    async def _page_forth(self) -> None:
        if self._next:
            self._before.append(self._after)
            self._after = self._next
            await self.refresh()

    async def _page_back(self) -> None:
        if self._before:
            self._after = self._before.pop()
            await self.refresh()

    async def _act(self, event: events.GenericEventArguments) -> None:
        item = self._items.get(str(event.args.get("key")))
        action = self._actions.get(str(event.args.get("action")))
        if item is not None and action is not None and action.applies(item):
            await action.run(item)

    def _choose(self, name: str, shown: bool) -> None:
        visible = self._table.props["visible-columns"]
        self._table.props["visible-columns"] = [
            *(
                each.name
                for each in self._listing.columns
                if (shown if each.name == name else each.name in visible)
            ),
            "_actions",
        ]
        self._table.update()

    async def _show(self, actor: Actor) -> None:
        found = await self._listing.load(actor, self._query(PAGE, self._after))
        self._items = {self._listing.key(item): item for item in found.items}
        self._next = found.next or ""
        self._table.rows = [self._row(item) for item in found.items]
        self._empty.set_visibility(not found.items)
        first = len(self._before) * PAGE
        self._count.set_text(
            self._visitor.text(
                "table.range",
                first=self._visitor.number(first + 1),
                last=self._visitor.number(first + len(found.items)),
            )
            if found.items
            else ""
        )
        # Some lists look at a bounded number of rows and then say that there may be more.
        self._unfinished.set_visibility(not getattr(found, "searched", True))
        self._back.set_enabled(bool(self._before))
        self._forth.set_enabled(bool(self._next))

    def _query(self, limit: int, after: str) -> Query:
        return Query(limit, after, self._sort, self._descending, dict(self._filters))

    def _row(self, item: T) -> dict[str, Any]:
        row: dict[str, Any] = {"_key": self._listing.key(item)}
        for each in self._listing.columns:
            row[each.name] = each.written(item, self._visitor)
            if each.kind is Kind.BADGE:
                row[f"{each.name}_"] = str(each.value(item))
        if self._listing.link is not None:
            row["_link"] = f"/panel{self._listing.link(item)}"
        if self._actions:
            row["_actions"] = [
                {"name": each.name, "icon": each.icon, "label": each.label}
                for each in self._actions.values()
                if each.applies(item)
            ]
        return row

    async def _export_csv(self) -> None:
        await self._export(csv_file, "csv", "text/csv")

    async def _export_xlsx(self) -> None:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        await self._export(xlsx_file, "xlsx", kind)

    async def _export(self, write: Callable[..., bytes], ending: str, kind: str) -> None:
        """Everything that the filters let through, up to `EXPORT_MAX` rows."""
        visitor, columns = self._visitor, self._listing.columns
        rows: list[list[Any]] = []
        after = ""
        while len(rows) < EXPORT_MAX:
            found = await self._listing.load(await visitor.actor(), self._query(EXPORT_CHUNK, after))
            rows += [[each.exported(item, visitor) for each in columns] for item in found.items]
            after = found.next or ""
            if not after:
                break
        header = [visitor.text(f"column.{each.name}") for each in columns]
        content = await asyncio.to_thread(write, header, rows[:EXPORT_MAX])
        ui.download.content(content, f"{self._listing.name}.{ending}", kind)
        if after:
            visitor.tell(visitor.text("table.cut", rows=visitor.number(EXPORT_MAX)))
