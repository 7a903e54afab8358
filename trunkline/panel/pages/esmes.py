"""ESME accounts: who may bind to the SMPP server, and who is bound now."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from starlette.requests import Request

from trunkline.gsm.alphabets import DEFAULT_ALPHABETS
from trunkline.model.administration import EsmeFilter, EsmeSettings
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.people import Page as Rows
from trunkline.model.people import Paging
from trunkline.model.snapshot import ReceiptFormat
from trunkline.model.status import SessionStatus
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.dialog import form_dialog, show_secrets
from trunkline.panel.components.form import Field
from trunkline.panel.components.form import Kind as Input
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput
from trunkline.services.esmes import EsmeOverview

LIVE_S = 3.0
_NUMBERS = ("max_binds", "throughput", "window")


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""

    async def refresh() -> None:
        await table.refresh()

    actions = EsmeActions(visitor, refresh)
    manages = visitor.may(Permission.MANAGE_ACCOUNTS)
    with heading(visitor, "esmes"):
        if manages:
            ui.button(visitor.text("esmes.new"), icon="add", on_click=actions.add).props(
                "unelevated no-caps dense"
            )
    offered = [RowAction("sessions", "lan", visitor.text("esmes.sessions"), actions.show_sessions)]
    if manages:
        offered += [
            RowAction("edit", "edit", visitor.text("action.change"), actions.edit),
            RowAction("reset", "password", visitor.text("esmes.reset"), actions.reset),
        ]
    if manages or visitor.may(Permission.MANAGE_TRAFFIC):
        offered.append(
            RowAction(
                "unbind",
                "link_off",
                visitor.text("esmes.unbind"),
                actions.unbind,
                lambda each: each.bound > 0,
            )
        )
    if manages:
        offered.append(RowAction("delete", "delete", visitor.text("action.delete"), actions.delete))
    table = Table(visitor, _listing(visitor), actions=offered, live_s=LIVE_S)
    await refresh()


def _listing(visitor: Visitor) -> Listing[EsmeOverview]:
    async def load(actor: Actor, query: Query) -> Rows[EsmeOverview]:
        asked = query.filters
        state = asked.get("status", "")
        wanted = EsmeFilter(
            asked.get("text", ""), asked.get("account", ""), state == "enabled" if state else None
        )
        return await visitor.services.esmes.list(actor, wanted, Paging(query.limit, query.after))

    column = Column[EsmeOverview]
    filters = [Filter("text"), Filter("status", _states(visitor))]
    if visitor.may(Permission.VIEW_PLATFORM):
        filters.insert(1, Filter("account", label="assigned_user"))
    return Listing(
        "esmes",
        (
            column("esme", lambda each: each.row.system_id),
            column("assigned_user", lambda each: each.row.account),
            column("bound", lambda each: each.bound, Kind.NUMBER),
            column("max_binds", lambda each: each.row.settings.max_binds, Kind.NUMBER),
            column("ip_whitelist", lambda each: _networks(visitor, each)),
            column("receipts_waiting", lambda each: each.receipts_waiting, Kind.NUMBER),
            column("status", lambda each: "enabled" if each.row.settings.enabled else "disabled", Kind.BADGE),
            column("created_at", lambda each: each.row.created_at, Kind.TIME, shown=False),
        ),
        load,
        key=lambda each: str(each.row.id),
        filters=filters,
        icon="dns",
    )


class EsmeActions:
    """What is done with ESME accounts; `changed` is called after each change."""

    def __init__(self, visitor: Visitor, changed: Callable[[], Awaitable[None]]) -> None:
        self._visitor = visitor
        self._esmes = visitor.services.esmes
        self._changed = changed

    def add(self) -> None:
        """Asks for a new one; its password is shown once."""
        visitor = self._visitor

        async def save(values: dict[str, Any]) -> None:
            account, system_id = values.pop("account"), values.pop("system_id")
            try:
                made = await self._esmes.create(await visitor.actor(), account, system_id, **_whole(values))
            except AlreadyExists:
                raise InvalidInput("system_id", visitor.text("error.taken")) from None
            except NotFound as error:
                raise InvalidInput("account", str(error)) from None
            self._show_password(made.system_id, made.password)
            await self._changed()

        form_dialog(
            visitor,
            visitor.text("esmes.new"),
            [
                Field("account", required=True, hint=visitor.text("esmes.account_hint")),
                Field("system_id", required=True, hint=visitor.text("esmes.system_id_hint"), label="esme"),
                Field("password", Input.PASSWORD, hint=visitor.text("esmes.password_hint")),
                *self._fields(),
            ],
            save,
            values=_values(EsmeSettings()),
            action=visitor.text("action.add"),
        )

    async def edit(self, esme: EsmeOverview) -> None:
        """Asks for what is to change."""
        visitor, row = self._visitor, esme.row

        async def save(values: dict[str, Any]) -> None:
            await self._esmes.change(await visitor.actor(), row.id, **_whole(values))
            await self._changed()

        title = visitor.text("esmes.edit", name=row.system_id)
        form_dialog(visitor, title, self._fields(), save, values=_values(row.settings))

    async def reset(self, esme: EsmeOverview) -> None:
        """Asks for another password, or makes one up."""
        visitor, row = self._visitor, esme.row

        async def save(values: dict[str, Any]) -> None:
            made = await self._esmes.reset_password(await visitor.actor(), row.id, values["password"] or None)
            self._show_password(made.system_id, made.password)
            await self._changed()

        form_dialog(
            visitor,
            visitor.text("esmes.reset_title", name=row.system_id),
            [Field("password", Input.PASSWORD, hint=visitor.text("esmes.reset_hint"))],
            save,
            action=visitor.text("esmes.reset"),
        )

    async def unbind(self, esme: EsmeOverview) -> None:
        """Asks, and ends its sessions."""
        visitor, row = self._visitor, esme.row

        async def carry_out() -> None:
            await self._esmes.unbind(await visitor.actor(), row.id)
            visitor.tell(visitor.text("esmes.unbound", name=row.system_id))
            await self._changed()

        confirm(
            visitor,
            visitor.text("esmes.unbind_question", name=row.system_id),
            visitor.text("esmes.unbind_consequence", bound=visitor.number(esme.bound)),
            visitor.text("esmes.unbind"),
            carry_out,
        )

    async def delete(self, esme: EsmeOverview) -> None:
        """Asks, and says what becomes of the receipts that wait for it."""
        visitor, row = self._visitor, esme.row
        waiting = await self._esmes.receipts_waiting(await visitor.actor(), row.id)

        async def carry_out() -> None:
            await self._esmes.delete(await visitor.actor(), row.id, give_up_receipts=waiting > 0)
            await self._changed()

        kind = "esmes.give_up" if waiting else "esmes.delete"
        confirm(
            visitor,
            visitor.text("esmes.delete_question", name=row.system_id),
            visitor.text(f"{kind}_consequence", waiting=visitor.number(waiting)),
            visitor.text("esmes.give_up" if waiting else "action.delete"),
            carry_out,
        )

    async def show_sessions(self, esme: EsmeOverview) -> None:
        """Opens the list of its sessions, live."""
        visitor, row = self._visitor, esme.row

        async def load(actor: Actor, _query: Query) -> Rows[SessionStatus]:
            return Rows(list(await self._esmes.sessions(actor, row.id)), None)

        column = Column[SessionStatus]
        listing = Listing(
            "esme_sessions",
            (
                column("address", lambda each: each.remote),
                column("smpp_version", lambda each: each.version),
                column("bind", lambda each: each.bind_type),
                column("created", lambda each: each.since, Kind.TIME),
                column("submitted", lambda each: each.submitted_per_s, Kind.NUMBER),
                column("messages", lambda each: each.submitted, Kind.NUMBER),
                column("in_flight", lambda each: each.delivering, Kind.NUMBER, shown=False),
            ),
            load,
            key=lambda each: each.connection_id,
            icon="lan",
        )
        with ui.dialog() as dialog, ui.card().classes("confirm wide-dialog").props('data-test="sessions"'):
            dialog.on("hide", dialog.delete)
            ui.label(visitor.text("esmes.sessions_title", name=row.system_id)).classes("question")
            table = Table(visitor, listing, live_s=LIVE_S, addressed=False)
            with ui.element("div").classes("actions"):
                ui.button(visitor.text("action.close"), on_click=dialog.close).props("flat no-caps autofocus")
        dialog.open()
        await table.refresh()

    def _show_password(self, system_id: str, password: str) -> None:
        visitor = self._visitor
        title = visitor.text("esmes.made", name=system_id)
        show_secrets(visitor, title, {"password": password}, visitor.text("esmes.only_now"))

    def _fields(self) -> list[Field]:
        text = self._visitor.text
        formats = {each.value: text(f"receipt_format.{each.value}") for each in ReceiptFormat}
        return [
            Field("max_binds", Input.NUMBER),
            Field("allowed_networks", hint=text("esmes.networks_hint")),
            Field("throughput", Input.NUMBER, hint=text("esmes.throughput_hint"), label="per_minute"),
            Field("window", Input.NUMBER, hint=text("esmes.window_hint")),
            Field("default_alphabet", Input.CHOICE, options={each: each for each in DEFAULT_ALPHABETS}),
            Field("receipt_format", Input.CHOICE, options=formats),
            Field("outbind", hint=text("esmes.outbind_hint")),
            Field("broadcast", Input.SWITCH),
            Field("pdu_log", Input.SWITCH),
            Field("enabled", Input.SWITCH),
        ]


def _values(settings: EsmeSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in EsmeSettings.__dataclass_fields__}


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    return {name: int(value or 0) if name in _NUMBERS else value for name, value in values.items()}


def _networks(visitor: Visitor, esme: EsmeOverview) -> str:
    allowed = esme.row.settings.allowed_networks
    return allowed.replace(",", ", ") or visitor.text("esmes.anywhere")


def _states(visitor: Visitor) -> dict[str, str]:
    return {state: visitor.text(f"state.{state}") for state in ("enabled", "disabled")}


PAGE = Page(
    "esmes",
    "/esmes",
    "dns",
    Section.GATEWAY,
    build,
    (Permission.MANAGE_API_KEYS, Permission.VIEW_PLATFORM),
)
