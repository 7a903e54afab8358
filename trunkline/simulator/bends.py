"""Octets as they should not be: how a scenario bends the simulated SMSC's PDUs, and what it throws in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from trunkline.simulator.scenario import Scenario
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import HEADER_SIZE, RESPONSE_BIT, CommandId, CommandStatus, Tag
from trunkline.smpp.layouts import HEADER
from trunkline.smpp.pdus import AlertNotification, EnquireLink, GenericNack, SubmitSmResp
from trunkline.smpp.state import BIND_RESPONSES
from trunkline.smpp.tlv import Tlv, encode_tlvs, octet

ANSWERS: Final = frozenset({CommandId.SUBMIT_SM_RESP.value, CommandId.DATA_SM_RESP.value})
_DELIVERIES: Final = frozenset({CommandId.DELIVER_SM.value, CommandId.DATA_SM.value})
_DELIVER_SM: Final = CommandId.DELIVER_SM.value

UNKNOWN_TAG: Final = 0x14FE
"""Tag of the TLV that nobody knows: a vendor's, by its number."""

_UNKNOWN_TLV: Final = encode_tlvs((Tlv(UNKNOWN_TAG, b"what\x01is this"),))
_BAD_TLVS: Final = {
    "size": encode_tlvs((Tlv(Tag.MS_AVAILABILITY_STATUS.value, b"\x01\x02\x03"),)),
    # It says 32 octets and has one.
    "overrun": Tag.ADDITIONAL_STATUS_INFO_TEXT.value.to_bytes(2, "big") + b"\x00\x20x",
}

_STRAY_NUMBERS: Final = range(0x7E000000, 0x7F000000)
_UNKNOWN_COMMAND: Final = 0x000000AA

Bend = Callable[[bytes], bytes]


def split(octets: bytes) -> Iterator[bytes]:
    """Yield the whole PDUs at the beginning of some octets; a command_length that makes no sense ends it."""
    start = 0
    while len(octets) - start >= HEADER_SIZE:
        length = int.from_bytes(octets[start : start + 4], "big")
        if length < HEADER_SIZE or start + length > len(octets):
            return
        yield octets[start : start + length]
        start += length


def command_of(pdu: bytes) -> int:
    """The command_id of a whole PDU."""
    return int.from_bytes(pdu[4:8], "big")


def number_of(pdu: bytes) -> int:
    """The sequence_number of a whole PDU."""
    return int.from_bytes(pdu[12:16], "big")


def renumbered(pdu: bytes, number: int) -> bytes:
    """The PDU under another sequence_number."""
    return pdu[:12] + number.to_bytes(4, "big") + pdu[16:]


def _resized(pdu: bytes) -> bytes:
    return len(pdu).to_bytes(4, "big") + pdu[4:]


@dataclass(frozen=True, slots=True)
class Numbering:
    """Sequence numbers of requests: what the session's own, which count from 1, are written as, and back."""

    write: Callable[[int], int]
    read: Callable[[int], int]


NUMBERINGS: Final[dict[str, Numbering]] = {
    "from-zero": Numbering(lambda number: number - 1, lambda number: number + 1),
    "high": Numbering(
        lambda number: (number + 0x7FFFFFFF) & 0xFFFFFFFF, lambda number: (number - 0x7FFFFFFF) & 0xFFFFFFFF
    ),
    # 0x7FFFFFFE, 0x7FFFFFFF, 1, 2 ...
    "wrap": Numbering(
        lambda number: (number + 0x7FFFFFFC) % 0x7FFFFFFF + 1,
        lambda number: (number - 0x7FFFFFFE) % 0x7FFFFFFF + 1,
    ),
    # 0xFFFFFFFE, 0xFFFFFFFF, 0, 1 ...
    "wrap-32": Numbering(lambda number: (number - 3) & 0xFFFFFFFF, lambda number: (number + 3) & 0xFFFFFFFF),
}


class Bends:
    """What happens to each PDU on its way to the peer. `straight` says that nothing does.

    `numbering` is None where sequence numbers are left alone.
    """

    __slots__ = ("_bends", "_dropped", "numbering", "straight")

    def __init__(self, scenario: Scenario) -> None:
        answers: list[Bend] = []
        deliveries: list[Bend] = []
        self._bends: dict[int, list[Bend]] = dict.fromkeys(ANSWERS, answers)
        self._bends |= {command: [] for command in _DELIVERIES}
        if scenario.sm_length_error:
            self._bends[_DELIVER_SM].append(_length_bend(scenario.sm_length_error))
        tail = _UNKNOWN_TLV if scenario.unknown_tlv else b""
        tail += _BAD_TLVS.get(scenario.bad_tlv, b"")
        if tail:
            answers.append(lambda pdu: _resized(pdu + tail) if len(pdu) > HEADER_SIZE else pdu)
            deliveries.append(lambda pdu: _resized(pdu + tail))
        if scenario.trailing_nul == "missing":
            answers.append(lambda pdu: _resized(pdu[:-1]) if len(pdu) > HEADER_SIZE and not pdu[-1] else pdu)
        elif scenario.trailing_nul == "extra":
            answers.append(lambda pdu: _resized(pdu + b"\0"))
            deliveries.append(lambda pdu: _resized(pdu + b"\0"))
        for command in _DELIVERIES:
            self._bends[command] += deliveries
        if not scenario.bind_version_tlv:
            self._bends |= {command: [_without_version] for command in BIND_RESPONSES}
        self._dropped = (
            frozenset() if scenario.enquire_link_answered else frozenset({CommandId.ENQUIRE_LINK_RESP.value})
        )
        self.numbering = NUMBERINGS.get(scenario.sequence_numbers)
        self.straight = not (any(self._bends.values()) or self._dropped or self.numbering)

    def bent(self, pdu: bytes) -> bytes:
        """A PDU as the peer gets it; empty when it does not."""
        command = command_of(pdu)
        if command in self._dropped:
            return b""
        for bend in self._bends.get(command, ()):
            pdu = bend(pdu)
        if self.numbering is not None and not command & RESPONSE_BIT:
            pdu = renumbered(pdu, self.numbering.write(number_of(pdu)))
        return pdu


def _length_bend(error: int) -> Bend:
    def bend(pdu: bytes) -> bytes:
        at = _sm_length_at(pdu)
        return pdu[:at] + bytes(((pdu[at] + error) & 0xFF,)) + pdu[at + 1 :]

    return bend


def _sm_length_at(pdu: bytes) -> int:
    """Where sm_length stands in a deliver_sm (section 4.6.1)."""
    at = pdu.index(0, HEADER_SIZE) + 1  # service_type
    at = pdu.index(0, at + 2) + 1  # source_addr and what says its kind
    at = pdu.index(0, at + 2) + 1  # destination_addr, likewise
    at = pdu.index(0, at + 3) + 1  # esm_class, protocol_id, priority_flag, schedule_delivery_time
    at = pdu.index(0, at) + 1  # validity_period
    return at + 4


def _without_version(pdu: bytes) -> bytes:
    version = encode_tlvs((octet(Tag.SC_INTERFACE_VERSION, 0),))[:-1]
    at = pdu.find(version, HEADER_SIZE)
    return pdu if at < 0 else _resized(pdu[:at] + pdu[at + len(version) + 1 :])


# What is thrown in. Those that are requests have a number by which their answer is known.


def _unparsable(number: int) -> bytes:
    body = b"\0\x01\x01" + b"4" * 40 + b"\0\x01\x01\x31\0" + b"\0" * 10
    return HEADER.pack(HEADER_SIZE + len(body), _DELIVER_SM, 0, number) + body


_STRAYS: Final[dict[str, Callable[[int], bytes]]] = {
    "response": lambda number: encode(SubmitSmResp(sequence_number=number, message_id="stray")),
    "nack": lambda _: encode(GenericNack(command_status=CommandStatus.ESME_RUNKNOWNERR.value)),
    "enquire_link": lambda number: encode(EnquireLink(sequence_number=number)),
    "alert_notification": lambda number: encode(AlertNotification(sequence_number=number, source_addr="1")),
    "unknown": lambda number: HEADER.pack(HEADER_SIZE + 4, _UNKNOWN_COMMAND, 0, number) + b"what",
    "unparsable": _unparsable,
    # From here on there is no next PDU: the peer can only close.
    "short": lambda number: HEADER.pack(HEADER_SIZE - 1, CommandId.ENQUIRE_LINK.value, 0, number),
    "long": lambda number: HEADER.pack(0x7FFFFFFF, CommandId.DELIVER_SM.value, 0, number),
    "http": lambda _: b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    "tls": lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x5a" * 32,
}

_ANSWERED: Final = frozenset({"enquire_link", "unknown", "unparsable"})


class Strays:
    """What is thrown in on one connection: each of the kinds in turn, behind every n-th answer."""

    __slots__ = ("_every", "_kinds", "_next", "_seen", "_sent")

    def __init__(self, kinds: tuple[str, ...], every: int) -> None:
        self._kinds = kinds
        self._every = every
        self._seen = self._next = 0
        self._sent: dict[int, str] = {}

    def due(self) -> bytes:
        """Count one answer; return what comes behind it, usually nothing."""
        self._seen += 1
        if not self._kinds or self._seen % self._every:
            return b""
        return self.make(self._kinds[self._next % len(self._kinds)])

    def make(self, kind: str) -> bytes:
        """One stray of a kind."""
        number = _STRAY_NUMBERS[self._next % len(_STRAY_NUMBERS)]
        self._next += 1
        if kind in _ANSWERED:
            self._sent[number] = kind
        return _STRAYS[kind](number)

    def answered(self, pdu: bytes) -> str | None:
        """The kind of stray that a response from the peer answers, None when it answers something else."""
        return self._sent.pop(number_of(pdu), None)
