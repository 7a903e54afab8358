"""SMPP client connectors as people see and work them: who may, how each one does, what is stored."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from trunkline.model.administration import Administration, StoredConnector
from trunkline.model.identity import Actor, Permission
from trunkline.model.people import Page, Paging
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import ConnectorStatus
from trunkline.services import profiles
from trunkline.services.bottleneck import Bottleneck, explain
from trunkline.services.connector_presets import combine
from trunkline.services.connector_rules import check
from trunkline.services.connector_usage import MonthlyUsage

# A gateway writes its connectors' status every ten seconds at the least.
STATUS_MAX_AGE_MS = 30_000

DEFAULTS = ConnectorConfig(
    connector_id="",
    host="",
    port=2775,
    system_id="",
    password="",
    system_type="",
    tx_binds=0,
    rx_binds=0,
    trx_binds=1,
    window=10,
    throughput=0,
    enquire_link_s=30.0,
    response_timeout_s=30.0,
    reconnect_min_s=1.0,
    reconnect_max_s=60.0,
    source_ton=None,
    source_npi=None,
    dest_ton=None,
    dest_npi=None,
    default_alphabet="gsm7",
    long_message="udh8",
    message_id_format="auto",
    max_attempts=5,
    enabled=True,
)


@dataclass(slots=True, frozen=True)
class ConnectorRow:
    """A connector with its last known status and the length of its queue."""

    config: ConnectorConfig
    status: ConnectorStatus | None
    queued: int
    created_at: int
    updated_at: int
    last_submit_at: int = 0  # when its SMSC answered a submit_sm last (Unix ms); 0: never
    last_receipt_at: int = 0  # when a receipt came last (Unix ms); 0: never


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

    text: str = ""  # in the connector's id, provider or host
    state: ConnectorState | None = None

    def fits(self, row: ConnectorRow) -> bool:
        """Whether it lets this one through."""
        text = self.text.lower()
        config = row.config
        found = any(text in each.lower() for each in (config.connector_id, config.provider, config.host))
        return found and self.state in (None, state_of(row))


class Connectors:
    """SMPP client connectors. Looking needs `view_platform`, changing `manage_traffic`, else `Forbidden`."""

    def __init__(
        self,
        administration: Administration,
        live: Callable[[], Sequence[ConnectorStatus]] = tuple,
        usage: MonthlyUsage | None = None,
    ) -> None:
        """`live` has the connectors of this process, whose written status may be seconds old."""
        self._administration = administration
        self._live = live
        self._usage = usage

    async def create(
        self, actor: Actor, *, presets: Iterable[str] = (), profile_words: Iterable[str] = (), **fields: Any
    ) -> ConnectorConfig:
        """Creates a connector; fields not given are those of the presets, else of `DEFAULTS`.

        `profile_words` are ``key=value``, see `profiles.assign`; they come on top of the presets and of a
        given `profile`. Raises `InvalidInput`, `AlreadyExists`.
        """
        actor.require(Permission.MANAGE_TRAFFIC)
        settings, words = combine(presets)
        config = _with_words(replace(DEFAULTS, **(settings | fields)), words)
        config = _with_words(config, profile_words)
        check(config)
        await self._administration.create_connector(config)
        return config

    async def change(
        self, actor: Actor, connector_id: str, *, profile_words: Iterable[str] = (), **fields: Any
    ) -> ConnectorConfig:
        """Changes a connector; the running gateway unbinds and binds again with the new values.

        `profile_words` as for `create`; what they do not name stays. Raises `InvalidInput`, `NotFound`.
        """
        actor.require(Permission.MANAGE_TRAFFIC)
        config = (await self._administration.find_connector(connector_id)).config
        changed = _with_words(replace(config, **fields), profile_words)
        check(changed)
        if changed != config:
            await self._administration.update_connector(changed)
        return changed

    async def set_enabled(self, actor: Actor, connector_id: str, enabled: bool) -> None:
        """Starts or stops a connector; the running gateway follows within a second.

        A connector that is stopped unbinds, and what is routed to it waits in its queue. Raises `NotFound`.
        """
        actor.require(Permission.MANAGE_TRAFFIC)
        await self._administration.set_connector_enabled(connector_id, enabled)

    async def delete(self, actor: Actor, connector_id: str) -> None:
        """Deletes a connector; routes may go on naming it. The running gateway unbinds at once.

        Raises `NotFound`, and `InUse` while messages wait in its queue or are under way.
        """
        actor.require(Permission.MANAGE_TRAFFIC)
        await self._administration.delete_connector(connector_id)

    async def get(self, actor: Actor, key: int | str) -> ConnectorRow:
        """One connector as `list` has it, by its number or its id. Raises `NotFound`."""
        actor.require(Permission.VIEW_PLATFORM)
        (row,) = await self._rows([await self._administration.find_connector(key)])
        return row

    async def list(self, actor: Actor) -> list[ConnectorRow]:
        """All connectors, with live status and queue."""
        actor.require(Permission.VIEW_PLATFORM)
        return [*await self._rows(await self._administration.list_connectors())]

    async def page(
        self, actor: Actor, paging: Paging, which: ConnectorFilter | None = None
    ) -> Page[ConnectorRow]:
        """Those that the filter lets through, in the order of their ids, which are also the cursors.

        The gateway has all connectors in memory anyway; how one does is no column to look for.
        """
        which = which or ConnectorFilter()
        found = sorted(
            (
                row
                for row in await self.list(actor)
                if row.config.connector_id > paging.after and which.fits(row)
            ),
            key=lambda row: row.config.connector_id,
        )
        items = found[: paging.limit]
        return Page(items, items[-1].config.connector_id if len(found) > len(items) else None)

    async def explain(self, actor: Actor, connector_id: str) -> Bottleneck:
        """Why it is not faster. Raises `NotFound`."""
        row = await self.get(actor, connector_id)
        return explain(row.config, row.status, row.queued)

    async def usage(self, actor: Actor) -> Mapping[str, int]:
        """Segments of this month by connector, see `MonthlyUsage`; nothing where nobody counts them."""
        actor.require(Permission.VIEW_PLATFORM)
        return {} if self._usage is None else await self._usage.by_connector()

    async def _rows(self, stored: Sequence[StoredConnector]) -> Sequence[ConnectorRow]:
        """With queues and status: this process's own, else the written one if it is not too old."""
        oldest = time.time_ns() // 1_000_000 - STATUS_MAX_AGE_MS
        written = await self._administration.connector_statuses()
        statuses = {name: status for name, status in written.items() if status.as_of >= oldest}
        live = {each.connector_id: each for each in self._live()}
        statuses |= {name: status for name, status in live.items() if status.running}
        depths = await self._administration.queue_depths()
        rows = []
        for each in stored:
            name = each.config.connector_id
            known = [status for status in (written.get(name), live.get(name)) if status is not None]
            rows.append(
                ConnectorRow(
                    each.config,
                    statuses.get(name),
                    depths.get(name, 0),
                    each.created_at,
                    each.updated_at,
                    max((status.last_submit_at for status in known), default=0),
                    max((status.last_receipt_at for status in known), default=0),
                )
            )
        return rows


def _with_words(config: ConnectorConfig, words: Iterable[str]) -> ConnectorConfig:
    return replace(config, profile=profiles.assign(config.profile, words))
