"""Delivery Reports: what SMSCs said of every segment."""

from starlette.requests import Request

from trunkline.model.identity import Actor, Permission
from trunkline.model.message_list import MessagePage, ReceiptRow
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.pages.messages import message_filter
from trunkline.panel.visitor import Visitor


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""

    async def load(actor: Actor, query: Query) -> MessagePage[ReceiptRow]:
        return await visitor.services.messages.receipts(
            actor, message_filter(visitor, query), query.after, query.limit
        )

    heading(visitor, "receipts")
    listing = Listing(
        "receipts",
        (
            Column[ReceiptRow]("message_id", lambda each: each.message_id),
            Column[ReceiptRow]("sender_id", lambda each: each.source_addr),
            Column[ReceiptRow]("msisdn", lambda each: each.dest_addr),
            Column[ReceiptRow]("dlr_status", lambda each: each.stat),
            Column[ReceiptRow]("error", lambda each: each.err),
            Column[ReceiptRow]("connector", lambda each: each.connector_id),
            Column[ReceiptRow]("delay_ms", lambda each: each.delay_ms, Kind.NUMBER),
            Column[ReceiptRow]("submit_date", lambda each: each.submitted_at, Kind.TIME),
            Column[ReceiptRow]("done_date", lambda each: each.done_at, Kind.TIME),
            Column[ReceiptRow]("received", lambda each: each.received_at, Kind.TIME),
            Column[ReceiptRow]("account", lambda each: each.account),
        ),
        load,
        key=lambda each: f"{each.message_id}.{each.number}",
        filters=(
            Filter("to"),
            Filter("from"),
            Filter("connector"),
            Filter("error"),
            Filter("since", moment=True),
            Filter("until", moment=True),
        ),
        link=lambda each: f"/messages/{each.message_id}",
        icon="mark_email_read",
    )
    await Table(visitor, listing).refresh()


PAGE = Page(
    "receipts", "/delivery-reports", "mark_email_read", Section.MESSAGING, build, (Permission.VIEW_LOGS,)
)
