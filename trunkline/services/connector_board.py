"""The SMPP client connectors as people watch and work them: who may, how each one does, start and stop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from trunkline.model.identity import Actor, Permission
from trunkline.model.people import Page, Paging
from trunkline.model.status import ConnectorStatus
from trunkline.services.bottleneck import Bottleneck, explain
from trunkline.services.connectors import ConnectorRow, Connectors


class ConnectorState(StrEnum):
    """How a connector does, in one word."""

    BOUND = "bound"  # messages can be submitted
    CONNECTING = "connecting"  # it runs, and no bind can submit yet
    STOPPED = "stopped"  # by its configuration
    NOT_RUNNING = "not_running"  # enabled, and no gateway runs it


def state_of(row: ConnectorRow) -> ConnectorState:
    """The state by configuration and live status."""
    if not row.config.enabled:
        return ConnectorState.STOPPED
    if row.status is None or not row.status.running:
        return ConnectorState.NOT_RUNNING
    return ConnectorState.BOUND if row.status.bound else ConnectorState.CONNECTING


@dataclass(slots=True, frozen=True)
class ConnectorFilter:
    """Which connectors: every field that is given narrows them."""

    text: str = ""  # in the connector's id or host
    state: ConnectorState | None = None

    def fits(self, row: ConnectorRow) -> bool:
        """Whether it lets this one through."""
        text = self.text.lower()
        found = text in row.config.connector_id.lower() or text in row.config.host.lower()
        return found and self.state in (None, state_of(row))


class ConnectorBoard:
    """Looks at connectors and works them for an actor. Every method raises `Forbidden`."""

    def __init__(self, connectors: Connectors, live: Callable[[], Sequence[ConnectorStatus]]) -> None:
        """`live` has the connectors of this process, whose written status may be seconds old."""
        self._connectors = connectors
        self._live = live

    async def list(
        self, actor: Actor, paging: Paging, which: ConnectorFilter | None = None
    ) -> Page[ConnectorRow]:
        """The connectors in the order of their ids, which are also the cursors."""
        actor.require(Permission.VIEW_PLATFORM)
        which = which or ConnectorFilter()
        rows = self._with_live(await self._connectors.list())
        found = sorted(
            (row for row in rows if row.config.connector_id > paging.after and which.fits(row)),
            key=lambda row: row.config.connector_id,
        )
        items = found[: paging.limit]
        return Page(items, items[-1].config.connector_id if len(found) > len(items) else None)

    async def explain(self, actor: Actor, connector_id: str) -> Bottleneck:
        """Why it is not faster. Raises `NotFound`."""
        actor.require(Permission.VIEW_PLATFORM)
        (row,) = self._with_live([await self._connectors.get(connector_id)])
        return explain(row.config, row.status, row.queued)

    async def start(self, actor: Actor, connector_id: str) -> None:
        """Starts a connector; the running gateway follows within a second. Raises `NotFound`."""
        await self._set_enabled(actor, connector_id, True)

    async def stop(self, actor: Actor, connector_id: str) -> None:
        """Stops a connector: it unbinds, and what is routed to it waits in its queue. Raises `NotFound`."""
        await self._set_enabled(actor, connector_id, False)

    async def _set_enabled(self, actor: Actor, connector_id: str, enabled: bool) -> None:
        actor.require(Permission.MANAGE_TRAFFIC)
        await self._connectors.set_enabled(connector_id, enabled)

    def _with_live(self, rows: Sequence[ConnectorRow]) -> Sequence[ConnectorRow]:
        running = {each.connector_id: each for each in self._live() if each.running}
        return [replace(row, status=running.get(row.config.connector_id, row.status)) for row in rows]
