"""What a sender is told about its message, and whether it asked for it."""

from trunkline.model.ids import new_id
from trunkline.model.message import Message, Notification, ReceiptPayload, Segment
from trunkline.model.snapshot import ReceiptPolicy
from trunkline.model.states import RECEIPT_OF_STATE, STATE_OF_ONE, MessageState, SegmentState
from trunkline.model.tlvs import PassedTlvs, user_message_reference

# registered_delivery (SMPP 3.4, 5.2.17): bits 0-1 the final receipt, bit 4 the intermediate one.
_FINAL_MASK = 0x03
_ON_FAILURE, _ON_SUCCESS = 2, 3
_INTERMEDIATE = 0x10


def lane_of(message: Message) -> str:
    """The outbox lane of the message's sender."""
    match message.door:
        case "smpp":
            return esme_lane(message.credential)
        case "http":
            return http_lane(message.credential)
    return f"login:{message.credential}"


def esme_lane(system_id: str) -> str:
    """The outbox lane of an ESME."""
    return f"esme:{system_id}"


def http_lane(username: str) -> str:
    """The outbox lane of an HTTP API account."""
    return f"http:{username}"


def final_notification(
    segment: Segment, err: str, now: int, tlvs: PassedTlvs | None = None
) -> Notification | None:
    """The receipt that goes out because this segment has just reached a final state.

    None when the account's policy waits for another segment or has decided already, or when the sender did
    not ask for a receipt. Whatever the order in which segments end, a message gets one receipt at the most:
    what decides is read off the segments' states, which are stored together with the receipt.
    """
    message = segment.message
    state = _decision(message, segment)
    if state is None:
        return None
    wanted = message.registered_delivery & _FINAL_MASK
    delivered = state is MessageState.DELIVERED
    if not wanted or (wanted == _ON_FAILURE and delivered) or (wanted == _ON_SUCCESS and not delivered):
        return None
    if len(message.segments) > 1 and not delivered:
        err = _decisive_error(message, state, err)
    return _notification(message, RECEIPT_OF_STATE[state], err, now, tlvs, intermediate=False)


def _decision(message: Message, ended: Segment) -> MessageState | None:
    """What the sender is told now that this segment has ended; None: nothing (yet, or any more)."""
    policy = message.receipt_policy
    segments = message.segments
    if len(segments) > 1 and policy is not ReceiptPolicy.ALL:
        if policy is not ReceiptPolicy.ANY:
            decisive = segments[0 if policy is ReceiptPolicy.FIRST else -1]
            return STATE_OF_ONE[ended.state] if ended is decisive else None
        delivered = [segment for segment in segments if segment.state is SegmentState.DELIVERED]
        if delivered:
            return MessageState.DELIVERED if delivered == [ended] else None
    return message.state if message.is_final else None


def intermediate_notification(
    message: Message, stat: str, err: str, now: int, tlvs: PassedTlvs | None = None
) -> Notification | None:
    """A receipt that tells of progress; None when the sender did not ask for those.

    Only ESMEs can ask for them by name; a callback URL gets all receipts or none.
    """
    asked = _INTERMEDIATE if message.door == "smpp" else _INTERMEDIATE | _FINAL_MASK
    if not message.registered_delivery & asked:
        return None
    return _notification(message, stat, err, now, tlvs, intermediate=True)


def _decisive_error(message: Message, state: MessageState, last: str) -> str:
    """The error of a segment that made the message what it is; the last to end may have been delivered."""
    for segment in message.segments:
        if segment.state.value == state.value:
            if segment.receipt_err:
                return segment.receipt_err
            if segment.state is SegmentState.REJECTED and segment.command_status:
                return f"{segment.command_status:03d}"
    return last


def _notification(
    message: Message, stat: str, err: str, now: int, tlvs: PassedTlvs | None, *, intermediate: bool
) -> Notification | None:
    smpp = message.door == "smpp"
    if not smpp and not message.dlr_url:
        return None
    octets = b"" if tlvs is None else tlvs.octets
    if smpp and message.tlvs:
        octets += user_message_reference(message.tlvs)
    segments = message.segments
    payload = ReceiptPayload(
        message.public_id,
        message.source_addr,
        message.source_ton,
        message.source_npi,
        message.dest_addr,
        message.dest_ton,
        message.dest_npi,
        stat,
        err,
        len(segments),
        [segment.state for segment in segments].count(SegmentState.DELIVERED),
        message.sent_at or message.accepted_at,
        message.done_at or now,
        (message.text or "")[:20],
        message.connector_id,
        intermediate,
        message.dlr_url,
        octets.hex() if smpp and octets else "",
        None if smpp or tlvs is None else tlvs.values,
    )
    return Notification(lane_of(message), new_id(), now, message.id, 0, now, payload)
