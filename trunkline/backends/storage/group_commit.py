"""Group commit: collects units in batches, writes the batches, and bears what goes wrong with the database.

A batch is written `linger_ms` after its first unit, or as soon as it is full, one at a time: while one is
being written the next collects, so batches grow with the load. What the database refuses as a whole is kept
and tried again; a unit that it refuses for its content is found by halving the batch and dropped alone.
"""

import asyncio
from abc import ABC, abstractmethod
from asyncio import Future
from collections import deque
from collections.abc import Callable, Iterator
from time import perf_counter

import structlog

from trunkline.backends.storage.batch import AcceptUnit, Batch, Outcome, QueryUnit, Unit
from trunkline.backends.storage.faults import BadRows, CommitUnknown, StorageDown
from trunkline.backends.storage.writer import Writer
from trunkline.model.ports import StorageUnavailable

log = structlog.get_logger()

RETRY_FIRST_S = 0.1
RETRY_MAX_S = 2.0


class GroupCommit(ABC):
    """Batches on their way to a `Writer`; subclasses record the units and answer for them.

    `linger_ms` is how long a batch waits for company, `batch_max` how many units it takes, `backlog_max` how
    many may wait before the journal counts as unavailable (until half of them are written).
    """

    def __init__(self, writer: Writer, linger_ms: float, batch_max: int, backlog_max: int) -> None:
        self.on_available: Callable[[bool], None] | None = None
        # Read by the metrics.
        self.batches = 0
        self.units = 0
        self.rows = 0
        self.retries = 0
        self.dropped = 0
        self.commit_seconds = 0.0
        self.last_commit_seconds = 0.0

        self._writer = writer
        self._linger_s = linger_ms / 1000
        self._batch_max = batch_max
        self._backlog_max = backlog_max
        self._backlog = 0
        self._open = Batch()
        self._sealed: deque[Batch] = deque()  # full ones, and those being taken apart
        self._due = False  # the open batch has lingered long enough
        self._linger: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._deadline: float | None = None
        self._up = False
        self._crowded = False
        self._announced = False
        self._outage = ""

    # --- life ---

    async def start(self) -> None:
        """Connects and starts writing. Raises `StorageUnavailable`."""
        self._loop = asyncio.get_running_loop()
        try:
            await self._writer.open()
        except StorageDown as down:
            raise StorageUnavailable(str(down)) from down
        self._up = True
        self._announce()
        self._task = self._loop.create_task(self._run(), name="journal")

    async def flush(self) -> None:
        """Returns when everything recorded so far is written."""
        written: Future[None] = self._loop.create_future()

        def done() -> None:
            if not written.done():
                written.set_result(None)

        self._record((done,))
        self._hurry()
        await written

    async def close(self, patience_s: float = 10.0) -> None:
        """Writes everything, then disconnects. What an outage longer than `patience_s` leaves is dropped."""
        if self._task is None:
            return
        self._closing = True
        self._deadline = self._loop.time() + patience_s
        self._hurry()
        await self._task
        self._task = None
        self._up = False
        self._announce()
        await self._writer.close()

    @property
    def backlog(self) -> int:
        """Units recorded and not yet durable."""
        return self._backlog

    @property
    def available(self) -> bool:
        """False while storage refuses writes or the backlog is at its limit."""
        return self._up and not self._crowded

    # --- collecting ---

    def _record(self, unit: Unit) -> None:
        self._open.add(unit)
        self._added()

    def _added(self) -> None:
        """A unit went into the open batch."""
        self._backlog += 1
        if self._linger is None:
            self._linger = self._loop.call_later(self._linger_s, self._hurry)
        if len(self._open.units) >= self._batch_max:
            self._seal()
        if self._backlog > self._backlog_max and not self._crowded:
            self._crowded = True
            self._announce()

    def _seal(self) -> None:
        self._sealed.append(self._open)
        self._start_batch()
        self._wake.set()

    def _start_batch(self) -> None:
        self._open = Batch()
        self._due = False
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None

    def _hurry(self) -> None:
        self._due = True
        self._wake.set()
        if self._task is None:
            batch = self._open
            self._start_batch()
            self._drop(batch, "it was recorded after the journal was closed")

    def _pending(self) -> Iterator[Batch]:
        """What is recorded and not being written now, oldest first."""
        yield from self._sealed
        yield self._open

    def _next(self) -> Batch | None:
        if self._sealed:
            return self._sealed.popleft()
        if (self._due or self._closing) and self._open.units:
            batch = self._open
            self._start_batch()
            return batch
        return None

    # --- writing ---

    async def _run(self) -> None:
        while True:
            batch = self._next()
            if batch is not None:
                await self._commit(batch)
            elif self._closing:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    async def _commit(self, batch: Batch) -> None:
        """Writes a batch, however long that takes."""
        pause = RETRY_FIRST_S
        while True:
            started = perf_counter()
            try:
                outcome = await self._write(batch)
            except StorageDown as down:
                self._went_down(down)
                batch = self._fail_accepts(batch, str(down))
                if not await self._pause(pause):
                    self._drop(batch, "storage did not come back before the end")
                    return
                pause = min(pause * 2, RETRY_MAX_S)
                continue
            except BadRows as bad:
                self._came_up()
                self._take_apart(batch, bad)
                return
            seconds = perf_counter() - started
            self.batches += 1
            self.units += len(batch.units)
            self.rows += sum(map(len, batch.rows)) + len(batch.charges)
            self.last_commit_seconds = seconds
            self.commit_seconds += seconds
            self._came_up()
            self._resolve(batch, outcome)
            return

    async def _write(self, batch: Batch) -> Outcome:
        """Writes a batch and finds out how a COMMIT ended that broke. Raises `StorageDown` or `BadRows`."""
        try:
            return await self._writer.write(batch)
        except (StorageDown, BadRows):
            raise
        except CommitUnknown as unknown:
            self._went_down(unknown)
            pause = RETRY_FIRST_S
            while True:
                try:
                    if await self._writer.is_committed(unknown.mark):
                        return unknown.outcome
                    break
                except StorageDown as down:
                    self._fail_accepts(Batch(), str(down))
                    if not await self._pause(pause):
                        raise
                    pause = min(pause * 2, RETRY_MAX_S)
            return await self._write(batch)
        except Exception as error:
            log.exception("Writing a batch failed in an unforeseen way.", action="journal.failed")
            raise BadRows(f"{type(error).__name__}: {error}") from error

    async def _pause(self, seconds: float) -> bool:
        """Waits before the next attempt; false when closing has lasted too long."""
        self.retries += 1
        if self._deadline is not None and self._loop.time() >= self._deadline:
            return False
        await asyncio.sleep(seconds)
        return True

    def _took_off(self, units: int) -> None:
        self._backlog -= units
        if self._crowded and self._backlog < self._backlog_max // 2:
            self._crowded = False
        self._announce()

    def _went_down(self, fault: Exception) -> None:
        self._outage = str(fault)
        if self._up:
            self._up = False
            log.error("Storage takes no writes.", action="journal.down", reason=str(fault))
            self._announce()

    def _came_up(self) -> None:
        if not self._up:
            self._up = True
            log.info("Storage takes writes again.", action="journal.up", backlog=self._backlog)
            self._announce()

    def _announce(self) -> None:
        available = self.available
        if available is not self._announced:
            self._announced = available
            if self.on_available is not None:
                self.on_available(available)

    def _fail_accepts(self, batch: Batch, reason: str) -> Batch:
        """Tells those who can be told; returns what must be kept."""
        kept: list[Batch] = []
        for each in (batch, *self._sealed, self._open):
            rest, accepts = each.without_accepts()
            for unit in accepts:
                if not unit.future.done():
                    unit.future.set_exception(StorageUnavailable(reason))
            self._backlog -= len(accepts)
            kept.append(rest)
        batch, *sealed, self._open = kept
        self._sealed = deque(each for each in sealed if each.units)
        self._took_off(0)
        return batch

    def _take_apart(self, batch: Batch, bad: BadRows) -> None:
        """A batch with bad rows is written again in two halves; a unit alone is dropped."""
        self.retries += 1
        if len(batch.units) > 1:
            self._sealed.extendleft(reversed(batch.halves()))
        else:
            self._drop(batch, str(bad))

    def _drop(self, batch: Batch, reason: str) -> None:
        for unit in batch.units:
            self.dropped += 1
            log.error(
                "A change could not be stored.", action="journal.dropped", reason=reason, unit=_name(unit)
            )
            if isinstance(unit, AcceptUnit | QueryUnit) and not unit.future.done():
                unit.future.set_exception(StorageUnavailable(reason))
        self._took_off(len(batch.units))

    @abstractmethod
    def _resolve(self, batch: Batch, outcome: Outcome) -> None:
        """Tells everyone who waited for this batch, in order."""


def _name(unit: Unit) -> str:
    """What a unit is about, for the log; texts of messages are not for the log."""
    if isinstance(unit, AcceptUnit):
        return "accept " + ", ".join(message.id for message in unit.acceptance.messages[:3])
    if isinstance(unit, QueryUnit):
        return unit.query.value
    return " ".join(str(part[0]) for part in unit[2::2])
