"""Groups: enterprise users that belong together."""

from typing import Any

from nicegui import ui
from starlette.requests import Request

from trunkline.model.identity import Actor, Group, Permission
from trunkline.model.people import GroupFilter, Paging
from trunkline.model.people import Page as Rows
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.dialog import form_dialog
from trunkline.panel.components.form import Field
from trunkline.panel.components.form import Kind as Input
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    groups = visitor.services.groups
    text = visitor.text
    fields = [Field("name", required=True), Field("description", Input.LONG_TEXT)]

    def add() -> None:
        async def save(values: dict[str, Any]) -> None:
            await groups.create(
                await visitor.actor(), values["name"].strip(), description=values["description"]
            )
            await table.refresh()

        form_dialog(visitor, text("groups.new"), fields, save, action=text("action.add"))

    async def change(group: Group) -> None:
        async def save(values: dict[str, Any]) -> None:
            values["name"] = values["name"].strip()
            await groups.change(await visitor.actor(), group.id, **values)
            await table.refresh()

        form_dialog(
            visitor,
            text("groups.change", name=group.name),
            [*fields, Field("enabled", Input.SWITCH)],
            save,
            values={"name": group.name, "description": group.description, "enabled": group.enabled},
        )

    async def delete(group: Group) -> None:
        async def carry_out() -> None:
            await groups.delete(await visitor.actor(), group.id)
            await table.refresh()

        question = text("groups.delete_question", name=group.name)
        confirm(visitor, question, text("groups.delete_consequence"), text("action.delete"), carry_out)

    may_change = visitor.may(Permission.MANAGE_ACCOUNTS)
    with heading(visitor, "groups"):
        if may_change:
            ui.button(text("groups.new"), icon="add", on_click=add).props("unelevated no-caps dense")
    actions = (
        RowAction[Group]("change", "edit", text("action.change"), change),
        RowAction[Group]("delete", "delete", text("action.delete"), delete),
    )
    table = Table(visitor, _listing(visitor), actions=actions if may_change else ())
    await table.refresh()


def _listing(visitor: Visitor) -> Listing[Group]:
    async def load(actor: Actor, query: Query) -> Rows[Group]:
        state = query.filters.get("status")
        wanted = GroupFilter(query.filters.get("text", ""), None if state is None else state == "enabled")
        return await visitor.services.groups.list(actor, wanted, Paging(query.limit, query.after))

    states = {each: visitor.text(f"state.{each}") for each in ("enabled", "disabled")}
    column = Column[Group]
    return Listing(
        "groups",
        (
            column("group_id", lambda group: str(group.id)),
            column("name", lambda group: group.name),
            column("description", lambda group: group.description, Kind.PROSE),
            column("users", lambda group: group.users, Kind.NUMBER),
            column("status", _state, Kind.BADGE),
            column("created_at", lambda group: group.created_at, Kind.TIME),
        ),
        load,
        key=lambda group: str(group.id),
        filters=(Filter("text"), Filter("status", states)),
        icon="workspaces",
    )


def _state(group: Group) -> str:
    return "enabled" if group.enabled else "disabled"


PAGE = Page("groups", "/groups", "workspaces", Section.ACCOUNTS, build, (Permission.VIEW_PLATFORM,))
