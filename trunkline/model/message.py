"""A message and its segments, as they live in memory between doors, connectors and the store.

Times are Unix milliseconds, money is micro-credits (1 credit = 1,000,000), both integers.
"""

from dataclasses import dataclass, field

from trunkline.model.snapshot import ReceiptPolicy
from trunkline.model.states import (
    FINAL,
    FINAL_MESSAGE,
    STATE_OF_ONE,
    MessageState,
    SegmentState,
    check_transition,
    message_state,
)

QUEUED_PREFIX = "queued_"


@dataclass(slots=True, eq=False, weakref_slot=True)
class Message:
    """One message to one handset; it owns its segments and its state follows theirs."""

    id: str
    account_id: int
    door: str  # smpp, http, cli ...: which door it came through
    credential: str  # the system_id or HTTP user that handed it in
    source_addr: str
    source_ton: int
    source_npi: int
    dest_addr: str
    dest_ton: int
    dest_npi: int
    text: str | None  # None when the content is octets (encoding "binary")
    encoding: str
    data_coding: int
    protocol_id: int
    priority: int  # 0 to 3, the highest; queued segments of a higher one go first
    registered_delivery: int
    dlr_url: str | None  # overrides the account's callback URL for this message
    expires_at: int
    accepted_at: int
    route_id: int | None
    connector_id: str
    rate: int  # micro-credits per segment
    charged: int  # micro-credits in all
    deferred: bool = False  # over the account's rate: accepted, sent later
    resend_unknown: bool = False  # the account's policy when an outcome is unknown
    receipt_policy: ReceiptPolicy = ReceiptPolicy.ALL
    tlvs: bytes = b""  # optional parameters of the sender's that travel on, as on the wire
    state: MessageState = MessageState.QUEUED
    error: str | None = None
    sent_at: int | None = None
    done_at: int | None = None
    # The id its sender was given where that is not its own: the eight digits of SMPP 3.3, or the id that all
    # messages of one submit_multi share.
    reference: str | None = None
    segments: list["Segment"] = field(default_factory=list)

    @property
    def public_id(self) -> str:
        """The id the client was given: deferred messages carry the prefix that text 000 shows."""
        if self.reference is not None:
            return self.reference
        return QUEUED_PREFIX + self.id if self.deferred else self.id

    @property
    def is_final(self) -> bool:
        return self.state in FINAL_MESSAGE

    def follow_segments(self, now: int) -> bool:
        """Derives the state from the segments; true when it changed."""
        segments = self.segments
        if len(segments) == 1:
            state = STATE_OF_ONE[segments[0].state]
        else:
            state = message_state(segment.state for segment in segments)
        if state is self.state:
            return False
        self.state = state
        if state in FINAL_MESSAGE:
            self.done_at = now
        if self.sent_at is None and state is not MessageState.QUEUED:
            self.sent_at = segments[0].submitted_at
        return True


@dataclass(slots=True, eq=False)
class Segment:
    """One submit_sm. `content` is its own part of the text, or hex digits when the message is binary."""

    message: Message
    number: int  # 1-based
    content: str
    udh: bytes
    connector_id: str
    state: SegmentState = SegmentState.QUEUED
    available_at: int = 0  # not before this time
    attempts: int = 0
    congested: int = 0  # of these: refused for congestion, which does not count against max_attempts
    submitted_at: int | None = None
    smsc_message_id: str | None = None  # as the SMSC wrote it
    smsc_key: str | None = None  # normalised for matching receipts
    command_status: int | None = None  # of the last answer
    receipt_stat: str | None = None
    receipt_err: str | None = None
    receipt_at: int | None = None
    receipt_text: str | None = None  # raw, for people
    done_at: int | None = None
    # SAR numbering for long messages sent without UDH; 0 when unused.
    sar_reference: int = 0

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    def become(self, state: SegmentState, now: int) -> bool:
        """Changes the state by the table, and the message's with it; true when the message's changed.

        Raises `ImpossibleTransition`.
        """
        check_transition(self.state, state)
        self.state = state
        if state in FINAL:
            self.done_at = now
        return self.message.follow_segments(now)


@dataclass(slots=True, frozen=True)
class MessageEvent:
    """Something out of the ordinary on a message's way: a retry, an unknown outcome, a resend."""

    message_id: str
    segment_number: int | None
    at: int
    kind: str  # stable key: retry, unknown, resent, recovered, duplicate_receipt, intermediate ...
    detail: str


@dataclass(slots=True, eq=False)
class OrphanReceipt:
    """A receipt that matched no segment when it came; kept until its message turns up or the hold ends."""

    id: str
    connector_id: str
    smsc_key: str
    smsc_message_id: str
    source_addr: str
    dest_addr: str
    stat: str
    err: str
    done_date: int | None
    text: str
    received_at: int


@dataclass(slots=True, frozen=True)
class OrphanKey:
    """An orphan receipt without what it says: where it is to be looked for, and between whom it came."""

    connector_id: str
    smsc_key: str
    source_addr: str
    dest_addr: str
    received_at: int


@dataclass(slots=True, eq=False)
class Notification:
    """One entry of the durable outbox: a receipt on its way to the message's sender.

    `lane` names the recipient (``esme:SYSTEM_ID`` or ``http:USERNAME``); entries of a lane go in order of
    `(next_at, id)`. `payload` holds everything the deliverer needs, so that no row has to be read again.
    """

    lane: str
    id: str
    next_at: int
    message_id: str
    attempts: int
    created_at: int
    payload: "ReceiptPayload"


@dataclass(slots=True, frozen=True)
class ReceiptPayload:
    """What a sender is told about its message. Stored as JSON in the outbox."""

    message_id: str  # the public id
    source_addr: str
    source_ton: int
    source_npi: int
    dest_addr: str
    dest_ton: int
    dest_npi: int
    stat: str  # DELIVRD, UNDELIV, REJECTD, EXPIRED, DELETED, ENROUTE, ...
    err: str
    submitted: int  # segments
    delivered: int
    submit_at: int
    done_at: int
    text: str  # at most the first 20 characters
    connector_id: str
    intermediate: bool = False
    url: str | None = None  # callback URL; None for ESMEs
    tlvs: str = ""  # hex digits: for an ESME, what the SMSC's receipt brought and its user_message_reference
    tlv_values: dict[str, int | str] | None = None  # for a callback: the same by name
