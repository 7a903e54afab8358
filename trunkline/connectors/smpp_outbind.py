"""Outbind: the SMSC connects to the gateway and asks for a bind; a connector answers as a receiver."""

import asyncio
import hmac
import random
from collections.abc import Callable
from typing import Final, cast

import structlog

from trunkline.connectors.pacing import Backoff
from trunkline.connectors.smpp_bind import bind_options, timers_of
from trunkline.connectors.smpp_link import Link, Traffic
from trunkline.connectors.smpp_tls import outbind_context_of
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import BindStatus
from trunkline.smpp.asyncio import OutbindListener, SmppConnection
from trunkline.smpp.asyncio.connection import host_and_port
from trunkline.smpp.constants import BindType, Version
from trunkline.smpp.errors import SmppError
from trunkline.smpp.pdus import Outbind

log = structlog.get_logger()

MAX_CONNECTIONS: Final = 10
"""Connections at the same time, those that have not asked for a bind yet among them."""


class OutbindDoor:
    """Listens where the connector's profile says, and binds as a receiver on each outbind that is genuine.

    `links` are the connections that are bound. `prepare` is called with each new connection before its first
    octet. An SMSC that names the wrong system_id or password is turned away without a word, as the protocol
    has none for it.
    """

    def __init__(
        self,
        config: ConnectorConfig,
        traffic: Traffic,
        rng: random.Random,
        prepare: Callable[[SmppConnection], None],
    ) -> None:
        profile = config.profile
        self.links: dict[SmppConnection, Link] = {}
        self._since: dict[SmppConnection, int] = {}  # Unix milliseconds
        self._config = config
        self._traffic = traffic
        self._prepare = prepare
        self._backoff = Backoff(config.reconnect_min_s, config.reconnect_max_s, rng)
        self._where = host_and_port((profile.outbind_host, profile.outbind_port))
        self._listener = OutbindListener(
            profile.outbind_host,
            profile.outbind_port,
            self._make_link,
            timers=timers_of(config),
            window_size=config.window,
            max_connections=MAX_CONNECTIONS,
            version=Version.named(config.smpp_version),
            ssl=outbind_context_of(config),
            on_handshake_failed=self._handshake_failed,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._log = log.bind(connector=config.connector_id, bind="outbind")
        self._state = "CLOSED"
        self._detail = "not started"
        self._changed_at = traffic.clock.now_ms()

    def start(self) -> None:
        """Begins to listen, in the background."""
        self._task = self._traffic.loop.create_task(self._run(), name=f"outbind {self._config.connector_id}")

    def retire(self) -> None:
        """Answers no further outbind; binds that are up stay up."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()

    async def stop(self, unbind_s: float) -> None:
        """Stops listening and unbinds, for at most `unbind_s` seconds."""
        self.retire()
        await self._listener.close(unbind_s)
        tasks = [*self._tasks, *([self._task] if self._task is not None else [])]
        await asyncio.gather(*tasks, return_exceptions=True)
        self._become("CLOSED", "stopped")

    def statuses(self) -> list[BindStatus]:
        """What it waits for, and its binds."""
        waiting = BindStatus("RX", self._state, 0, self._where, "", self._changed_at, self._detail)
        return [waiting, *(self._status(connection, link) for connection, link in self.links.items())]

    def _status(self, connection: SmppConnection, link: Link) -> BindStatus:
        return BindStatus(
            "RX",
            connection.session.state.value,
            0,
            host_and_port(connection.local),
            host_and_port(connection.peer),
            self._since[connection],
            "",
            connection.connection_id,
            link.enquired_at,
        )

    async def _run(self) -> None:
        while True:
            try:
                await self._listener.start()
                break
            except (OSError, UnicodeError) as error:  # UnicodeError: a name with an empty or a too long label
                wait = self._backoff.next()
                why = f"cannot listen on {self._where}: {error}"
                self._become("CLOSED", f"{why}; next attempt in {wait:.1f} s")
                self._log.error("There is no outbind.", action="connector.outbind_closed", why=why)
                await asyncio.sleep(wait)
        self._become("OPEN", "")
        async for outbind, connection in self._listener:
            self._answer(outbind, connection)

    def _answer(self, outbind: Outbind, connection: SmppConnection) -> None:
        profile = self._config.profile
        genuine = hmac.compare_digest(
            outbind.password.encode(), profile.outbind_password.encode()
        ) and hmac.compare_digest(outbind.system_id.encode(), profile.outbind_system_id.encode())
        if not genuine:
            self._log.warning(
                "An outbind was refused.",
                action="connector.outbind_refused",
                peer=connection.peer[0],
                system_id=outbind.system_id,
            )
            connection.close("the outbind names another system_id or password")
            return
        task = self._traffic.loop.create_task(self._bind(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bind(self, connection: SmppConnection) -> None:
        config = self._config
        try:
            await connection.bind(
                BindType.RX, config.system_id, config.password, config.system_type, **bind_options(config)
            )
        except (SmppError, TimeoutError) as error:
            connection.abort("the bind failed")
            self._log.warning(
                "The SMSC asked for a bind and it failed.", action="connector.bind_down", why=str(error)
            )
            return
        self._since[connection] = self._traffic.clock.now_ms()
        self.links[connection] = cast("Link", connection.handler)
        self._log.info("The bind is up.", action="connector.bind_up")
        await connection.wait_closed()
        del self.links[connection], self._since[connection]
        if not self._stopping:
            self._traffic.counters.reconnects += 1
            self._log.warning(
                "The bind is down.", action="connector.bind_down", why=connection.session.close_reason
            )

    def _handshake_failed(self, peer: tuple[str, int], error: OSError) -> None:
        self._log.warning(
            "The TLS handshake of an SMSC that came to the outbind port failed.",
            action="connector.outbind_handshake_failed",
            peer=peer[0],
            why=str(error),
        )

    def _make_link(self, connection: SmppConnection) -> Link:
        self._prepare(connection)
        return Link(self._traffic, connection, self._config.window, self._config.response_timeout_s)

    def _become(self, state: str, detail: str) -> None:
        if state != self._state:
            self._changed_at = self._traffic.clock.now_ms()
        self._state = state
        self._detail = detail
