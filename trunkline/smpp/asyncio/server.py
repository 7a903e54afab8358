"""Listens for ESMEs."""

import asyncio
import ssl as ssl_module

from trunkline.smpp.asyncio.connection import HandlerFactory, SmppConnection
from trunkline.smpp.asyncio.listener import Listener, OnHandshakeFailed
from trunkline.smpp.asyncio.tls import HANDSHAKE_TIMEOUT
from trunkline.smpp.constants import Role, Version
from trunkline.smpp.timers import TimerSettings
from trunkline.smpp.window import DEFAULT_WINDOW_SIZE


class SmppServer(Listener):
    """An SMPP listener in the role of the SMSC.

    `handler_factory(connection)` is called for each new connection, with TLS after its handshake; the
    handler's `on_bind` decides who may bind. `port` 0 takes a free one, see `port`. `version` is the highest
    spoken; each ESME's bind settles its own. Unbound connections are closed by the session_init timer.
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
        handshake_timeout: float = HANDSHAKE_TIMEOUT,
        on_handshake_failed: OnHandshakeFailed | None = None,
    ) -> None:
        super().__init__(
            host,
            port,
            max_connections=max_connections,
            ssl=ssl,
            handshake_timeout=handshake_timeout,
            on_handshake_failed=on_handshake_failed,
        )
        self._handler_factory = handler_factory
        self._timers = timers
        self._window_size = window_size
        self._version = version

    def make_connection(self) -> asyncio.Protocol:
        """Make an ESME's connection."""
        return SmppConnection(
            Role.SMSC,
            self._handler_factory,
            timers=self._timers,
            window_size=self._window_size,
            version=self._version,
            on_made=self.connections.add,
            on_gone=self.connections.discard,
        )
