"""HTTP API accounts: who may send through HTTP, and at whose cost."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from starlette.requests import Request

from trunkline.model.administration import HttpAccountFilter, HttpAccountRow
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.people import Page as Rows
from trunkline.model.people import Paging
from trunkline.model.snapshot import OverRate
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.dialog import form_dialog, show_secrets
from trunkline.panel.components.form import Field, Form
from trunkline.panel.components.form import Kind as Input
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput
from trunkline.services.http_accounts import leads_inside


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""

    async def refresh() -> None:
        await table.refresh()

    actions = HttpAccountActions(visitor, refresh)
    manages = visitor.may(Permission.MANAGE_ACCOUNTS)
    with heading(visitor, "http_accounts"):
        if manages:
            ui.button(visitor.text("http_accounts.new"), icon="add", on_click=actions.add).props(
                "unelevated no-caps dense"
            )
    offered = (
        RowAction("edit", "edit", visitor.text("action.change"), actions.edit),
        RowAction("renew", "key", visitor.text("http_accounts.renew"), actions.renew_key),
        RowAction("delete", "delete", visitor.text("action.delete"), actions.delete),
    )
    table = Table(visitor, _listing(visitor), actions=offered if manages else ())
    await refresh()


def _listing(visitor: Visitor) -> Listing[HttpAccountRow]:
    async def load(actor: Actor, query: Query) -> Rows[HttpAccountRow]:
        asked = query.filters
        state = asked.get("status", "")
        wanted = HttpAccountFilter(
            asked.get("text", ""), asked.get("account", ""), state == "enabled" if state else None
        )
        return await visitor.services.http_accounts.list(actor, wanted, Paging(query.limit, query.after))

    column = Column[HttpAccountRow]
    no_limit = visitor.text("connectors.no_limit")
    states = {state: visitor.text(f"state.{state}") for state in ("enabled", "disabled")}
    filters = [Filter("text"), Filter("status", states)]
    if visitor.may(Permission.VIEW_PLATFORM):
        filters.insert(1, Filter("account", label="enterprise_account"))
    return Listing(
        "http_accounts",
        (
            column("username", lambda row: row.username),
            column("description", lambda row: row.description, Kind.PROSE),
            column("enterprise_account", lambda row: row.account),
            column("credits", lambda row: row.balance, Kind.CREDITS),
            column("unlimited", lambda row: row.unlimited, Kind.FLAG, shown=False),
            column("rate", lambda row: row.throughput or no_limit),
            column("dlr_url", lambda row: row.dlr_url),
            column("status", lambda row: "enabled" if row.enabled else "disabled", Kind.BADGE),
            column("api_key", lambda row: f"{row.api_key_prefix}…"),
            column("created_at", lambda row: row.created_at, Kind.TIME, shown=False),
        ),
        load,
        key=lambda row: str(row.id),
        filters=filters,
        icon="http",
    )


class HttpAccountActions:
    """What is done with HTTP API accounts; `changed` is called after each change."""

    def __init__(self, visitor: Visitor, changed: Callable[[], Awaitable[None]]) -> None:
        self._visitor = visitor
        self._accounts = visitor.services.http_accounts
        self._changed = changed

    def add(self) -> None:
        """Asks for a new one; its password and its key are shown once."""
        visitor = self._visitor

        async def save(values: dict[str, Any]) -> None:
            account, username = values.pop("account"), values.pop("username")
            try:
                made = await self._accounts.create(await visitor.actor(), account, username, **_whole(values))
            except AlreadyExists:
                raise InvalidInput("username", visitor.text("error.taken")) from None
            except NotFound as error:
                raise InvalidInput("account", str(error)) from None
            self._show(made.username, {"password": made.password, "key": made.api_key})
            await self._changed()

        form = form_dialog(
            visitor,
            visitor.text("http_accounts.new"),
            [
                Field("username", required=True, hint=visitor.text("http_accounts.username_hint")),
                *self._fields(visitor.text("http_accounts.password_hint")),
            ],
            save,
            values={"throughput": 10, "over_rate": OverRate.QUEUE.value},
            action=visitor.text("action.add"),
        )
        self._warn_of_private(form)

    async def edit(self, row: HttpAccountRow) -> None:
        """Asks for what is to change."""
        visitor = self._visitor

        async def save(values: dict[str, Any]) -> None:
            try:
                await self._accounts.change(await visitor.actor(), row.id, **_whole(values))
            except NotFound as error:
                if error.noun != "account":
                    raise
                raise InvalidInput("account", str(error)) from None
            await self._changed()

        form = form_dialog(
            visitor,
            visitor.text("http_accounts.edit", name=row.username),
            [*self._fields(visitor.text("http_accounts.keep_hint")), Field("enabled", Input.SWITCH)],
            save,
            values={
                "account": row.account,
                "description": row.description,
                "throughput": row.throughput,
                "over_rate": row.over_rate,
                "default_sender": row.default_sender,
                "dlr_url": row.dlr_url,
                "enabled": row.enabled,
            },
        )
        self._warn_of_private(form)

    async def renew_key(self, row: HttpAccountRow) -> None:
        """Asks, and shows the new key once."""
        visitor = self._visitor

        async def carry_out() -> None:
            key = await self._accounts.renew_key(await visitor.actor(), row.id)
            self._show(row.username, {"key": key})
            await self._changed()

        confirm(
            visitor,
            visitor.text("http_accounts.renew_question", name=row.username),
            visitor.text("http_accounts.renew_consequence"),
            visitor.text("http_accounts.renew"),
            carry_out,
        )

    async def delete(self, row: HttpAccountRow) -> None:
        """Asks, and says what becomes of the callbacks that wait."""
        visitor = self._visitor
        waiting = await self._accounts.callbacks_waiting(await visitor.actor(), row.id)

        async def carry_out() -> None:
            await self._accounts.delete(await visitor.actor(), row.id, give_up_callbacks=waiting > 0)
            await self._changed()

        kind = "http_accounts.give_up" if waiting else "http_accounts.delete"
        confirm(
            visitor,
            visitor.text("http_accounts.delete_question", name=row.username),
            visitor.text(f"{kind}_consequence", waiting=visitor.number(waiting)),
            visitor.text("http_accounts.give_up" if waiting else "action.delete"),
            carry_out,
        )

    def _show(self, username: str, secrets: dict[str, str]) -> None:
        visitor = self._visitor
        title = visitor.text("http_accounts.made", name=username)
        show_secrets(visitor, title, secrets, visitor.text("http_accounts.only_now"))

    def _fields(self, password_hint: str) -> list[Field]:
        text = self._visitor.text
        return [
            Field("account", required=True, hint=text("esmes.account_hint")),
            Field("description", label="note"),
            Field("password", Input.PASSWORD, hint=password_hint),
            Field("throughput", Input.NUMBER, hint=text("http_accounts.rate_hint")),
            Field(
                "over_rate",
                Input.CHOICE,
                options={each.value: text(f"over_rate.{each.value}") for each in OverRate},
            ),
            Field("default_sender"),
            Field("dlr_url", hint=text("http_accounts.dlr_hint")),
        ]

    def _warn_of_private(self, form: Form) -> None:
        def look() -> None:
            inside = leads_inside(form.value("dlr_url") or "")
            form.mark("dlr_url", self._visitor.text("http_accounts.private") if inside else "")

        form.watch(("dlr_url",), look)
        look()


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "throughput": int(values["throughput"] or 0)}


PAGE = Page(
    "http_accounts",
    "/http-accounts",
    "http",
    Section.GATEWAY,
    build,
    (Permission.MANAGE_API_KEYS, Permission.VIEW_PLATFORM),
)
