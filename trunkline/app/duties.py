"""What a process does beside its traffic: writes down how it is, measures, tidies."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog

from trunkline.model.nodes import NodeStatus
from trunkline.model.ports import StorageUnavailable
from trunkline.model.status import ConnectorStatus, SessionStatus

if TYPE_CHECKING:
    from trunkline.app.gateway import Gateway

log = structlog.get_logger()

MEGABYTE = 1_000_000


class Duties:
    """Each method runs until it is cancelled; a database that is away is logged and tried again."""

    MEASURE_S = 10.0
    CONGESTION_S = 1.0
    HEARTBEAT_MS = 10_000  # a status older than a few of these is of a process that is gone
    TIDY_S = 60.0
    PEOPLE_S = 20.0
    STATUS_S = 1.0  # how often the connectors' live status is written down
    NODE_S = 2.0  # how often the process's own is

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._store = gateway.store
        self._clock = gateway.clock
        self._node = gateway.settings.process_name
        self._started_at = gateway.clock.now_ms()

    async def write_connectors(self) -> None:
        """Lets other processes (the command line) see the connectors' live status."""
        written: list[ConnectorStatus] = []
        written_at = 0
        while True:
            statuses = self._gateway.connectors.statuses()
            now = self._clock.now_ms()
            due = (
                _without_figures(statuses) != _without_figures(written)
                or now - written_at >= self.HEARTBEAT_MS
            )
            if due and await self.save_connectors(statuses, now):
                written, written_at = statuses, now
            await asyncio.sleep(self.STATUS_S)

    async def save_connectors(self, statuses: list[ConnectorStatus], now: int) -> bool:
        """Writes the connectors' status down; false while storage is away."""
        try:
            await self._store.save_connector_status(self._node, statuses, now)
        except StorageUnavailable:
            log.warning("The connectors' status cannot be written now.", action="status.unwritable")
            return False
        return True

    async def write_node(self) -> None:
        """Lets other processes see how this one is, and who is bound to it."""
        written: NodeStatus | None = None
        sessions: list[SessionStatus] | None = None
        while True:
            now = self.node_status()
            bound = [each.status() for each in self._gateway.door.sessions]
            changed = (
                written is None
                or replace(now, as_of=written.as_of) != written
                or now.as_of - written.as_of >= self.HEARTBEAT_MS
            )
            new_sessions = sessions is None or _bound(bound) != _bound(sessions)
            if changed or new_sessions:
                try:
                    await self._store.save_node(now, bound if new_sessions else None)
                except StorageUnavailable:
                    log.warning("This process's status cannot be written now.", action="node.unwritable")
                else:
                    written, sessions = now, bound
            await asyncio.sleep(self.NODE_S)

    def node_status(self) -> NodeStatus:
        """How this process is."""
        gateway = self._gateway
        return NodeStatus(
            self._node,
            gateway.role,
            version("trunkline"),
            self._started_at,
            gateway.pipeline.accepted,
            gateway.outcomes.submitted,
            gateway.store.journal.backlog,
            tuple(gateway.health.problems()),
            gateway.report.services(),
            as_of=self._clock.now_ms(),
        )

    async def tell_congestion(self) -> None:
        """Tells ESMEs of SMPP 5.0 how much waits for the message store, in per cent of the most that may."""
        gateway, journal = self._gateway, self._store.journal
        while True:
            share = 100 * journal.backlog // gateway.settings.commit_backlog_max
            gateway.door.tell_congestion(min(share, 100) if journal.available else 100)
            await asyncio.sleep(self.CONGESTION_S)

    async def measure(self) -> None:
        """Reads the lengths of the queues for the metrics."""
        figures = self._gateway.figures
        while True:
            try:
                figures.queue_depths = await self._store.queue_depths()
                figures.outbox_depth = sum((await self._store.outbox_lanes()).values())
                figures.store_bytes = await self._store.size()
            except StorageUnavailable:
                log.warning("The queues cannot be measured now.", action="queues.unreadable")
            await asyncio.sleep(self.MEASURE_S)

    async def keep_people(self) -> None:
        """Writes down which API keys were used, and forgets sessions that have ended."""
        people = self._gateway.people
        while True:
            await asyncio.sleep(self.PEOPLE_S)
            try:
                await people.key_uses.save()
                await people.sign_in.tidy()
            except StorageUnavailable:
                log.warning("Sessions and API keys cannot be tidied now.", action="people.untidy")

    async def tidy_pdu_logs(self) -> None:
        """Deletes PDU logs whose time is over, and tells the log how much it may still write."""
        gateway, settings = self._gateway, self._gateway.settings
        while True:
            today = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC).date()
            try:
                left = await asyncio.to_thread(
                    gateway.pdu_logs.tidy,
                    today,
                    settings.pdu_log_retention_days,
                    settings.pdu_log_total_max_mb * MEGABYTE,
                )
                gateway.pdu_log.allow(left)
            except OSError as error:
                log.warning(
                    "The PDU logs cannot be tidied now.", action="pdu_log.untidy", reason=error.strerror
                )
            await asyncio.sleep(self.TIDY_S)


def _without_figures(statuses: list[ConnectorStatus]) -> list[tuple[object, ...]]:
    """What of a status is worth writing down when it changes: states, not the figures of the moment."""
    return [
        (status.connector_id, status.running, tuple((bind.state, bind.since) for bind in status.binds))
        for status in statuses
    ]


def _bound(sessions: list[SessionStatus]) -> set[tuple[str, str]]:
    return {(each.connection_id, each.state) for each in sessions}
