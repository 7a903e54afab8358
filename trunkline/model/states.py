"""State tables: what a segment may become, and what a message is when its segments are known.

One table per noun; a transition that is not in it raises `ImpossibleTransition`.
"""

from collections.abc import Iterable
from enum import StrEnum


class SegmentState(StrEnum):
    """Where one submit_sm is on its way."""

    QUEUED = "queued"  # waits in the queue, or for a retry
    SUBMITTING = "submitting"  # claimed: it is, or is about to be, on the wire
    SUBMITTED = "submitted"  # the SMSC took it
    UNKNOWN = "unknown"  # written to the wire, but no answer came
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DELETED = "deleted"


class MessageState(StrEnum):
    """Where a message is: always derived from its segments by `message_state`."""

    QUEUED = "queued"
    SENT = "sent"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DELETED = "deleted"


class ImpossibleTransition(Exception):
    """A state change that the state table does not know."""

    def __init__(self, before: SegmentState, after: SegmentState) -> None:
        super().__init__(f"a segment cannot go from {before.value} to {after.value}")


_S = SegmentState

FINAL: frozenset[SegmentState] = frozenset(
    {_S.DELIVERED, _S.UNDELIVERED, _S.REJECTED, _S.EXPIRED, _S.DELETED}
)

SEGMENT_TRANSITIONS: dict[SegmentState, frozenset[SegmentState]] = {
    _S.QUEUED: frozenset({_S.SUBMITTING, _S.EXPIRED, _S.REJECTED, _S.DELETED}),
    _S.SUBMITTING: frozenset({_S.SUBMITTED, _S.QUEUED, _S.UNKNOWN, _S.REJECTED, _S.EXPIRED}),
    _S.SUBMITTED: FINAL,
    # A receipt proves the submit; a resend policy queues it again.
    _S.UNKNOWN: FINAL | {_S.QUEUED, _S.SUBMITTED},
    **dict.fromkeys(FINAL, frozenset[SegmentState]()),
}


def check_transition(before: SegmentState, after: SegmentState) -> None:
    """Raises `ImpossibleTransition` when the table does not allow `before` -> `after`."""
    if after not in SEGMENT_TRANSITIONS[before]:
        raise ImpossibleTransition(before, after)


# The seven-letter states of receipts (SMPP 3.4, Appendix B) and what they mean for a segment.
# None: the segment stays where it is.
STATE_OF_RECEIPT: dict[str, SegmentState | None] = {
    "DELIVRD": _S.DELIVERED,
    "UNDELIV": _S.UNDELIVERED,
    "REJECTD": _S.REJECTED,
    "EXPIRED": _S.EXPIRED,
    "DELETED": _S.DELETED,
    "UNKNOWN": _S.UNDELIVERED,
    "ENROUTE": None,
    "ACCEPTD": None,
}

RECEIPT_OF_STATE: dict[MessageState, str] = {
    MessageState.QUEUED: "ENROUTE",
    MessageState.SENT: "ENROUTE",
    MessageState.UNKNOWN: "UNKNOWN",
    MessageState.DELIVERED: "DELIVRD",
    MessageState.UNDELIVERED: "UNDELIV",
    MessageState.REJECTED: "REJECTD",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.DELETED: "DELETED",
}

# When segments failed in different ways the message shows the first of these that occurs.
_WORST_FIRST = (_S.REJECTED, _S.UNDELIVERED, _S.EXPIRED, _S.DELETED)


def message_state(segments: Iterable[SegmentState]) -> MessageState:
    """The state of a message whose segments have these states (at least one).

    Every segment final: delivered when all are, else the gravest failure. Otherwise queued while any
    segment still has to go out, unknown while any outcome is unknown, else sent.
    """
    states = set(segments)
    if len(states) == 1:
        return STATE_OF_ONE[states.pop()]
    if states <= FINAL:
        return next(MessageState(state.value) for state in _WORST_FIRST if state in states)
    if _S.QUEUED in states or _S.SUBMITTING in states:
        return MessageState.QUEUED
    if _S.UNKNOWN in states:
        return MessageState.UNKNOWN
    return MessageState.SENT


# The state of a message with a single segment, or with all in the same state.
STATE_OF_ONE: dict[SegmentState, MessageState] = {
    _S.QUEUED: MessageState.QUEUED,
    _S.SUBMITTING: MessageState.QUEUED,
    _S.SUBMITTED: MessageState.SENT,
    **{state: MessageState(state.value) for state in SegmentState if state in FINAL or state is _S.UNKNOWN},
}
FINAL_MESSAGE: frozenset[MessageState] = frozenset(MessageState(state.value) for state in FINAL)
