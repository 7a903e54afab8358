"""Listens for ESMEs."""

import asyncio
import ssl as ssl_module
from typing import Any, Final

from trunkline.smpp.asyncio.connection import HandlerFactory, SmppConnection
from trunkline.smpp.constants import Role, Version
from trunkline.smpp.timers import TimerSettings
from trunkline.smpp.window import DEFAULT_WINDOW_SIZE

BACKLOG: Final = 1024

TLS_HANDSHAKE_TIMEOUT: Final = 10.0
"""Seconds a client may take for its TLS handshake."""


class TooMany(asyncio.Protocol):
    """Closes a connection beyond the limit before a session is made for it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class SmppServer:
    """An SMPP listener in the role of the SMSC.

    `handler_factory(connection)` is called for each new connection; its `on_bind` decides who may bind.
    `port` 0 takes a free one, see `port`. `version` is the highest spoken; each ESME's bind settles its own.
    Connections beyond `max_connections` are closed at once and counted
    in `refused`; unbound ones by the session_init timer.
    """

    def __init__(
        self,
        host: str,
        port: int,
        handler_factory: HandlerFactory,
        *,
        timers: TimerSettings | None = None,
        window_size: int = DEFAULT_WINDOW_SIZE,
        max_connections: int = 2000,
        version: Version = Version.V34,
        ssl: ssl_module.SSLContext | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._handler_factory = handler_factory
        self._timers = timers
        self._window_size = window_size
        self._max_connections = max_connections
        self._version = version
        self._ssl = ssl
        self._server: asyncio.Server | None = None
        self.connections: set[SmppConnection] = set()
        self.refused = 0

    async def start(self) -> None:
        """Start to listen. Raises OSError when the address is in use or not ours."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._accept,
            self._host,
            self._port,
            ssl=self._ssl,
            ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT if self._ssl is not None else None,
            backlog=BACKLOG,
        )

    @property
    def sockets(self) -> tuple[Any, ...]:
        """The sockets listened on; none before `start` and after `close`."""
        return tuple(self._server.sockets) if self._server is not None else ()

    @property
    def port(self) -> int:
        """The port listened on: the one taken where 0 was asked for."""
        sockets = self.sockets
        return int(sockets[0].getsockname()[1]) if sockets else self._port

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - shared by all unbinds
        """Stop listening, unbind every session, and wait until all connections are gone.

        Requests already taken are still answered. After `timeout` seconds what is left is cut off.
        """
        if self._server is None:
            return
        self._server.close()
        await asyncio.gather(*(connection.unbind(timeout) for connection in tuple(self.connections)))
        await self._server.wait_closed()
        self._server = None

    def _accept(self) -> asyncio.Protocol:
        if len(self.connections) >= self._max_connections:
            self.refused += 1
            return TooMany()
        return SmppConnection(
            Role.SMSC,
            self._handler_factory,
            timers=self._timers,
            window_size=self._window_size,
            version=self._version,
            # Not before: a TLS handshake that fails never makes the connection, nor loses it.
            on_made=self.connections.add,
            on_gone=self.connections.discard,
        )
