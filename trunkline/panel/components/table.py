"""A table over rows that stay in the database: it holds one page of them, however many there are."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from nicegui import events, ui

from trunkline.model.identity import Actor
from trunkline.panel.components.empty_state import empty_state
from trunkline.panel.components.filter_bar import FilterBar
from trunkline.panel.components.listing import Kind, Listing, Query, Rows
from trunkline.panel.components.position import Position, position_of
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput
from trunkline.services.message_exports import MOST_XLSX_ROWS, Sheet, csv_export, xlsx_export

T = TypeVar("T")

PAGE = 50
EXPORT_CHUNK = 1_000
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_LINKED = """<q-td :props="props" class="cell-link"><a class="row-link" :href="props.row._link">
{{ props.value }}</a></q-td>"""
_BADGE = """<q-td :props="props"><span v-if="props.value" class="badge" :data-state="props.row['%s_']">
{{ props.value }}</span></q-td>"""
_PROSE = """<q-td :props="props"><div class="prose" dir="auto" :title="props.value">
{{ props.value }}</div></q-td>"""
_LINES = """<q-td :props="props" class="lines">{{ props.value }}</q-td>"""
_TITLED = """<q-td :props="props"><div v-for="(line, number) in props.value.split('\\n')" :key="number"
:class="number ? 'quiet' : 'called'"><bdi>{{ line }}</bdi></div></q-td>"""
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
        addressed: bool = True,
    ) -> None:
        """`live_s`: how often the page that is shown is read again; 0: when asked to.

        Filters and page stand in the page's address, which has room for one table: the others are not
        `addressed`.
        """
        self._visitor = visitor
        self._listing = listing
        self._actions = {each.name: each for each in actions}
        self._addressed = addressed
        self._position = Position()
        self._unreadable: list[str] = []
        if addressed:
            asked = visitor.asked
            self._unreadable = [
                each.name
                for each in listing.filters
                if asked.get(each.name) and not each.takes(asked[each.name])
            ]
            self._position = position_of(visitor.asked, listing.filters, listing.columns)
        self._next = ""
        self._items: dict[str, T] = {}
        with ui.element("section").classes("card table-card"):
            self._bar()
            self._table = self._make()
            self._empty = empty_state(
                listing.icon,
                visitor.text(f"{listing.name}.empty"),
                visitor.text(f"{listing.name}.empty_next"),
            )
            self._empty.set_visibility(False)
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
            self._filter_bar = FilterBar(
                visitor, listing.filters, self._position.filters, self._from_the_start, self._unreadable
            )
            ui.space()
            self._columns_menu()
            with ui.button(icon="download").props(f'flat dense aria-label="{visitor.text("table.export")}"'):
                with ui.menu():
                    ui.menu_item("CSV", on_click=visitor.on(self._export_csv))
                    ui.menu_item("XLSX", on_click=visitor.on(self._export_xlsx)).props["title"] = (
                        visitor.text("table.xlsx_rows", rows=visitor.number(MOST_XLSX_ROWS))
                    )
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
                "align": "right" if each.kind in (Kind.NUMBER, Kind.CREDITS) else "left",
                "sortable": each.sortable,
                "classes": f"cell-{each.kind.value}",
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
            pagination={
                "rowsPerPage": 0,
                "rowsNumber": 0,
                "page": 1,
                "sortBy": self._position.sort or None,
                "descending": self._position.descending,
            },
        )
        table.props("flat dense hide-pagination hide-no-data wrap-cells").props["visible-columns"] = [
            *(each.name for each in listing.columns if each.shown),
            "_actions",
        ]
        for each in listing.columns:
            if each.kind is Kind.BADGE:
                table.add_slot(f"body-cell-{each.name}", _BADGE % each.name)
            elif each.kind is Kind.PROSE:
                table.add_slot(f"body-cell-{each.name}", _PROSE)
            elif each.kind is Kind.LINES:
                table.add_slot(f"body-cell-{each.name}", _LINES)
            elif each.kind is Kind.TITLED:
                table.add_slot(f"body-cell-{each.name}", _TITLED)
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
            self._start = ui.button(
                icon="last_page" if rtl else "first_page", on_click=visitor.on(self._to_the_start)
            ).props(f'flat dense aria-label="{visitor.text("table.first")}"')
            self._back = ui.button(
                icon="chevron_right" if rtl else "chevron_left", on_click=visitor.on(self._page_back)
            ).props(f'flat dense aria-label="{visitor.text("table.previous")}"')
            self._forth = ui.button(
                icon="chevron_left" if rtl else "chevron_right", on_click=visitor.on(self._page_forth)
            ).props(f'flat dense aria-label="{visitor.text("table.next")}"')

    # --- what happens ---

    async def _sort_by(self, event: events.GenericEventArguments) -> None:
        wanted = event.args["pagination"]
        position = self._position
        position.sort, position.descending = wanted.get("sortBy") or "", bool(wanted.get("descending"))
        self._table.pagination = self._table.pagination | {
            "sortBy": position.sort or None,
            "descending": position.descending,
        }
        await self._from_the_start()

    async def _from_the_start(self) -> None:
        """Other rows, or in another order: there is nothing to go back to."""
        self._position.start()
        await self.refresh()
        self._address("replaceState")

    async def _to_the_start(self) -> None:
        self._position.start()
        await self._turned()

    async def _page_forth(self) -> None:
        if self._next:
            self._position.turn(self._next, len(self._items))
            await self._turned()

    async def _page_back(self) -> None:
        if self._position.before:
            self._position.turn_back()
            await self._turned()

    async def _turned(self) -> None:
        await self.refresh()
        self._address("pushState")

    def _address(self, how: str) -> None:
        """Has the browser's address say what is shown."""
        if self._addressed:
            query = json.dumps(self._position.query())
            ui.run_javascript(f"history.{how}(null, '', location.pathname + {query})")

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
        found = await self._found(actor)
        if found is None:
            return
        self._items = {self._listing.key(item): item for item in found.items}
        self._next = found.next or ""
        self._table.rows = [self._row(item) for item in found.items]
        self._empty.set_visibility(not found.items)
        first = self._position.first
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
        self._start.set_enabled(bool(self._position.after))
        self._back.set_enabled(bool(self._position.before))
        self._forth.set_enabled(bool(self._next))

    async def _found(self, actor: Actor) -> Rows[T] | None:
        """The page; none where a filter breaks a rule, which then stands beside it."""
        try:
            try:
                found = await self._listing.load(actor, self._query(PAGE, self._position.after))
            except ValueError:  # `InvalidInput` too
                if not self._position.after or self._position.before:
                    raise
                self._position.start()  # the address was somebody's invention
                found = await self._listing.load(actor, self._query(PAGE, ""))
        except InvalidInput as error:
            if not self._filter_bar.refuse(error.field, error.rule):
                raise
            return None
        self._filter_bar.accept()
        return found

    def _query(self, limit: int, after: str) -> Query:
        position = self._position
        return Query(limit, after, position.sort, position.descending, dict(position.filters))

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
        self._offer("csv", CSV, csv_export(self._sheet(), self._every_row(self._query(EXPORT_CHUNK, ""))))

    async def _export_xlsx(self) -> None:
        self._offer("xlsx", XLSX, xlsx_export(self._sheet(), self._every_row(self._query(EXPORT_CHUNK, ""))))

    def _offer(self, ending: str, media_type: str, content: AsyncIterator[bytes]) -> None:
        visitor = self._visitor
        name = f"{self._listing.name}.{ending}"
        ui.download.from_url(visitor.downloads.offer(visitor.token, name, media_type, content))

    def _sheet(self) -> Sheet[T]:
        visitor, columns = self._visitor, self._listing.columns
        return Sheet(
            self._listing.name,
            tuple(visitor.text(f"column.{each.name}") for each in columns),
            lambda item: tuple(each.exported(item, visitor) for each in columns),
        )

    async def _every_row(self, query: Query) -> AsyncIterator[Sequence[T]]:
        """Everything that the filters let through, as the one who may see it at the time."""
        after: str | None = ""
        while after is not None:
            found = await self._listing.load(await self._visitor.actor(), replace(query, after=after))
            yield found.items
            after = found.next
