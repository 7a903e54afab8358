"""Peers that know no SMPP: the tests say octet by octet what they send, and what must come."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .bench import HOST, WAIT_S

# A string in ASCII, a place for one octet or several, or one octet.
_WORDS = re.compile(r'"([^"]*)"|\.\.(?:\*(\d+))?|([0-9A-Fa-f]{2})').finditer


def pattern(layout: str) -> re.Pattern[bytes]:
    """A layout as a pattern: each line is hex or "ASCII", then `|` and what it is.

    `..` stands for any octet and `..*4` for any four; each is a group.
    """
    parts = []
    for line in layout.strip().splitlines():
        written = line.partition("|")[0]
        words = list(_WORDS(written))
        assert "".join(word[0] for word in words) == "".join(re.findall(r'"[^"]*"|\S', written)), line
        for word in words:
            text, count, octet = word.groups()
            if octet is not None:
                parts.append(re.escape(bytes.fromhex(octet)))
            elif text is not None:
                parts.append(re.escape(text.encode("ascii")))
            else:
                parts.append(b"(.{%d})" % int(count or 1))
    return re.compile(b"".join(parts), re.DOTALL)


def octets(layout: str) -> bytes:
    """The octets of a layout without open places."""
    return b"".join(
        word[1].encode("ascii") if word[1] is not None else bytes.fromhex(word[3])
        for line in layout.strip().splitlines()
        for word in _WORDS(line.partition("|")[0])
    )


class Line:
    """One end of a TCP connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, layout: str) -> None:
        """Write the octets of a layout, which is one PDU."""
        data = octets(layout)
        assert int.from_bytes(data[:4], "big") == len(data), f"command_length is {len(data):08x}"
        self.send_raw(data)

    def send_raw(self, data: bytes) -> None:
        """Write what need not be a PDU."""
        self._writer.write(data)

    async def receive(self) -> bytes:
        """Read one PDU, by the length in its first four octets."""
        async with asyncio.timeout(WAIT_S):
            length = await self._reader.readexactly(4)
            return length + await self._reader.readexactly(int.from_bytes(length, "big") - 4)

    async def expect(self, layout: str) -> tuple[bytes, ...]:
        """Read one PDU, which must be what the layout says; return what stood in its open places."""
        data = await self.receive()
        found = pattern(layout).fullmatch(data)
        assert found is not None, f"got {data.hex(' ')} ({data!r})"
        return found.groups()

    async def ended(self) -> None:
        """Read to the end of the connection, where nothing more may come."""
        async with asyncio.timeout(WAIT_S):
            assert await self._reader.read() == b""

    def close(self) -> None:
        """Leave without a word."""
        self._writer.close()


@asynccontextmanager
async def dial(port: int) -> AsyncIterator[Line]:
    """A connection to the gateway's SMPP port."""
    line = Line(*await asyncio.open_connection(HOST, port))
    try:
        yield line
    finally:
        line.close()


class Switchboard:
    """A port that the gateway's connectors dial; `answer` takes the next call."""

    def __init__(self) -> None:
        self.port = 0
        self._calls: asyncio.Queue[Line] = asyncio.Queue()
        self._lines: list[Line] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Switchboard"]:
        """Listens on a port of its own until the context is left."""
        server = await asyncio.start_server(self._called, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for line in self._lines:
                line.close()
            await server.wait_closed()

    async def answer(self) -> Line:
        """The next connection of the gateway."""
        async with asyncio.timeout(WAIT_S):
            return await self._calls.get()

    def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        self._lines.append(line)
        self._calls.put_nowait(line)
