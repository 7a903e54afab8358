import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from trunkline.connectors import http_post
from trunkline.connectors.address_guard import AddressGuard, system_resolver
from trunkline.connectors.http_post import HttpPostClient, describe_failure
from trunkline.connectors.http_target import parse_target

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Gives raw octets as answers. `answers` are used up in order, then OK; None closes the connection."""

    def __init__(self):
        self.answers = []
        self.requests = []
        self.connections = 0
        self.silent = False
        self.writers = []

    async def start(self, context=None):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=context)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def serve(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append((head, await reader.readexactly(length)))
                if self.silent:
                    continue
                answer = self.answers.pop(0) if self.answers else OK
                if answer is None:
                    break
                for piece in answer if isinstance(answer, list) else [answer]:
                    writer.write(piece)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def close(self):
        for writer in self.writers:
            writer.close()
        self.server.close()
        await self.server.wait_closed()


@pytest.fixture
async def server():
    raw = RawServer()
    await raw.start()
    yield raw
    await raw.close()


async def resolve_literal(host, port):
    """For hosts that are addresses; without the thread of the system's resolver, whose time would count."""
    return [host]


@pytest.fixture
async def make_client():
    made = []

    def make(resolver=resolve_literal, **options):
        client = HttpPostClient(AddressGuard(allow_private=True, resolver=resolver), **options)
        made.append(client)
        return client

    yield make
    for client in made:
        await client.close()


async def post(client, url, body=b"{}"):
    answer = asyncio.get_running_loop().create_future()
    client.post(parse_target(url), body, lambda *outcome: answer.set_result(outcome))
    assert not answer.done()  # never from within the call
    async with asyncio.timeout(60):
        return await answer


class TestExchange:
    async def test_request_and_status(self, server, make_client):
        client = make_client()
        assert await post(client, server.url + "/dlr?x=1", b'{"a":1}') == (200, "")
        head, body = server.requests[0]
        assert body == b'{"a":1}'
        lines = head.decode().split("\r\n")
        assert lines[0] == "POST /dlr?x=1 HTTP/1.1"
        assert f"Host: 127.0.0.1:{server.port}" in lines
        assert "Content-Type: application/json" in lines
        assert "Content-Length: 7" in lines

    async def test_the_connection_is_kept(self, server, make_client):
        client = make_client()
        for _ in range(3):
            assert await post(client, server.url) == (200, "")
        assert server.connections == client.connections_opened == 1

    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
            (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 500),
            (b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", 302),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200),
            (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200),
            ([b"HTTP/1.1 2", b"00 OK\r\nContent-", b"Length: 2\r\n\r\no", b"k"], 200),
        ],
    )
    async def test_answers_that_keep_the_connection(self, server, make_client, answer, status):
        client = make_client()
        server.answers = [answer]
        assert await post(client, server.url) == (status, "")
        assert await post(client, server.url) == (200, "")
        assert server.connections == 1
        assert len(server.requests) == 2  # no redirect was followed

    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200),
            (b"HTTP/1.0 200 OK\r\n\r\nok", 200),
            (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200),
            (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 101),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000, 200),
            (OK + OK, 200),
        ],
    )
    async def test_answers_that_end_the_connection(self, server, make_client, answer, status):
        client = make_client()
        server.answers = [answer]
        assert (await post(client, server.url))[0] == status
        assert await post(client, server.url) == (200, "")
        assert server.connections == 2

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (b"SSH-2.0-OpenSSH_9.2\r\n", "not an HTTP answer"),
            (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "header is too long"),
            (b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, "header is too long"),
            (None, "closed before an answer"),
            ([b"HTTP/1.1 200"], "no answer within"),
        ],
    )
    async def test_no_answer(self, server, make_client, answer, why):
        client = make_client(timeout_s=0.5)
        server.answers = [answer]
        status, said = await post(client, server.url)
        assert status == 0
        assert why in said

    async def test_refused(self, make_client):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
            assert await post(make_client(), url) == (0, "connection refused")

    async def test_silence_is_a_time_out_and_ends_the_connection(self, server, make_client):
        client = make_client(timeout_s=0.5)
        server.silent = True
        assert await post(client, server.url) == (0, "no answer within 0.5 s")
        server.silent = False
        assert await post(client, server.url) == (200, "")
        assert server.connections == 2

    async def test_no_connection_is_a_time_out(self, make_client):
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            with socket.socket() as first, socket.socket() as second:
                for each in (first, second):
                    each.setblocking(False)
                    each.connect_ex(("127.0.0.1", port))
                client = make_client(timeout_s=0.1)
                status, why = await post(client, f"http://127.0.0.1:{port}/")
                assert (status, why) in {
                    (0, "no connection within 0.1 s"),
                    (0, "the connection attempt timed out"),
                }

    async def test_a_kept_connection_the_server_closed_is_replaced(self, server, make_client):
        client = make_client()
        await post(client, server.url)
        # The server closes just when the request is on its way: it is sent again on a new connection.
        server.answers = [None]
        assert await post(client, server.url) == (200, "")
        assert server.connections == 2
        assert len(server.requests) == 3

    async def test_a_kept_connection_is_dropped_when_it_ends(self, server, make_client):
        client = make_client()
        await post(client, server.url)
        [connection] = client._origins[("127.0.0.1", server.port, False)].idle
        server.writers[0].close()
        await server.writers[0].wait_closed()
        async with asyncio.timeout(60):
            while True:
                if connection.transport is None:
                    break
                await asyncio.sleep(0)
        assert await post(client, server.url) == (200, "")
        assert server.connections == 2

    async def test_octets_nobody_asked_for_end_an_idle_connection(self, server, make_client):
        client = make_client()
        await post(client, server.url)
        [connection] = client._origins[("127.0.0.1", server.port, False)].idle
        server.writers[0].write(OK)
        async with asyncio.timeout(60):
            while True:
                if connection.transport is None:
                    break
                await asyncio.sleep(0)
        assert await post(client, server.url) == (200, "")
        assert server.connections == 2

    async def test_idle_connections_are_closed_and_origins_forgotten(self, server, make_client, monkeypatch):
        monkeypatch.setattr(http_post, "LOOKUP_KEPT_S", 0.01)
        client = make_client(idle_s=0.02)
        await post(client, server.url)
        async with asyncio.timeout(60):
            while True:
                if not client._origins:
                    break
                await asyncio.sleep(0)
        assert client._idle == 0
        assert await post(client, server.url) == (200, "")

    async def test_no_more_are_kept_than_allowed(self, server, make_client):
        client = make_client(max_idle=1)
        answers = await asyncio.gather(*(post(client, server.url) for _ in range(4)))
        assert answers == [(200, "")] * 4
        assert client._idle == 1

    async def test_close_ends_what_is_under_way(self, server, make_client):
        client = make_client()
        server.silent = True
        waiting = asyncio.create_task(post(client, server.url))
        async with asyncio.timeout(60):
            while True:
                if server.requests:
                    break
                await asyncio.sleep(0)
        await client.close()
        assert await waiting == (0, "the gateway was stopped")


class TestAddresses:
    async def test_the_next_address_is_tried_and_remembered(self, server):
        asked = []

        async def resolve(host, port):
            asked.append(host)
            return ["127.0.0.2", "127.0.0.1"]  # nobody listens on the first

        client = HttpPostClient(AddressGuard(allow_private=True, resolver=resolve))
        try:
            url = f"http://service.example:{server.port}/"
            assert await post(client, url) == (200, "")
            origin = client._origins[("service.example", server.port, False)]
            assert origin.addresses == ["127.0.0.1", "127.0.0.2"]
            assert await post(client, url) == (200, "")
            assert asked == ["service.example"]
        finally:
            await client.close()

    async def test_lookups_are_shared_and_failures_remembered(self):
        asked = []

        async def resolve(host, port):
            asked.append(host)
            raise socket.gaierror(-2, "Name or service not known")

        client = HttpPostClient(AddressGuard(allow_private=True, resolver=resolve))
        try:
            answers = await asyncio.gather(*(post(client, "http://nowhere.example/") for _ in range(5)))
            answers.append(await post(client, "http://nowhere.example/"))
            assert answers == [(0, "name or service not known")] * 6
            assert asked == ["nowhere.example"]
        finally:
            await client.close()

    async def test_a_lookup_that_hangs_is_a_time_out(self):
        async def resolve(host, port):
            await asyncio.Event().wait()

        client = HttpPostClient(AddressGuard(resolver=resolve), timeout_s=0.05)
        assert await post(client, "http://slow.example/") == (0, "no connection within 0.05 s")
        await client.close()

    async def test_a_label_the_resolver_cannot_take(self, make_client):
        status, why = await post(make_client(system_resolver), f"http://{'a' * 70}.example/")
        assert status == 0
        assert why

    async def test_private_addresses_are_refused(self, server):
        client = HttpPostClient(AddressGuard())
        status, why = await post(client, server.url)
        assert (status, why) == (0, "127.0.0.1 is not a public address")
        assert server.connections == 0
        await client.close()

    async def test_a_name_that_changes_its_mind_is_checked_on_the_address_used(self, server):
        """DNS rebinding: what was checked is what is connected to."""
        answers = [["93.184.216.34"], ["127.0.0.1"]]

        async def resolve(host, port):
            return answers.pop(0)

        connected = []
        client = HttpPostClient(AddressGuard(resolver=resolve), timeout_s=1)
        loop = asyncio.get_running_loop()
        original = loop.create_connection

        async def create_connection(factory, host, *args, **kwargs):
            connected.append(host)
            raise ConnectionRefusedError

        loop.create_connection = create_connection
        try:
            await post(client, f"http://rebind.example:{server.port}/")
        finally:
            loop.create_connection = original
            await client.close()
        assert connected == ["93.184.216.34"]
        assert server.connections == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for service.example, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "service.example")])
    start = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("service.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    encoding = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(encoding))
    (folder / "key.pem").write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


async def resolve_to_loopback(host, port):
    return ["127.0.0.1"]


class TestTls:
    @pytest.fixture
    async def tls_server(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        raw = RawServer()
        await raw.start(context)
        yield raw
        await raw.close()

    @pytest.fixture
    async def client(self, certificate):
        client = HttpPostClient(
            AddressGuard(allow_private=True, resolver=resolve_to_loopback),
            ssl_context=ssl.create_default_context(cafile=certificate[0]),
        )
        yield client
        await client.close()

    async def test_posts_over_tls(self, tls_server, client):
        for _ in range(2):
            assert await post(client, f"https://service.example:{tls_server.port}/") == (200, "")
        assert tls_server.connections == 1

    async def test_a_certificate_for_another_name(self, tls_server, client):
        status, why = await post(client, f"https://other.example:{tls_server.port}/")
        assert status == 0
        assert why.startswith("the TLS certificate is not valid: ")
        assert not tls_server.requests

    async def test_a_certificate_nobody_vouches_for(self, tls_server):
        client = HttpPostClient(AddressGuard(allow_private=True, resolver=resolve_to_loopback))
        status, why = await post(client, f"https://service.example:{tls_server.port}/")
        assert status == 0
        assert why.startswith("the TLS certificate is not valid: self")
        await client.close()

    async def test_no_tls_on_the_other_side(self, client):
        async def greet(reader, writer):
            writer.write(OK)
            writer.close()

        plain = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = plain.sockets[0].getsockname()[1]
        status, why = await post(client, f"https://service.example:{port}/")
        assert status == 0
        assert why.startswith("TLS failed: ")
        plain.close()
        await plain.wait_closed()

    def test_failures_in_words(self):
        expired = ssl.SSLCertVerificationError(1, "certificate verify failed")
        expired.verify_message = "certificate has expired"
        assert describe_failure(expired) == "the TLS certificate is not valid: certificate has expired"
        assert describe_failure(TimeoutError()) == "the connection attempt timed out"
        assert describe_failure(OSError(113, "No route to host")) == "no route to host"
        assert describe_failure(OSError("odd")) == "odd"
