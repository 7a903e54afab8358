"""Outbind, from both ends: an SMSC that connects to ask for a bind, and the ESME that waits for one.

async with OutbindListener("0.0.0.0", 2776, make_handler) as listener:
    async for outbind, connection in listener:
        if outbind.password == expected:
            await connection.bind(BindType.RX, "user", "secret")
        else:
            connection.close("outbind with a wrong password")
"""

import asyncio
import ssl as ssl_module
from types import TracebackType

from trunkline.smpp.asyncio.client import connect
from trunkline.smpp.asyncio.connection import ConnectionLost, HandlerFactory, SmppConnection
from trunkline.smpp.asyncio.listener import Listener, OnHandshakeFailed
from trunkline.smpp.constants import Role, Version
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import Outbind
from trunkline.smpp.timers import TimerSettings
from trunkline.smpp.window import DEFAULT_WINDOW_SIZE


async def connect_outbind(
    host: str,
    port: int,
    handler: Handler | HandlerFactory,
    *,
    system_id: str,
    password: str,
    timers: TimerSettings | None = None,
    window_size: int = DEFAULT_WINDOW_SIZE,
    version: Version = Version.V34,
    ssl: ssl_module.SSLContext | None = None,
    server_hostname: str | None = None,
    timeout: float = 10.0,  # noqa: ASYNC109 - part of the operation; callers need not wrap it
) -> SmppConnection:
    """Connect to an ESME as its SMSC, ask it to bind, and return the connection (SMPP 3.4 section 4.1.7).

    `system_id` and `password` are the SMSC's own; the ESME's bind comes to the handler's `on_bind`. Outbind
    has no response: an ESME that does not want it closes, or lets the session_init timer run out. Raises
    OSError and TimeoutError as `connect` does, InvalidStateError in 3.3, and EncodeError.
    """
    connection = await connect(
        host,
        port,
        handler,
        timers=timers,
        window_size=window_size,
        version=version,
        ssl=ssl,
        server_hostname=server_hostname,
        timeout=timeout,
        role=Role.SMSC,
    )
    try:
        connection.send(Outbind(system_id=system_id, password=password))
    except BaseException:
        connection.abort("outbind could not be sent")
        raise
    return connection


class OutbindListener(Listener):
    """Waits for SMSCs that ask for a bind; an ESME's end of outbind.

    Yields `(outbind, connection)`: who the SMSC says it is, not checked yet, and the connection to bind on.
    `handler_factory(connection)` is called for each connection before its outbind has come. Connections that
    send none are closed by the session_init timer. `port` 0 takes a free one, see `port`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        handler_factory: HandlerFactory,
        *,
        timers: TimerSettings | None = None,
        window_size: int = DEFAULT_WINDOW_SIZE,
        max_connections: int = 100,
        version: Version = Version.V34,
        ssl: ssl_module.SSLContext | None = None,
        on_handshake_failed: OnHandshakeFailed | None = None,
    ) -> None:
        super().__init__(
            host, port, max_connections=max_connections, ssl=ssl, on_handshake_failed=on_handshake_failed
        )
        self._handler_factory = handler_factory
        self._timers = timers
        self._window_size = window_size
        self._version = version
        # Never longer than max_connections: a connection brings one outbind, and leaves when it goes.
        self._waiting: dict[SmppConnection, Outbind] = {}
        self._changed = asyncio.Event()

    async def accept(self) -> tuple[Outbind, SmppConnection]:
        """Wait for the next outbind. Raises ConnectionLost once the listener is closed."""
        while not self._waiting:
            if not self.listening:
                raise ConnectionLost("the outbind listener is closed")
            self._changed.clear()
            await self._changed.wait()
        connection = next(iter(self._waiting))
        return self._waiting.pop(connection), connection

    def __aiter__(self) -> "OutbindListener":
        return self

    async def __anext__(self) -> tuple[Outbind, SmppConnection]:
        try:
            return await self.accept()
        except ConnectionLost:
            raise StopAsyncIteration from None

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - shared by all unbinds
        """Close as every listener does. Whoever waits in `accept` learns of it at once."""
        self._waiting.clear()
        self._changed.set()  # it wakes when the listener has stopped to listen
        await super().close(timeout)

    async def __aenter__(self) -> "OutbindListener":
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def make_connection(self) -> SmppConnection:
        """Make an SMSC's connection."""
        return SmppConnection(
            Role.ESME,
            self._handler_factory,
            timers=self._timers,
            window_size=self._window_size,
            version=self._version,
            on_made=self.connections.add,
            on_gone=self._forget,
            on_outbind=self._outbound,
        )

    def _outbound(self, connection: SmppConnection, pdu: Outbind) -> None:
        # Its handler may have closed it just now, and so may the listener's owner have closed that.
        if not connection.closed and self.listening:
            self._waiting[connection] = pdu
            self._changed.set()

    def _forget(self, connection: SmppConnection) -> None:
        self.connections.discard(connection)
        self._waiting.pop(connection, None)
