"""The pipeline, wired as the gateway wires it, over doubles of its ports."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from trunkline.model.message import Message, Segment
from trunkline.model.snapshot import ConnectorConfig, Snapshot
from trunkline.model.submission import Submission
from trunkline.pipeline.admission import Admission
from trunkline.pipeline.amending import Amending
from trunkline.pipeline.mo import MoPipeline
from trunkline.pipeline.mt import MtPipeline
from trunkline.pipeline.notification import Notifier
from trunkline.pipeline.queueing import Queueing
from trunkline.pipeline.receipts import Receipts
from trunkline.pipeline.snapshots import Snapshots
from trunkline.pipeline.submission import Dispatcher, Outcomes
from trunkline.pipeline.supervision import Clockwork

from .doubles import (
    HOUR_MS,
    ListDeliverer,
    MemoryJournal,
    MemoryStore,
    SetClock,
    WindowSubmitter,
    connector_of,
    snapshot_of,
    submission_of,
    turns,
)

SEED = 7


class Bench:
    """A whole pipeline. `start` again after `stop` is a restart: rows stay, memory is gone."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.journal = MemoryJournal()
        self.store = MemoryStore(self.journal)
        self.snapshots = Snapshots(snapshot_of())
        self.esmes = ListDeliverer("esme:")
        self.hooks = ListDeliverer("http:")
        self.acknowledged: list[bool] = []
        self.start()

    def start(self) -> None:
        rng = random.Random(SEED)
        self.notifier = Notifier(self.journal, self.clock, rng, 24 * HOUR_MS)
        self.notifier.serve(self.esmes)
        self.notifier.serve(self.hooks)
        self.receipts = Receipts(self.store, self.clock, self.notifier, self.snapshots)
        self.mo = MoPipeline(self.store, self.clock, self.snapshots, 300, 300)
        self.outcomes = Outcomes(self.journal, self.clock, self.receipts, self.mo, self.notifier, rng)
        self.queueing = Queueing()
        self.pipeline = MtPipeline(
            self.snapshots, Admission(24 * HOUR_MS), self.queueing, self.journal, self.clock
        )
        self.amending = Amending(
            self.store, self.clock, self.snapshots, self.outcomes, self.receipts, self.notifier
        )
        self.clockwork = Clockwork(self.store, self.clock, self.outcomes, self.notifier, HOUR_MS)
        self._placing = asyncio.get_running_loop().create_task(self.receipts.run())

    async def stop(self) -> None:
        self._placing.cancel()
        await asyncio.gather(self._placing, return_exceptions=True)

    def connect(self, config: ConnectorConfig | None = None, *, bound: bool = True) -> WindowSubmitter:
        """Attaches a connector; its dispatcher is in `outcomes.dispatchers`."""
        config = config or connector_of()
        submitter = WindowSubmitter(config, self.outcomes, self.clock)
        dispatcher = Dispatcher(submitter, self.journal, self.clock, self.outcomes)
        self.outcomes.dispatchers[config.connector_id] = dispatcher
        self.queueing.lines[config.connector_id] = dispatcher
        if bound:
            submitter.bind()
        return submitter

    def configure(self, snapshot: Snapshot) -> None:
        self.snapshots.publish(snapshot)

    @property
    def dispatcher(self) -> Dispatcher:
        return self.outcomes.dispatchers["upstream"]

    async def accept(self, submission: Submission | None = None, **fields: Any) -> Message:
        """A message that is accepted; what follows from that has happened too."""
        answer = self.pipeline.accept(submission or submission_of(**fields))
        await turns()
        return answer.result()

    async def submitted(self, submitter: WindowSubmitter, smsc_id: str = "A1", **fields: Any) -> Message:
        """A message of one segment that the SMSC took under this id."""
        message = await self.accept(**fields)
        submitter.accept(message.segments[0], smsc_id)
        await turns()
        return message

    def acknowledge(self, durable: bool) -> None:
        self.acknowledged.append(durable)

    def row(self, segment: Segment) -> str:
        """The durable state."""
        return self.journal.rows[segment.message.id, segment.number].value


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.stop()


@pytest.fixture
async def upstream(bench: Bench) -> WindowSubmitter:
    """A bound connector that has caught up with its empty queue."""
    submitter = bench.connect()
    await turns()
    return submitter
