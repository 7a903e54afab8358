"""What the simulated SMSC saw: every message it took, every receipt it sent, and what became of them.

This is the other side's testimony when a test asks whether the gateway lost, doubled or invented anything. A
record is kept in memory, or appended to a file of JSON lines that is flushed once per event loop batch, so
the file is complete whatever happens to the process at the other end of the link.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Self

import msgspec

from trunkline.gsm.alphabets import decode
from trunkline.gsm.septets import fill_bits
from trunkline.gsm.shifts import shift_in
from trunkline.smpp.constants import ESM_UDHI, Tag
from trunkline.smpp.pdus import DataSm, SubmitSm

_SAR_TAGS: Final = (Tag.SAR_MSG_REF_NUM.value, Tag.SAR_TOTAL_SEGMENTS.value, Tag.SAR_SEGMENT_SEQNUM.value)


class Submitted(msgspec.Struct, tag="submit", tag_field="event", omit_defaults=True, gc=False):
    """A submit_sm or data_sm the SMSC took.

    `at_ms` is epoch milliseconds, `message_id` the id given as the response writes it. The content is `text`,
    or `hex` where the octets are no text; `udh` is the user data header as hex, `sar` reference, total and
    number of the sar TLVs. `receipts` is how many receipts will be sent.
    """

    at_ms: int
    message_id: str
    system_id: str
    source: str
    destination: str
    text: str | None = None
    hex: str | None = None
    udh: str | None = None
    sar: tuple[int, int, int] | None = None
    data_coding: int = 0
    registered_delivery: int = 0
    receipts: int = 0

    @classmethod
    def of(
        cls,
        pdu: SubmitSm | DataSm,
        default_alphabet: str,
        at_ms: int,
        message_id: str,
        system_id: str,
        receipts: int,
    ) -> Self:
        """Make the event from the PDU; `default_alphabet` is what data_coding 0 means."""
        text, octets, udh = read_content(pdu.esm_class, pdu.data_coding, pdu.payload, default_alphabet)
        return cls(
            at_ms,
            message_id,
            system_id,
            pdu.source_addr,
            pdu.destination_addr,
            text,
            octets,
            udh,
            _sar(pdu) if pdu.tlvs else None,
            pdu.data_coding,
            pdu.registered_delivery,
            receipts,
        )

    @property
    def content(self) -> tuple[str, str, str, str | None, str | None, tuple[int, int, int] | None]:
        """What makes two submits the same message part: addresses, text and place in a long message."""
        return self.source, self.destination, self.text or "", self.hex, self.udh, self.sar


class Unanswered(msgspec.Struct, tag="unanswered", tag_field="event", gc=False):
    """No answer was written for a message that was taken: by scenario, or because the link was gone.

    An answer that was written may still have been lost with its link.
    """

    at_ms: int
    message_id: str


class ReceiptSent(msgspec.Struct, tag="receipt", tag_field="event", gc=False):
    """A receipt was written to a link; again when it stayed unacknowledged there."""

    at_ms: int
    message_id: str
    stat: str


class ReceiptAcked(msgspec.Struct, tag="acked", tag_field="event", gc=False):
    """The peer took a receipt."""

    at_ms: int
    message_id: str


class ReceiptRefused(msgspec.Struct, tag="refused", tag_field="event", gc=False):
    """The peer refused a receipt for good, with this command_status."""

    at_ms: int
    message_id: str
    status: int


class StrayAnswered(msgspec.Struct, tag="stray", tag_field="event", gc=False):
    """The peer answered a stray, a PDU that was thrown in; `command` and `status` are the answer's."""

    at_ms: int
    stray: str
    command: str
    status: int


class MoSent(msgspec.Struct, tag="mo", tag_field="event", gc=False):
    """A handset's message is on its way, in so many parts; `number` counts them from 1."""

    at_ms: int
    number: int
    source: str
    destination: str
    text: str
    parts: int


class MoAnswered(msgspec.Struct, tag="mo answered", tag_field="event", gc=False):
    """The peer answered a part of a handset's message, counted from 1, with this command_status."""

    at_ms: int
    number: int
    part: int
    status: int


class Operation(msgspec.Struct, tag="operation", tag_field="event", omit_defaults=True, gc=False):
    """A message was asked about, cancelled or replaced, or a broadcast taken; `text` is the new one."""

    at_ms: int
    command: str
    message_id: str
    text: str | None = None


Event = (
    Submitted
    | Unanswered
    | ReceiptSent
    | ReceiptAcked
    | ReceiptRefused
    | StrayAnswered
    | Operation
    | MoSent
    | MoAnswered
)


class Counters:
    """What a record adds up to. `unique` counts different contents (source, destination, text, part)."""

    __slots__ = (
        "_contents",
        "receipts_acked",
        "receipts_due",
        "receipts_refused",
        "receipts_sent",
        "submits",
        "unanswered",
    )

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.submits = self.unanswered = 0
        self.receipts_due = self.receipts_sent = self.receipts_acked = self.receipts_refused = 0
        # Hashes, not texts: a record of millions of messages must fit into memory.
        self._contents: set[int] = set()
        for event in events:
            self.add(event)

    @property
    def unique(self) -> int:
        """How many different message parts were taken."""
        return len(self._contents)

    @property
    def duplicates(self) -> int:
        """How many submits repeated an earlier one."""
        return self.submits - len(self._contents)

    @property
    def receipts_pending(self) -> int:
        """Receipts not settled yet: still to be sent, or sent and not acknowledged."""
        return self.receipts_due - self.receipts_acked - self.receipts_refused

    def add(self, event: Event) -> None:
        """Count one event."""
        kind = type(event)
        if kind is Submitted:
            self.submits += 1
            self.receipts_due += event.receipts  # type: ignore[union-attr]  # narrowed by identity, for speed
            self._contents.add(hash(event.content))  # type: ignore[union-attr]
        elif kind is ReceiptSent:
            self.receipts_sent += 1
        elif kind is ReceiptAcked:
            self.receipts_acked += 1
        elif kind is ReceiptRefused:
            self.receipts_refused += 1
        elif kind is Unanswered:
            self.unanswered += 1


class Recorded:
    """A record read back: the events in their order, and what they add up to."""

    __slots__ = ("counters", "events")

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.counters = Counters(events)

    @property
    def submits(self) -> list[Submitted]:
        """Every message taken, in order."""
        return [event for event in self.events if isinstance(event, Submitted)]

    @property
    def duplicates(self) -> list[list[Submitted]]:
        """Submits of the same content, for each content that came more than once."""
        groups: defaultdict[object, list[Submitted]] = defaultdict(list)
        for submit in self.submits:
            groups[submit.content].append(submit)
        return [group for group in groups.values() if len(group) > 1]

    @property
    def unanswered(self) -> set[str]:
        """Ids of messages that were taken and whose answer was never written."""
        return {event.message_id for event in self.events if isinstance(event, Unanswered)}

    @property
    def strays_answered(self) -> list[StrayAnswered]:
        """The answers to what was thrown in, in order."""
        return [event for event in self.events if isinstance(event, StrayAnswered)]

    @property
    def operations(self) -> list[Operation]:
        """What was done to messages after they had been taken, in order."""
        return [event for event in self.events if isinstance(event, Operation)]

    @property
    def mos(self) -> list[MoSent]:
        """What handsets sent, in order."""
        return [event for event in self.events if isinstance(event, MoSent)]

    @property
    def mo_answers(self) -> dict[tuple[int, int], int]:
        """command_status by number and part of what handsets sent."""
        answers = (event for event in self.events if isinstance(event, MoAnswered))
        return {(event.number, event.part): event.status for event in answers}

    @property
    def acked(self) -> set[str]:
        """Ids of messages of which the peer took at least one receipt."""
        return {event.message_id for event in self.events if isinstance(event, ReceiptAcked)}


class Record:
    """Collects events, in memory (`path` None) or at the end of a file, whose earlier lines count too.

    A half-written last line, left by a process that was killed, is cut off. Raises OSError when the file
    cannot be opened, ValueError when it holds something else.
    """

    __slots__ = ("_buffer", "_descriptor", "_encoder", "counters", "events", "path")

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.events: list[Event] = []
        self._buffer: list[Event] = []
        self._encoder = msgspec.json.Encoder()
        self._descriptor = -1
        if path is None:
            self.counters = Counters()
            return
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.ftruncate(self._descriptor, _whole_lines(path))
            self.counters = Counters(_read(path))
        except BaseException:
            os.close(self._descriptor)
            raise

    def append(self, event: Event) -> None:
        """Add an event; a file is written at the end of the event loop's batch, or at once without a loop.

        Raises OSError when the file cannot be written.
        """
        self.counters.add(event)
        if self._descriptor < 0:
            self.events.append(event)
            return
        buffer = self._buffer
        if not buffer:
            try:
                asyncio.get_running_loop().call_soon(self.flush)
            except RuntimeError:
                buffer.append(event)
                self.flush()
                return
        buffer.append(event)

    def flush(self) -> None:
        """Write what is buffered. Raises OSError."""
        if self._buffer and self._descriptor >= 0:
            data = memoryview(self._encoder.encode_lines(self._buffer))
            self._buffer.clear()
            while data:
                data = data[os.write(self._descriptor, data) :]

    def close(self) -> None:
        """Flush and close the file; a record in memory stays readable."""
        self.flush()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def read(self) -> Recorded:
        """Everything recorded so far, read back from the file where there is one."""
        self.flush()
        return Recorded(list(self.events)) if self.path is None else load_record(self.path)


def load_record(path: Path) -> Recorded:
    """Read a record's file, also one that is still being written: a half-written last line is left out.

    Raises OSError when it cannot be read, ValueError naming the line that is no event.
    """
    return Recorded(list(_read(path)))


def _read(path: Path) -> Iterator[Event]:
    decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield decoder.decode(line)
            except msgspec.MsgspecError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error


def _whole_lines(path: Path) -> int:
    """Size of the file up to and including its last newline, in octets."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
    return 0


def read_content(
    esm_class: int, data_coding: int, payload: bytes, default_alphabet: str
) -> tuple[str | None, str | None, str | None]:
    """Split a message's octets into text, hex and udh as `Submitted` keeps them.

    Octets that are no text, or whose header does not fit into them, come as hex. Never raises for octets and
    codings that fit their fields.
    """
    udh = None
    if esm_class & ESM_UDHI and payload and payload[0] < len(payload):
        size = payload[0] + 1
        udh = payload[:size].hex()
        payload = payload[size:]
    fill, shift = 0, None
    if udh is not None:
        header = bytes.fromhex(udh)
        fill, shift = fill_bits(len(header)), shift_in(header)
    text = decode(payload, data_coding, default_alphabet, fill=fill, shift=shift)[0]
    return (text, None, udh) if text is not None else (None, payload.hex(), udh)


def _sar(pdu: SubmitSm | DataSm) -> tuple[int, int, int] | None:
    """Reference, total and number of a part whose place is in the sar TLVs (SMPP 3.4 section 5.3.2.22)."""
    reference, total, number = (pdu.tlv(tag) for tag in _SAR_TAGS)
    if reference is None or total is None or number is None:
        return None
    return int.from_bytes(reference, "big"), int.from_bytes(total, "big"), int.from_bytes(number, "big")
