"""The simulated SMSC's receipts: how it writes message ids and receipts, and who is to get them."""

import hashlib
import uuid
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from trunkline.simulator.scenario import Scenario
from trunkline.smpp.constants import ESM_DELIVERY_RECEIPT, DataCoding, MessageState, Tag
from trunkline.smpp.fields import MAX_SHORT_MESSAGE
from trunkline.smpp.pdus import DataSm, DeliverSm, SubmitSm
from trunkline.smpp.receipts import format_receipt
from trunkline.smpp.tlv import Tlv, c_octets, octet

DELIVERED: Final = "DELIVRD"
FAILED: Final = "UNDELIV"

_STATE_TLVS: Final = {
    DELIVERED: octet(Tag.MESSAGE_STATE, MessageState.DELIVERED.value),
    FAILED: octet(Tag.MESSAGE_STATE, MessageState.UNDELIVERABLE.value),
}
_READABLE_CODINGS: Final = {DataCoding.DEFAULT.value, DataCoding.ASCII.value, DataCoding.LATIN1.value}


def _uuid_of(number: int) -> str:
    digest = hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest, version=4))


ID_WRITERS: Final[dict[str, Callable[[int], str]]] = {
    "hex": lambda number: f"{number:x}",
    "hex-upper": lambda number: f"{number:X}",
    "decimal": str,
    "uuid": _uuid_of,
}
"""How each id format of a scenario writes the number of a message."""


class PendingReceipt:
    """A receipt until the peer has taken it. `message_id` is the id as the response wrote it.

    `answer` is the submit's response that must not go out before this receipt does, with its way out.
    """

    __slots__ = (
        "answer",
        "destination",
        "err",
        "message_id",
        "number",
        "source",
        "stat",
        "submitted_at_ms",
        "text",
    )

    def __init__(
        self, pdu: SubmitSm | DataSm, number: int, message_id: str, stat: str, err: str, submitted_at_ms: int
    ) -> None:
        self.number = number
        self.message_id = message_id
        self.stat = stat
        self.err = err
        self.submitted_at_ms = submitted_at_ms
        # The receipt travels the other way.
        self.source = (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr)
        self.destination = (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr)
        self.text = (
            pdu.payload[:20].decode("latin-1")
            if pdu.data_coding in _READABLE_CODINGS and not pdu.esm_class & 0x40
            else ""
        )
        self.answer: Callable[[], None] | None = None


class ReceiptWriter:
    """Writes receipts as the scenario wants them."""

    __slots__ = ("_body", "_case", "_id", "_tlvs", "_width")

    def __init__(self, scenario: Scenario) -> None:
        self._id = ID_WRITERS[scenario.receipt_id_format]
        self._width = scenario.id_width
        self._tlvs = scenario.receipt_tlvs
        self._body = scenario.receipt_body
        self._case: Callable[[str], str] = getattr(str, scenario.receipt_stat_case)

    def write(self, receipt: PendingReceipt, now_ms: int) -> DeliverSm:
        """The deliver_sm of a receipt for a message that reached its final state at `now_ms` (epoch ms)."""
        message_id = self._id(receipt.number).zfill(self._width)
        stat = receipt.stat
        body = format_receipt(
            message_id,
            1,
            int(stat == DELIVERED),
            receipt.submitted_at_ms,
            now_ms,
            self._case(stat),
            receipt.err,
            receipt.text,
        )
        tlvs: tuple[Tlv, ...] = ()
        if self._tlvs:
            tlvs = (c_octets(Tag.RECEIPTED_MESSAGE_ID, message_id), _STATE_TLVS[stat])
        data_coding = 0
        if self._body == "ucs2":
            data_coding = DataCoding.UCS2.value
            body = body.decode("latin-1").encode("utf-16-be")
        if self._body == "payload" or len(body) > MAX_SHORT_MESSAGE:
            tlvs = (*tlvs, Tlv(Tag.MESSAGE_PAYLOAD.value, body))
            body = b""
        source_addr_ton, source_addr_npi, source_addr = receipt.source
        dest_addr_ton, dest_addr_npi, destination_addr = receipt.destination
        return DeliverSm(
            source_addr_ton=source_addr_ton,
            source_addr_npi=source_addr_npi,
            source_addr=source_addr,
            dest_addr_ton=dest_addr_ton,
            dest_addr_npi=dest_addr_npi,
            destination_addr=destination_addr,
            esm_class=ESM_DELIVERY_RECEIPT,
            data_coding=data_coding,
            short_message=body,
            tlvs=tlvs,
        )


class ReceivingLink(Protocol):
    """A bind that takes receipts."""

    @property
    def room(self) -> int:
        """How many more receipts it may be sent now."""

    def deliver(self, receipt: PendingReceipt) -> None:
        """Send a receipt."""


class Mailbox:
    """One system_id's receipts, and its binds that take them (RX and TRX), used in turn.

    While nobody is bound they wait. What was sent and not acknowledged comes back by `put_back`, to be sent
    before the others.
    """

    __slots__ = ("_blocked", "links", "waiting")

    def __init__(self) -> None:
        self.links: deque[ReceivingLink] = deque()
        self.waiting: deque[PendingReceipt] = deque()
        # No link has room: nobody needs to look again until one says so. Under load that is the usual state.
        self._blocked = True

    def put(self, receipt: PendingReceipt) -> None:
        """Take a receipt in, and send what can be sent."""
        self.waiting.append(receipt)
        if not self._blocked:
            self._deliver()

    def put_back(self, receipts: list[PendingReceipt]) -> None:
        """Take receipts back that a link did not acknowledge, oldest first."""
        self.waiting.extendleft(reversed(receipts))
        if not self._blocked:
            self._deliver()

    def has_room(self, link: ReceivingLink) -> None:
        """Learn that a link takes receipts, again or for the first time."""
        waiting = self.waiting
        if not self._blocked or link not in self.links:
            return
        while waiting and link.room > 0:
            link.deliver(waiting.popleft())
        self._blocked = link.room <= 0

    def join(self, link: ReceivingLink) -> None:
        """Add a bind that takes receipts, and give it what waits."""
        self.links.append(link)
        self.has_room(link)

    def leave(self, link: ReceivingLink) -> None:
        """Remove a bind. When it was the last one, answers held back for receipts go out without them."""
        if link not in self.links:
            return
        self.links.remove(link)
        if not self.links:
            self._blocked = True
            for receipt in self.waiting:
                answer, receipt.answer = receipt.answer, None
                if answer is not None:
                    answer()

    def _deliver(self) -> None:
        waiting = self.waiting
        links = self.links
        while waiting:
            for _ in range(len(links)):
                link = links[0]
                links.rotate(-1)
                if link.room > 0:
                    break
            else:
                self._blocked = True
                return
            link.deliver(waiting.popleft())
