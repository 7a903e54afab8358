"""Admin Users: who manages the platform, with which role, and who is signed in."""

from starlette.requests import Request

from trunkline.model.identity import Permission
from trunkline.panel.components.heading import heading
from trunkline.panel.navigation import Page, Section
from trunkline.panel.pages.login_table import LoginTable
from trunkline.panel.pages.sessions import session_table
from trunkline.panel.visitor import Visitor


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    place = heading(visitor, "logins")
    table = LoginTable(visitor, "logins", may_change=visitor.may(Permission.MANAGE_ADMINS))
    table.adding(place)
    await table.refresh()
    table.follows(await session_table(visitor))


PAGE = Page("logins", "/admins", "admin_panel_settings", Section.SYSTEM, build, (Permission.MANAGE_ADMINS,))
