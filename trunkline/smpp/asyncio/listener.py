"""Listening: sockets, plain or with TLS, and the connections that came in over them."""

import asyncio
import ssl as ssl_module
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

from trunkline.smpp.asyncio.connection import SmppConnection
from trunkline.smpp.asyncio.tls import HANDSHAKE_TIMEOUT, TlsLayer

BACKLOG: Final = 1024

OnHandshakeFailed = Callable[[tuple[str, int], OSError], None]


class Endpoint:
    """A port that is listened on. With `ssl` every connection begins with a TLS handshake.

    `host` is an address of this machine, or several with commas: `0.0.0.0,::` are all, of IPv4 and of IPv6.

    `ssl` may be replaced at any time: handshakes from then on use the new context, connections that stand are
    left alone.
    """

    def __init__(
        self,
        listener: "Listener",
        host: str,
        port: int,
        ssl: ssl_module.SSLContext | None = None,
    ) -> None:
        self.ssl = ssl
        self._listener = listener
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None

    @property
    def sockets(self) -> tuple[Any, ...]:
        """The sockets listened on; none before `open` and after `close`."""
        return tuple(self._server.sockets) if self._server is not None else ()

    @property
    def port(self) -> int:
        """The port listened on: the one taken where 0 was asked for."""
        sockets = self.sockets
        return int(sockets[0].getsockname()[1]) if sockets else self._port

    async def open(self) -> None:
        """Start to listen. Raises OSError when the address is in use or not ours."""
        loop = asyncio.get_running_loop()
        hosts = [each.strip() for each in self._host.split(",")]
        self._server = await loop.create_server(self._accept, hosts, self._port, backlog=BACKLOG)

    def close(self) -> None:
        """Take no more connections; those that stand are left alone."""
        if self._server is not None:
            self._server.close()

    async def wait_closed(self) -> None:
        """Wait until the sockets are gone, and the connections that came in over them."""
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def _accept(self) -> asyncio.Protocol:
        listener = self._listener
        if listener.full:
            listener.refused += 1
            return _TooMany()
        if self.ssl is None:
            return listener.make_connection()
        return listener.begin_handshake(self.ssl)


class Listener(ABC):
    """Listens on one address or several, for at most `max_connections` connections over all of them.

    Connections in their TLS handshake count. Those beyond the limit are closed at once and counted in
    `refused`. Failed handshakes are counted in `handshakes_failed` and told to `on_handshake_failed` with the
    peer's `(host, port)` and an ssl.SSLError, TimeoutError or other OSError; a peer that has not said a word
    by then, such as a health check, has failed nothing.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        max_connections: int,
        ssl: ssl_module.SSLContext | None = None,
        handshake_timeout: float = HANDSHAKE_TIMEOUT,
        on_handshake_failed: OnHandshakeFailed | None = None,
    ) -> None:
        self.connections: set[SmppConnection] = set()
        self.refused = 0
        self.handshakes_failed = 0
        self._handshake_timeout = handshake_timeout
        self._max_connections = max_connections
        self._on_handshake_failed = on_handshake_failed
        self._handshakes: set[TlsLayer] = set()
        self._first = Endpoint(self, host, port, ssl)
        self._open: list[Endpoint] = []

    async def start(self) -> None:
        """Start to listen. Raises OSError when the address is in use or not ours."""
        await self._add(self._first)

    async def listen(self, host: str, port: int, ssl: ssl_module.SSLContext | None = None) -> Endpoint:
        """Listen on one more address. Raises OSError when it is in use or not ours."""
        endpoint = Endpoint(self, host, port, ssl)
        await self._add(endpoint)
        return endpoint

    async def _add(self, endpoint: Endpoint) -> None:
        await endpoint.open()
        self._open.append(endpoint)

    @property
    def listening(self) -> bool:
        """Whether it has been started and not closed."""
        return bool(self._open)

    @property
    def sockets(self) -> tuple[Any, ...]:
        """The sockets listened on; none before `start` and after `close`."""
        return tuple(socket for endpoint in self._open for socket in endpoint.sockets)

    @property
    def port(self) -> int:
        """The port of the first address: the one taken where 0 was asked for."""
        return self._first.port

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - shared by all unbinds
        """Stop listening, unbind every session, and wait until all connections are gone.

        Requests already taken are still answered. After `timeout` seconds what is left is cut off.
        """
        endpoints, self._open = self._open, []
        for endpoint in endpoints:
            endpoint.close()
        for layer in tuple(self._handshakes):
            layer.abort()
        await asyncio.gather(*(connection.unbind(timeout) for connection in tuple(self.connections)))
        for endpoint in endpoints:
            await endpoint.wait_closed()

    # What the endpoints and the handshakes call

    @property
    def full(self) -> bool:
        """Whether no further connection is let in."""
        return len(self.connections) + len(self._handshakes) >= self._max_connections

    @abstractmethod
    def make_connection(self) -> asyncio.Protocol:
        """Make a new connection, in the role this listener gives it, or what stands before one."""

    def begin_handshake(self, context: ssl_module.SSLContext) -> TlsLayer:
        """Make what stands between a new socket and its connection."""
        layer = TlsLayer(
            context,
            self.make_connection,
            self._handshake_ended,
            server_side=True,
            timeout=self._handshake_timeout,
        )
        self._handshakes.add(layer)
        return layer

    def _handshake_ended(self, layer: TlsLayer, error: OSError | None) -> None:
        self._handshakes.discard(layer)
        if error is not None and layer.heard and self.listening:
            self.handshakes_failed += 1
            if self._on_handshake_failed is not None:
                self._on_handshake_failed(layer.peer, error)


class _TooMany(asyncio.Protocol):
    """Closes a connection beyond the limit before a session is made for it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
