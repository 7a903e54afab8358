"""The server itself: its port, its end, and clients that do not speak HTTP well."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from trunkline.servers.http import HttpServer
from trunkline.servers.http.server import MAX_HEAD, DoorProtocol
from trunkline.servers.listening import CannotListen


class Echo:
    """Answers with the client's address once `gate` is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.left_early = 0

    async def __call__(self, scope, receive, send) -> None:
        self.entered.set()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left_early += 1
                return
            if not message["more_body"]:
                break
        await self.gate.wait()
        body = f"{scope['client'][0]}".encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


Serve = Callable[..., Awaitable[HttpServer]]


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def serve(echo: Echo) -> AsyncIterator[Serve]:
    """Starts servers; they are stopped after the test."""
    servers: list[HttpServer] = []

    async def start(**options: object) -> HttpServer:
        server = HttpServer(echo, "127.0.0.1", 0, **options)
        await server.start()
        servers.append(server)
        return server

    yield start
    echo.gate.set()
    await asyncio.gather(*(server.stop() for server in servers))


async def talk(server: HttpServer, octets: bytes) -> bytes:
    """Sends octets and reads until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(octets)
    try:
        return await reader.read()
    finally:
        writer.close()


GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def test_serves_on_any_free_port_and_stops(serve: Serve) -> None:
    server = await serve()
    assert server.port > 0
    assert server.url == f"http://127.0.0.1:{server.port}"
    answer = await talk(server, GET)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"\r\nserver:" not in answer
    await server.stop()
    with pytest.raises(ConnectionRefusedError):
        await talk(server, GET)
    await server.stop()


async def test_port_in_use_is_clear(echo: Echo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = HttpServer(echo, "127.0.0.1", port)
        with pytest.raises(CannotListen) as caught:
            await server.start()
    error = caught.value
    assert (error.host, error.port) == ("127.0.0.1", port)
    assert f"127.0.0.1:{port}: Address already in use" in str(error)
    assert "TRUNKLINE_HTTP_PORT" in str(error)
    await server.stop()


async def test_second_server_on_the_same_port(serve: Serve, echo: Echo) -> None:
    server = await serve()
    with pytest.raises(CannotListen):
        await HttpServer(echo, "127.0.0.1", server.port).start()
    await server.stop()
    again = HttpServer(echo, "127.0.0.1", server.port)
    await again.start()
    await again.stop()


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
async def test_address_that_is_not_ours(echo: Echo, host: str) -> None:
    with pytest.raises(CannotListen, match=host):
        await HttpServer(echo, host, 0).start()


async def test_ipv6(echo: Echo) -> None:
    server = HttpServer(echo, "::1", 0)
    try:
        await server.start()
    except CannotListen:
        pytest.skip("IPv6: this machine has none")
    assert server.url == f"http://[::1]:{server.port}"
    await server.stop()


async def test_stop_finishes_open_requests(serve: Serve, echo: Echo) -> None:
    server = await serve()
    echo.gate.clear()
    request = asyncio.ensure_future(talk(server, GET))
    await echo.entered.wait()
    stopping = asyncio.ensure_future(server.stop())
    await asyncio.sleep(0)
    echo.gate.set()
    assert (await request).startswith(b"HTTP/1.1 200 OK")
    await stopping


async def test_stop_ends_idle_connections_and_gives_up_on_stuck_ones(serve: Serve, echo: Echo) -> None:
    server = await serve(grace_s=0)
    idle, idle_writer = await asyncio.open_connection("127.0.0.1", server.port)
    echo.gate.clear()
    stuck = asyncio.ensure_future(talk(server, GET))
    await echo.entered.wait()
    assert server.connections == 2
    await server.stop()
    assert await idle.read() == b""
    idle_writer.close()
    assert b"200 OK" not in await stuck


@pytest.mark.parametrize(
    "octets",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50,
        b"\x00\x00\x00\x10\x00\x00\x00\x15\x00\x00\x00\x00\x00\x00\x00\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\nnonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_400(serve: Serve, octets: bytes) -> None:
    server = await serve()
    head, _, body = (await talk(server, octets)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request")
    assert json.loads(body)["ok"] is False
    assert (await talk(server, GET)).startswith(b"HTTP/1.1 200 OK")


async def test_tls_client_is_turned_away(serve: Serve) -> None:
    server = await serve()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", server.port, ssl=ssl.create_default_context())


async def test_endless_head_is_431(serve: Serve) -> None:
    server = await serve()
    answer = await talk(server, b"GET / HTTP/1.1\r\n" + b"X-A: bcdefgh\r\n" * (MAX_HEAD // 10))
    assert answer.startswith(b"HTTP/1.1 431 ")
    one_line = await talk(server, b"GET /" + b"a" * (MAX_HEAD + 1))
    assert one_line.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: bcdefgh\r\n" * (MAX_HEAD // 10),
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"b" * MAX_HEAD + b"\r\n",
        b"GET /" + b"a" * MAX_HEAD + b" HTTP/1.1\r\nHost: x\r\n",
    ],
    ids=["many lines", "one line", "the target"],
)
@pytest.mark.parametrize("rest", [b"\r\n", b"Content-Length: 2\r\n\r\nxx"], ids=["no body", "a body"])
async def test_large_head_in_one_read_is_431(serve: Serve, echo: Echo, head: bytes, rest: bytes) -> None:
    answer = await talk_in_reads(await serve(), head + rest)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert not echo.entered.is_set()


async def connect(
    server: HttpServer,
) -> tuple[DoorProtocol, asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection from both of its ends: the server's, which may be handed what it is to have read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert server._server is not None
    while True:
        if server.connections:
            break
        await asyncio.sleep(0)
    [connection] = server._server.server_state.connections
    assert isinstance(connection, DoorProtocol)
    return connection, reader, writer


async def talk_in_reads(server: HttpServer, *reads: bytes) -> bytes:
    """As `talk`, with a say in what the server reads at once."""
    connection, reader, writer = await connect(server)
    for octets in reads:
        connection.data_received(octets)
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_large_head_within_the_limit_is_served(serve: Serve) -> None:
    lines = b"\r\n" + b"X-A: bcdefghijklmn\r\n" * (MAX_HEAD // 21) + b"\r\n"
    answer = await talk_in_reads(await serve(), GET.replace(b"\r\n\r\n", lines) + GET)
    assert answer.startswith(b"HTTP/1.1 200 OK")


async def test_what_is_read_before_a_head_does_not_count(serve: Serve) -> None:
    """The end of a body and the beginning of the next head, in one read."""
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (2 * MAX_HEAD)
    body = b"x" * (2 * MAX_HEAD)
    answer = await talk_in_reads(await serve(), post + body[:9], body[9:] + GET[:20], GET[20:])
    assert answer.count(b"HTTP/1.1 200 OK") == 2


async def test_big_body_is_not_taken_for_a_head(serve: Serve) -> None:
    server = await serve()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (3 * MAX_HEAD)
    assert (await talk(server, head + b"x" * (3 * MAX_HEAD))).startswith(b"HTTP/1.1 200 OK")


async def talk_too_slowly(server: HttpServer, *parts: bytes) -> bytes:
    """The server reads the parts and answers those that are whole; then the clock strikes the deadline. What
    it said.
    """
    connection, reader, writer = await connect(server)
    said = b""
    for part in parts:
        connection.data_received(part)
        if part.endswith(b"\r\n\r\n"):
            said += await reader.readuntil(b"127.0.0.1")
    server.close_overdue(asyncio.get_running_loop().time() + 61)
    try:
        return said + await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("octets", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_half_a_request_is_not_waited_for(serve: Serve, octets: bytes) -> None:
    server = await serve()
    assert (await talk_too_slowly(server, octets)).startswith(b"HTTP/1.1 408 ")
    assert server.overdue == 1


async def test_half_a_body_is_not_waited_for(serve: Serve, echo: Echo) -> None:
    server = await serve()
    half = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"
    assert await talk_too_slowly(server, half) == b""
    assert server.overdue == 1
    await server.stop()
    assert echo.left_early == 1


async def test_second_request_of_a_connection_has_a_deadline_too(serve: Serve) -> None:
    server = await serve()
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = await talk_too_slowly(server, whole, whole, b"GET / HTTP/1.1\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert b"HTTP/1.1 408 " in answer


async def test_connection_that_owes_nothing_stays(serve: Serve, echo: Echo) -> None:
    """Idle between two requests, or waiting for our answer."""
    server = await serve()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(GET.replace(b"close", b"keep-alive"))
    await reader.readuntil(b"127.0.0.1")
    server.close_overdue(asyncio.get_running_loop().time() + 1000)
    echo.gate.clear()
    echo.entered.clear()
    writer.write(GET)
    await echo.entered.wait()
    server.close_overdue(asyncio.get_running_loop().time() + 1000)
    echo.gate.set()
    assert b"200 OK" in await reader.read()
    writer.close()
    assert server.overdue == 0


async def test_the_server_looks_for_overdue_connections_itself(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trunkline.servers.http.server.SWEEP_S", 0.01)
    server = await serve(request_timeout_s=0.01)
    assert b"HTTP/1.1 408 " in await talk(server, b"")


async def test_forwarded_address_is_believed_only_from_trusted_proxies(serve: Serve) -> None:
    forwarded = GET.replace(b"Host: x", b"Host: x\r\nX-Forwarded-For: 198.51.100.7")
    for trusted, expected in (
        ("", b"127.0.0.1"),
        ("192.0.2.9", b"127.0.0.1"),
        ("127.0.0.1", b"198.51.100.7"),
    ):
        server = await serve(trusted_proxies=trusted)
        assert (await talk(server, forwarded)).endswith(b"\r\n\r\n" + expected)
