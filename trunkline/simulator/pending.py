"""What the simulated SMSC has to deliver, until its peer has taken it."""

from collections.abc import Callable

from trunkline.smpp.pdus import DataSm, DeliverSm, SubmitSm


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
        self,
        pdu: SubmitSm | DataSm,
        number: int,
        message_id: str,
        stat: str,
        err: str,
        submitted_at_ms: int,
        text: str,
    ) -> None:
        self.number = number
        self.message_id = message_id
        self.stat = stat
        self.err = err
        self.submitted_at_ms = submitted_at_ms
        # The receipt travels the other way.
        self.source = (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr)
        self.destination = (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr)
        self.text = text  # the beginning of the message's
        self.answer: Callable[[], None] | None = None


class PendingMo:
    """One part of a handset's message. `number` counts the messages and `part` its parts, both from 1."""

    __slots__ = ("answer", "number", "part", "pdu")

    def __init__(self, pdu: DeliverSm | DataSm, number: int, part: int) -> None:
        self.pdu = pdu
        self.number = number
        self.part = part
        self.answer: Callable[[], None] | None = None


Pending = PendingReceipt | PendingMo
