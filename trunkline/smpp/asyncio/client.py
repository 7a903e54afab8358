"""Connects to an SMSC."""

import asyncio
import ssl as ssl_module
from functools import partial

from trunkline.smpp.asyncio.connection import HandlerFactory, SmppConnection
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
    timeout: float = 10.0,  # noqa: ASYNC109 - part of the operation; callers need not wrap it
    version: Version = Version.V34,
    role: Role = Role.ESME,
) -> SmppConnection:
    """Open a connection and return it unbound; `await connection.bind(...)` is next.

    `handler` is a Handler, or a function that makes one for the connection. An SMSC that wants to `outbind`
    connects with `role=Role.SMSC`. Raises OSError (refused, unreachable, TLS) and TimeoutError after
    `timeout` seconds.
    """
    factory: HandlerFactory = (lambda _: handler) if isinstance(handler, Handler) else handler
    make = partial(SmppConnection, role, factory, timers=timers, window_size=window_size, version=version)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        _, connection = await loop.create_connection(make, host, port, ssl=ssl)
    return connection
