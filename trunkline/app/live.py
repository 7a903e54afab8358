"""The traffic as it is now: of this process, or, where it carries none, of those that do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from trunkline.backends.storage.store import SqlStore
from trunkline.model.amendment import NotAmended, Obstacle, Owner
from trunkline.model.nodes import ALIVE_MS, NodeStatus
from trunkline.model.ports import Clock, StorageUnavailable
from trunkline.model.snapshot import Snapshot
from trunkline.model.status import ConnectorStatus, SessionStatus
from trunkline.pipeline.queueing import Queueing
from trunkline.pipeline.snapshots import Snapshots

if TYPE_CHECKING:
    from trunkline.app.gateway import Gateway

log = structlog.get_logger()

NOBODY = "No gateway runs on this database: messages wait until one does."


class OwnPicture:
    """Implements `panel.needs.LivePicture` and `servers.http.needs.LiveConnections`: this process."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def accepted(self) -> int:
        return self._gateway.pipeline.accepted

    @property
    def submitted(self) -> int:
        return self._gateway.outcomes.submitted

    @property
    def backlog(self) -> int:
        return self._gateway.store.journal.backlog

    def problems(self) -> Sequence[str]:
        """Why this process is not ready."""
        return self._gateway.health.problems()

    def connectors(self) -> Sequence[ConnectorStatus]:
        """Every configured connector with its binds."""
        return self._gateway.connectors.statuses()

    def esmes(self) -> Sequence[SessionStatus]:
        """Every bound session."""
        return [session.status() for session in self._gateway.door.sessions]


class PictureOfOthers:
    """The same of the processes that carry the traffic, as they write it down; a second or two old.

    Has `queueing` prefer connectors that are bound there; what is accepted here waits in the durable queue,
    from which those processes take it.
    """

    LOOK_S = 1.0

    def __init__(self, store: SqlStore, snapshots: Snapshots, clock: Clock, queueing: Queueing) -> None:
        self._store = store
        self._snapshots = snapshots
        self._clock = clock
        self._queueing = queueing
        self._nodes: list[NodeStatus] = []
        self._running: dict[str, ConnectorStatus] = {}
        self._sessions: list[SessionStatus] = []
        snapshots.subscribe(self._on_snapshot)

    @property
    def accepted(self) -> int:
        return sum(each.accepted for each in self._nodes)

    @property
    def submitted(self) -> int:
        return sum(each.submitted for each in self._nodes)

    @property
    def backlog(self) -> int:
        return sum(each.backlog for each in self._nodes)

    def problems(self) -> Sequence[str]:
        """Why they are not ready."""
        if not self._nodes:
            return [NOBODY]
        return [problem for each in self._nodes for problem in each.problems]

    def connectors(self) -> Sequence[ConnectorStatus]:
        """Every configured connector with its binds."""
        return [
            self._running.get(connector_id) or ConnectorStatus(connector_id, False, (), 0)
            for connector_id in sorted(self._snapshots.current.connectors)
        ]

    def esmes(self) -> Sequence[SessionStatus]:
        """Every bound session."""
        return self._sessions

    async def follow(self) -> None:
        """Looks again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except StorageUnavailable:
                log.warning("The other processes' status cannot be read now.", action="nodes.unreadable")
            await asyncio.sleep(self.LOOK_S)

    async def look(self) -> None:
        """Reads what they have written. Raises `StorageUnavailable`."""
        now = self._clock.now_ms()
        nodes = await self._store.nodes()
        self._nodes = [each for each in nodes if each.role.carries_traffic and each.answers(now)]
        statuses = await self._store.connector_statuses() if self._nodes else {}
        self._running = {
            name: each for name, each in statuses.items() if each.running and now - each.as_of < ALIVE_MS
        }
        self._sessions = await self._store.node_sessions(now) if self._nodes else []
        self._on_snapshot(self._snapshots.current)

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        lines = self._queueing.lines
        lines.clear()
        for connector_id in snapshot.connectors:
            status = self._running.get(connector_id)
            lines[connector_id] = LineElsewhere(status is not None and status.bound)


class LineElsewhere:
    """Implements `pipeline.queueing.Line` for a connector that another process runs: it has no room here."""

    def __init__(self, bound: bool) -> None:
        self.bound = bound

    def reserve(self, _segments: int) -> bool:
        """Everything waits in the durable queue."""
        return False

    def unreserve(self, _segments: int) -> None:
        """Nothing was reserved."""

    def take(self, _message: object) -> None:
        """Nothing was reserved."""

    def queued(self, _available_at: int) -> None:
        """Whoever runs the connector looks into its queue every second."""


class AmendingElsewhere:
    """Implements `services.cancelling.Amending` where no queue is: who runs a connector can take back."""

    async def cancel(self, _owner: Owner, _message_id: str) -> None:
        """Raises `NotAmended`."""
        raise NotAmended(
            Obstacle.ELSEWHERE, "this process serves the panel alone: cancel the message at the gateway"
        )
