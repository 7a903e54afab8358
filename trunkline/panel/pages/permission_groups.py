"""Permission Groups: what enterprise users may do."""

from typing import Any

from nicegui import ui
from starlette.requests import Request

from trunkline.model.identity import TENANT_PERMISSIONS, Actor, Permission, PermissionGroup
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
    groups = visitor.services.permission_groups
    text = visitor.text

    def add() -> None:
        async def save(values: dict[str, Any]) -> None:
            await groups.create(await visitor.actor(), values.pop("name").strip(), **values)
            await table.refresh()

        form_dialog(visitor, text("permission_groups.new"), _fields(visitor), save, action=text("action.add"))

    async def change(group: PermissionGroup) -> None:
        async def save(values: dict[str, Any]) -> None:
            values["name"] = values["name"].strip()
            await groups.change(await visitor.actor(), group.id, **values)
            await table.refresh()

        form_dialog(
            visitor,
            text("permission_groups.change", name=group.name),
            [*_fields(visitor), Field("enabled", Input.SWITCH)],
            save,
            values={
                "name": group.name,
                "description": group.description,
                "permissions": [each.value for each in group.permissions],
                "enabled": group.enabled,
            },
        )

    async def delete(group: PermissionGroup) -> None:
        async def carry_out() -> None:
            await groups.delete(await visitor.actor(), group.id)
            await table.refresh()

        question = text("permission_groups.delete_question", name=group.name)
        consequence = text("permission_groups.delete_consequence")
        confirm(visitor, question, consequence, text("action.delete"), carry_out)

    may_change = visitor.may(Permission.MANAGE_ACCOUNTS)
    with heading(visitor, "permission_groups"):
        if may_change:
            ui.button(text("permission_groups.new"), icon="add", on_click=add).props(
                "unelevated no-caps dense"
            )
    actions = (
        RowAction[PermissionGroup]("change", "edit", text("action.change"), change),
        RowAction[PermissionGroup]("delete", "delete", text("action.delete"), delete),
    )
    table = Table(visitor, _listing(visitor), actions=actions if may_change else ())
    await table.refresh()


def _listing(visitor: Visitor) -> Listing[PermissionGroup]:
    async def load(actor: Actor, query: Query) -> Rows[PermissionGroup]:
        state = query.filters.get("status")
        wanted = GroupFilter(query.filters.get("text", ""), None if state is None else state == "enabled")
        return await visitor.services.permission_groups.list(actor, wanted, Paging(query.limit, query.after))

    def permissions(group: PermissionGroup) -> str:
        granted = (each for each in TENANT_PERMISSIONS if each in group.permissions)
        return ", ".join(visitor.text(f"permission.{each.value}") for each in granted)

    states = {each: visitor.text(f"state.{each}") for each in ("enabled", "disabled")}
    column = Column[PermissionGroup]
    return Listing(
        "permission_groups",
        (
            column("group_name", lambda group: group.name),
            column("description", lambda group: group.description, Kind.PROSE),
            column("status", _state, Kind.BADGE),
            column("permissions", permissions),
            column("users", lambda group: group.users, Kind.NUMBER),
            column("created_at", lambda group: group.created_at, Kind.TIME),
        ),
        load,
        key=lambda group: str(group.id),
        filters=(Filter("text"), Filter("status", states)),
        icon="admin_panel_settings",
    )


def _fields(visitor: Visitor) -> list[Field]:
    names = [each.value for each in TENANT_PERMISSIONS]
    return [
        Field("name", required=True),
        Field("description", Input.LONG_TEXT),
        Field(
            "permissions",
            Input.CHECKS,
            options={name: visitor.text(f"permission.{name}") for name in names},
            notes={name: visitor.text(f"permission_note.{name}") for name in names},
        ),
    ]


def _state(group: PermissionGroup) -> str:
    return "enabled" if group.enabled else "disabled"


PAGE = Page(
    "permission_groups",
    "/permission-groups",
    "admin_panel_settings",
    Section.ACCOUNTS,
    build,
    (Permission.VIEW_PLATFORM,),
)
