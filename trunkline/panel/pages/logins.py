"""Admin Users: who manages the platform, and with which role."""

from starlette.requests import Request

from trunkline.model.identity import Actor, Login, Permission
from trunkline.model.people import LoginFilter, Paging
from trunkline.model.people import Page as Rows
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""

    async def load(actor: Actor, query: Query) -> Rows[Login]:
        wanted = LoginFilter(text=query.filters.get("text", ""), administrators=True)
        return await visitor.services.logins.list(actor, wanted, Paging(query.limit, query.after))

    heading(visitor, "logins")
    listing = Listing(
        "logins",
        (
            Column[Login]("username", lambda each: each.username),
            Column[Login]("role", lambda each: visitor.text(f"role.{each.role.value}")),
            Column[Login]("full_name", lambda each: each.full_name),
            Column[Login]("email", lambda each: each.email),
            Column[Login]("second_factor", lambda each: each.has_totp, Kind.FLAG),
            Column[Login]("status", _state, Kind.BADGE),
            Column[Login]("last_sign_in", lambda each: each.last_login_at, Kind.TIME),
            Column[Login]("created_at", lambda each: each.created_at, Kind.TIME),
        ),
        load,
        key=lambda each: str(each.id),
        filters=(Filter("text"),),
        icon="admin_panel_settings",
    )
    await Table(visitor, listing).refresh()


def _state(login: Login) -> str:
    return "enabled" if login.enabled else "disabled"


PAGE = Page("logins", "/admins", "admin_panel_settings", Section.SYSTEM, build, (Permission.MANAGE_ADMINS,))
