"""What handsets send through the simulated SMSC: MO messages, whole or in parts, as deliver_sm or data_sm."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from trunkline.gsm.alphabets import encode, gsm_encode, is_gsm
from trunkline.gsm.data_coding import PACKED, Encoding, data_coding_for
from trunkline.gsm.segmentation import LongMessage, capacity, count_parts, segment
from trunkline.gsm.septets import fill_bits, pack
from trunkline.gsm.udh import concatenation_header
from trunkline.simulator.mailbox import Mailbox
from trunkline.simulator.numbering import numbering_of
from trunkline.simulator.pending import PendingMo
from trunkline.simulator.receipts import in_data_sm
from trunkline.simulator.record import MoAnswered, MoSent
from trunkline.simulator.rules import ScenarioError
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.constants import ESM_UDHI, Tag
from trunkline.smpp.fields import MAX_SHORT_MESSAGE
from trunkline.smpp.pdus import DataSm, DeliverSm, SubmitSm
from trunkline.smpp.tlv import Tlv, octet, short

if TYPE_CHECKING:
    from trunkline.simulator.smsc import SmscSimulator

NUMBER = "{number}"  # stands in a text for the number of the message

Address = tuple[int, int, str]
"""Type of number, numbering plan, and the number."""


class Inbound:
    """Sends the handsets' messages: in reply to those that are taken, or at a rate of their own.

    At a rate they begin when somebody first binds to receive, and pause while nobody does.
    """

    def __init__(self, smsc: "SmscSimulator", scenario: Scenario) -> None:
        self._smsc = smsc
        self._scenario = scenario
        self._text = MoText(scenario)
        self._number = 0
        self._left = scenario.mo_count if scenario.mo_count else None
        self._begun: set[int] = set()

    def reply(self, mailbox: Mailbox, pdu: SubmitSm | DataSm) -> None:
        """Send what a handset says to a message."""
        self._send(
            mailbox,
            (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr),
            (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr),
        )

    def begin(self, mailbox: Mailbox) -> None:
        """Send at the scenario's rate to whoever has this mailbox; once for each."""
        if self._scenario.mo_rate and id(mailbox) not in self._begun:
            self._begun.add(id(mailbox))
            self._send_at_rate(mailbox, None)

    def _send_at_rate(self, mailbox: Mailbox, _: None) -> None:
        if self._left == 0:
            return
        if mailbox.links:
            if self._left is not None:
                self._left -= 1
            self._send(mailbox, _address(self._scenario.mo_from), _address(self._scenario.mo_to))
        self._smsc.later(1 / self._scenario.mo_rate, self._send_at_rate, mailbox, None)

    def _send(self, mailbox: Mailbox, source: Address, destination: Address) -> None:
        self._number += 1
        text = numbered(self._scenario.mo_text, self._number)
        said = self._text
        if text != self._scenario.mo_text:
            said = MoText(replace(self._scenario, mo_text=text))
        pdus = said.pdus(self._number, source, destination)
        self._smsc.counters.mo_due += len(pdus)
        if self._smsc.record is not None:
            self._smsc.record.append(
                MoSent(_now_ms(), self._number, source[2], destination[2], text, len(pdus))
            )
        for part, pdu in enumerate(pdus, 1):
            mailbox.put(PendingMo(pdu, self._number, part))

    def settle(self, pending: PendingMo, status: int) -> None:
        """Take the peer's answer to a part; one that is refused is not sent again."""
        if status:
            self._smsc.counters.mo_refused += 1
        else:
            self._smsc.counters.mo_acked += 1
        if self._smsc.record is not None:
            self._smsc.record.append(MoAnswered(_now_ms(), pending.number, pending.part, status))


class MoText:
    """The scenario's MO text as PDUs. Raises ScenarioError for a text that cannot be written as it asks."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._alphabet = scenario.default_alphabet
        self._method = LongMessage(scenario.mo_long)
        try:
            self._encoding = _encoding(scenario)
            # The parts as texts, and as octets where they are cut without regard to characters.
            self._texts = [piece.text for piece in segment(scenario.mo_text, self._encoding, 1, self._method)]
            self._pieces = self._cut() if scenario.mo_split_pairs and len(self._texts) > 1 else []
            many = count_parts(scenario.mo_text, self._encoding, self._method) > 1
            self._in_payload = scenario.mo_body in {"payload", "both"} or (many and len(self._texts) == 1)
            self._octets(0, b"")
        except ValueError as error:
            raise ScenarioError(f"mo_text cannot be written as mo_encoding says: {error}") from error
        coding = scenario.mo_data_coding
        self._coding = data_coding_for(self._encoding) if coding is None else coding

    def pdus(self, number: int, source: Address, destination: Address) -> list[DeliverSm | DataSm]:
        """The PDUs of a message, in the order to send them; `number` is the reference of its parts."""
        total = len(self._pieces or self._texts)
        made = []
        for part in range(1, total + 1):
            udh, tlvs = self._place(number, total, part) if total > 1 else (b"", ())
            made.append(self._pdu(udh, self._octets(part - 1, udh), tlvs, source, destination))
        if self._scenario.mo_last_part_missing and total > 1:
            made.pop()
        if self._scenario.mo_parts_reversed:
            made.reverse()
        return made

    def _place(self, reference: int, total: int, part: int) -> tuple[bytes, tuple[Tlv, ...]]:
        """The header and the TLVs that say which part of what this is."""
        if self._method is not LongMessage.SAR:
            wide = self._method is LongMessage.UDH16
            return concatenation_header(reference, total, part, wide=wide), ()
        return b"", (
            short(Tag.SAR_MSG_REF_NUM, reference & 0xFFFF),
            octet(Tag.SAR_TOTAL_SEGMENTS, total),
            octet(Tag.SAR_SEGMENT_SEQNUM, part),
        )

    @property
    def _packed(self) -> bool:
        return self._encoding is Encoding.GSM7 and self._alphabet == PACKED

    def _cut(self) -> list[bytes]:
        """The octets of the text, not packed yet, cut wherever a part is full."""
        text = self._scenario.mo_text
        octets = gsm_encode(text) if self._packed else encode(text, self._encoding, self._alphabet)
        size = capacity(self._encoding, self._method, alone=False)
        size *= 2 if self._encoding is Encoding.UCS2 else 1
        return [octets[at : at + size] for at in range(0, len(octets), size)]

    def _octets(self, index: int, udh: bytes) -> bytes:
        fill = fill_bits(len(udh)) if udh else 0
        if not self._pieces:
            return encode(self._texts[index], self._encoding, self._alphabet, fill=fill)
        return pack(self._pieces[index], fill) if self._packed else self._pieces[index]

    def _pdu(
        self, udh: bytes, octets: bytes, tlvs: tuple[Tlv, ...], source: Address, destination: Address
    ) -> DeliverSm | DataSm:
        body = self._scenario.mo_body
        user_data = udh + octets
        if self._in_payload or len(user_data) > MAX_SHORT_MESSAGE:
            tlvs = (*tlvs, Tlv(Tag.MESSAGE_PAYLOAD.value, user_data))
            if body != "both" or len(user_data) > MAX_SHORT_MESSAGE:
                user_data = b""
        elif body == "empty-payload":
            tlvs = (*tlvs, Tlv(Tag.MESSAGE_PAYLOAD.value, b""))
        make: Callable[..., DeliverSm | DataSm] = (
            in_data_sm if self._scenario.mo_pdu == "data_sm" else DeliverSm
        )
        return make(
            source_addr_ton=source[0],
            source_addr_npi=source[1],
            source_addr=source[2],
            dest_addr_ton=destination[0],
            dest_addr_npi=destination[1],
            destination_addr=destination[2],
            esm_class=self._scenario.mo_esm_class | (ESM_UDHI if udh else 0),
            data_coding=self._coding,
            short_message=user_data,
            tlvs=tlvs,
        )


def _encoding(scenario: Scenario) -> Encoding:
    """The encoding asked for; by default that of data_coding 0 where it has the text, else UCS-2."""
    if scenario.mo_encoding != "auto":
        return Encoding(scenario.mo_encoding)
    try:
        encode(scenario.mo_text, Encoding.GSM7, scenario.default_alphabet)
    except ValueError:
        return Encoding.UCS2
    return Encoding.GSM7 if is_gsm(scenario.mo_text) else Encoding.UCS2


def numbered(text: str, number: int) -> str:
    """The text of one of the messages."""
    return text.replace(NUMBER, str(number))


def _address(number: str) -> Address:
    return *numbering_of(number), number.removeprefix("+")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
