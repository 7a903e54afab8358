"""Keeps the running connectors equal to the configuration: starts, stops and replaces them live."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from trunkline.model.pdu_log import PduWatcher
from trunkline.model.ports import Clock, Journal, Submitter, SubmitterListener
from trunkline.model.snapshot import ConnectorConfig, Snapshot
from trunkline.model.status import ConnectorStatus
from trunkline.pipeline.queueing import Queueing
from trunkline.pipeline.snapshots import Snapshots
from trunkline.pipeline.submission import Dispatcher, Outcomes

log = structlog.get_logger()

MakeSubmitter = Callable[[ConnectorConfig, SubmitterListener], Submitter]


class RunningConnectors:
    """The supervisor of all connectors of this node."""

    DRAIN_S = 5.0

    def __init__(
        self,
        make_submitter: MakeSubmitter,
        snapshots: Snapshots,
        queueing: Queueing,
        outcomes: Outcomes,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._make_submitter = make_submitter
        self._snapshots = snapshots
        self._queueing = queueing
        self._outcomes = outcomes
        self._journal = journal
        self._clock = clock
        self._changed = asyncio.Event()
        self._restarted: asyncio.Future[None] | None = None  # who waits for a restart
        self._running: dict[str, Dispatcher] = {}
        # When each was last answered and last had a receipt: longer than a driver, or a process, lives.
        self._last: dict[str, tuple[int, int]] = {}
        self._watchers: dict[str, tuple[PduWatcher, ...]] = {}
        snapshots.subscribe(self._on_snapshot)

    def statuses(self) -> list[ConnectorStatus]:
        """Live status of every configured connector, in the order of their ids."""
        statuses = []
        for connector_id in sorted(self._snapshots.current.connectors.keys() | self._running.keys()):
            dispatcher = self._running.get(connector_id)
            status = ConnectorStatus(connector_id, False, (), 0)
            if dispatcher is not None:
                status = replace(dispatcher.submitter.status(), waiting=dispatcher.waiting)
            self.remember(status)
            submit, receipt = self._last[connector_id]
            statuses.append(replace(status, last_submit_at=submit, last_receipt_at=receipt))
        return statuses

    def remember(self, status: ConnectorStatus) -> None:
        """Takes up when a connector's last answer and last receipt came, as far as that is news."""
        submit, receipt = self._last.get(status.connector_id, (0, 0))
        self._last[status.connector_id] = (
            max(submit, status.last_submit_at),
            max(receipt, status.last_receipt_at),
        )

    def watch(self, connector_id: str, watcher: PduWatcher) -> None:
        """Shows the connector's PDUs to one more, whether it runs now or later."""
        self._watchers[connector_id] = (*self._watchers.get(connector_id, ()), watcher)
        self._show_watchers(connector_id)

    def unwatch(self, connector_id: str, watcher: PduWatcher) -> None:
        """Ends that; nothing happens where it has ended."""
        left = tuple(each for each in self._watchers.pop(connector_id, ()) if each is not watcher)
        if left:
            self._watchers[connector_id] = left
        self._show_watchers(connector_id)

    def _show_watchers(self, connector_id: str) -> None:
        dispatcher = self._running.get(connector_id)
        if dispatcher is not None:
            dispatcher.submitter.watch(self._watchers.get(connector_id, ()))

    @property
    def submitters(self) -> list[Submitter]:
        """The drivers that run now."""
        return [dispatcher.submitter for dispatcher in self._running.values()]

    async def run(self) -> None:
        """Follows the configuration until cancelled."""
        while True:
            await self.reconcile()
            await self._changed.wait()

    async def restart(self) -> None:
        """Stops every connector as cleanly as always, and starts it again."""
        if self._restarted is None:
            self._restarted = asyncio.get_running_loop().create_future()
            self._changed.set()
        await asyncio.shield(self._restarted)

    async def reconcile(self) -> None:
        """Makes what runs equal to the current snapshot, once; stops everything first to `restart` it."""
        self._changed.clear()
        restarted, self._restarted = self._restarted, None
        if restarted is not None:
            await self.stop_all()
        wanted = {key: config for key, config in self._snapshots.current.connectors.items() if config.enabled}
        stale = [key for key, line in self._running.items() if not _fits(line.submitter, wanted.get(key))]
        await asyncio.gather(*(self._stop(key) for key in stale))
        for key, config in wanted.items():
            if key not in self._running:
                await self._start(config)
        if restarted is not None:
            restarted.set_result(None)

    async def stop_all(self) -> None:
        """Drains, unbinds and closes every connector."""
        await asyncio.gather(*(self._stop(key) for key in list(self._running)))

    async def _start(self, config: ConnectorConfig) -> None:
        submitter = self._make_submitter(config, self._outcomes)
        dispatcher = Dispatcher(submitter, self._journal, self._clock, self._outcomes)
        self._running[config.connector_id] = dispatcher
        self._show_watchers(config.connector_id)
        self._outcomes.dispatchers[config.connector_id] = dispatcher
        self._queueing.lines[config.connector_id] = dispatcher
        await submitter.start()
        log.info("A connector was started.", action="connector.started", connector_id=config.connector_id)

    async def _stop(self, connector_id: str) -> None:
        dispatcher = self._running[connector_id]
        dispatcher.pause()
        await dispatcher.submitter.stop(self.DRAIN_S)
        # Outcomes of the drain still found their dispatcher; from here on messages queue in the store.
        del self._running[connector_id]
        self._outcomes.dispatchers.pop(connector_id, None)
        self._queueing.lines.pop(connector_id, None)
        log.info("A connector was stopped.", action="connector.stopped", connector_id=connector_id)

    def _on_snapshot(self, _snapshot: Snapshot) -> None:
        self._changed.set()


def _fits(submitter: Submitter, wanted: ConnectorConfig | None) -> bool:
    """Whether a driver may go on as it is, or with what it can change while it runs."""
    if wanted is None:
        return False
    return wanted == submitter.config or submitter.adopt(wanted)
