"""Garbage at the doors: it is answered or dropped, it costs nothing that lasts, and the good customers beside
it do not notice.
"""

import asyncio
import random
import resource
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest
import pytest_asyncio

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.codec import decode, encode
from trunkline.smpp.constants import CommandId, CommandStatus
from trunkline.smpp.pdus import BindTransceiver, EnquireLink, EnquireLinkResp, GenericNack, Pdu, SubmitSm

from .clients import Esme, make_submit
from .harness import ACCOUNT, PASSWORD, PATIENCE_S, Gateway, attach, eventually, http, simulator
from .loads import EsmeLoad, HttpLoad
from .proof import prove

pytestmark = pytest.mark.asyncio(loop_scope="module")

SESSION_INIT_S = 2.0
HALF_OPEN = 2000
SEND = "/api/v1/http-send"

_BIND = encode(BindTransceiver(system_id="good", password=PASSWORD, sequence_number=1))
_TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(range(190))


@dataclass
class Place:
    """A gateway with good customers at work."""

    gateway: Gateway
    loads: tuple[EsmeLoad, HttpLoad]
    api_key: str

    async def served(self) -> None:
        """The good customers go on, and health is told at once."""
        assert (await self.gateway.ready())[0] == 200
        one, other = self.loads[0].witness.acked, self.loads[1].witness.acked
        wanted = len(one) + 5, len(other) + 5
        await eventually(
            lambda: len(one) > wanted[0] and len(other) > wanted[1], "the good customers are served"
        )

    @asynccontextmanager
    async def unharmed(self) -> AsyncIterator[int]:
        """Whatever happens inside: the good are served, and neither descriptors nor memory stay taken."""
        files, memory = self.gateway.open_files, self.gateway.rss_mb
        yield self.gateway.smpp_port
        await self.served()
        await eventually(lambda: self.gateway.open_files <= files + 5, "all descriptors are given back")
        assert self.gateway.rss_mb - memory < 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A gateway for all tests here; in the end its books agree."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 10_000) if hard > 0 else 10_000, hard))
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), smpp_session_init_timeout_s=SESSION_INIT_S)
    await gateway.prepare()
    async with simulator(Scenario(response_delay_ms=5, receipt_delay_ms=20)) as smsc:
        await attach(gateway, smsc.port)
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "good", password=PASSWORD)
            api = await admin.http_accounts.create(COMMAND_LINE, ACCOUNT, "web", throughput=0)
        await gateway.start()
        loads = (
            EsmeLoad(gateway, "good", "97150", rate=60),
            HttpLoad(gateway, api.api_key, "97155", rate=30),
        )
        try:
            for load in loads:
                load.start()
            there = Place(gateway, loads, api.api_key)
            await there.served()
            pid = gateway.pid
            yield there
            assert gateway.running
            assert gateway.pid == pid
            for load in loads:
                await load.finish()
            await gateway.settles()
            await eventually(lambda: not smsc.counters.receipts_pending, "the SMSC has told all receipts")
        finally:
            for load in loads:
                await load.close()
        try:
            assert await gateway.stop() == 0
        finally:
            gateway.close()
        assert smsc.record is not None
        own = smsc.record.read()
        await prove(gateway, own, [load.witness for load in loads])
        assert not loads[0].witness.refused
        assert not loads[1].witness.refused
    gateway.check_log()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _answer(port: int, octets: bytes, *, half_close: bool = False) -> bytes:
    """Everything that comes back until the gateway closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(octets)
        if half_close:
            writer.write_eof()
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _pdu(reader: asyncio.StreamReader) -> Pdu:
    """The next PDU."""
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readexactly(4)
        return decode(head + await reader.readexactly(struct.unpack(">I", head)[0] - 4))


# --- SMPP -------------------------------------------------------------------------------------------------


async def test_random_octets(place: Place) -> None:
    rng = random.Random(7)
    async with place.unharmed() as port:
        for _ in range(10):
            await asyncio.gather(
                *(_answer(port, rng.randbytes(rng.randrange(1, 5000)), half_close=True) for _ in range(30))
            )


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n",
        _TLS_HELLO,
        struct.pack(">I", 0) + bytes(100),
        struct.pack(">IIII", 15, CommandId.ENQUIRE_LINK, 0, 1),
        struct.pack(">IIII", 0x7FFFFFFF, CommandId.SUBMIT_SM, 0, 1) + bytes(1000),
        struct.pack(">IIII", 0xFFFFFFFF, CommandId.BIND_TRANSCEIVER, 0, 1),
        struct.pack(">IIII", 1_000_000, CommandId.BIND_TRANSCEIVER, 0, 1),
    ],
    ids=["HTTP", "TLS", "length 0", "length 15", "length 2^31-1", "length 2^32-1", "length 10^6"],
)
async def test_what_cannot_be_smpp_is_cut_off_at_once(place: Place, octets: bytes) -> None:
    """Without waiting for what such a length promises: after it nothing could be read in step again. Who is
    closed because his time is up would get no answer.
    """
    async with place.unharmed() as port:
        answers = await asyncio.gather(*(_answer(port, octets) for _ in range(20)))
    for answer in answers:
        nack = decode(answer)
        assert isinstance(nack, GenericNack)
        assert nack.command_status == CommandStatus.ESME_RINVCMDLEN


async def test_binds_that_never_complete(place: Place) -> None:
    parts = [_BIND[:sent] for sent in (0, 1, 4, 15, 16, 20, len(_BIND) - 1)]
    async with place.unharmed() as port:
        answers = await asyncio.gather(
            *(_answer(port, part) for part in parts),
            *(_answer(port, part, half_close=True) for part in parts),
        )
    assert set(answers) == {b""}


async def test_a_bind_octet_by_octet_is_a_bind(place: Place) -> None:
    async with place.unharmed() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for octet in _BIND:
            writer.write(bytes([octet]))
            await writer.drain()
        assert (await _pdu(reader)).command_status == CommandStatus.ESME_ROK
        writer.close()


async def test_malformed_pdus_are_answered_and_the_session_goes_on(place: Place) -> None:
    submit = encode(make_submit("971560000001", "never sent", sequence_number=7))
    no_end = struct.pack(">IIII", 40, CommandId.SUBMIT_SM, 0, 8) + b"A" * 24
    unknown = struct.pack(">IIII", 20, 0x0000ABCD, 0, 9) + b"abcd"
    async with place.unharmed() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(submit)
        assert await _refused(reader, 7) == CommandStatus.ESME_RINVBNDSTS
        writer.write(_BIND)
        assert (await _pdu(reader)).command_status == CommandStatus.ESME_ROK
        writer.write(no_end + unknown)
        assert await _refused(reader, 8) not in (None, CommandStatus.ESME_ROK)
        assert await _refused(reader, 9) == CommandStatus.ESME_RINVCMDID
        writer.write(encode(EnquireLink(sequence_number=10)))
        assert isinstance(await _answer_to(reader, 10), EnquireLinkResp)
        writer.close()
    assert await place.gateway.value("SELECT count(*) FROM message WHERE dest_addr = '971560000001'") == 0


async def _answer_to(reader: asyncio.StreamReader, number: int) -> Pdu:
    """The response with this sequence number; receipts that come in between are of no interest."""
    while True:
        pdu = await _pdu(reader)
        if pdu.sequence_number == number and pdu.command_id & 0x80000000:
            return pdu


async def _refused(reader: asyncio.StreamReader, number: int) -> int:
    return (await _answer_to(reader, number)).command_status


async def test_thousands_of_half_open_connections(place: Place) -> None:
    """They fill the door for newcomers until their time is up; who is bound does not notice."""
    async with place.unharmed() as port:
        streams: list[Stream] = []
        for _ in range(HALF_OPEN // 100):
            streams += await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(100)))
        await place.served()
        for _, writer in streams[::2]:
            with suppress(ConnectionError):
                writer.write(_BIND[:10])

        async def let_in() -> Esme | None:
            with suppress(OSError):
                return await Esme().bind(port, "good")
            return None

        newcomer: Esme = await eventually(let_in, "a newcomer is let in", poll_s=0.2)
        await newcomer.leave()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(_closed(reader) for reader, _ in streams))
        for _, writer in streams:
            writer.close()


async def _closed(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        await reader.read()


async def test_a_flood_of_enquire_links_is_answered(place: Place) -> None:
    flood = 20_000
    async with place.unharmed() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_BIND)
        await _answer_to(reader, 1)
        writer.write(b"".join(encode(EnquireLink(sequence_number=n)) for n in range(2, flood + 2)))
        for number in range(2, flood + 2):
            assert isinstance(await _answer_to(reader, number), EnquireLinkResp)
        writer.close()


async def test_a_peer_that_never_reads_is_not_read_either(place: Place) -> None:
    """A hundred megabytes of requests by one who takes no answers: they stay in his own buffers."""
    async with place.unharmed() as port:
        memory = place.gateway.rss_mb
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(_BIND)
        chunk = b"".join(encode(EnquireLink(sequence_number=n)) for n in range(2, 10_002))
        with suppress(TimeoutError):
            async with asyncio.timeout(4):
                for _ in range(600):
                    writer.write(chunk)
                    await writer.drain()
        assert place.gateway.rss_mb - memory < 60
        await place.served()
        writer.transport.abort()


# --- HTTP -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "required"),
        (b"{", 400, "JSON"),
        (b"\xff\xfe{}", 400, "JSON"),
        (b"[" * 50_000, 400, "JSON"),
        (b"null", 400, ""),
        (b"[]", 400, ""),
        (b'{"to": "971501234567", "content": "x", "colour": "red"}', 400, "colour"),
        (b'{"to": 971501234567, "content": "x"}', 400, "to"),
        (b'{"to": "971501234567", "content": ["x"]}', 400, "content"),
        (b'{"to": "971501234567", "content": "a\\u0000b"}', 400, "NUL"),
        (b'{"to": "971501234567", "content": "\\ud800"}', 400, ""),
        (b'{"to": "not a number", "content": "x"}', 400, "not a phone number"),
        (b'{"to": "971501234567", "content": "x", "coding": 99}', 400, "coding"),
        (b'{"to": "971501234567", "content": "%s"}' % (b"x" * 900_000), 400, ""),
        (b'{"to": "971501234567", "content": "%s"}' % (b"x" * 2_000_000), 413, "MB"),
    ],
    ids=[
        "nothing", "half", "not UTF-8", "deep", "null", "list", "unknown field", "number", "list for text",
        "NUL", "half a surrogate pair", "no phone number", "bad coding", "long text", "oversized",
    ],
)  # fmt: skip
async def test_bad_bodies_get_a_sentence(place: Place, body: bytes, status: int, says: str) -> None:
    for path in (SEND, f"{SEND}/batch"):
        if path != SEND and status == 413:
            continue  # batches may be larger
        answer = await http(place.gateway.http_port, "POST", path, body, {"X-API-Key": place.api_key})
        assert answer.status == status, (path, answer)
        content = answer.json()
        assert content["ok"] is False
        assert content["error"]
        if path == SEND:
            assert says in content["error"]
    await place.served()


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\x00\x01\x02 garbage\r\n\r\n", 400),
        (_BIND, 400),
        (_TLS_HELLO, 400),
        (b"POST " + SEND.encode() + b" HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST " + SEND.encode() + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
         b"Transfer-Encoding: chunked\r\n\r\nzzzz\r\n", 400),
    ],
    ids=["octets", "SMPP", "TLS", "negative length", "two lengths"],
)  # fmt: skip
async def test_what_is_not_http(place: Place, octets: bytes, status: int) -> None:
    async with place.unharmed():
        answer = await _answer(place.gateway.http_port, octets)
        assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]


@pytest.mark.parametrize("more", [b"x" * 10_000, b"X-Line: y\r\n" * 1000], ids=["long", "many"])
async def test_a_head_without_end(place: Place, more: bytes) -> None:
    """It is not read to its end, whatever the client still wants to say."""
    async with place.unharmed():
        _, writer = await asyncio.open_connection("127.0.0.1", place.gateway.http_port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ")
        with pytest.raises(ConnectionError):
            await _write_on(writer, more, 50_000_000)
        writer.transport.abort()


async def _write_on(writer: asyncio.StreamWriter, more: bytes, octets: int) -> None:
    for _ in range(0, octets, len(more)):
        writer.write(more)
        await writer.drain()


async def test_slow_and_silent_http_clients(place: Place) -> None:
    """Hundreds that send their request a header line a second, or nothing at all, take no place of others."""
    head = f"POST {SEND} HTTP/1.1\r\nHost: gateway\r\n".encode()
    async with place.unharmed():
        streams = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", place.gateway.http_port) for _ in range(600))
        )
        for number, (_, writer) in enumerate(streams):
            if number % 3:
                writer.write(head)
        for line in range(3):
            for _, writer in streams[::3]:
                writer.write(b"X-Line-%d: %d\r\n" % (line, line) if line else head)
            await place.served()
        for _, writer in streams:
            writer.transport.abort()


async def test_a_submit_that_is_half_sent_is_not_a_message(place: Place) -> None:
    whole = encode(SubmitSm(destination_addr="971560000002", short_message=b"half", sequence_number=2))
    async with place.unharmed() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_BIND)
        await _answer_to(reader, 1)
        writer.write(whole[:-3])
        await place.served()
        writer.transport.abort()
    assert await place.gateway.value("SELECT count(*) FROM message WHERE dest_addr = '971560000002'") == 0
