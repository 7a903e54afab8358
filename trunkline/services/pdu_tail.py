"""The PDUs of a connector while they pass, for whoever looks on: bounded, and free where nobody does."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from trunkline.gsm.display import display_user_data
from trunkline.model.administration import Administration
from trunkline.model.identity import Actor, Permission
from trunkline.model.pdu_log import PduWatcher
from trunkline.services.accounts import InvalidInput
from trunkline.smpp.codec import decode
from trunkline.smpp.constants import ESM_UDHI, status_name
from trunkline.smpp.errors import SmppError
from trunkline.smpp.explain import Explanation, explain
from trunkline.smpp.pdus import DataSm, DeliverSm
from trunkline.smpp.receipts import parse_receipt
from trunkline.smpp.tap import Tap

PIECES: Final = 100
"""Reads and writes that are kept until somebody takes them; each holds one PDU or several in a row."""

OCTETS: Final = 128 * 1024
"""Octets that are kept until then."""

LINES: Final = 100
"""PDUs that one look decodes."""

TEXT: Final = 70
"""Characters of a message that are shown."""


@dataclass(slots=True, frozen=True)
class PduLine:
    """One PDU in a line; `at` is Unix milliseconds, `summary` what matters of its fields."""

    at: int
    sent: bool
    name: str
    status: str  # of a response: ESME_ROK and so on
    sequence_number: int
    summary: str


class Watchable(Protocol):
    """Connectors that can be looked at while they run, see `RunningConnectors`."""

    def watch(self, connector_id: str, watcher: PduWatcher) -> None: ...
    def unwatch(self, connector_id: str, watcher: PduWatcher) -> None: ...


class PduTails:
    """Opens tails for those who may look."""

    def __init__(self, administration: Administration, running: Watchable | None) -> None:
        """`running`: the connectors of this process; None where another one runs them."""
        self._administration = administration
        self._running = running

    @property
    def possible(self) -> bool:
        """Whether PDUs pass through this process."""
        return self._running is not None

    async def open(self, actor: Actor, connector_id: str) -> "PduTail":
        """Begins to look on; to be closed by whoever opened it. Raises `Forbidden`, `NotFound`,
        and `InvalidInput` where another process runs the connectors.
        """
        actor.require(Permission.VIEW_PLATFORM)
        running = self._running
        if running is None:
            raise InvalidInput("connector_id", "its PDUs pass through another process")
        config = (await self._administration.find_connector(connector_id)).config
        tail = PduTail(config.default_alphabet, lambda: running.unwatch(connector_id, tail))
        running.watch(connector_id, tail)
        return tail


class PduTail:
    """Implements `PduWatcher`: keeps what passes until it is taken, and leaves out what is too much."""

    def __init__(self, default_alphabet: str, end: Callable[[], None]) -> None:
        self._default_alphabet = default_alphabet
        self._end = end
        self._kept: deque[tuple[int, bool, bytes]] = deque()
        self._octets = 0
        self._left_out = 0

    def tap(self, _connection_id: str) -> Tap:
        """See `PduWatcher`."""
        return _TailTap(self)

    def add(self, sent: bool, pdus: bytes) -> None:
        """Keeps PDUs in a row, or leaves them out. Called on the hot path."""
        if len(self._kept) >= PIECES or self._octets + len(pdus) > OCTETS:
            self._left_out += 1
            return
        self._octets += len(pdus)
        self._kept.append((time.time_ns() // 1_000_000, sent, pdus))

    def take(self) -> tuple[list[PduLine], bool]:
        """What passed since the last time, oldest first, and whether that is not all."""
        kept, self._kept = self._kept, deque()
        complete = not self._left_out
        self._octets = self._left_out = 0
        lines: list[PduLine] = []
        for line in self._lines(kept):
            if len(lines) == LINES:
                complete = False
                break
            lines.append(line)
        return lines, not complete

    def close(self) -> None:
        """Looks on no more; may be called again."""
        self._end()

    def _lines(self, kept: deque[tuple[int, bool, bytes]]) -> Iterator[PduLine]:
        for at, sent, pdus in kept:
            for pdu in explain(pdus):
                yield _line(at, sent, pdu, self._default_alphabet)


class _TailTap:
    """One connection's way into a tail."""

    __slots__ = ("_add",)

    def __init__(self, tail: PduTail) -> None:
        self._add = tail.add

    def read(self, pdus: bytes) -> None:
        """See `Tap`."""
        self._add(False, pdus)

    def written(self, pdus: bytes) -> None:
        """See `Tap`."""
        self._add(True, pdus)


def _line(at: int, sent: bool, pdu: Explanation, default_alphabet: str) -> PduLine:
    is_response = pdu.name.endswith("_resp") or pdu.name == "generic_nack"
    status = status_name(pdu.value("command_status", 0)) if is_response else ""
    number = pdu.value("sequence_number", 0)
    return PduLine(at, sent, pdu.name or "?", status, number, _summary(pdu, default_alphabet))


def _summary(pdu: Explanation, default_alphabet: str) -> str:
    parts = []
    if pdu.name.startswith("bind_"):
        parts.append(f"system_id {pdu.value('system_id', '')!r}")
    if pdu.value("message_id"):
        parts.append(f"message_id {pdu.value('message_id')}")
    if pdu.value("destination_addr") is not None:
        parts.append(f"{pdu.value('source_addr', '')} -> {pdu.value('destination_addr')}")
    parts += _content(pdu, default_alphabet)
    parts += pdu.problems[:1]
    return ", ".join(parts)


def _content(pdu: Explanation, default_alphabet: str) -> list[str]:
    if pdu.command_id in {DeliverSm.command_id, DataSm.command_id}:
        try:
            read = decode(pdu.octets)
        except SmppError:
            return []
        receipt = parse_receipt(read) if isinstance(read, DeliverSm | DataSm) else None
        if receipt is not None:
            return [f"receipt {receipt.message_id or ''}: {receipt.stat} {receipt.err}".rstrip()]
    octets = pdu.value("short_message") or pdu.value("message_payload")
    if not isinstance(octets, bytes) or not octets:
        return []
    has_header = bool(pdu.value("esm_class", 0) & ESM_UDHI)
    _, text = display_user_data(octets, pdu.value("data_coding", 0), has_header, default_alphabet)
    return [repr(text[:TEXT] + ("…" if len(text) > TEXT else ""))]
