"""MT (Outbound) Routes: which connector takes which message, at what price, in which order."""

from collections.abc import Sequence
from typing import Any

from nicegui import ui
from starlette.requests import Request

from trunkline.model.administration import RouteFilter, RouteRow
from trunkline.model.identity import Actor, Permission
from trunkline.model.money import format_credits, parse_credits
from trunkline.model.people import Page as Rows
from trunkline.model.people import Paging
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.dialog import form_dialog
from trunkline.panel.components.form import Field
from trunkline.panel.components.form import Kind as Input
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    await _RoutesPage(visitor).show()


class _RoutesPage:
    """The table, and what is done to its rows."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._routes = visitor.services.routes
        self._last = 0  # the last position, where the page that is shown ends with it
        may_change = visitor.may(Permission.MANAGE_TRAFFIC)
        with heading(visitor, "routes"):
            if may_change:
                ui.button(visitor.text("routes.new"), icon="add", on_click=visitor.on(self._add)).props(
                    "unelevated no-caps dense"
                )
        with ui.element("div").classes("notice").props('role="status"') as self._warning:
            ui.icon("warning")
            ui.label(visitor.text("routes.no_default"))
        self._table = Table(visitor, self._listing(), actions=self._actions() if may_change else ())

    async def show(self) -> None:
        """Reads the first page."""
        await self._table.refresh()

    def _listing(self) -> Listing[RouteRow]:
        column, text = Column[RouteRow], self._visitor.text
        states = {each: text(f"state.{each}") for each in ("enabled", "disabled")}
        return Listing(
            "routes",
            (
                column("order", lambda row: row.position),
                column("details", self._details, Kind.TITLED),
                column("prefix", lambda row: row.prefix, shown=False),
                column("account", lambda row: row.account, shown=False),
                column("connectors", lambda row: ", ".join(row.connector_ids), shown=False),
                column("route_rate", lambda row: row.rate, Kind.CREDITS, shown=False),
                column("status", _state, Kind.BADGE),
            ),
            self._load,
            key=lambda row: str(row.id),
            filters=(Filter("text"), Filter("account"), Filter("connector_id"), Filter("status", states)),
            icon="alt_route",
        )

    async def _load(self, actor: Actor, query: Query) -> Rows[RouteRow]:
        asked = query.filters
        state = asked.get("status")
        wanted = RouteFilter(
            asked.get("text", ""),
            asked.get("account", ""),
            asked.get("connector_id", ""),
            None if state is None else state == "enabled",
        )
        found = await self._routes.list(actor, wanted, Paging(query.limit, query.after))
        complete = found.items and found.next is None and not asked
        self._last = found.items[-1].position if complete else 0
        self._warning.set_visibility(not await self._routes.has_default(actor))
        return found

    def _details(self, row: RouteRow) -> str:
        """The name, and below it what the route takes, where to, for whom and at what price."""
        text = self._visitor.text
        parts = (
            text("routes.numbers", prefix=row.prefix) if row.prefix else text("routes.all_numbers"),
            text("routes.then").join(row.connector_ids),
            text("routes.only", account=row.account) if row.account else text("routes.all_accounts"),
            text("routes.price", rate=self._visitor.credits(row.rate)),
        )
        return f"{row.name}\n{text('routes.separator').join(parts)}"

    def _actions(self) -> Sequence[RowAction[RouteRow]]:
        text = self._visitor.text
        return (
            RowAction("up", "arrow_upward", text("routes.up"), self._up, lambda row: row.position > 1),
            RowAction(
                "down",
                "arrow_downward",
                text("routes.down"),
                self._down,
                lambda row: row.position != self._last,
            ),
            RowAction("move", "swap_vert", text("routes.move"), self._move),
            RowAction("change", "edit", text("action.change"), self._change),
            RowAction("disable", "block", text("routes.disable"), self._switch, lambda row: row.enabled),
            RowAction("enable", "check", text("routes.enable"), self._switch, lambda row: not row.enabled),
            RowAction("delete", "delete", text("action.delete"), self._delete),
        )

    # --- what is done ---

    async def _add(self) -> None:
        async def save(values: dict[str, Any]) -> None:
            fields = _fields(values)
            name, connectors = fields.pop("name"), fields.pop("connectors")
            await self._routes.create(await self._visitor.actor(), name, connectors, **fields)
            await self._table.refresh()

        text = self._visitor.text
        position = Field("position", Input.NUMBER, hint=text("routes.position_hint"))
        form_dialog(
            self._visitor,
            text("routes.new"),
            [*await self._form_fields(()), position],
            save,
            values={"rate": "1", "enabled": True},
            action=text("action.add"),
        )

    async def _change(self, row: RouteRow) -> None:
        async def save(values: dict[str, Any]) -> None:
            await self._routes.change(await self._visitor.actor(), row.id, **_fields(values))
            await self._table.refresh()

        values = {
            "name": row.name,
            "prefix": row.prefix,
            "connectors": row.connector_ids,
            "rate": format_credits(row.rate),
            "account": row.account,
            "enabled": row.enabled,
        }
        title = self._visitor.text("routes.change", name=row.name)
        form_dialog(self._visitor, title, await self._form_fields(row.connector_ids), save, values=values)

    async def _form_fields(self, named: Sequence[str]) -> list[Field]:
        """The fields of a route; connectors that are no more can be chosen where the route names them."""
        text = self._visitor.text
        rows = await self._visitor.services.connectors.list(await self._visitor.actor())
        ids = dict.fromkeys((*(row.config.connector_id for row in rows), *named))
        return [
            Field("name", required=True),
            Field("prefix", hint=text("routes.prefix_hint")),
            Field(
                "connectors",
                Input.CHOICES,
                required=True,
                hint=text("routes.connectors_hint"),
                options={each: each for each in ids},
            ),
            Field("rate", required=True, hint=text("routes.rate_hint")),
            Field("account", hint=text("routes.account_hint")),
            Field("enabled", Input.SWITCH),
        ]

    async def _move(self, row: RouteRow) -> None:
        async def save(values: dict[str, Any]) -> None:
            await self._move_to(row, _whole("position", values["position"]))

        text = self._visitor.text
        form_dialog(
            self._visitor,
            text("routes.move_title", name=row.name),
            [Field("position", Input.NUMBER, required=True, hint=text("routes.move_hint"))],
            save,
            values={"position": row.position},
            action=text("routes.move_action"),
        )

    async def _up(self, row: RouteRow) -> None:
        await self._move_to(row, row.position - 1)

    async def _down(self, row: RouteRow) -> None:
        await self._move_to(row, row.position + 1)

    async def _move_to(self, row: RouteRow, position: int) -> None:
        await self._routes.move(await self._visitor.actor(), row.id, position)
        await self._table.refresh()

    async def _switch(self, row: RouteRow) -> None:
        await self._routes.change(await self._visitor.actor(), row.id, enabled=not row.enabled)
        await self._table.refresh()

    async def _delete(self, row: RouteRow) -> None:
        async def carry_out() -> None:
            await self._routes.delete(await self._visitor.actor(), row.id)
            await self._table.refresh()

        text = self._visitor.text
        confirm(
            self._visitor,
            text("routes.delete_question", name=row.name),
            text("routes.delete_consequence"),
            text("action.delete"),
            carry_out,
        )


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    """What the form holds, as the service takes it. Raises `InvalidInput`."""
    fields = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    try:
        fields["rate"] = parse_credits(fields["rate"])
    except ValueError as error:
        raise InvalidInput("rate", str(error)) from None
    fields["connectors"] = tuple(fields["connectors"])
    if fields.pop("position", None) is not None:
        fields["position"] = _whole("position", values["position"])
    return fields


def _whole(name: str, value: float) -> int:
    if value != int(value):
        raise InvalidInput(name, "a whole number")
    return int(value)


def _state(row: RouteRow) -> str:
    return "enabled" if row.enabled else "disabled"


PAGE = Page("routes", "/routes", "alt_route", Section.GATEWAY, build, (Permission.VIEW_PLATFORM,))
