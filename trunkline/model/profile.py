"""A connector's profile: what one SMSC does differently, as data.

Kept as JSON beside the connector's own columns; a field that is not stored has its default, so a new field
needs no migration. The defaults suit an SMSC that keeps to SMPP 3.4, and forgive what can be forgiven without
being told. What each field is for is in docs/connector-profile.md.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from trunkline.gsm.tables import Language


class PassTlvs(StrEnum):
    """Which optional parameters of a sender's message travel on to the SMSC."""

    NONE = "none"
    NAMED = "named"  # those the profile lists
    ALL = "all"


class TlvType(StrEnum):
    """How the octets of a TLV read."""

    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    CSTRING = "cstring"  # Latin-1, ended by a NUL
    STRING = "string"  # Latin-1
    OCTETS = "octets"  # hex digits for people


class DetectReceipts(StrEnum):
    """What tells a receipt from a handset's message where esm_class does not."""

    TEXT = "text"  # what it says
    ESM_CLASS = "esm_class"  # nothing: esm_class alone counts


class ReceiptId(StrEnum):
    """Which of a receipt's two ids is the one that submit_sm_resp gave."""

    TLV = "tlv"  # receipted_message_id; the text's where there is none
    TEXT = "text"  # the text's; receipted_message_id where there is none


class ErrorAction(StrEnum):
    """What is done about a refused submit_sm."""

    REJECT = "reject"  # the segment has failed
    RETRY = "retry"  # tried again, up to the connector's max_attempts
    SLOW = "slow"  # the bind slows down; tried again for as long as the message is valid


class SplitTransceivers(StrEnum):
    """When a transmitter and a receiver are bound in place of a transceiver; always in SMPP 3.3."""

    REFUSED = "refused"  # when the SMSC does not know bind_transceiver
    ALWAYS = "always"
    NEVER = "never"


class Validity(StrEnum):
    """How validity_period is written."""

    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    NONE = "none"  # the SMSC's own default holds


@dataclass(slots=True, frozen=True)
class VendorTlv:
    """A TLV known by name: an SMSC's own (SMPP 3.4, section 5.3.2: 0x1400-0x3FFF), or one of the standard's
    that is to travel on.
    """

    name: str
    tag: int
    type: TlvType


@dataclass(slots=True, frozen=True)
class Profile:
    """The habits of one SMSC that have no column of their own."""

    # Optional parameters
    vendor_tlvs: tuple[VendorTlv, ...] = ()
    pass_tlvs: PassTlvs = PassTlvs.NAMED
    # Receipts
    receipt_patterns: tuple[str, ...] = ()  # see `smpp.receipt_pattern`
    status_map: dict[str, str] = field(default_factory=dict)  # what it writes -> the word of appendix B
    detect_receipts: DetectReceipts = DetectReceipts.TEXT
    receipt_id: ReceiptId = ReceiptId.TLV
    # Refusals
    error_actions: dict[int, ErrorAction] = field(default_factory=dict)  # by command_status
    slow_at_congestion: int = 90  # congestion_state of SMPP 5.0 from which a bind slows down; 0: never
    # Binds
    split_transceivers: SplitTransceivers = SplitTransceivers.REFUSED
    wrong_credentials_retry_s: float = 0.0  # 0: never
    enquire_link_timeout_s: float = 0.0  # 0: the connector's response_timeout_s
    interface_version: int | None = None  # to say instead of the connector's smpp_version
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""
    # Outbind
    outbind_port: int = 0  # 0: none is waited for
    outbind_host: str = "0.0.0.0"  # the SMSC comes from elsewhere, and brings a password
    outbind_system_id: str = ""
    outbind_password: str = ""
    # submit_sm; numberings are "TON/NPI", empty: automatic
    alphanumeric_numbering: str = ""
    international_numbering: str = ""
    short_code_numbering: str = ""
    service_type: str = ""
    messaging_mode: int = 0  # bits 1-0 of esm_class
    validity: Validity = Validity.RELATIVE
    validity_offset: int = 0  # quarters of an hour from UTC that absolute times are written in
    data_codings: dict[str, int] = field(default_factory=dict)  # by encoding
    # Texts
    eight_bit: bool = False  # a part in its default alphabet has 140 characters, not 160
    languages: tuple[Language, ...] = ()  # national language tables that the handsets behind it know
    # What senders ask about messages that the SMSC has
    forward_query: bool = False  # query_sm; else our own records answer
    forward_cancel: bool = True  # cancel_sm; else such a message cannot be cancelled
    forward_replace: bool = True  # replace_sm; else such a message cannot be replaced
    broadcast: bool = False  # whether it takes cell broadcasts (SMPP 5.0)


STANDARD = Profile()
