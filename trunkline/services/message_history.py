"""What happened to a message, as one time line: for people, and for the API."""

from dataclasses import dataclass
from enum import StrEnum

from trunkline.model.administration import MessageDetail
from trunkline.model.message import Message
from trunkline.model.money import format_credits


@dataclass(slots=True, frozen=True)
class Happening:
    """Something that happened at a time (Unix ms). `segment` is None for the message as a whole."""

    at: int
    event: str  # accepted, routed, submitted, receipt, retry ...
    detail: str
    segment: int | None = None


class CallbackState(StrEnum):
    """How far the delivery report is on its way to the message's sender."""

    NONE = "none"  # none is wanted, or there is nowhere to send it
    WAITING = "waiting"  # nothing to report yet
    PENDING = "pending"  # being delivered or retried
    DELIVERED = "delivered"
    FAILED = "failed"  # given up


def callback_state(detail: MessageDetail) -> CallbackState:
    """By what is kept of the message."""
    message = detail.message
    if detail.pending_notifications:
        return CallbackState.PENDING
    if detail.notified_at is not None:
        return CallbackState.DELIVERED
    if any(event.kind == "notification_given_up" for event in detail.events):
        return CallbackState.FAILED
    nowhere = not message.registered_delivery or (message.door != "smpp" and not message.dlr_url)
    return CallbackState.NONE if nowhere or message.is_final else CallbackState.WAITING


def history(detail: MessageDetail, *, routes: bool) -> list[Happening]:
    """A time line from the columns of message and segments, and from what was noted on the way.

    Oldest first. `routes`: with the routes, which are the operator's business.
    """
    message = detail.message
    line: list[Happening] = []

    def add(at: int | None, event: str, text: str, segment: int | None = None) -> None:
        if at is not None:
            line.append(Happening(at, event, text, segment))

    parts = len(message.segments)
    add(message.accepted_at, "accepted", f"through {message.door}, {parts} part{'s' if parts > 1 else ''}")
    add(message.accepted_at, "routed", _routing(detail, whole=routes))
    for entry in detail.ledger:
        moved, left = format_credits(entry.amount), format_credits(entry.balance_after)
        add(entry.at, entry.kind, f"{moved} credits, {left} left")
    for segment in message.segments:
        theirs = f" as {segment.smsc_message_id}" if segment.smsc_message_id else ""
        add(segment.submitted_at, "submitted", f"to {segment.connector_id}{theirs}", segment.number)
        if segment.receipt_at is not None:
            said = f"{segment.receipt_stat} err {segment.receipt_err or '000'}"
            add(segment.receipt_at, "receipt", said, segment.number)
    for event in detail.events:
        add(event.at, event.kind, event.detail, event.segment_number)
    add(message.done_at, message.state.value, message.error or "")
    add(detail.notified_at, "notified", _recipient(message))
    # A stable sort: what happened in the same millisecond stays in the order of the way.
    line.sort(key=lambda happening: happening.at)
    return line


def _routing(detail: MessageDetail, *, whole: bool) -> str:
    """Which connector the message was given to, by which route, and before which other connectors of it."""
    message, route = detail.message, detail.route
    took = f"to {message.connector_id} at {format_credits(message.rate)} credits a part"
    if not whole:
        return took
    if route is None:
        return f"{took}, by a route that is no more"
    prefix = f"prefix {route.prefix}" if route.prefix else "any destination"
    others = [each for each in route.connector_ids if each != message.connector_id]
    instead = f", before {', '.join(others)}" if others else ""
    return f"{took}{instead}, by route {route.name} ({prefix})"


def _recipient(message: Message) -> str:
    return message.credential if message.door == "smpp" else "the callback URL took the delivery report"
