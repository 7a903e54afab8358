"""The simulated SMSC goes to its ESME: it connects, says outbind and is bound to (SMPP 3.4 section 2.2.1)."""

import asyncio
from contextlib import suppress
from typing import Final

from trunkline.smpp.asyncio.connection import HandlerFactory, SmppConnection
from trunkline.smpp.asyncio.outbind import connect_outbind
from trunkline.smpp.constants import Version
from trunkline.smpp.errors import SmppError

_RETRY_S: Final = 0.5


class Outbinder:
    """Keeps one connection to an ESME's listener at `address`, `host:port`, for as long as it runs."""

    def __init__(
        self, address: str, system_id: str, password: str, version: Version, handler_factory: HandlerFactory
    ) -> None:
        host, _, port = address.rpartition(":")
        self._host = host.strip("[]")
        self._port = int(port)
        self._system_id = system_id
        self._password = password
        self._version = version
        self._handler_factory = handler_factory
        self._connection: SmppConnection | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect, again and again until it succeeds."""
        self._task = asyncio.create_task(self._run())

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - the unbind's own time-out
        """Unbind, or give up trying."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            await self._connection.unbind(timeout)

    async def _run(self) -> None:
        while True:
            with suppress(OSError, TimeoutError, SmppError):
                self._connection = await connect_outbind(
                    self._host,
                    self._port,
                    self._handler_factory,
                    system_id=self._system_id,
                    password=self._password,
                    version=self._version,
                )
                await self._connection.wait_closed()
            await asyncio.sleep(_RETRY_S)
