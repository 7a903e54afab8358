"""What every door hands to the pipeline, and the one way the pipeline says no."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from trunkline.gsm.udh import Element
from trunkline.model.snapshot import Sender
from trunkline.model.tlvs import TlvValue


class Reason(StrEnum):
    """Why a submission was refused. Each door maps every reason to a status of its own."""

    ACCOUNT_DISABLED = "account_disabled"
    THROTTLED = "throttled"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    INVALID_DESTINATION = "invalid_destination"
    INVALID_SOURCE = "invalid_source"
    INVALID_TEXT = "invalid_text"
    MESSAGE_TOO_LONG = "message_too_long"
    INVALID_VALIDITY = "invalid_validity"
    INVALID_SCHEDULE = "invalid_schedule"
    INVALID_FIELD = "invalid_field"
    NO_ROUTE = "no_route"
    BUSY = "busy"  # storage is behind or away: try again later
    DUPLICATE_KEY = "duplicate_key"  # an idempotency key was used for another request


class Rejected(Exception):
    """A submission that was not accepted; nothing was stored and nothing charged."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Submission:
    """One message as a door received it.

    Either `text`, or `octets` with `data_coding` for content that is not text. `udh` is a user data header
    the sender made itself; such a message is one segment and is never split.
    """

    sender: Sender
    door: str
    destination: str
    text: str | None
    source: str = ""
    octets: bytes | None = None
    udh: bytes = b""
    coding: int | None = None  # a data_coding of 0 to 14 forces its encoding, None chooses
    data_coding: int | None = None  # as the ESME sent it; None lets the encoding decide
    source_ton: int | None = None  # None: automatic
    source_npi: int | None = None
    dest_ton: int | None = None
    dest_npi: int | None = None
    protocol_id: int = 0
    priority: int = 0
    registered_delivery: int = 1
    validity_ms: int | None = None  # from now; None: the gateway's default
    deliver_after_ms: int = 0  # schedule_delivery_time, from now
    dlr_url: str | None = None
    tlvs: bytes = b""  # optional parameters that may travel on, as on the wire
    tlv_values: Mapping[str, TlvValue] | None = None  # by the names of the connector's profile
    elements: tuple[Element, ...] = ()  # of the user data header of every segment: application ports
    message_class: int | None = None  # 0 is flash; only with GSM, UCS-2 and octets
    reference: str | None = None  # the id that the sender is given in place of the message's own
