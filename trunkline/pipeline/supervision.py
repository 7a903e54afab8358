"""The clockwork beside the pumps: due retries, expiry of what waits, orphans whose time is over."""

import asyncio

import structlog

from trunkline.model.ports import Clock, Store
from trunkline.model.states import SegmentState
from trunkline.pipeline.notification import Notifier
from trunkline.pipeline.submission import Outcomes

log = structlog.get_logger()


class Clockwork:
    """Runs the periodic duties of the pipeline."""

    POLL_S = 1.0
    SWEEP_S = 15.0
    SWEEP_BATCH = 500
    IDEMPOTENCY_MS = 24 * 3_600_000  # how long a repeated request finds its first answer

    def __init__(
        self, store: Store, clock: Clock, outcomes: Outcomes, notifier: Notifier, orphan_hold_ms: int
    ) -> None:
        self._store = store
        self._clock = clock
        self._outcomes = outcomes
        self._notifier = notifier
        self._orphan_hold_ms = orphan_hold_ms

    async def run(self) -> None:
        """Until cancelled. A storage fault is logged and tried again at the next turn."""
        async with asyncio.TaskGroup() as duties:
            duties.create_task(self._poll_for_ever())
            # Apart from the polls: sweeping a long queue of expired messages takes minutes.
            duties.create_task(self._sweep_for_ever())

    async def _poll_for_ever(self) -> None:
        while True:
            self.poll()
            await asyncio.sleep(self.POLL_S)

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception:  # backends raise their own kinds; the next sweep repeats the work
                log.exception("The sweep of the message store failed.", action="sweep.failed")
            await asyncio.sleep(self.SWEEP_S)

    def poll(self) -> None:
        """Gives every connector's line and every recipient's lane a nudge."""
        for dispatcher in self._outcomes.dispatchers.values():
            dispatcher.poll()
        self._notifier.poll()

    async def sweep(self) -> None:
        """Expires what waits beyond its validity; drops orphans and idempotency keys whose time is over."""
        now = self._clock.now_ms()
        while True:
            segments = await self._store.journal.expired(self.SWEEP_BATCH, now)
            for segment in segments:
                if segment.state is SegmentState.QUEUED:
                    self._outcomes.expire(segment)
            if len(segments) < self.SWEEP_BATCH:
                break
        await self._store.drop_orphans(now - self._orphan_hold_ms)
        await self._store.drop_idempotency(now - self.IDEMPOTENCY_MS)
