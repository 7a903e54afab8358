"""One message's own page: everything from the request to the receipts."""

from collections.abc import Sequence

from nicegui import ui
from starlette.requests import Request

from trunkline.model.administration import MessageDetail
from trunkline.model.identity import Permission
from trunkline.model.message import Segment
from trunkline.panel.components.empty_state import empty_state
from trunkline.panel.components.facts import fact_list
from trunkline.panel.components.heading import card, heading
from trunkline.panel.components.time_line import Happening, time_line
from trunkline.panel.navigation import Page, Section
from trunkline.panel.pages.message_pdus import show_pdus
from trunkline.panel.visitor import Visitor
from trunkline.services.message_decisions import Check, Decisions, RouteLook
from trunkline.services.message_history import CallbackState, callback_state, history
from trunkline.smpp.constants import status_name

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
_TIMES = ("at",)  # the values of a check that are times, and those that are money
_MONEY = ("amount", "left")


async def build(visitor: Visitor, request: Request) -> None:
    """Builds the page of the message that the address names."""
    heading(visitor, "message_detail")
    actor = visitor.signed_in.actor
    found = await visitor.services.messages.show(actor, request.path_params["message_id"])
    if found is None:
        empty_state(
            "search_off", visitor.text("message_detail.unknown"), visitor.text("message_detail.unknown_next")
        )
        return
    decisions = await visitor.services.messages.decisions(actor, found)
    with ui.element("div").classes("grid"):
        with card(visitor.text("message_detail.what"), "facts"):
            _facts(visitor, found)
        with card(visitor.text("message_detail.way"), "wide"):
            _way(visitor, found)
        with card(visitor.text("message_detail.segments"), "full"):
            _segments(visitor, found)
        with card(visitor.text("message_detail.decisions"), "full" if not decisions.routes else "wide"):
            _checks(visitor, decisions.checks)
            if visitor.may(Permission.VIEW_PLATFORM):
                _routes(visitor, decisions)
        with card(visitor.text("message_detail.callback")):
            _callback(visitor, found)
        if found.ledger:
            with card(visitor.text("message_detail.ledger"), "full"):
                _ledger(visitor, found)


def _facts(visitor: Visitor, found: MessageDetail) -> None:
    message = found.message
    facts = {
        "id": message.id,
        "reference": message.reference or "",
        "status": visitor.text(f"state.{message.state.value}"),
        "error": message.error or "",
        "from": message.source_addr,
        "to": message.dest_addr,
        "message": message.text or "",
        "encoding": message.encoding,
        "parts": visitor.number(len(message.segments)),
        "credits": visitor.credits(message.charged),
        "source": message.door,
        "user": message.credential,
        "account": found.account,
        "priority": visitor.number(message.priority),
        "time": visitor.time(message.accepted_at),
        "valid_until": visitor.time(message.expires_at),
    }
    fact_list((visitor.text(f"column.{name}"), value) for name, value in facts.items())


def _way(visitor: Visitor, found: MessageDetail) -> None:
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
            for each in history(found, routes=visitor.may(Permission.VIEW_PLATFORM))
        ),
    )


def _event(visitor: Visitor, event: str) -> str:
    """What the event is called; those that are rare are told by their plain name."""
    known = visitor.language.texts.get(f"event.{event}")
    return known if known is not None else event.replace("_", " ")


def _segments(visitor: Visitor, found: MessageDetail) -> None:
    """What became of each part; operators look its PDUs up."""
    looks_up = visitor.may(Permission.VIEW_PLATFORM)
    columns = ("part", "status", "connector", "smsc_message_id", "attempts", "answer", "submit_date",
               "dlr_status", "error", "received")  # fmt: skip
    with ui.element("table").classes("small-table"):
        _head(visitor, (*columns, *(("pdus",) if looks_up else ())))
        with ui.element("tbody"):
            for segment in found.message.segments:
                with ui.element("tr"):
                    for text in _segment(visitor, segment):
                        _cell(text)
                    if looks_up:
                        with ui.element("td"):
                            _look_up(visitor, found, segment.number)


def _segment(visitor: Visitor, segment: Segment) -> tuple[str, ...]:
    status = segment.command_status
    return (
        visitor.number(segment.number),
        visitor.text(f"state.{segment.state.value}"),
        segment.connector_id,
        segment.smsc_message_id or "",
        visitor.number(segment.attempts),
        "" if status is None else status_name(status),
        visitor.time(segment.submitted_at),
        segment.receipt_stat or "",
        segment.receipt_err or "",
        visitor.time(segment.receipt_at),
    )


def _look_up(visitor: Visitor, found: MessageDetail, number: int) -> None:
    async def look() -> None:
        await show_pdus(visitor, found.message.id, number)

    label = visitor.text("message_detail.look_up", part=visitor.number(number))
    ui.button(icon="manage_search", on_click=visitor.on(look)).props(f'flat dense round aria-label="{label}"')


def _checks(visitor: Visitor, checks: Sequence[Check]) -> None:
    with ui.element("ul").classes("checks"):
        for each in checks:
            with ui.element("li"):
                ui.icon("check")
                ui.label(visitor.text(f"check.{each.name}_{each.outcome}", **_written(visitor, each)))


def _written(visitor: Visitor, check: Check) -> dict[str, str]:
    def written(name: str, value: str | int) -> str:
        if isinstance(value, str):
            return value
        if name in _TIMES:
            return visitor.time(value)
        return visitor.credits(value) if name in _MONEY else visitor.number(value)

    return {name: written(name, value) for name, value in check.values.items()}


def _routes(visitor: Visitor, decisions: Decisions) -> None:
    """How the route was found: the first that fits is taken."""
    ui.label(visitor.text("message_detail.routes")).classes("part")
    if not decisions.as_it_was:
        ui.label(visitor.text("message_detail.changed_since")).classes("quiet")
    with ui.element("table").classes("small-table wraps"):
        _head(visitor, ("route", "prefix", "connectors", "outcome"))
        with ui.element("tbody"):
            for look in decisions.routes:
                with ui.element("tr").classes(look.outcome.value):
                    for text in _look(visitor, look):
                        _cell(text)


def _look(visitor: Visitor, look: RouteLook) -> tuple[str, ...]:
    route = look.route
    return (
        route.name,
        route.prefix or visitor.text("message_detail.any_destination"),
        ", ".join(route.connector_ids),
        visitor.text(f"look.{look.outcome.value}"),
    )


def _callback(visitor: Visitor, found: MessageDetail) -> None:
    """Whether the sender was told what became of the message, and what it answered."""
    state = callback_state(found)
    ui.label(visitor.text(f"callback.{state.value}"))
    if state is CallbackState.NONE:
        return
    answers = [each for each in found.events if each.kind.startswith("notification_")]
    fact_list(
        (
            (visitor.text("column.url"), found.message.dlr_url or ""),
            (visitor.text("column.told_at"), visitor.time(found.notified_at)),
            *((visitor.time(each.at), each.detail) for each in answers),
        )
    )


def _ledger(visitor: Visitor, found: MessageDetail) -> None:
    with ui.element("table").classes("small-table"):
        _head(visitor, ("time", "movement", "amount", "balance"))
        with ui.element("tbody"):
            for entry in found.ledger:
                with ui.element("tr"):
                    _cell(visitor.time(entry.at))
                    _cell(_event(visitor, entry.kind))
                    _cell(visitor.credits(entry.amount))
                    _cell(visitor.credits(entry.balance_after))


def _head(visitor: Visitor, columns: Sequence[str]) -> None:
    with ui.element("thead"), ui.element("tr"):
        for name in columns:
            with ui.element("th").props('scope="col"'):
                ui.label(visitor.text(f"column.{name}"))


def _cell(text: str) -> None:
    with ui.element("td"):
        ui.label(text)


PAGE = Page(
    "message_detail",
    "/messages/{message_id}",
    "sms",
    Section.MESSAGING,
    build,
    (Permission.VIEW_LOGS,),
    listed=False,
)
