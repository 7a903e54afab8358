"""One enterprise user: facts, money, senders, logins, and who of them is signed in."""

from functools import partial
from urllib.parse import urlencode

from nicegui import ui
from starlette.requests import Request

from trunkline.model.administration import AccountRow
from trunkline.model.errors import NotFound
from trunkline.model.identity import Permission
from trunkline.panel.components.empty_state import empty_state
from trunkline.panel.components.facts import fact_list
from trunkline.panel.components.heading import card, heading
from trunkline.panel.navigation import Page, Section
from trunkline.panel.pages.account_actions import AccountActions
from trunkline.panel.pages.enterprise_users import bound_now, state_of
from trunkline.panel.pages.login_table import LoginTable
from trunkline.panel.pages.sessions import session_table
from trunkline.panel.visitor import Visitor


async def build(visitor: Visitor, request: Request) -> None:
    """Builds the page."""
    place = heading(visitor, "enterprise_user")
    try:
        row = await visitor.services.enterprise_users.get(
            visitor.signed_in.actor, request.path_params["name"]
        )
    except NotFound:
        text = visitor.text
        empty_state("search_off", text("enterprise_user.unknown"), text("enterprise_user.unknown_next"))
        return
    may_change = visitor.may(Permission.MANAGE_ACCOUNTS)
    cards = ui.element("div").classes("grid")

    async def changed(now: AccountRow) -> None:
        show(now)
        await logins.refresh()
        if sessions is not None:
            await sessions.refresh()

    act = AccountActions(visitor, changed)

    def show(now: AccountRow) -> None:
        place.clear()
        with place:
            path = f"/messages?{urlencode({'account': now.name})}"
            ui.button(
                visitor.text("enterprise_user.messages"), icon="sms", on_click=lambda: ui.navigate.to(path)
            ).props("outline no-caps dense")
            if may_change:
                _buttons(visitor, act, now)
        cards.clear()
        with cards:
            _cards(visitor, now)

    show(row)
    with ui.element("div").classes("heading"):
        ui.label(visitor.text("enterprise_user.logins")).props('role="heading" aria-level="2"').classes(
            "part"
        )
        adding = ui.element("div").classes("actions")
    logins = LoginTable(visitor, "account_logins", account=row.name, account_id=row.id, may_change=may_change)
    logins.adding(adding)
    await logins.refresh()
    # Whoever only looks sees no sessions of others.
    sessions = await session_table(visitor, account_id=row.id) if may_change else None
    if sessions is not None:
        logins.follows(sessions)


def _buttons(visitor: Visitor, act: AccountActions, row: AccountRow) -> None:
    text = visitor.text
    ways = [("credit", "account_balance_wallet", act.credit), ("edit", "edit", act.edit)]
    ways.append(("disable", "block", act.disable) if row.enabled else ("enable", "check", act.enable))
    for name, icon, run in ways:
        ui.button(text(f"enterprise_users.{name}"), icon=icon, on_click=visitor.on(partial(run, row))).props(
            "outline no-caps dense"
        )


def _cards(visitor: Visitor, row: AccountRow) -> None:
    text, number = visitor.text, visitor.number
    no_limit = text("enterprise_users.no_limit")
    with card(row.name, "facts"):
        fact_list(
            (text(f"column.{name}"), value)
            for name, value in (
                ("status", text(f"state.{state_of(row)}")),
                ("company", row.company),
                ("email", row.contact_email),
                ("permission_group", row.permission_group or text("enterprise_user.no_permissions")),
                ("group", row.group),
                ("created_at", visitor.time(row.created_at)),
            )
        )
    with card(text("enterprise_user.sending"), "facts"):
        fact_list(
            (
                (text("column.credits"), visitor.credits(row.balance)),
                (text("column.unlimited"), text("word.yes" if row.unlimited else "word.no")),
                (text("column.tps"), number(row.throughput) if row.throughput else no_limit),
                (text("column.sender_ids"), row.default_sender),
                (text("field.receipt_policy"), text(f"receipt_policy.{row.receipt_policy}")),
                (text("field.unknown_outcome"), text(f"unknown_outcome.{row.unknown_outcome}")),
                (text("field.smart_encoding"), text("word.yes" if row.smart_encoding else "word.no")),
            )
        )
    with card(text("enterprise_user.ways"), "facts"):
        fact_list(
            (
                (text("column.logins"), number(row.logins)),
                (text("enterprise_user.esmes"), number(row.esmes)),
                (text("enterprise_user.bound"), number(bound_now(visitor)[row.id])),
                (text("enterprise_user.http_accounts"), number(row.http_accounts)),
            )
        )


PAGE = Page(
    "enterprise_user",
    "/enterprise-users/{name}",
    "business",
    Section.ACCOUNTS,
    build,
    (Permission.VIEW_PLATFORM,),
    listed=False,
)
