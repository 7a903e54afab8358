"""Enterprise Users: the accounts that send, what they have left, and who they are."""

from starlette.requests import Request

from trunkline.model.administration import AccountFilter, AccountRow
from trunkline.model.identity import Actor, Permission
from trunkline.model.people import Page as Rows
from trunkline.model.people import Paging
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""

    async def load(actor: Actor, query: Query) -> Rows[AccountRow]:
        wanted = AccountFilter(text=query.filters.get("text", ""), group=query.filters.get("group", ""))
        return await visitor.services.enterprise_users.list(actor, wanted, Paging(query.limit, query.after))

    heading(visitor, "enterprise_users")
    listing = Listing(
        "enterprise_users",
        (
            Column[AccountRow]("username", lambda each: each.name),
            Column[AccountRow]("company", lambda each: each.company),
            Column[AccountRow]("permission_group", lambda each: each.permission_group),
            Column[AccountRow]("group", lambda each: each.group, shown=False),
            Column[AccountRow]("sender_id", lambda each: each.default_sender),
            Column[AccountRow]("credits", lambda each: each.balance, Kind.CREDITS),
            Column[AccountRow]("unlimited", lambda each: each.unlimited, Kind.FLAG),
            Column[AccountRow]("tps", lambda each: each.throughput or None, Kind.NUMBER),
            Column[AccountRow]("status", _state, Kind.BADGE),
            Column[AccountRow]("created_at", lambda each: each.created_at, Kind.TIME),
        ),
        load,
        key=lambda each: str(each.id),
        filters=(Filter("text"), Filter("group")),
        icon="business",
    )
    await Table(visitor, listing).refresh()


def _state(account: AccountRow) -> str:
    return "enabled" if account.enabled else "disabled"


PAGE = Page(
    "enterprise_users",
    "/enterprise-users",
    "business",
    Section.ACCOUNTS,
    build,
    (Permission.VIEW_PLATFORM,),
)
