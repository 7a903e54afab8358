"""Signed-in browsers: a table that several pages have."""

from nicegui import ui

from trunkline.model.identity import Actor, Session
from trunkline.model.people import Page as Rows
from trunkline.model.people import Paging
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.listing import Column, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.visitor import Visitor


async def session_table(
    visitor: Visitor, *, login_id: int | None = None, account_id: int | None = None
) -> Table[Session]:
    """Builds the table of a login's sessions, of an account's logins', or of everybody's."""
    sign_in = visitor.services.sign_in

    async def load(actor: Actor, query: Query) -> Rows[Session]:
        paging = Paging(query.limit, query.after)
        return await sign_in.sessions(actor, login_id, paging, account_id=account_id)

    async def revoke(session: Session) -> None:
        async def carry_out() -> None:
            await sign_in.end(await visitor.actor(), session.id)
            await table.refresh()

        confirm(
            visitor,
            visitor.text("sessions.revoke_question"),
            visitor.text("sessions.revoke_consequence", address=session.address),
            visitor.text("sessions.revoke"),
            carry_out,
        )

    column = Column[Session]
    of_several = () if login_id is not None else (column("username", lambda each: each.username),)
    listing = Listing(
        "sessions",
        (
            *of_several,
            column("address", lambda each: each.address),
            column("browser", lambda each: each.user_agent),
            column("created", lambda each: each.created_at, Kind.TIME),
            column("seen", lambda each: each.seen_at, Kind.TIME),
            column("ends", lambda each: each.expires_at, Kind.TIME, shown=False),
            column("this_one", lambda each: each.id == visitor.signed_in.session_id, Kind.FLAG),
        ),
        load,
        key=lambda each: str(each.id),
        icon="devices",
    )
    ui.label(visitor.text("sessions.title")).props('role="heading" aria-level="2"').classes("part")
    revoking = RowAction[Session]("revoke", "logout", visitor.text("sessions.revoke"), revoke)
    table = Table(visitor, listing, actions=[revoking], addressed=False)
    await table.refresh()
    return table
