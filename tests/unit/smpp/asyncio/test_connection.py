"""Client and server over real sockets: both roles, closing, congestion, timers, garbage."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from trunkline.smpp.asyncio import BindRefused, ConnectionLost, SmppConnection, SmppServer, connect
from trunkline.smpp.asyncio import connection as connection_module
from trunkline.smpp.codec import FrameDecoder, encode
from trunkline.smpp.constants import BindType, CommandStatus, Role
from trunkline.smpp.errors import InvalidStateError, WindowFullError
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import (
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    UnbindResp,
)
from trunkline.smpp.state import SessionState
from trunkline.smpp.timers import TimerSettings

from .peers import QUIET, Peer, Server, Start, read_pdu, read_to_end

# Binding


@pytest.mark.parametrize("bind_type", list(BindType))
async def test_bind_exchange_unbind(start: Start, bind_type: BindType):
    server = await start()
    ours, theirs = await server.connect(bind_type)
    assert ours.connection.session.bind_type is theirs.connection.session.bind_type is bind_type
    assert theirs.connection.session.peer_system_id == "user"
    assert ours.connection.peer == theirs.connection.local
    assert ours.connection.local == theirs.connection.peer
    assert UUID(ours.connection.connection_id) != UUID(theirs.connection.connection_id)
    if bind_type is not BindType.RX:
        number = ours.connection.send(SubmitSm(short_message=b"hi"), "token")
        assert (await theirs.next("request"))[1].short_message == b"hi"
        assert await ours.next("response") == ("response", "token", SubmitSmResp(sequence_number=number))
    if bind_type is not BindType.TX:
        theirs.connection.send(DeliverSm(short_message=b"ho"), "back")
        assert (await ours.next("request"))[1].short_message == b"ho"
        assert (await theirs.next("response"))[1] == "back"
    await ours.connection.unbind()
    assert await ours.next("closed") == ("closed", "unbound")
    await theirs.next("unbind")
    assert await theirs.next("closed") == ("closed", "the peer unbound")
    await theirs.connection.wait_closed()
    assert server.server.connections == set()


async def test_a_refused_bind_may_be_tried_again(start: Start):
    server = await start()
    ours, _ = await server.connect(None)
    with pytest.raises(BindRefused, match="ESME_RINVPASWD") as caught:
        await ours.connection.bind(BindType.TX, "user", "wrong")
    assert caught.value.status == CommandStatus.ESME_RINVPASWD
    answer = await ours.connection.bind(BindType.TX, "user", "secret")
    assert answer.system_id == "smsc"
    assert ours.connection.session.state is SessionState.BOUND_TX
    with pytest.raises(InvalidStateError):
        await ours.connection.bind(BindType.TX, "user", "secret")


async def test_a_bind_that_is_not_answered(start: Start):
    server = await start()
    ours, theirs = await server.connect(None)
    theirs.on_bind = lambda pdu: None
    with pytest.raises(TimeoutError):
        await ours.connection.bind(BindType.TX, "user", "secret", timeout=0.01)
    assert await ours.next("closed") == ("closed", "the bind was not answered")
    await theirs.next("closed")
    with pytest.raises(ConnectionLost, match="not answered"):
        await ours.connection.bind(BindType.TX, "user", "secret")


async def test_the_connection_is_lost_during_the_bind(start: Start):
    server = await start()
    ours, theirs = await server.connect(None)
    theirs.on_bind = lambda pdu: theirs.connection.abort("no")
    with pytest.raises(ConnectionLost):
        await ours.connection.bind(BindType.TX, "user", "secret")


async def test_a_shared_handler_and_a_port_without_a_listener():
    with pytest.raises(OSError, match=r"."):
        await connect("127.0.0.1", 1, Handler(), timeout=5)
    server = await Server().start()
    handler = Handler()
    connection = await connect("127.0.0.1", server.server.port, handler)
    assert connection.handler is handler
    await connection.unbind()
    await server.server.close()


async def test_an_outbind_is_not_for_an_smsc(start: Start):
    server = await start()
    other = await connect("127.0.0.1", server.server.port, Peer, timers=QUIET, role=Role.SMSC)
    theirs = await server.peer()
    other.send(Outbind(system_id="smsc"))
    other.close()
    await theirs.next("closed")
    assert theirs.connection.session.violations == 1


async def test_an_esme_takes_an_outbind():
    heard: asyncio.Queue[Pdu] = asyncio.Queue()

    async def smsc(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode(Outbind(sequence_number=1, system_id="smsc")))
        bind = await read_pdu(reader)
        heard.put_nowait(bind)
        writer.write(encode(bind.response(system_id="smsc")))
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(smsc, "127.0.0.1", 0)
    connection = await connect("127.0.0.1", listener.sockets[0].getsockname()[1], Peer, timers=QUIET)
    ours = connection.handler
    assert isinstance(ours, Peer)
    assert (await ours.next("request"))[1].system_id == "smsc"
    answer = await connection.bind(BindType.RX, "user", "secret")
    assert type(answer) is BindReceiverResp
    assert isinstance(await heard.get(), BindReceiver)
    assert connection.session.peer_interface_version is None
    connection.close()
    await connection.wait_closed()
    listener.close()
    await listener.wait_closed()


# Messages


async def test_many_messages_leave_in_few_writes(start: Start):
    server = await start(window_size=1000)
    ours, theirs = await server.connect(window_size=1000)
    writes: list[int] = []
    transport = ours.connection._transport

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(transport, name)

        def write(self, data: bytes) -> None:
            writes.append(len(data))
            transport.write(data)

    ours.connection._transport = Counting()
    for position in range(1000):
        ours.connection.send(SubmitSm(short_message=b"x" * 100), position)
    with pytest.raises(WindowFullError):
        ours.connection.send(SubmitSm())
    for position in range(1000):
        assert (await ours.next("response"))[1] == position
    assert len(writes) == 1
    assert theirs.events.qsize() == 1000


async def test_answers_given_later_are_written(start: Start):
    server = await start()
    ours, theirs = await server.connect()
    theirs.answers = False
    number = ours.connection.send(SubmitSm(), "token")
    (_, request) = await theirs.next("request")
    theirs.connection.respond(request.response(message_id="late"))
    assert await ours.next("response") == (
        "response",
        "token",
        SubmitSmResp(sequence_number=number, message_id="late"),
    )


async def test_unbind_of_the_server_waits_for_answers(start: Start):
    server = await start()
    ours, theirs = await server.connect()
    theirs.answers = False
    ours.connection.send(SubmitSm(), "token")
    (_, request) = await theirs.next("request")
    closing = asyncio.ensure_future(server.server.close())
    await asyncio.sleep(0)
    theirs.connection.respond(request.response(message_id="late"))
    assert (await ours.next("response"))[1] == "token"
    await closing
    assert await theirs.next("closed") == ("closed", "unbound")
    with pytest.raises(OSError, match=r"."):
        await connect("127.0.0.1", server.server.port or 1, Handler())


async def test_unbind_of_a_silent_peer_is_cut_off(start: Start):
    server = await start()
    reader, writer = await server.raw()
    writer.write(encode(BindTransceiver(sequence_number=1, password="secret")))
    assert isinstance(await read_pdu(reader), BindTransceiverResp)
    theirs = await server.peer()
    await theirs.connection.unbind(0.01)
    await theirs.next("bind")
    assert await theirs.next("closed") == ("closed", "unbind was not answered")


async def test_what_is_queued_is_written_before_closing(start: Start):
    server = await start()
    ours, theirs = await server.connect()
    ours.connection.send(SubmitSm(short_message=b"last words"))
    ours.connection.close("done")
    assert (await theirs.next("request"))[1].short_message == b"last words"
    await theirs.next("closed")
    theirs.connection.respond(SubmitSmResp())  # too late, and silent


async def test_a_lost_connection_tells_what_was_in_flight(start: Start):
    server = await start()
    ours, theirs = await server.connect()
    theirs.answers = False
    for token in ("a", "b"):
        ours.connection.send(SubmitSm(), token)
    await theirs.next("request")
    theirs.connection.abort()
    (_, reason) = await ours.next("closed")
    assert "lost" in reason
    assert ours.connection.session.unanswered() == ["a", "b"]
    with pytest.raises(InvalidStateError):
        ours.connection.send(SubmitSm())


# Back-pressure


async def test_pausing_stops_requests_and_resuming_brings_them(start: Start):
    server = await start()
    ours, theirs = await server.connect()
    theirs.connection.pause_reading()
    theirs.connection.pause_reading()
    ours.connection.send(SubmitSm(), "token")
    writer_side, other = await server.connect()
    other.connection.send(DeliverSm(), "other")  # the loop turns, other connections work
    await other.next("response")
    assert theirs.events.empty()
    theirs.connection.resume_reading()
    theirs.connection.resume_reading()
    await theirs.next("request")
    assert (await ours.next("response"))[1] == "token"
    assert writer_side.connection.writable


async def test_a_peer_that_does_not_read_is_not_read_either(start: Start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection_module, "MAX_UNREAD_OUTPUT", 100_000)
    server = await start()
    reader, writer = await server.raw()
    writer.write(encode(BindTransceiver(sequence_number=1, password="secret")))
    await read_pdu(reader)
    theirs = await server.peer()
    await theirs.next("bind")
    asked = encode(EnquireLink(sequence_number=7)) * 4096
    sent = 0
    transport = theirs.connection._transport
    # asyncio's own stream stops reading at its limit, so unread answers pile up at the server.
    while not theirs.connection._choked:
        writer.write(asked)
        sent += 4096
        await asyncio.sleep(0)
        assert sent < 10_000_000
    assert not theirs.connection.writable
    assert not transport.is_reading()
    assert theirs.connection.session.next_deadline == float("inf")
    answers = 0
    decoder = FrameDecoder()
    async with asyncio.timeout(60):
        while answers < sent:
            answers += len(decoder.feed(await reader.read(65536)))
    await theirs.next("writable")
    assert theirs.connection.writable
    assert theirs.connection._transport.is_reading()


class Seen:
    """A tap that keeps what it is shown."""

    def __init__(self) -> None:
        self.pdus: list[tuple[str, str]] = []

    def read(self, pdus: bytes) -> None:
        self._keep("read", pdus)

    def written(self, pdus: bytes) -> None:
        self._keep("written", pdus)

    def _keep(self, way: str, octets: bytes) -> None:
        self.pdus += [(way, pdu.name) for pdu in FrameDecoder().feed(octets) if isinstance(pdu, Pdu)]


async def test_a_tap_sees_both_ways_in_order_until_it_is_taken_off(start: Start):
    server = await start()
    seen = Seen()

    def tapped(connection: SmppConnection) -> Peer:
        connection.tap = seen
        return Peer(connection)

    connection = await connect("127.0.0.1", server.server.port, tapped, timers=QUIET)
    await server.peer()
    assert connection.tap is seen
    await connection.bind(BindType.TRX, "user", "secret")
    connection.send(SubmitSm())
    connection.send(SubmitSm())
    esme = connection.handler
    assert isinstance(esme, Peer)
    await esme.next("response")
    await esme.next("response")
    connection.tap = None
    await connection.unbind()
    assert seen.pdus == [
        ("written", "bind_transceiver"),
        ("read", "bind_transceiver_resp"),
        ("written", "submit_sm"),
        ("written", "submit_sm"),
        ("read", "submit_sm_resp"),
        ("read", "submit_sm_resp"),
    ]


async def test_a_closing_connection_does_not_wait_for_ever(start: Start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection_module, "CLOSE_GRACE", 0.01)
    server = await start(window_size=100_000)
    reader, writer = await server.raw()
    writer.write(encode(BindTransceiver(sequence_number=1, password="secret")))
    await read_pdu(reader)
    theirs = await server.peer()
    await theirs.next("bind")
    while theirs.connection.writable:
        for _ in range(1000):
            theirs.connection.send(DeliverSm(short_message=b"x" * 250))
        await asyncio.sleep(0)
    theirs.connection.close("enough")
    async with asyncio.timeout(60):
        await theirs.connection.wait_closed()


# Timers


async def test_an_unbound_connection_is_closed(start: Start):
    server = await start(timers=TimerSettings(session_init=0.02))
    reader, _ = await server.raw()
    assert await read_to_end(reader) == b""
    theirs = await server.peer()
    assert "session_init" in (await theirs.next("closed"))[1]


async def test_a_dead_peer_is_closed(start: Start):
    server = await start(timers=TimerSettings(enquire_link=0.02, enquire_link_response=0.02))
    reader, writer = await server.raw()
    writer.write(encode(BindTransceiver(sequence_number=1, password="secret")))
    await read_pdu(reader)
    assert isinstance(await read_pdu(reader), EnquireLink)
    theirs = await server.peer()
    await theirs.next("bind")
    assert "enquire_link" in (await theirs.next("closed"))[1]


async def test_a_living_peer_stays(start: Start):
    server = await start(timers=TimerSettings(enquire_link=0.01, enquire_link_response=10))
    reader, writer = await server.raw()
    writer.write(encode(BindTransceiver(sequence_number=1, password="secret")))
    await read_pdu(reader)
    for _ in range(5):
        asked = await read_pdu(reader)
        assert isinstance(asked, EnquireLink)
        writer.write(encode(EnquireLinkResp(sequence_number=asked.sequence_number)))
    theirs = await server.peer()
    assert theirs.connection.session.bound


async def test_a_request_without_an_answer_times_out(start: Start):
    server = await start()
    ours, theirs = await server.connect(timers=TimerSettings(enquire_link=0, response=0.02))
    theirs.answers = False
    ours.connection.send(SubmitSm(), "token")
    assert await ours.next("timeout") == ("timeout", "token")
    assert ours.connection.session.bound


# What strangers send


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 99,
        b"\0" * 99,
    ],
)
async def test_strangers_get_a_nack_and_are_closed(start: Start, garbage: bytes):
    server = await start()
    reader, writer = await server.raw()
    writer.write(garbage)
    (nack,) = FrameDecoder().feed(await read_to_end(reader))
    assert isinstance(nack, GenericNack)
    assert nack.command_status == CommandStatus.ESME_RINVCMDLEN
    theirs = await server.peer()
    await theirs.next("closed")


async def test_malformed_and_unbound_pdus_are_answered(start: Start):
    server = await start()
    reader, writer = await server.raw()
    writer.write(bytes.fromhex("00000010 00000999 00000000 00000007") + encode(SubmitSm(sequence_number=8)))
    assert await read_pdu(reader) == GenericNack(command_status=3, sequence_number=7)
    assert await read_pdu(reader) == SubmitSmResp(command_status=4, sequence_number=8)
    theirs = await server.peer()
    assert await theirs.next("error") == ("error", 3)


async def test_half_a_pdu_and_gone(start: Start):
    server = await start()
    _, writer = await server.raw()
    writer.write(encode(BindTransceiver(sequence_number=1))[:20])
    theirs = await server.peer()
    writer.close()
    assert "lost" in (await theirs.next("closed"))[1]
    await theirs.connection.wait_closed()
    assert server.server.connections == set()


async def test_a_half_closed_connection_is_closed(start: Start):
    server = await start()
    reader, writer = await server.raw()
    writer.write_eof()
    assert await read_to_end(reader) == b""
    await (await server.peer()).next("closed")


async def test_connections_beyond_the_limit_are_closed_at_once(start: Start):
    server = await start(max_connections=2)
    first, theirs = await server.connect()
    await server.connect()
    reader, _ = await server.raw()
    assert await read_to_end(reader) == b""
    assert server.server.refused == 1
    await first.connection.unbind()
    await theirs.connection.wait_closed()
    await server.connect()
    assert server.server.refused == 1


async def test_a_port_in_use_is_an_os_error(start: Start):
    server = await start()
    other = SmppServer("127.0.0.1", server.server.port, Peer)
    with pytest.raises(OSError, match=r"."):
        await other.start()
    assert other.sockets == ()
    await other.close()


async def test_several_addresses_are_listened_on():
    server = SmppServer("127.0.0.1, 127.0.0.2", 0, Peer, timers=QUIET)
    await server.start()
    addresses = [each.getsockname() for each in server.sockets]
    assert {host for host, _ in addresses} == {"127.0.0.1", "127.0.0.2"}
    for host, port in addresses:
        connection = await connect(host, port, Peer, timers=QUIET)
        await connection.bind(BindType.TRX, "user", "secret")
        await connection.unbind()
    await server.close()


async def test_unbind_answers_itself(start: Start):
    server = await start()
    ours, theirs = await server.connect()
    await theirs.connection.unbind()
    await ours.next("unbind")
    assert await ours.next("closed") == ("closed", "the peer unbound")
    assert UnbindResp.name == "unbind_resp"
