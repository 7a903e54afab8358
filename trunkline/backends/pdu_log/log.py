"""The PDU log in files: PDUs are queued on the hot path, and written by a process of its own.

The queue is bounded. What does not fit is left out, counted, and named in the file where it is missing: the
message path never waits for its log.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog

from trunkline.backends.pdu_log.records import (
    Batch,
    Entry,
    Head,
    Kind,
    Written,
    count_pdus,
    entries_of,
    unpacked,
)
from trunkline.backends.pdu_log.scribe_process import ScribeLost, ScribeProcess
from trunkline.model.pdu_log import LogOwner

log = structlog.get_logger()

CAPACITY: Final = 32 * 1024 * 1024
"""Octets that may wait to be written; several seconds of full traffic."""

ENTRY_OVERHEAD: Final = 200
"""Octets of memory that an entry takes beside its PDUs."""

BATCH: Final = 1024 * 1024
"""Octets from which on a batch is handed over at once."""

GATHER_S: Final = 0.1
"""Seconds that a smaller batch is waited for."""

RESTART_S: Final = 1.0
"""Seconds between two attempts to start the process that writes."""

ATTEMPTS: Final = 2
"""Processes in a row that may fail before a flush gives up."""

HELD: Final = 8
"""Times that a connection without an owner may show its tap something that is kept for the owner."""

TOO_SLOW: Final = "the log could not keep up"
NO_ROOM: Final = "the logs have reached their limit in total"
LOST: Final = "the process that writes the log failed"

_READ: Final = Kind.READ.value
_WRITTEN: Final = Kind.WRITTEN.value
_REMARK: Final = Kind.REMARK.value


class FilePduLog:
    """Implements `PduLog`. Use it on the running event loop.

    Counters, in PDUs: `written`, `dropped` (the queue was full, or the process failed), `over_limit` (of a
    file or in total), `failed` (the file system refused them). `waiting` are octets.
    """

    def __init__(
        self,
        directory: Path,
        file_limit: int,
        *,
        capacity: int = CAPACITY,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._scribe = ScribeProcess(directory, file_limit)
        self._now_ns = now_ns
        self._capacity = capacity
        self._queue: deque[Any] = deque()  # as `Batch`
        self._gaps: dict[tuple[bytes, str], int] = {}  # PDUs that a file lacks from here on, and why
        self._room: int | None = None
        self._wake = asyncio.Event()
        self._handing_over = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._fault = ""
        self.waiting = 0
        self.written = 0
        self.dropped = 0
        self.over_limit = 0
        self.failed = 0

    def tap(self, connection_id: str, owner: LogOwner | None = None) -> "LogTap":
        """See `PduLog`."""
        return LogTap(self, self._now_ns, connection_id, owner)

    def add(self, entry: Entry) -> None:
        """Queue what a tap was shown, or leave it out. Called on the hot path."""
        weight = len(entry[3]) + ENTRY_OVERHEAD
        if self.waiting + weight > self._capacity:
            self.dropped += self._leave_out(entry, TOO_SLOW)
        elif self._room is not None and self._room <= 0:
            self.over_limit += self._leave_out(entry, NO_ROOM)
        else:
            if self._gaps:
                self._queue_gaps()
            self.waiting += weight
            self._queue.extend(entry)
            if not self._wake.is_set():
                self._awake()

    def allow(self, octets: int) -> None:
        """Say how many octets of text all files together may still grow by, until told anew."""
        self._room = octets

    async def flush(self) -> None:
        """Return when everything so far is written, or given up."""
        async with self._handing_over:
            self._queue_gaps()
            losses = 0
            while self._queue and losses < ATTEMPTS:
                losses = 0 if await self._hand_over() else losses + 1
            # Whoever waits for this, a gateway that stops above all, does not wait for ever.
            self._give_up(self._queue)
            self._queue.clear()

    async def close(self) -> None:
        """Write what is queued and end the process."""
        await self.flush()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._scribe.close()

    def _awake(self) -> None:
        self._wake.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="PDU log")

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            if self.waiting < BATCH:
                await asyncio.sleep(GATHER_S)
            async with self._handing_over:
                await self._hand_over()
                if not self._queue:
                    self._wake.clear()

    async def _hand_over(self) -> bool:
        """Have the next batch written; return whether that could be done."""
        batch, weight = self._next_batch()
        if not batch:
            return True
        try:
            written = await self._scribe.write(batch)
        except ScribeLost as error:
            log.warning(
                "The process that writes the PDU log failed.", action="pdu_log.lost", reason=str(error)
            )
            self._give_up(batch)
            await asyncio.sleep(RESTART_S)
            return False
        self.waiting -= weight
        self._note(written)
        return True

    def _give_up(self, batch: Iterable[Any]) -> None:
        """Leave out what was queued."""
        for entry in entries_of(batch):
            if entry[2] != _REMARK:
                self.waiting -= len(entry[3]) + ENTRY_OVERHEAD
                self.dropped += self._leave_out(entry, LOST)

    def _next_batch(self) -> tuple[Batch, int]:
        """What goes next, and what it weighs in the queue."""
        batch: Batch = []
        weight = 0
        take = self._queue.popleft
        while self._queue and weight < BATCH:
            head, at_ns, kind, octets = take(), take(), take(), take()
            batch += (head, at_ns, kind, octets)
            if kind != _REMARK:
                weight += len(octets) + ENTRY_OVERHEAD
        return batch, weight

    def _note(self, written: Written) -> None:
        self.written += written.pdus
        self.over_limit += written.over_limit
        self.failed += written.failed
        if self._room is not None:
            self._room -= written.octets
        if written.fault and written.fault != self._fault:
            log.error("The PDU log cannot be written.", action="pdu_log.failed", reason=written.fault)
        self._fault = written.fault

    def _leave_out(self, entry: Entry, reason: str) -> int:
        """Remember what the file lacks from here on; return how many PDUs that is."""
        pdus = count_pdus(entry[3])
        key = (entry[0], reason)
        self._gaps[key] = self._gaps.get(key, 0) + pdus
        return pdus

    def _queue_gaps(self) -> None:
        now = self._now_ns()
        for (head, reason), pdus in self._gaps.items():
            text = f"{pdus} PDUs of connection {unpacked(head).connection_id} are missing here: {reason}."
            self._queue.extend((head, now, _REMARK, text.encode()))
        self._gaps.clear()


class LogTap:
    """Implements `PduLogTap`."""

    __slots__ = ("_add", "_connection_id", "_head", "_held", "_now_ns")

    def __init__(
        self, pdu_log: FilePduLog, now_ns: Callable[[], int], connection_id: str, owner: LogOwner | None
    ) -> None:
        self._add = pdu_log.add
        self._now_ns = now_ns
        self._connection_id = connection_id
        self._head = b""
        self._held: list[tuple[int, int, bytes]] = []
        if owner is not None:
            self.assign(owner)

    def assign(self, owner: LogOwner) -> None:
        """See `PduLogTap`."""
        head = Head(owner.side.value, owner.name, self._connection_id, owner.default_alphabet)
        self._head = head.packed()
        held, self._held = self._held, []
        for entry in held:
            self._add((self._head, *entry))

    def read(self, pdus: bytes) -> None:
        """See `Tap`."""
        if self._head:
            self._add((self._head, self._now_ns(), _READ, pdus))
        else:
            self._hold(_READ, pdus)

    def written(self, pdus: bytes) -> None:
        """See `Tap`."""
        if self._head:
            self._add((self._head, self._now_ns(), _WRITTEN, pdus))
        else:
            self._hold(_WRITTEN, pdus)

    def _hold(self, kind: int, pdus: bytes) -> None:
        if len(self._held) < HELD:
            self._held.append((self._now_ns(), kind, pdus))
