"""The PDUs of a message, found again in the PDU log of the connector that submitted it.

The log is in the order of time: the place to look at is found by halving it, however long the file is.
"""

import asyncio
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import BinaryIO

from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.message import Message, Segment
from trunkline.model.pdu_log import LogSide
from trunkline.services.pdu_logs import PduLogs
from trunkline.smpp.constants import CommandId

MOST_OCTETS = 16 << 20  # of a log that are looked at, for each end of a segment's way
ANSWER_S = 60  # an answer is looked for this long after its submit
AROUND_S = 2  # clocks of the log and of the message are one, but entries wait a moment to be written
_LINE = re.compile(
    rb"^INFO\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\]\[([^\]]*)\]: (<<<<<|>>>>>) ([0-9a-f]{32,})", re.MULTILINE
)
_BLOCK = 1 << 16
_STAMP = "%Y-%m-%d %H:%M:%S"


@dataclass(slots=True, frozen=True)
class LoggedPdu:
    """One PDU of the log. `at` is Unix ms, to the second; `octets` are hexadecimal."""

    at: int
    connection: str
    sent: bool  # by the gateway
    octets: str

    @property
    def command_id(self) -> int:
        return int(self.octets[8:16], 16)

    @property
    def exchange(self) -> tuple[str, str]:
        """What a request and its answer have in common: the connection and the number."""
        return self.connection, self.octets[24:32]


@dataclass(slots=True, frozen=True)
class FoundPdus:
    """What the log has of a segment, in its order; `logged` false: there is no log of that time."""

    logged: bool
    pdus: tuple[LoggedPdu, ...] = ()


class MessagePdus:
    """Looks PDUs up; see `services.pdu_logs`."""

    def __init__(self, logs: PduLogs) -> None:
        self._logs = logs

    async def of_segment(self, actor: Actor, message: Message, number: int) -> FoundPdus:
        """The submit_sm of a segment, its answer, its receipts and theirs.

        Raises `Forbidden`, and `NotFound` where the message has no such segment.
        """
        actor.require(Permission.VIEW_PLATFORM)
        for segment in message.segments:
            if segment.number == number:
                return await asyncio.to_thread(self._search, actor, segment)
        raise NotFound("segment", str(number))

    def _search(self, actor: Actor, segment: Segment) -> FoundPdus:
        found: list[LoggedPdu] = []
        logged = False
        for from_ms, seconds, pick in (
            (segment.submitted_at, ANSWER_S, _submit),
            (segment.receipt_at, AROUND_S, _receipt),
        ):
            if from_ms is None:
                continue
            first = from_ms // 1000 - AROUND_S
            last = from_ms // 1000 + seconds
            lines = self._between(actor, segment.connector_id, first, last)
            if lines is not None:
                logged = True
                found += [each for each in pick(segment, lines) if each not in found]
        return FoundPdus(logged, tuple(found))

    def _between(self, actor: Actor, connector_id: str, first: int, last: int) -> list[LoggedPdu] | None:
        """What a connector's log has of some time (Unix seconds); None: it has nothing of those days."""
        files = self._logs.list(actor, LogSide.CONNECTORS, _day(first), _day(last), [connector_id])
        found: list[LoggedPdu] = []
        for each in files:
            with self._logs.open(actor, each) as file:
                found += _entries(file, each.size, first, last)
        return found if files else None


def _entries(file: BinaryIO, size: int, first: int, last: int) -> Iterator[LoggedPdu]:
    """The entries of this stretch of time, as far as `MOST_OCTETS` go."""
    begin, end = _stamp(first), _stamp(last)
    # The first block that does not begin before it; what is wanted may begin in the one before.
    blocks = range(0, size, _BLOCK)
    place = bisect_left(blocks, begin, key=lambda offset: _stamp_after(file, offset))
    file.seek(max(place - 1, 0) * _BLOCK)
    for line in _lines(file, MOST_OCTETS):
        match = _LINE.match(line)
        if match is None or match[1] < begin:
            continue
        if match[1] > end:
            return
        at = int(datetime.strptime(match[1].decode(), _STAMP).replace(tzinfo=UTC).timestamp() * 1000)
        yield LoggedPdu(at, match[2].decode(), match[3] == b">>>>>", match[4].decode())


def _lines(file: BinaryIO, most: int) -> Iterator[bytes]:
    while most > 0 and (line := file.readline(most)):
        most -= len(line)
        yield line


def _stamp_after(file: BinaryIO, offset: int) -> bytes:
    """The time of the first entry that begins at or after an offset; above every time where none does."""
    file.seek(offset)
    match = _LINE.search(file.read(2 * _BLOCK))
    return match[1] if match is not None else b"9"


def _submit(segment: Segment, lines: Sequence[LoggedPdu]) -> list[LoggedPdu]:
    """The submit_sm that was answered with the segment's id, or that carries it; with its answer."""
    answers = {each.exchange: each for each in lines if each.command_id == CommandId.SUBMIT_SM_RESP}
    requests = [each for each in lines if each.command_id == CommandId.SUBMIT_SM and each.sent]
    known = segment.smsc_message_id
    wanted = None if known is None else f"{known.encode().hex()}00"
    for each in requests:
        answer = answers.get(each.exchange)
        if wanted is not None:
            if answer is not None and answer.octets[32:] == wanted:
                return [each, answer]
        elif segment.message.dest_addr.encode().hex() in each.octets and segment.udh.hex() in each.octets:
            return [each] if answer is None else [each, answer]
    return []


def _receipt(segment: Segment, lines: Sequence[LoggedPdu]) -> list[LoggedPdu]:
    """The receipts that name the segment's id, as the SMSC wrote it or as it is matched, and our answers."""
    names = {each.encode().hex() for each in (segment.smsc_message_id, segment.smsc_key) if each}
    found: list[LoggedPdu] = []
    for each in lines:
        receipt = each.command_id in (CommandId.DELIVER_SM, CommandId.DATA_SM) and not each.sent
        if receipt and any(name in each.octets for name in names):
            found.append(each)
            found += [answer for answer in lines if _answers(answer, each)]
    return found


def _answers(answer: LoggedPdu, request: LoggedPdu) -> bool:
    return answer.exchange == request.exchange and answer.command_id == request.command_id | 0x80000000


def _stamp(second: int) -> bytes:
    return datetime.fromtimestamp(second, UTC).strftime(_STAMP).encode()


def _day(second: int) -> date:
    return datetime.fromtimestamp(second, UTC).date()
