"""Outbind over real sockets: an SMSC that connects and asks, an ESME that waits and binds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from trunkline.smpp.asyncio import ConnectionLost, OutbindListener, SmppConnection, connect_outbind
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import BindType, Role, Version
from trunkline.smpp.errors import EncodeError, InvalidStateError
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import AlertNotification, Bind, DeliverSm, Outbind, Pdu, SubmitSm
from trunkline.smpp.state import SessionState
from trunkline.smpp.timers import TimerSettings

QUIET = TimerSettings(session_init=0, enquire_link=0, response=0)

Listen = Callable[..., Awaitable[OutbindListener]]


class Peer(Handler):
    """Either side: accepts binds, answers messages, notes everything."""

    def __init__(self, connection: SmppConnection) -> None:
        self.connection = connection
        self.events: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    async def next(self, kind: str) -> tuple[Any, ...]:
        async with asyncio.timeout(60):
            event = await self.events.get()
        assert event[0] == kind, event
        return event

    def on_bind(self, pdu: Bind) -> None:
        self.connection.accept_bind(pdu, "smsc")
        self.events.put_nowait(("bind", pdu))

    def on_outbind(self, pdu: Outbind) -> None:
        self.events.put_nowait(("outbind", pdu))

    def on_request(self, pdu: Pdu) -> None:
        if not isinstance(pdu, AlertNotification):
            self.connection.respond(pdu.response())
        self.events.put_nowait(("request", pdu))

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self.events.put_nowait(("response", token, pdu))

    def on_closed(self, reason: str) -> None:
        self.events.put_nowait(("closed", reason))


class Peers:
    """Makes the handlers of a listener; the test waits for them."""

    def __init__(self) -> None:
        self._made: asyncio.Queue[Peer] = asyncio.Queue()

    def __call__(self, connection: SmppConnection) -> Peer:
        peer = Peer(connection)
        self._made.put_nowait(peer)
        return peer

    async def next(self) -> Peer:
        async with asyncio.timeout(60):
            return await self._made.get()


def peer_of(connection: SmppConnection) -> Peer:
    assert isinstance(connection.handler, Peer)
    return connection.handler


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    started: list[OutbindListener] = []

    async def make(handler: Any = Peer, **options: Any) -> OutbindListener:
        listener = OutbindListener("127.0.0.1", 0, handler, **({"timers": QUIET} | options))
        await listener.start()
        started.append(listener)
        return listener

    yield make
    for listener in started:
        await listener.close(0.1)


async def outbind(listener: OutbindListener, **options: Any) -> SmppConnection:
    options = {"timers": QUIET, "system_id": "smsc", "password": "open"} | options
    return await connect_outbind("127.0.0.1", listener.port, Peer, **options)


async def accepted(listener: OutbindListener) -> tuple[Outbind, SmppConnection]:
    async with asyncio.timeout(60):
        return await listener.accept()


@pytest.mark.parametrize("version", [Version.V34, Version.V50])
async def test_the_esme_binds_and_is_delivered_to(listen: Listen, version: Version):
    listener = await listen(version=version)
    theirs = await outbind(listener, version=version)
    request, ours = await accepted(listener)
    assert (request.system_id, request.password) == ("smsc", "open")
    assert theirs.session.role is Role.SMSC
    assert theirs.session.state is ours.session.state is SessionState.OUTBOUND
    answer = await ours.bind(BindType.RX, "user", "secret")
    assert answer.name == "bind_receiver_resp"
    assert ours.session.version is theirs.session.version is version
    await peer_of(theirs).next("bind")
    theirs.send(DeliverSm(short_message=b"waited for you"), "token")
    theirs.send(AlertNotification(source_addr="447700900123"))
    await peer_of(ours).next("outbind")
    assert (await peer_of(ours).next("request"))[1].short_message == b"waited for you"
    assert (await peer_of(ours).next("request"))[1].source_addr == "447700900123"
    assert (await peer_of(theirs).next("response"))[1] == "token"
    with pytest.raises(InvalidStateError):
        ours.send(SubmitSm())
    await ours.unbind()
    await theirs.wait_closed()
    assert listener.connections == set()


async def test_several_are_yielded_in_order_until_the_listener_closes(listen: Listen):
    peers = Peers()
    listener = await listen(peers)
    for number in range(3):
        await outbind(listener, system_id=f"smsc{number}")
        await (await peers.next()).next("outbind")
    seen = []
    async for request, _ in listener:
        seen.append(request.system_id)
        if len(seen) == 3:
            await listener.close(0.1)
    assert seen == ["smsc0", "smsc1", "smsc2"]
    with pytest.raises(ConnectionLost):
        await listener.accept()


async def test_whoever_waits_learns_that_the_listener_closed(listen: Listen):
    listener = await listen()
    waiting = [asyncio.ensure_future(listener.accept()) for _ in range(2)]
    await asyncio.sleep(0)
    await listener.close()
    for future in waiting:
        with pytest.raises(ConnectionLost):
            await future
    await listener.close()
    assert listener.sockets == ()


async def test_an_outbind_that_is_refused_by_closing(listen: Listen):
    async with OutbindListener("127.0.0.1", 0, Peer, timers=QUIET) as listener:
        theirs = await outbind(listener, password="wrong")
        request, ours = await accepted(listener)
        assert request.password == "wrong"
        ours.close("who are you")
        await peer_of(theirs).next("closed")
        with pytest.raises(ConnectionLost):
            await ours.bind(BindType.RX, "user", "secret")
    assert listener.sockets == ()


async def test_an_smsc_that_says_nothing_is_closed(listen: Listen):
    listener = await listen(timers=TimerSettings(session_init=0.01))
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    async with asyncio.timeout(60):
        assert await reader.read() == b""
    writer.close()
    assert listener._waiting == {}


async def test_an_smsc_that_went_away_is_not_yielded(listen: Listen):
    peers = Peers()
    listener = await listen(peers)
    gone = await outbind(listener, system_id="gone")
    peer = await peers.next()
    await peer.next("outbind")
    gone.abort()
    await peer.next("closed")
    await peer.connection.wait_closed()
    await outbind(listener, system_id="here")
    request, _ = await accepted(listener)
    assert request.system_id == "here"


async def test_a_handler_that_closes_keeps_it_from_being_yielded(listen: Listen):
    class Wary(Peer):
        def on_outbind(self, pdu: Outbind) -> None:
            if pdu.system_id == "stranger":
                self.connection.close("not from you")

    listener = await listen(Wary)
    stranger = await outbind(listener, system_id="stranger")
    await peer_of(stranger).next("closed")
    await outbind(listener, system_id="friend")
    assert (await accepted(listener))[0].system_id == "friend"


async def test_only_an_smsc_is_waited_for(listen: Listen):
    listener = await listen()
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(encode(SubmitSm(sequence_number=7)))
    async with asyncio.timeout(60):
        header = await reader.readexactly(16)
    assert header == bytes.fromhex("00000010 80000004 00000004 00000007")
    writer.close()


async def test_connections_beyond_the_limit_are_closed_at_once(listen: Listen):
    listener = await listen(max_connections=1)
    await outbind(listener)
    await accepted(listener)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    async with asyncio.timeout(60):
        assert await reader.read() == b""
    writer.close()
    assert listener.refused == 1


async def test_an_outbind_that_cannot_be_sent_leaves_no_connection(listen: Listen):
    peers = Peers()
    listener = await listen(peers)
    with pytest.raises(EncodeError):
        await outbind(listener, system_id="a\0b")
    await (await peers.next()).next("closed")
    with pytest.raises(InvalidStateError, match="V33"):
        await outbind(listener, version=Version.V33)
    await (await peers.next()).next("closed")


async def test_a_port_without_a_listener():
    with pytest.raises(OSError, match=r"."):
        await connect_outbind("127.0.0.1", 1, Handler(), system_id="smsc", password="", timeout=5)
