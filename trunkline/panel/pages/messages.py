"""Message Logs: every message, found by anything it has."""

from starlette.requests import Request

from trunkline.model.identity import Actor, Permission
from trunkline.model.message_list import MessageFilter, MessagePage, MessageRow
from trunkline.model.money import parse_credits
from trunkline.model.states import RECEIPT_OF_STATE, MessageState
from trunkline.panel.components.heading import heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query, moment_of
from trunkline.panel.components.table import Table
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput

DOORS = ("smpp", "http", "panel")
_MOBILE_TERMINATED = "MT"
_DIGITS = 9  # of a number that is asked for
_TEXT = 200  # characters in a row; the message's own page has all


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the list."""
    heading(visitor, "messages")
    await Table(visitor, listing(visitor)).refresh()


def listing(visitor: Visitor) -> Listing[MessageRow]:
    """The table of messages (text 000, "Message Logs")."""

    async def load(actor: Actor, query: Query) -> MessagePage[MessageRow]:
        return await visitor.services.messages.list(
            actor, message_filter(visitor, query), query.after, query.limit
        )

    return Listing(
        "messages",
        (
            Column[MessageRow]("id", lambda each: each.id),
            Column[MessageRow]("direction", lambda _: _MOBILE_TERMINATED),
            Column[MessageRow]("from", lambda each: each.source_addr),
            Column[MessageRow]("to", lambda each: each.dest_addr),
            Column[MessageRow]("message", lambda each: (each.text or "")[:_TEXT], Kind.PROSE),
            Column[MessageRow]("connector", lambda each: each.connector_id),
            Column[MessageRow]("source", lambda each: each.door),
            Column[MessageRow]("user", lambda each: each.credential),
            Column[MessageRow]("account", lambda each: each.account, shown=False),
            Column[MessageRow]("status", lambda each: each.state.value, Kind.BADGE),
            Column[MessageRow]("dlr", lambda each: RECEIPT_OF_STATE[each.state]),
            Column[MessageRow]("encoding", lambda each: each.encoding),
            Column[MessageRow]("parts", lambda each: each.parts, Kind.NUMBER, shown=False),
            Column[MessageRow]("credits", lambda each: each.charged, Kind.CREDITS),
            Column[MessageRow]("error", lambda each: each.error, Kind.PROSE),
            Column[MessageRow]("time", lambda each: each.accepted_at, Kind.TIME),
        ),
        load,
        key=lambda each: each.id,
        filters=(
            Filter("text"),
            Filter("to"),
            Filter("from"),
            Filter("status", {each.value: visitor.text(f"state.{each.value}") for each in MessageState}),
            Filter("connector"),
            Filter("since", moment=True),
            Filter("until", moment=True),
            Filter("id", shown=False),
            Filter("source", {each: each for each in DOORS}, shown=False),
            Filter("user", shown=False),
            Filter("account", shown=False),
            Filter("dlr", {each: each for each in dict.fromkeys(RECEIPT_OF_STATE.values())}, shown=False),
            Filter("encoding", shown=False),
            Filter("parts", shown=False),
            Filter("credits", shown=False),
            Filter("error", shown=False),
        ),
        link=lambda each: f"/messages/{each.id}",
        icon="sms",
    )


def message_filter(visitor: Visitor, query: Query) -> MessageFilter:
    """What the filters of the table ask the service for. Raises `InvalidInput`."""
    asked = query.filters
    state = asked.get("status")
    return MessageFilter(
        message_id=asked.get("id", ""),
        account=asked.get("account", ""),
        connector_id=asked.get("connector", ""),
        state=MessageState(state) if state else None,
        door=asked.get("source", ""),
        credential=asked.get("user", ""),
        source_prefix=asked.get("from", ""),
        dest_prefix=asked.get("to", "").lstrip("+"),
        encoding=asked.get("encoding", "").lower(),
        parts=_whole_number(visitor, "parts", asked.get("parts")),
        charged=_credits(visitor, asked.get("credits")),
        receipt=asked.get("dlr", ""),
        min_delay_ms=_whole_number(visitor, "min_delay_ms", asked.get("min_delay_ms")),
        error=asked.get("error", ""),
        text=asked.get("text", ""),
        since=moment_of(asked.get("since", ""), visitor),
        until=moment_of(asked.get("until", ""), visitor),
    )


def _whole_number(visitor: Visitor, name: str, answer: str | None) -> int | None:
    if not answer:
        return None
    if answer.isascii() and answer.isdigit() and len(answer) <= _DIGITS:
        return int(answer)
    raise InvalidInput(name, visitor.text("messages.no_number"))


def _credits(visitor: Visitor, answer: str | None) -> int | None:
    if not answer:
        return None
    try:
        return parse_credits(answer)
    except ValueError:
        raise InvalidInput("credits", visitor.text("messages.no_number")) from None


PAGE = Page("messages", "/messages", "sms", Section.MESSAGING, build, (Permission.VIEW_LOGS,), quick=True)
