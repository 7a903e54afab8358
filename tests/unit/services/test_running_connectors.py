"""What runs follows the configuration: started, replaced and stopped while messages flow."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from trunkline.model.pdu_log import PduWatcher
from trunkline.model.ports import SubmitterListener
from trunkline.model.snapshot import ConnectorConfig, Snapshot
from trunkline.model.status import ConnectorStatus
from trunkline.pipeline.mo import MoPipeline
from trunkline.pipeline.notification import Notifier
from trunkline.pipeline.queueing import Queueing
from trunkline.pipeline.receipts import Receipts
from trunkline.pipeline.snapshots import Snapshots
from trunkline.pipeline.submission import Outcomes
from trunkline.services.connectors import DEFAULTS
from trunkline.services.running_connectors import RunningConnectors


class FakeSubmitter:
    """Notes what happens to it; `release` lets a stop end."""

    def __init__(self, config: ConnectorConfig, listener: SubmitterListener, log: list[str]) -> None:
        self.config = config
        self.listener = listener
        self.capacity = self.room = 5
        self.release = asyncio.Event()
        self.release.set()
        self.drains: list[float] = []
        self.last_submit_at = 0
        self.watchers: list[PduWatcher] = []
        self._log = log

    def _say(self, what: str) -> None:
        self._log.append(f"{what} {self.config.connector_id}:{self.config.port}")

    def submit(self, segment: object) -> bool:
        raise AssertionError("nothing is to be submitted")

    def status(self) -> ConnectorStatus:
        return ConnectorStatus(self.config.connector_id, True, (), 0, last_submit_at=self.last_submit_at)

    def adopt(self, config: ConnectorConfig) -> bool:
        if replace(self.config, pdu_log=config.pdu_log) != config:
            return False
        self.config = config
        self._say("adopt")
        return True

    def watch(self, watchers: Sequence[PduWatcher]) -> None:
        self.watchers = list(watchers)

    async def start(self) -> None:
        self._say("start")

    async def stop(self, drain_s: float) -> None:
        self.drains.append(drain_s)
        self._say("stop")
        await self.release.wait()
        self._say("stopped")


class EmptyJournal:
    """A queue with nothing in it."""

    available = True

    def claim(self, connector_id: str, limit: int, now: int) -> "asyncio.Future[list[Any]]":
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        future.set_result([])
        return future


class Clock:
    def now_ms(self) -> int:
        return 0


class Node:
    """`RunningConnectors` with all that hangs on it."""

    def __init__(self, *configs: ConnectorConfig) -> None:
        self.log: list[str] = []
        self.made: list[FakeSubmitter] = []
        self.snapshots = Snapshots(self.snapshot(*configs))
        self.queueing = Queueing()
        journal: Any = EmptyJournal()
        store: Any = type("Store", (), {"journal": journal})()
        notifier = Notifier(journal, Clock(), random.Random(1), 1)
        self.outcomes = Outcomes(
            journal,
            Clock(),
            Receipts(store, Clock(), notifier, self.snapshots),
            MoPipeline(store, Clock(), self.snapshots, 300, 300),
            notifier,
            random.Random(1),
        )
        self.running = RunningConnectors(
            self.make, self.snapshots, self.queueing, self.outcomes, journal, Clock()
        )

    def make(self, config: ConnectorConfig, listener: SubmitterListener) -> Any:
        submitter = FakeSubmitter(config, listener, self.log)
        self.made.append(submitter)
        return submitter

    @staticmethod
    def snapshot(*configs: ConnectorConfig) -> Snapshot:
        return Snapshot(1, connectors={each.connector_id: each for each in configs})

    def configure(self, *configs: ConnectorConfig) -> None:
        self.snapshots.publish(self.snapshot(*configs))

    @staticmethod
    async def until(condition: Callable[[], bool]) -> None:
        """Lets the loop turn until the condition holds."""
        for _ in range(100):
            if condition():
                return
            await asyncio.sleep(0)
        raise AssertionError("it does not come")

    @property
    def ids(self) -> set[str]:
        """The connectors that run, which the pipeline sees in two places."""
        assert self.queueing.lines == self.outcomes.dispatchers
        return set(self.queueing.lines)


A = replace(DEFAULTS, connector_id="a", host="smsc.example", port=1)
B = replace(A, connector_id="b", port=2)


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    node = Node(A, replace(B, enabled=False))
    await node.running.reconcile()
    yield node
    for submitter in node.made:
        submitter.release.set()
    await node.running.stop_all()


async def test_what_is_enabled_starts(node: Node) -> None:
    assert node.log == ["start a:1"]
    assert node.ids == {"a"}
    assert node.made[0].listener is node.outcomes
    assert node.running.submitters == node.made


async def test_nothing_changes_when_nothing_has_changed(node: Node) -> None:
    node.configure(replace(A), replace(B, enabled=False))
    await node.running.reconcile()
    assert node.log == ["start a:1"]


async def test_enabled_later(node: Node) -> None:
    node.configure(A, B)
    await node.running.reconcile()
    assert node.log == ["start a:1", "start b:2"]
    assert node.ids == {"a", "b"}


@pytest.mark.parametrize("how", ["disabled", "deleted"])
async def test_what_is_no_longer_wanted_is_drained_and_stopped(node: Node, how: str) -> None:
    node.configure(*[replace(A, enabled=False)] * (how == "disabled"))
    await node.running.reconcile()
    assert node.log == ["start a:1", "stop a:1", "stopped a:1"]
    assert node.made[0].drains == [RunningConnectors.DRAIN_S]
    assert node.ids == set()


async def test_a_change_replaces_it(node: Node) -> None:
    node.configure(replace(A, port=9))
    await node.running.reconcile()
    assert node.log == ["start a:1", "stop a:1", "stopped a:1", "start a:9"]
    assert [each.config.port for each in node.running.submitters] == [9]
    assert node.ids == {"a"}


async def test_a_change_that_takes_no_new_binds_is_adopted(node: Node) -> None:
    node.configure(replace(A, pdu_log=True))
    await node.running.reconcile()
    assert node.log == ["start a:1", "adopt a:1"]
    assert node.running.submitters[0].config.pdu_log
    node.configure(replace(A, pdu_log=False, port=9))
    await node.running.reconcile()
    assert node.log[2:] == ["stop a:1", "stopped a:1", "start a:9"]


async def test_while_it_drains_it_takes_nothing_new_but_hears_its_answers(node: Node) -> None:
    line = node.queueing.lines["a"]
    assert line.bound
    node.made[0].release.clear()
    node.configure(replace(A, port=9))
    change = asyncio.ensure_future(node.running.reconcile())
    await node.until(lambda: "stop a:1" in node.log)
    assert not line.bound
    assert not line.reserve(1)
    assert node.outcomes.dispatchers["a"] is line
    assert "start a:9" not in node.log, "an SMSC may allow one bind"
    node.made[0].release.set()
    await change
    assert node.log[-1] == "start a:9"
    assert node.queueing.lines["a"] is not line


async def test_several_are_stopped_at_once(node: Node) -> None:
    node.configure(A, B)
    await node.running.reconcile()
    for submitter in node.made:
        submitter.release.clear()
    node.configure()
    change = asyncio.ensure_future(node.running.reconcile())
    await node.until(lambda: {"stop a:1", "stop b:2"} <= set(node.log))
    for submitter in node.made:
        submitter.release.set()
    await change
    assert node.ids == set()


async def test_it_follows_every_snapshot_until_cancelled() -> None:
    node = Node(A)
    following = asyncio.ensure_future(node.running.run())
    await node.until(lambda: node.log == ["start a:1"])
    node.configure(A, B)
    await node.until(lambda: "start b:2" in node.log)
    # A change while another is being carried out is not overlooked.
    node.made[0].release.clear()
    node.configure(B)
    await node.until(lambda: "stop a:1" in node.log)
    node.configure(replace(B, port=7))
    node.made[0].release.set()
    await node.until(lambda: node.log[-1] == "start b:7")
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    await node.running.stop_all()
    assert node.log[-1] == "stopped b:7"
    assert node.ids == set()


async def test_statuses_show_every_connector_in_order(node: Node) -> None:
    statuses = node.running.statuses()
    assert [(each.connector_id, each.running) for each in statuses] == [("a", True), ("b", False)]
    node.configure(B)  # a still runs until the next reconciliation
    assert [each.connector_id for each in node.running.statuses()] == ["a", "b"]


async def test_what_waits_in_memory_is_part_of_the_status(node: Node) -> None:
    line = node.outcomes.dispatchers["a"]
    line.pump()
    await asyncio.sleep(0)
    assert line.reserve(3)
    assert node.running.statuses()[0].waiting == 3
    line.unreserve(3)


async def test_the_last_answer_and_receipt_outlive_the_driver(node: Node) -> None:
    node.running.remember(ConnectorStatus("a", True, (), 0, last_submit_at=5, last_receipt_at=7))
    node.made[0].last_submit_at = 9

    def last() -> tuple[int, int]:
        status = node.running.statuses()[0]
        return status.last_submit_at, status.last_receipt_at

    assert last() == (9, 7)
    node.configure(replace(A, window=3), B)
    await node.running.reconcile()
    assert node.made[-1].last_submit_at == 0
    assert last() == (9, 7)
    node.configure(replace(A, enabled=False), B)
    await node.running.reconcile()
    assert not node.running.statuses()[0].running
    assert last() == (9, 7)


async def test_those_who_look_on_see_the_driver_there_is(node: Node) -> None:
    first, second = object(), object()
    node.running.watch("a", first)  # type: ignore[arg-type]
    node.running.watch("a", second)  # type: ignore[arg-type]
    assert node.made[-1].watchers == [first, second]
    node.configure(replace(A, window=3))
    await node.running.reconcile()
    assert node.made[-1].config.connector_id == "a"
    assert node.made[-1].watchers == [first, second]
    node.running.unwatch("a", first)  # type: ignore[arg-type]
    node.running.unwatch("a", first)  # type: ignore[arg-type]
    assert node.made[-1].watchers == [second]
    node.running.unwatch("a", second)  # type: ignore[arg-type]
    assert node.made[-1].watchers == []
    node.running.watch("other", first)  # type: ignore[arg-type]
