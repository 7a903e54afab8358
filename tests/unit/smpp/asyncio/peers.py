"""Peers over real sockets: a handler that notes everything, and a server whose handlers can be waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from trunkline.smpp.asyncio import SmppConnection, SmppServer, connect
from trunkline.smpp.codec import FrameDecoder
from trunkline.smpp.constants import BindType, CommandStatus
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import Bind, Outbind, Pdu
from trunkline.smpp.timers import TimerSettings

QUIET = TimerSettings(session_init=0, enquire_link=0, response=0)

Start = Callable[..., Awaitable["Server"]]


class Peer(Handler):
    """Either side: accepts the password "secret", answers requests unless told not to, notes everything."""

    def __init__(self, connection: SmppConnection) -> None:
        self.connection = connection
        self.answers = True
        self.events: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    async def next(self, kind: str) -> tuple[Any, ...]:
        """Wait for the next event and take it; it must be of this kind."""
        async with asyncio.timeout(60):
            event = await self.events.get()
        assert event[0] == kind, event
        return event

    def on_bind(self, pdu: Bind) -> None:
        if pdu.password == "secret":
            self.connection.accept_bind(pdu, "smsc")
            self.events.put_nowait(("bind", pdu))
        else:
            self.connection.refuse_bind(pdu, CommandStatus.ESME_RINVPASWD)

    def on_request(self, pdu: Pdu) -> None:
        if self.answers and not isinstance(pdu, Outbind):
            self.connection.respond(pdu.response())
        self.events.put_nowait(("request", pdu))

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self.events.put_nowait(("response", token, pdu))

    def on_timeout(self, token: Any) -> None:
        self.events.put_nowait(("timeout", token))

    def on_pdu_error(self, error: Any) -> None:
        self.events.put_nowait(("error", error.status))

    def on_unbind(self) -> None:
        self.events.put_nowait(("unbind",))

    def on_closed(self, reason: str) -> None:
        self.events.put_nowait(("closed", reason))

    def on_writable(self) -> None:
        self.events.put_nowait(("writable",))


class Server:
    """An SmppServer whose handlers can be waited for."""

    def __init__(self) -> None:
        self.peers: asyncio.Queue[Peer] = asyncio.Queue()
        self.server: SmppServer
        self.writers: list[asyncio.StreamWriter] = []

    async def start(self, **options: Any) -> "Server":
        self.server = SmppServer("127.0.0.1", 0, self._make, **({"timers": QUIET} | options))
        await self.server.start()
        return self

    def _make(self, connection: SmppConnection) -> Peer:
        peer = Peer(connection)
        self.peers.put_nowait(peer)
        return peer

    async def peer(self) -> Peer:
        async with asyncio.timeout(60):
            return await self.peers.get()

    async def connect(self, bind_type: BindType | None = BindType.TRX, **options: Any) -> tuple[Peer, Peer]:
        """Connect and bind; return the handlers of the ESME and of the SMSC."""
        options = {"timers": QUIET} | options
        connection = await connect("127.0.0.1", self.server.port, Peer, **options)
        theirs = await self.peer()
        if bind_type is not None:
            await connection.bind(bind_type, "user", "secret")
            await theirs.next("bind")
        assert isinstance(connection.handler, Peer)
        return connection.handler, theirs

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        self.writers.append(writer)
        return reader, writer

    async def stop(self) -> None:
        for writer in self.writers:
            writer.close()
        await self.server.close(0.1)


async def read_pdu(reader: asyncio.StreamReader) -> Any:
    decoder = FrameDecoder()
    async with asyncio.timeout(60):
        while True:
            data = await reader.read(1)
            assert data, "the connection was closed"
            if found := decoder.feed(data):
                return found[0]


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(60):
        try:
            return await reader.read()
        except ConnectionError:
            return b""
