"""Enterprise Users: the accounts that send, what they have left, and who they are."""

from collections import Counter
from urllib.parse import quote

from nicegui import ui
from starlette.requests import Request

from trunkline.model.administration import AccountFilter, AccountRow
from trunkline.model.identity import Actor, Permission
from trunkline.model.people import Page as Rows
from trunkline.model.people import Paging
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.pages.account_actions import AccountActions
from trunkline.panel.visitor import Visitor


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""

    async def changed(_: AccountRow) -> None:
        await table.refresh()

    act = AccountActions(visitor, changed)
    may_change = visitor.may(Permission.MANAGE_ACCOUNTS)
    with heading(visitor, "enterprise_users"):
        if may_change:
            ui.button(visitor.text("enterprise_users.new"), icon="add", on_click=visitor.on(act.add)).props(
                "unelevated no-caps dense"
            )
    table = Table(visitor, _listing(visitor), actions=_actions(visitor, act) if may_change else ())
    await table.refresh()


def path_of(name: str) -> str:
    """The page of one enterprise user, below the panel."""
    return f"/enterprise-users/{quote(name, safe='')}"


def bound_now(visitor: Visitor) -> Counter[int]:
    """How many connections of ESMEs there are, by account."""
    return Counter(each.account_id for each in visitor.services.live.esmes())


def state_of(account: AccountRow) -> str:
    """The account's state as a word of a badge."""
    return "enabled" if account.enabled else "disabled"


def _actions(visitor: Visitor, act: AccountActions) -> list[RowAction[AccountRow]]:
    text = visitor.text
    return [
        RowAction("credit", "account_balance_wallet", text("enterprise_users.credit"), act.credit),
        RowAction("edit", "edit", text("enterprise_users.edit"), act.edit),
        RowAction(
            "disable", "block", text("enterprise_users.disable"), act.disable, lambda each: each.enabled
        ),
        RowAction(
            "enable", "check", text("enterprise_users.enable"), act.enable, lambda each: not each.enabled
        ),
    ]


def _listing(visitor: Visitor) -> Listing[AccountRow]:
    bound = Counter[int]()

    async def load(actor: Actor, query: Query) -> Rows[AccountRow]:
        asked = query.filters
        wanted = AccountFilter(
            text=asked.get("text", ""),
            enabled={"enabled": True, "disabled": False}.get(asked.get("status", "")),
            group=asked.get("group", ""),
            permission_group=asked.get("permission_group", ""),
        )
        bound.clear()
        bound.update(bound_now(visitor))
        return await visitor.services.enterprise_users.list(actor, wanted, Paging(query.limit, query.after))

    column = Column[AccountRow]
    states = {each: visitor.text(f"state.{each}") for each in ("enabled", "disabled")}
    return Listing(
        "enterprise_users",
        (
            column("username", lambda each: each.name),
            column("company", lambda each: each.company),
            column("permission_group", lambda each: each.permission_group),
            column("group", lambda each: each.group, shown=False),
            column("sender_ids", lambda each: each.default_sender),
            column("credits", lambda each: each.balance, Kind.CREDITS),
            column("unlimited", lambda each: each.unlimited, Kind.FLAG, shown=False),
            column("tps", lambda each: each.throughput or visitor.text("enterprise_users.no_limit")),
            column("bindings", lambda each: f"{bound[each.id]} / {each.esmes}"),
            column("logins", lambda each: each.logins, Kind.NUMBER, shown=False),
            column("status", state_of, Kind.BADGE),
            column("created_at", lambda each: each.created_at, Kind.TIME),
        ),
        load,
        key=lambda each: str(each.id),
        filters=(Filter("text"), Filter("permission_group"), Filter("group"), Filter("status", states)),
        link=lambda each: path_of(each.name),
        icon="business",
    )


PAGE = Page(
    "enterprise_users",
    "/enterprise-users",
    "business",
    Section.ACCOUNTS,
    build,
    (Permission.VIEW_PLATFORM,),
)
