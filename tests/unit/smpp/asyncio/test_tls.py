"""TLS: the layer between socket and connection alone, then both ends over real sockets."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from trunkline.simulator.certificates import Authority, Pair
from trunkline.smpp.asyncio import ConnectionLost, OutbindListener, SmppServer, connect, connect_outbind
from trunkline.smpp.asyncio.tls import TlsLayer
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import BindType
from trunkline.smpp.pdus import BindTransceiver, SubmitSm
from trunkline.smpp.tlv import Tag, Tlv

from .peers import QUIET, Peer, Server, Start, read_to_end

Failures = asyncio.Queue[tuple[tuple[str, int], OSError]]


class Ends:
    """An authority and contexts for servers and clients; the server's name is localhost."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority = Authority()
        self.server = self.server_with(self.authority.issue("localhost"))
        self.client = self.authority.client_context()

    def server_with(self, pair: Pair) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair.write(self._folder))
        return context

    def demanding(self) -> ssl.SSLContext:
        """A server's context that demands a certificate of the client."""
        context = self.server_with(self.authority.issue("localhost"))
        context.load_verify_locations(cadata=self.authority.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        return context


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    return Ends(tmp_path_factory.mktemp("tls"))


# The layer alone, with a client of the ssl module in memory


class Socket(asyncio.Transport):
    """A transport that goes nowhere; `protocol` learns when it is aborted."""

    def __init__(self, protocol: asyncio.BaseProtocol | None = None) -> None:
        super().__init__({"peername": ("192.0.2.1", 4711)})
        self._protocol = protocol
        self.written = bytearray()
        self.ended = ""

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = "aborted"
        if self._protocol is not None:
            self._protocol.connection_lost(None)

    def is_closing(self) -> bool:
        return bool(self.ended)


class Above(asyncio.Protocol):
    """Notes what comes up through the layer."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.events: list[Any] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.events.append("made")

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append(exc)

    def pause_writing(self) -> None:
        self.events.append("congested")

    def resume_writing(self) -> None:
        self.events.append("free")


class InMemory:
    """A server's layer on a socket that goes nowhere, and the client at its other end."""

    def __init__(self, ends: Ends) -> None:
        self.above = Above()
        self.shaken: list[OSError | None] = []
        self.layer = TlsLayer(
            ends.server, lambda: self.above, lambda _, error: self.shaken.append(error), server_side=True
        )
        self.socket = Socket()
        self._received, self._sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = ends.client.wrap_bio(self._received, self._sent, server_hostname="localhost")

    def start(self) -> "InMemory":
        self.layer.connection_made(self.socket)
        return self

    def listen(self) -> None:
        """Hand the client what the layer has written."""
        self._received.write(bytes(self.socket.written))
        self.socket.written.clear()

    def take(self) -> bytes:
        """What the client has to say."""
        return self._sent.read()

    def say_hello(self) -> None:
        with pytest.raises(ssl.SSLWantReadError):
            self.client.do_handshake()

    def shake_hands(self) -> bytes:
        """Go through the handshake; return the client's last part, which the layer has not had yet."""
        self.say_hello()
        self.layer.data_received(self.take())
        self.listen()
        self.client.do_handshake()
        return self.take()


async def test_data_that_comes_with_the_end_of_the_handshake(ends: Ends):
    memory = InMemory(ends).start()
    last = memory.shake_hands()
    memory.client.write(b"bind")
    assert memory.above.events == memory.shaken == []
    memory.layer.data_received(last + memory.take())
    assert memory.above.events == ["made"]
    assert memory.above.heard == [b"bind"]
    assert memory.shaken == [None]
    assert memory.layer.peer == memory.layer.get_extra_info("peername") == ("192.0.2.1", 4711)
    assert memory.above.transport.get_extra_info("ssl_object").version() == "TLSv1.3"


async def test_octet_by_octet(ends: Ends):
    memory = InMemory(ends).start()
    last = memory.shake_hands()
    memory.client.write(b"one")
    memory.client.write(b"two")
    for octet in last + memory.take():
        memory.layer.data_received(bytes([octet]))
    assert memory.above.heard == [b"one", b"two"]


async def test_more_than_a_record(ends: Ends):
    memory = InMemory(ends).start()
    memory.layer.data_received(memory.shake_hands())
    data = bytes(range(256)) * 200
    memory.layer.write(data)
    memory.layer.write(b"end")
    memory.listen()
    back = bytearray()
    while len(back) < len(data) + 3:
        back += memory.client.read(1 << 16)
    assert back == data + b"end"
    for _ in range(3):
        memory.client.write(data[:16384])
    memory.layer.data_received(memory.take())
    assert memory.above.heard == [data[:16384]] * 3


async def test_each_says_goodbye(ends: Ends):
    ours, theirs = InMemory(ends).start(), InMemory(ends).start()
    for each in (ours, theirs):
        each.layer.data_received(each.shake_hands())
    ours.layer.write(b"last words")
    ours.layer.close()
    ours.layer.close()
    ours.layer.write(b"never heard")
    assert (ours.socket.ended, ours.layer.is_closing()) == ("closed", True)
    ours.listen()
    assert ours.client.read(100) == b"last words"
    assert ours.client.read(100) == b""
    with pytest.raises(ssl.SSLWantReadError):
        theirs.client.unwrap()
    theirs.layer.data_received(theirs.take() + b"whatever comes after it")
    assert theirs.socket.ended == "closed"
    theirs.layer.connection_lost(None)
    assert theirs.above.events == ["made", None]
    assert theirs.above.heard == []


async def test_a_damaged_record_ends_the_connection(ends: Ends):
    memory = InMemory(ends).start()
    memory.layer.data_received(memory.shake_hands())
    memory.client.write(b"hello")
    damaged = bytearray(memory.take())
    damaged[-1] ^= 1
    memory.layer.data_received(bytes(damaged))
    assert memory.socket.ended == "closed"
    memory.layer.connection_lost(None)
    made, error = memory.above.events
    assert made == "made"
    assert isinstance(error, ssl.SSLError)
    assert memory.above.heard == []
    memory.listen()
    with pytest.raises(ssl.SSLError, match="ALERT_BAD_RECORD_MAC"):
        memory.client.read(100)


async def test_congestion_passes_through(ends: Ends):
    memory = InMemory(ends).start()
    memory.layer.pause_writing()  # nobody is there yet who would care
    memory.layer.data_received(memory.shake_hands())
    memory.layer.pause_writing()
    memory.layer.resume_writing()
    assert memory.above.events == ["made", "congested", "free"]


async def test_a_connection_lost_in_the_handshake(ends: Ends):
    memory = InMemory(ends).start()
    memory.shake_hands()
    memory.layer.connection_lost(None)
    [error] = memory.shaken
    assert isinstance(error, ConnectionResetError)
    assert memory.above.events == []


async def test_a_peer_that_does_not_go_on(ends: Ends):
    ended: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
    layer = TlsLayer(
        ends.server, Above, lambda _, error: ended.set_result(error), server_side=True, timeout=0.01
    )
    socket = Socket(layer)
    layer.connection_made(socket)
    assert not layer.heard
    layer.data_received(b"\x16")
    async with asyncio.timeout(60):
        error = await ended
    assert isinstance(error, TimeoutError)
    assert str(error) == "the TLS handshake took longer than 0.01 s"
    assert (socket.ended, layer.heard) == ("aborted", True)


async def test_aborted_before_the_socket_was_there(ends: Ends):
    memory = InMemory(ends)
    memory.layer.abort()
    memory.start()
    assert memory.socket.ended == "aborted"
    assert memory.socket.written == b""


# Over real sockets


async def secure(server: Server, ends: Ends) -> Peer:
    """Connect over TLS and bind; return the ESME's handler."""
    connection = await connect("localhost", server.server.port, Peer, timers=QUIET, ssl=ends.client)
    await connection.bind(BindType.TRX, "user", "secret")
    assert isinstance(connection.handler, Peer)
    return connection.handler


async def failure(failures: Failures) -> OSError:
    async with asyncio.timeout(60):
        (host, port), error = await failures.get()
    assert host == "127.0.0.1"
    assert port
    return error


@pytest.fixture
def failures() -> Failures:
    return asyncio.Queue()


@pytest.fixture
async def demanding(start: Start, ends: Ends, failures: Failures) -> Server:
    """A server that wants a certificate of its clients."""
    return await start(ssl=ends.demanding(), on_handshake_failed=lambda *how: failures.put_nowait(how))


async def test_bind_exchange_unbind(start: Start, ends: Ends):
    server = await start(ssl=ends.server)
    ours = await secure(server, ends)
    theirs = await server.peer()
    assert theirs.connection.peer == ours.connection.local
    assert theirs.connection.tls == ours.connection.tls == "TLSv1.3"
    for position in range(10):
        ours.connection.send(SubmitSm(short_message=bytes(250)), position)
    for position in range(10):
        assert (await ours.next("response"))[1] == position
    await ours.connection.unbind()
    await theirs.connection.wait_closed()
    assert (ours.connection.error, theirs.connection.error) == (None, None)
    assert server.server.connections == set()


async def test_more_than_the_sockets_hold(start: Start, ends: Ends):
    """Back-pressure works through the layer: the writer is told to wait, and nothing is lost."""
    window = 1000
    server = await start(ssl=ends.server)
    connection = await connect(
        "localhost", server.server.port, Peer, timers=QUIET, ssl=ends.client, window_size=window
    )
    await connection.bind(BindType.TRX, "user", "secret")
    ours = connection.handler
    theirs = await server.peer()
    assert isinstance(ours, Peer)
    theirs.connection.pause_reading()
    sent = 0
    while connection.writable:
        assert sent < window
        connection.send(SubmitSm(tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, bytes(60_000)),)), sent)
        sent += 1
        await asyncio.sleep(0)
    theirs.connection.resume_reading()
    for position in range(sent):
        async with asyncio.timeout(60):
            while (event := await ours.events.get())[0] != "response":
                assert event == ("writable",)
        assert event[1] == position
    assert connection.writable


async def test_one_limit_for_plain_and_tls(start: Start, ends: Ends):
    server = await start(max_connections=2)
    endpoint = await server.server.listen("127.0.0.1", 0, ends.server)
    assert endpoint.port != server.server.port
    plain, _ = await server.connect(None)
    connection = await connect("localhost", endpoint.port, Peer, timers=QUIET, ssl=ends.client)
    await server.peer()
    for port, context in ((server.server.port, None), (endpoint.port, ends.client)):
        refused = server.server.refused
        try:
            extra = await connect("localhost", port, Peer, timers=QUIET, ssl=context)
        except OSError:
            assert context is not None
        else:
            await extra.wait_closed()
        assert server.server.refused == refused + 1
    connection.close()
    await plain.connection.unbind()


async def test_a_handshake_under_way_counts(start: Start, ends: Ends, failures: Failures):
    server = await start(
        max_connections=1, ssl=ends.server, on_handshake_failed=lambda *how: failures.put_nowait(how)
    )
    _, writer = await server.raw()
    writer.write(b"\x16")
    # The second comes to an end at once, so the first is in.
    reader, _ = await server.raw()
    assert await read_to_end(reader) == b""
    assert server.server.refused == 1
    writer.close()
    assert isinstance(await failure(failures), ConnectionResetError)
    await secure(server, ends)
    assert server.server.handshakes_failed == 1


async def test_a_client_without_tls(start: Start, ends: Ends, failures: Failures):
    server = await start(ssl=ends.server, on_handshake_failed=lambda *how: failures.put_nowait(how))
    reader, writer = await server.raw()
    writer.write(encode(BindTransceiver(sequence_number=1)))
    error = await failure(failures)
    assert isinstance(error, ssl.SSLError)
    assert error.reason == "WRONG_VERSION_NUMBER"
    assert await read_to_end(reader) == b""
    assert server.server.connections == set()


async def test_a_client_that_says_nothing(start: Start, ends: Ends, failures: Failures):
    """It is closed, and nothing is told about it: health checks come and go like this."""
    server = await start(
        ssl=ends.server, handshake_timeout=0.01, on_handshake_failed=lambda *how: failures.put_nowait(how)
    )
    reader, _ = await server.raw()
    assert await read_to_end(reader) == b""
    assert failures.empty()
    assert server.server.handshakes_failed == 0


async def test_a_server_nobody_vouches_for(start: Start, ends: Ends, failures: Failures):
    server = await start(ssl=ends.server, on_handshake_failed=lambda *how: failures.put_nowait(how))
    stranger = Authority("somebody else").client_context()
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        await connect("localhost", server.server.port, Peer, ssl=stranger)
    error = await failure(failures)
    assert isinstance(error, ssl.SSLError)
    assert error.reason == "TLSV1_ALERT_UNKNOWN_CA"


async def test_the_name_that_is_checked(start: Start, ends: Ends):
    server = await start(ssl=ends.server)
    port = server.server.port
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        await connect("127.0.0.1", port, Peer, ssl=ends.client)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        await connect("127.0.0.1", port, Peer, ssl=ends.client, server_hostname="other.example")
    connection = await connect("127.0.0.1", port, Peer, ssl=ends.client, server_hostname="localhost")
    await connection.unbind()


async def test_an_expired_certificate(start: Start, ends: Ends):
    server = await start(ssl=ends.server_with(ends.authority.issue("localhost", valid=timedelta(seconds=-1))))
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
        await connect("localhost", server.server.port, Peer, ssl=ends.client)


async def test_a_client_certificate_is_demanded(
    demanding: Server, ends: Ends, failures: Failures, tmp_path: Path
):
    # In TLS 1.3 the client's handshake is over before the server looks at its certificate.
    connection = await connect(
        "localhost", demanding.server.port, Peer, timers=QUIET, ssl=ends.authority.client_context()
    )
    with pytest.raises(ConnectionLost, match="certificate required"):
        await connection.bind(BindType.TRX, "user", "secret")
    await connection.wait_closed()
    assert isinstance(connection.error, ssl.SSLError)
    assert connection.error.reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    error = await failure(failures)
    assert isinstance(error, ssl.SSLError)
    assert error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE"

    known = ends.authority.client_context()
    known.load_cert_chain(*ends.authority.issue("esme").write(tmp_path))
    connection = await connect("localhost", demanding.server.port, Peer, timers=QUIET, ssl=known)
    await connection.bind(BindType.TRX, "user", "secret")
    await connection.unbind()


async def test_another_certificate_for_later_handshakes(start: Start, ends: Ends):
    server = await start()
    endpoint = await server.server.listen("127.0.0.1", 0, ends.server)

    async def presented() -> tuple[Any, Any]:
        connection = await connect("localhost", endpoint.port, Peer, timers=QUIET, ssl=ends.client)
        await connection.bind(BindType.TRX, "user", "secret")
        assert connection._transport is not None
        return connection, connection._transport.get_extra_info("ssl_object").getpeercert()["serialNumber"]

    first, old = await presented()
    endpoint.ssl = ends.server_with(ends.authority.issue("localhost"))
    second, new = await presented()
    assert old != new
    for connection in (first, second):
        connection.send(SubmitSm())
        assert (await connection.handler.next("response"))[0] == "response"
        await connection.unbind()


async def test_closing_ends_handshakes(ends: Ends, failures: Failures):
    server = SmppServer(
        "127.0.0.1", 0, Peer, ssl=ends.server, on_handshake_failed=lambda *how: failures.put_nowait(how)
    )
    await server.start()
    memory = InMemory(ends)
    memory.say_hello()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(memory.take())
    assert await reader.readexactly(2) == b"\x16\x03"  # it has begun
    await server.close()
    await read_to_end(reader)
    assert failures.empty()  # that we left is no failure of theirs
    writer.close()


async def test_connecting_to_what_speaks_no_tls(start: Start, ends: Ends):
    server = await start()
    with pytest.raises(ssl.SSLError, match="WRONG_VERSION_NUMBER"):
        await connect("localhost", server.server.port, Peer, ssl=ends.client)


@pytest.mark.parametrize("goodbye", [b"", b"\x15\x03\x03\x00\x02\x02\x28"], ids=["silent", "alert"])
async def test_connecting_to_what_hangs_up(ends: Ends, goodbye: bytes):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5000)
        writer.write(goodbye)
        writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    with pytest.raises(ssl.SSLError if goodbye else ConnectionResetError):
        await connect("localhost", listener.sockets[0].getsockname()[1], Peer, ssl=ends.client)
    listener.close()
    await listener.wait_closed()


async def test_connecting_to_what_never_answers(ends: Ends):
    gone = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(5000):
            pass
        writer.close()
        gone.set()

    listener = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    with pytest.raises(TimeoutError):
        # An address, not a name: looking that up could take all the time there is.
        await connect("127.0.0.1", port, Peer, ssl=ends.client, timeout=0.05)
    async with asyncio.timeout(60):
        await gone.wait()
    listener.close()
    await listener.wait_closed()


async def test_outbind_over_tls(ends: Ends):
    async with OutbindListener("127.0.0.1", 0, Peer, timers=QUIET, ssl=ends.server) as listener:
        smsc = await connect_outbind(
            "127.0.0.1",
            listener.port,
            Peer,
            system_id="smsc",
            password="secret",
            timers=QUIET,
            ssl=ends.client,
            server_hostname="localhost",
        )
        outbind, connection = await listener.accept()
        assert outbind.system_id == "smsc"
        await connection.bind(BindType.RX, "user", "secret")
        assert smsc.session.bound
