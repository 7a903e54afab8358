"""Connects to an SMSC."""

import asyncio
import ssl as ssl_module
from collections.abc import Callable
from functools import partial
from typing import cast

from trunkline.smpp.asyncio.connection import HandlerFactory, SmppConnection
from trunkline.smpp.asyncio.tls import TlsLayer
from trunkline.smpp.constants import Role, Version
from trunkline.smpp.handler import Handler
from trunkline.smpp.timers import TimerSettings
from trunkline.smpp.window import DEFAULT_WINDOW_SIZE


async def connect(
    host: str,
    port: int,
    handler: Handler | HandlerFactory,
    *,
    timers: TimerSettings | None = None,
    window_size: int = DEFAULT_WINDOW_SIZE,
    ssl: ssl_module.SSLContext | None = None,
    server_hostname: str | None = None,
    timeout: float = 10.0,  # noqa: ASYNC109 - part of the operation; callers need not wrap it
    version: Version = Version.V34,
    role: Role = Role.ESME,
) -> SmppConnection:
    """Open a connection and return it unbound; `await connection.bind(...)` is next.

    `handler` is a Handler, or a function that makes one for the connection. An SMSC that wants to `outbind`
    connects with `role=Role.SMSC`. With `ssl` the connection is made over TLS; `server_hostname` is the name
    that the certificate must have, `host` unless given. Raises OSError (refused, unreachable), ssl.SSLError
    when the handshake fails, and TimeoutError after `timeout` seconds.
    """
    factory: HandlerFactory = (lambda _: handler) if isinstance(handler, Handler) else handler
    make = partial(SmppConnection, role, factory, timers=timers, window_size=window_size, version=version)
    async with asyncio.timeout(timeout):
        if ssl is None:
            _, connection = await asyncio.get_running_loop().create_connection(make, host, port)
            return connection
        return await _connect_tls(host, port, make, ssl, server_hostname or host, timeout)


async def _connect_tls(
    host: str,
    port: int,
    make: Callable[[], SmppConnection],
    context: ssl_module.SSLContext,
    server_hostname: str,
    handshake_timeout: float,
) -> SmppConnection:
    loop = asyncio.get_running_loop()
    standing: asyncio.Future[SmppConnection] = loop.create_future()

    def ended(layer: TlsLayer, error: OSError | None) -> None:
        if standing.done():  # nobody waits any more
            return
        if error is None:
            standing.set_result(cast("SmppConnection", layer.get_protocol()))
        else:
            standing.set_exception(error)

    layer = TlsLayer(
        context,
        make,
        ended,
        server_side=False,
        server_hostname=server_hostname,
        timeout=handshake_timeout,
    )
    try:
        await loop.create_connection(lambda: layer, host, port)
        return await standing
    except BaseException:
        standing.cancel()
        layer.abort()
        raise
