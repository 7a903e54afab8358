"""The bench's own instruments against servers that count on their own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench.certificates import Certificates
from bench.instruments import idle_binds
from bench.instruments.http_load import HttpLoad
from bench.instruments.http_sink import Connection, Tally
from bench.instruments.smsc import CountingSmsc
from trunkline.simulator.esme import EsmeLoad
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.asyncio import SmppConnection, SmppServer
from trunkline.smpp.asyncio.contexts import client_context, server_context
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import CommandStatus
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import Bind, EnquireLink, Unbind
from trunkline.smpp.timers import TimerSettings

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
Answer = Callable[[bytes], bytes | None]


@asynccontextmanager
async def http_server(answer: Answer) -> AsyncIterator[str]:
    """Answers each request's body as `answer` says; None breaks the connection."""

    serving = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length:")[2].split()[0])
                reply = answer(await reader.readexactly(length))
                if reply is None:
                    break
                writer.write(reply)
        except asyncio.IncompleteReadError:
            pass  # the client is done
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send"
    finally:
        server.close()
        await asyncio.gather(*filter(None, serving))


def load_on(url: str, count: int) -> HttpLoad:
    return HttpLoad(url, "tk_key", '{"to":"{dest}"}', count, 4, 4900)


async def test_http_load_sends_every_number_once() -> None:
    seen: list[bytes] = []

    def answer(body: bytes) -> bytes:
        seen.append(body)
        return OK

    async with http_server(answer) as url:
        account = await load_on(url, 50).run()
    assert sorted(seen) == [b'{"to":"%d"}' % number for number in range(4900, 4950)]
    assert (account["accepted"], account["unanswered"], account["codes"]) == (50, 0, {200: 50})
    assert account["accepted_per_s"]


async def test_http_load_tries_again_only_what_was_refused_for_now() -> None:
    seen: list[bytes] = []

    def answer(body: bytes) -> bytes:
        seen.append(body)
        if len(seen) == 1:
            return b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
        if body == b'{"to":"4907"}':
            return b"HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nbad"
        return OK

    async with http_server(answer) as url:
        account = await load_on(url, 10).run()
    assert len(seen) == 11
    assert seen.count(seen[0]) == 2
    assert (account["retries"], account["codes"], account["first_refusal"]) == (1, {200: 9, 400: 1}, "bad")


async def test_http_load_does_not_repeat_what_broke() -> None:
    seen: list[bytes] = []

    def answer(body: bytes) -> bytes | None:
        seen.append(body)
        return None if body == b'{"to":"4903"}' else OK

    async with http_server(answer) as url:
        account = await load_on(url, 10).run()
    assert len(seen) == len(set(seen)) == 10
    assert (account["accepted"], account["unanswered"]) == (9, 1)


def test_callbacks_are_counted_by_message_id() -> None:
    tally = Tally()
    for body in (b'{"message_id":"a","status":"x"}', b'{"message_id":"b"}', b'{"message_id":"a"}', b"?"):
        tally.take(body)
    stats = tally.stats()
    assert (stats["unique"], stats["duplicates"], stats["unreadable"]) == (2, 1, 1)
    assert stats["last_at"]
    tally.reset()
    assert (tally.stats()["unique"], tally.stats()["last_at"]) == (0, 0.0)


@pytest.mark.parametrize("size", [1, 1000])
async def test_callback_receiver_reads_requests_in_any_pieces(size: int) -> None:
    tally = Tally()
    closed = asyncio.Event()

    class Watched(Connection):
        def connection_lost(self, exc: Exception | None) -> None:
            closed.set()

    server = await asyncio.get_running_loop().create_server(lambda: Watched(tally), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    body = b'{"message_id":"m1"}'
    request = b"POST /dlr HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    for start in range(0, 2 * len(request), size):
        writer.write((2 * request)[start : start + size])
        await writer.drain()
    for _ in range(2):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(2) == b"OK"
    assert (tally.stats()["unique"], tally.stats()["duplicates"]) == (1, 1)
    writer.close()
    await writer.wait_closed()
    await closed.wait()
    server.close()


async def test_smsc_counts_destinations() -> None:
    smsc = CountingSmsc("127.0.0.1", 0, Scenario())
    smsc.reset()
    await smsc.start()
    try:
        for _ in range(2):  # the same numbers a second time are duplicates
            load = EsmeLoad("127.0.0.1", smsc.port, "gateway", "secret", count=20)
            result = await load.run()
            assert (result.accepted, result.receipts) == (20, 20)
        stats = smsc.stats()
        assert (stats["submits"], stats["unique"], stats["receipts_acked"]) == (40, 20, 40)
        assert stats["last_submit_at"]
        assert stats["last_ack_at"]
        smsc.reset()
        assert (smsc.stats()["submits"], smsc.stats()["unique"]) == (0, 0)
    finally:
        await smsc.stop()


class Gateway(Handler):
    """Takes the binds of everybody but `nobody`."""

    def __init__(self, connection: SmppConnection) -> None:
        self.connection = connection

    def on_bind(self, pdu: Bind) -> None:
        if pdu.system_id == "nobody":
            self.connection.refuse_bind(pdu, CommandStatus.ESME_RINVSYSID)
        else:
            self.connection.accept_bind(pdu)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_idle_binds_are_counted_and_asked(tmp_path: Path, tls: bool) -> None:
    files = Certificates.make(tmp_path)
    server = SmppServer(
        "127.0.0.1",
        0,
        Gateway,
        timers=TimerSettings(enquire_link=0.01),
        ssl=server_context(files.certificate.read_text(), files.key.read_text()) if tls else None,
    )
    await server.start()
    context = client_context(ca=files.authority.read_text()) if tls else None
    try:
        account = await idle_binds.run(server.port, ["one", "nobody", "two"], "secret", 3, 0.01, context)
    finally:
        await server.close()
    assert (account["bound"], account["lost"]) == (6, 0)
    assert account["refused"] == "bind refused: ESME_RINVSYSID"
    assert account["bound_after_s"]


async def test_idle_binds_count_how_often_they_are_asked() -> None:
    bind = idle_binds.IdleBind()
    for pdu in (EnquireLink(), EnquireLink(), Unbind()):
        bind.read(encode(pdu))
    assert bind.asked == 2
