"""Outbind: asks ESMEs to bind that have receipts waiting and are not there (SMPP 3.4, section 4.1.7)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from trunkline.model.notices import esme_lane
from trunkline.model.ports import StorageUnavailable
from trunkline.model.snapshot import Esme
from trunkline.servers.smpp.door import EsmeDoor
from trunkline.smpp.asyncio import SmppConnection
from trunkline.smpp.asyncio.outbind import connect_outbind
from trunkline.smpp.constants import Version
from trunkline.smpp.errors import SmppError
from trunkline.smpp.timers import TimerSettings

log = structlog.get_logger()

LOOK_S: Final = 5.0
FIRST_PAUSE_S: Final = 30.0
"""Between two attempts; longer than an ESME has for its bind. It doubles until an attempt leads to a bind."""
MOST_PAUSE_S: Final = 900.0
CONNECT_S: Final = 10.0


@dataclass(slots=True)
class _Attempts:
    """When an ESME may be called again, and how long the pause after that is (seconds of the loop)."""

    next_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S


class OutbindCaller:
    """Calls ESMEs at the address that they have for it; what they bind to then is a session like any."""

    def __init__(
        self,
        door: EsmeDoor,
        outbox_lanes: Callable[[], Awaitable[Mapping[str, int]]],
        *,
        password: str,
        timers: TimerSettings,
        window_size: int,
    ) -> None:
        """`password` is the gateway's own, by which an ESME knows it; `outbox_lanes` is the store's."""
        self._door = door
        self._outbox_lanes = outbox_lanes
        self._password = password
        self._timers = timers
        self._window_size = window_size
        self._attempts: dict[str, _Attempts] = {}
        self._connections: set[SmppConnection] = set()
        self.called = 0
        self.failed = 0

    async def run(self) -> None:
        """Looks now and then, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except StorageUnavailable:
                log.warning("Who has receipts waiting cannot be read now.", action="outbind.unreadable")

    async def look(self) -> None:
        """Calls everybody who has receipts waiting, does not receive and may be called now."""
        self._connections = {each for each in self._connections if not each.closed}
        esmes = self._door.snapshots.current.esmes.values()
        if self._door.draining:
            return
        reachable = [each for each in esmes if each.outbind and each.sender.enabled]
        if not reachable:
            return
        waiting = await self._outbox_lanes()
        now = asyncio.get_running_loop().time()
        due = []
        for esme in reachable:
            attempts = self._attempts.setdefault(esme.system_id, _Attempts())
            if self._door.receives(esme.system_id):
                del self._attempts[esme.system_id]
            elif waiting.get(esme_lane(esme.system_id)) and now >= attempts.next_at:
                attempts.next_at = now + attempts.pause_s
                attempts.pause_s = min(2 * attempts.pause_s, MOST_PAUSE_S)
                due.append(esme)
        await asyncio.gather(*map(self._call, due))

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - shared by all unbinds
        """Unbinds the sessions that came about this way."""
        await asyncio.gather(*(each.unbind(timeout) for each in self._connections if not each.closed))

    async def _call(self, esme: Esme) -> None:
        host, _, port = esme.outbind.rpartition(":")
        self.called += 1
        try:
            connection = await connect_outbind(
                host.strip("[]"),
                int(port),
                self._door.session,
                system_id=self._door.system_id,
                password=self._password,
                timers=self._timers,
                window_size=self._window_size,
                version=Version.V50,
                timeout=CONNECT_S,
            )
        except (OSError, UnicodeError, SmppError) as error:  # TimeoutError is an OSError
            self.failed += 1
            log.warning(
                "An ESME could not be asked to bind.",
                action="esme.outbind_failed",
                system_id=esme.system_id,
                address=esme.outbind,
                reason=str(error) or type(error).__name__,
            )
            return
        self._connections.add(connection)
        log.info(
            "An ESME was asked to bind.",
            action="esme.outbind",
            system_id=esme.system_id,
            address=esme.outbind,
        )
