"""Message Logs: every message, found by anything it has; and one message's own page with its time line."""

from nicegui import ui
from starlette.requests import Request

from trunkline.model.administration import MessageDetail
from trunkline.model.identity import Actor, Permission
from trunkline.model.message_list import MessageFilter, MessagePage, MessageRow
from trunkline.model.money import parse_credits
from trunkline.model.states import RECEIPT_OF_STATE, MessageState
from trunkline.panel.components.empty_state import empty_state
from trunkline.panel.components.facts import fact_list
from trunkline.panel.components.heading import card, heading
from trunkline.panel.components.listing import Column, Filter, Kind, Listing, Query, moment_of
from trunkline.panel.components.table import Table
from trunkline.panel.components.time_line import Happening, time_line
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput
from trunkline.services.message_history import history

_BAD = {
    "rejected",
    "undelivered",
    "expired",
    "retry",
    "unknown",
    "notification_failed",
    "notification_given_up",
}
_GOOD = {"delivered", "notified"}
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


async def build_detail(visitor: Visitor, request: Request) -> None:
    """Builds the page of one message."""
    heading(visitor, "message_detail")
    found = await visitor.services.messages.show(visitor.signed_in.actor, request.path_params["message_id"])
    if found is None:
        empty_state(
            "search_off", visitor.text("message_detail.unknown"), visitor.text("message_detail.unknown_next")
        )
        return
    with ui.element("div").classes("grid"):
        with card(visitor.text("message_detail.what"), "facts"):
            _facts(visitor, found)
        with card(visitor.text("message_detail.way"), "wide"):
            happenings = history(found, routes=visitor.may(Permission.VIEW_PLATFORM))
            time_line(
                visitor,
                (
                    Happening(
                        each.at,
                        _event(visitor, each.event)
                        + (f" ({visitor.number(each.segment)})" if each.segment is not None else ""),
                        each.detail,
                        "bad" if each.event in _BAD else "good" if each.event in _GOOD else "",
                    )
                    for each in happenings
                ),
            )


def _event(visitor: Visitor, event: str) -> str:
    """What the event is called; those that are rare are told by their plain name."""
    known = visitor.language.texts.get(f"event.{event}")
    return known if known is not None else event.replace("_", " ")


def _facts(visitor: Visitor, found: MessageDetail) -> None:
    message = found.message
    facts = {
        "id": message.id,
        "status": visitor.text(f"state.{message.state.value}"),
        "from": message.source_addr,
        "to": message.dest_addr,
        "message": message.text or "",
        "encoding": message.encoding,
        "parts": visitor.number(len(message.segments)),
        "credits": visitor.credits(message.charged),
        "source": message.door,
        "user": message.credential,
        "error": message.error or "",
        "time": visitor.time(message.accepted_at),
    }
    fact_list((visitor.text(f"column.{name}"), value) for name, value in facts.items())


PAGE = Page("messages", "/messages", "sms", Section.MESSAGING, build, (Permission.VIEW_LOGS,), quick=True)
DETAIL = Page(
    "message_detail",
    "/messages/{message_id}",
    "sms",
    Section.MESSAGING,
    build_detail,
    (Permission.VIEW_LOGS,),
    listed=False,
)
