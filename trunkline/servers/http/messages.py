"""`GET /api/v1/messages/{id}`: where a message is, and everything that happened to it."""

import msgspec

from trunkline.model.administration import MessageDetail
from trunkline.model.amendment import NotAmended, Obstacle
from trunkline.model.ids import is_id
from trunkline.model.message import QUEUED_PREFIX, Segment
from trunkline.model.money import format_credits
from trunkline.model.profile import STANDARD, Profile
from trunkline.model.submission import Reason
from trunkline.model.times import iso_timestamp
from trunkline.model.tlvs import describe
from trunkline.servers.http.errors import RETRY_AFTER_S, ApiError, retry_later
from trunkline.services.accounts import InvalidInput
from trunkline.services.message_decisions import Decisions, RouteLook
from trunkline.services.message_history import callback_state, history
from trunkline.services.message_pdus import FoundPdus
from trunkline.services.pdu_explanation import ExplainedField, explain_pdus

_DIGITS = 3  # of a part's number


class SegmentView(msgspec.Struct):
    """One submit_sm."""

    number: int
    state: str
    text: str | None
    connector: str
    attempts: int
    submitted_at: str | None
    smsc_message_id: str | None
    command_status: int | None
    receipt_status: str | None
    receipt_error: str | None
    receipt_at: str | None
    done_at: str | None


class HistoryEntry(msgspec.Struct):
    """Something that happened, oldest first. `segment` is null for the message as a whole."""

    at: str
    event: str
    detail: str
    segment: int | None = None


class CallbackView(msgspec.Struct):
    """The delivery report's way to the sender: none, waiting, pending, delivered or failed."""

    state: str
    url: str | None
    delivered_at: str | None
    pending: int


class CheckView(msgspec.Struct):
    """A check that was passed, and what it found. Times are Unix milliseconds, money is micro-credits."""

    check: str
    outcome: str
    values: dict[str, str | int]


class RouteLookView(msgspec.Struct):
    """A route that was looked at in the search for one, by the table of today."""

    id: int
    name: str
    prefix: str
    connectors: tuple[str, ...]
    outcome: str


class PduView(msgspec.Struct):
    """A PDU of the connector's log. `sent` by the gateway; the log's times are to the second."""

    at: str
    sent: bool
    octets: str
    pdu: str
    fields: tuple[ExplainedField, ...]
    problems: tuple[str, ...]


class PduList(msgspec.Struct):
    """The PDUs of one part. `logged` false: the connector's PDU log was off at that time."""

    ok: bool
    logged: bool
    items: list[PduView]


class MessageView(msgspec.Struct, rename={"from_": "from"}):
    """A message. Times are ISO 8601 in UTC, credits a decimal number in a string.

    `reference`: the id that its sender knows it by, where that is another (SMPP 3.3, submit_multi).
    """

    ok: bool
    message_id: str
    reference: str | None
    state: str
    from_: str
    to: str
    text: str | None
    parts: int
    encoding: str
    priority: int
    tlvs: dict[str, int | str]
    charged: str
    connector: str
    error: str | None
    accepted_at: str
    sent_at: str | None
    done_at: str | None
    expires_at: str
    segments: list[SegmentView]
    history: list[HistoryEntry]
    callback: CallbackView
    checks: list[CheckView]
    routes: list[RouteLookView] | None  # None: not for the one who asks


class PdusQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Of which part."""

    part: str = "1"
    user: str | None = None
    password: str | None = None


def part_of(query: PdusQuery) -> int:
    """The number of the part. Raises `InvalidInput`."""
    if query.part.isascii() and query.part.isdigit() and len(query.part) <= _DIGITS:
        return int(query.part)
    raise InvalidInput("part", "must be the number of a part")


def plain_id(public_id: str) -> str:
    """The id without its ``queued_`` prefix. Raises `ApiError` 404 when it cannot be one."""
    identifier = public_id.removeprefix(QUEUED_PREFIX)
    if not is_id(identifier):
        raise not_found()
    return identifier


def not_found() -> ApiError:
    """No such message, or not this account's: it is not said which."""
    return ApiError(404, "Message not found")


def not_cancelled(error: NotAmended) -> ApiError:
    """Why a message stays as it is."""
    if error.obstacle is Obstacle.UNKNOWN:
        return not_found()
    if error.obstacle is Obstacle.BUSY:
        return retry_later(503, error.detail, RETRY_AFTER_S[Reason.BUSY])
    return ApiError(409, error.detail)


def view_of(
    detail: MessageDetail, decisions: Decisions, profile: Profile = STANDARD, *, whole: bool = False
) -> MessageView:
    """What the client sees of a message; `profile` is its connector's, which names its TLVs.

    `whole`: with the routes, which are the operator's business.
    """
    message = detail.message
    return MessageView(
        ok=True,
        message_id=message.public_id if message.reference is None else message.id,
        reference=message.reference,
        state=message.state.value,
        from_=message.source_addr,
        to=message.dest_addr,
        text=message.text,
        parts=len(message.segments),
        encoding=message.encoding,
        priority=message.priority,
        tlvs=describe(message.tlvs, profile),
        charged=format_credits(message.charged),
        connector=message.connector_id,
        error=message.error,
        accepted_at=iso_timestamp(message.accepted_at),
        sent_at=iso_or_none(message.sent_at),
        done_at=iso_or_none(message.done_at),
        expires_at=iso_timestamp(message.expires_at),
        segments=[_segment(segment) for segment in message.segments],
        history=_history(detail, whole=whole),
        callback=_callback(detail),
        checks=[CheckView(each.name, each.outcome, each.values) for each in decisions.checks],
        routes=[_look(each) for each in decisions.routes] if whole else None,
    )


def pdus_of(found: FoundPdus) -> PduList:
    """What the log has of a part, decoded."""
    return PduList(
        True,
        found.logged,
        [
            PduView(iso_timestamp(each.at), each.sent, each.octets, pdu.pdu, pdu.fields, pdu.problems)
            for each in found.pdus
            for pdu in explain_pdus(each.octets)
        ],
    )


def _look(look: RouteLook) -> RouteLookView:
    route = look.route
    return RouteLookView(route.id, route.name, route.prefix, route.connector_ids, look.outcome.value)


def iso_or_none(milliseconds: int | None) -> str | None:
    """As `iso_timestamp`; None stays None."""
    return None if milliseconds is None else iso_timestamp(milliseconds)


def _segment(segment: Segment) -> SegmentView:
    return SegmentView(
        segment.number,
        segment.state.value,
        None if segment.message.text is None else segment.content,
        segment.connector_id,
        segment.attempts,
        iso_or_none(segment.submitted_at),
        segment.smsc_message_id,
        segment.command_status,
        segment.receipt_stat,
        segment.receipt_err,
        iso_or_none(segment.receipt_at),
        iso_or_none(segment.done_at),
    )


def _history(detail: MessageDetail, *, whole: bool) -> list[HistoryEntry]:
    return [
        HistoryEntry(iso_timestamp(each.at), each.event, each.detail, each.segment)
        for each in history(detail, routes=whole)
    ]


def _callback(detail: MessageDetail) -> CallbackView:
    return CallbackView(
        callback_state(detail).value,
        detail.message.dlr_url,
        iso_or_none(detail.notified_at),
        detail.pending_notifications,
    )
