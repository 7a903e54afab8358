"""Delivery Reports: what SMSCs said of every segment."""

from starlette.requests import Request

from trunkline.model.identity import Actor, Permission
from trunkline.model.message_list import MessagePage, ReceiptRow
from trunkline.model.states import STATE_OF_RECEIPT
from trunkline.panel.components.facts import facts_dialog
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query
from trunkline.panel.components.table import RowAction, Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.pages.messages import message_filter
from trunkline.panel.visitor import Visitor


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""

    async def load(actor: Actor, query: Query) -> MessagePage[ReceiptRow]:
        return await visitor.services.messages.receipts(
            actor, message_filter(visitor, query), query.after, query.limit
        )

    async def show(row: ReceiptRow) -> None:
        _show(visitor, row)

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
            Filter("to", label="msisdn"),
            Filter("from", label="sender_id"),
            Filter("dlr", {each: each for each in STATE_OF_RECEIPT}, label="dlr_status"),
            Filter("connector"),
            Filter("since", moment=True),
            Filter("until", moment=True),
            Filter("id", shown=False, label="message_id"),
            Filter("error", shown=False),
            Filter("min_delay_ms", shown=False),
            Filter("user", shown=False),
            Filter("account", shown=False),
        ),
        link=lambda each: f"/messages/{each.message_id}",
        icon="mark_email_read",
    )
    detail = RowAction("detail", "article", visitor.text("receipts.detail"), show)
    await Table(visitor, listing, actions=[detail]).refresh()


def _show(visitor: Visitor, row: ReceiptRow) -> None:
    """Text 000's "DLR Detail"."""
    facts = {
        "message_id": row.message_id,
        "part": visitor.number(row.number),
        "account": row.account,
        "sender_id": row.source_addr,
        "msisdn": row.dest_addr,
        "dlr_status": row.stat,
        "status": visitor.text(f"state.{row.state.value}"),
        "error": row.err or "",
        "connector": row.connector_id,
        "smsc_message_id": row.smsc_message_id or "",
        "delay_ms": "" if row.delay_ms is None else visitor.number(row.delay_ms),
        "submit_date": visitor.time(row.submitted_at),
        "done_date": visitor.time(row.done_at),
        "received": visitor.time(row.received_at),
        "receipt_text": row.text or "",
    }
    facts_dialog(
        visitor,
        visitor.text("receipts.detail"),
        ((visitor.text(f"column.{name}"), value) for name, value in facts.items()),
        (visitor.text("receipts.message"), f"/messages/{row.message_id}"),
    )


PAGE = Page(
    "receipts", "/delivery-reports", "mark_email_read", Section.MESSAGING, build, (Permission.VIEW_LOGS,)
)
