"""API Keys: made, shown once, revoked."""

from typing import Any

from nicegui import ui
from starlette.requests import Request

from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, ApiKey, Permission
from trunkline.model.people import Page as Rows
from trunkline.model.people import Paging
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.dialog import form_dialog, show_secrets
from trunkline.panel.components.form import Field
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    keys = visitor.services.api_keys

    async def load(actor: Actor, query: Query) -> Rows[ApiKey]:
        owner = query.filters.get("owner", "")
        return await keys.list(actor, Paging(query.limit, query.after), owner=owner)

    async def switch(key: ApiKey) -> None:
        await keys.set_enabled(await visitor.actor(), key.id, not key.enabled)
        await table.refresh()

    async def delete(key: ApiKey) -> None:
        async def carry_out() -> None:
            await keys.delete(await visitor.actor(), key.id)
            await table.refresh()

        confirm(
            visitor,
            visitor.text("api_keys.delete_question", name=key.name),
            visitor.text("api_keys.delete_consequence"),
            visitor.text("action.delete"),
            carry_out,
        )

    # Whoever manages logins makes keys for them too.
    managing = any(visitor.may(each) for each in (Permission.MANAGE_ACCOUNTS, Permission.MANAGE_ADMINS))
    owner = [Field("owner", hint=visitor.text("api_keys.owner_hint"))] if managing else []

    def add() -> None:
        async def save(values: dict[str, Any]) -> None:
            try:
                made = await keys.create(
                    await visitor.actor(), values["name"], owner=values.get("owner") or None
                )
            except NotFound:
                raise InvalidInput("owner", visitor.text("api_keys.no_owner")) from None
            show_secrets(
                visitor,
                visitor.text("api_keys.made"),
                {"key": made.key},
                visitor.text("api_keys.only_now"),
            )
            await table.refresh()

        form_dialog(
            visitor,
            visitor.text("api_keys.new"),
            [Field("name", required=True), *owner],
            save,
            action=visitor.text("api_keys.make"),
        )

    with heading(visitor, "api_keys"):
        if visitor.may(Permission.MANAGE_API_KEYS):
            ui.button(visitor.text("api_keys.new"), icon="add", on_click=add).props(
                "unelevated no-caps dense"
            )
    listing = Listing(
        "api_keys",
        (
            Column[ApiKey]("name", lambda each: each.name),
            Column[ApiKey]("key_prefix", lambda each: each.prefix),
            Column[ApiKey]("owner", lambda each: each.owner),
            Column[ApiKey]("status", _state, Kind.BADGE),
            Column[ApiKey]("last_used", lambda each: each.last_used_at, Kind.TIME),
            Column[ApiKey]("created_at", lambda each: each.created_at, Kind.TIME),
        ),
        load,
        key=lambda each: str(each.id),
        filters=(Filter("owner"),) if visitor.login.account_id is None else (),
        icon="key",
    )
    actions = (
        RowAction[ApiKey](
            "disable", "block", visitor.text("action.disable"), switch, lambda each: each.enabled
        ),
        RowAction[ApiKey](
            "enable", "check", visitor.text("action.enable"), switch, lambda each: not each.enabled
        ),
        RowAction[ApiKey]("delete", "delete", visitor.text("action.delete"), delete),
    )
    table = Table(visitor, listing, actions=actions if visitor.may(Permission.MANAGE_API_KEYS) else ())
    await table.refresh()


def _state(key: ApiKey) -> str:
    return "enabled" if key.enabled else "disabled"


PAGE = Page(
    "api_keys",
    "/api-keys",
    "key",
    Section.ACCOUNTS,
    build,
    (Permission.MANAGE_API_KEYS, Permission.VIEW_PLATFORM),
)
