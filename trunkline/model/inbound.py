"""Inbound messages (MO): what handsets send, as it comes in, as it is stored and as lists show it.

Times are Unix ms. Addresses are those of the message: the source is the handset.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Sar(NamedTuple):
    """Which part of which long message, as the TLVs sar_* tell it (SMPP 3.4, section 5.3.2.22)."""

    reference: int
    total: int
    number: int


@dataclass(slots=True, frozen=True, kw_only=True)
class IncomingMessage:
    """A handset's message, or a part of one, as a connector read it. `link` tells its connections apart."""

    source_ton: int = 0
    source_npi: int = 0
    source_addr: str = ""
    dest_ton: int = 0
    dest_npi: int = 0
    dest_addr: str = ""
    esm_class: int = 0
    data_coding: int = 0
    user_data: bytes = b""  # with its header, if `esm_class` says that there is one
    sar: Sar | None = None
    dest_port: int | None = None
    source_port: int | None = None
    user_reference: int | None = None  # user_message_reference
    link: int = 0


@dataclass(slots=True, frozen=True)
class InboundPart:
    """A part that waits for the others of its message."""

    id: str
    connector_id: str
    received_at: int
    message: IncomingMessage


@dataclass(slots=True, frozen=True)
class InboundSeen:
    """That a deliver_sm or data_sm was taken: kept for a while, to know it should it come again.

    `numbered`: it is a part with a reference, so that the same again can only be a repetition.
    """

    id: str
    fingerprint: str
    numbered: bool
    received_at: int


@dataclass(slots=True, frozen=True)
class InboundMessage:
    """A message from a handset, whole or as far as it came.

    `account_id` is None while it is nobody's but the administrators'. `text` is None where there is none to
    read; `raw` has the octets (hex digits) wherever the text alone does not say them. `missing` are the
    numbers of the parts that never came. `error` says what could not be read.
    """

    id: str
    account_id: int | None
    connector_id: str
    source_ton: int
    source_npi: int
    source_addr: str
    dest_ton: int
    dest_npi: int
    dest_addr: str
    text: str | None
    encoding: str
    data_coding: int
    esm_class: int
    raw: str | None
    udh: str  # hex digits; without what only says how the parts belong together
    dest_port: int | None
    source_port: int | None
    parts: int
    missing: tuple[int, ...]
    error: str | None
    received_at: int


@dataclass(slots=True, frozen=True)
class InboundRow:
    """An inbound message as lists show it, with the name of its account (empty where it has none)."""

    message: InboundMessage
    account: str


@dataclass(slots=True, frozen=True, kw_only=True)
class InboundFilter:
    """Which inbound messages: every field that is given narrows them. `until` is not included."""

    account_id: int | None = None
    connector_id: str = ""
    source_addr: str = ""
    dest_addr: str = ""
    text: str = ""  # contained in the text, in source or destination; letters of either case
    since: int | None = None
    until: int | None = None

    @property
    def is_direct(self) -> bool:
        """Whether an index leads to what is looked for, so that no message is looked at in vain."""
        return not (self.connector_id or self.text)


@dataclass(slots=True, frozen=True)
class InboundCounts:
    """How many came: since a moment, and by connector in the same time."""

    total: int
    by_connector: dict[str, int]
