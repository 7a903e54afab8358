"""What a probe is told to do, and what it saw. No conclusions here."""

import ssl
from dataclasses import dataclass, field

from trunkline.smpp.pdus import DataSm, DeliverSm
from trunkline.smpp.receipts import Receipt

ALPHABET_TEXT = "@$_ probe alphabet"
"""Begins with what GSM 03.38 and Latin-1 write differently: the text that a receipt repeats tells which."""


@dataclass(slots=True)
class Target:
    """The SMSC and the account to bind with."""

    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    tls: ssl.SSLContext | None = None
    tls_server_name: str = ""
    interface_version: int | None = None  # to bind with; None: the usual


@dataclass(slots=True)
class Plan:
    """How far the probe goes. Without a destination `to` nothing is submitted."""

    to: str = ""
    sender: str = ""
    messages: int = 12  # at most
    max_binds: int = 3
    answer_s: float = 10.0  # how long an answer is waited for
    receipts_s: float = 30.0  # how long receipts are waited for
    transmits: bool = False  # binds as a transmitter alone: what the SMSC has for us goes to other binds


@dataclass(slots=True)
class Submitted:
    """One submit_sm: what it tried, and what came back. `status` is None where no answer came."""

    what: str  # text, ucs2, udh, sar, payload, burst
    status: int | None
    message_id: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Received:
    """A receipt that came, as octets and as read."""

    pdu: DeliverSm | DataSm
    receipt: Receipt


@dataclass(slots=True)
class Observations:
    """Everything seen, in the order of the conversation."""

    transceiver_refused: int | None = None  # command_status; None: it was accepted
    interface_version: int | None = None  # sc_interface_version; None: not given
    smsc: str = ""  # the system_id it calls itself by
    binds: int = 0  # open at the same time
    binds_refused: int | None = None  # command_status of the first one more; None: none was refused
    round_trips: list[float] = field(default_factory=list)  # of enquire_link, in seconds
    query_status: int | None = None  # to query_sm of an id that cannot exist; None: no answer
    submitted: list[Submitted] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    inbound: int = 0  # messages that were no receipts: refused for the moment, so that none is lost
