"""A receiver of delivery callbacks: answers 200 to every POST and counts the message ids.

python -m bench.instruments.http_sink --port P --control C
"""

import argparse
import asyncio
import time
from collections import Counter
from typing import cast

import httptools
import msgspec
import uvloop

from bench.instruments.control import serve_control

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK"


class Callback(msgspec.Struct):
    """What is read of a callback's body."""

    message_id: str


class Tally:
    """What came: how often each message id, and when the last (epoch seconds)."""

    def __init__(self) -> None:
        self.decoder = msgspec.json.Decoder(Callback)
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self.ids: Counter[str] = Counter()
        self.unreadable = 0
        self.last_at = 0.0

    def take(self, body: bytes) -> None:
        """Counts one callback."""
        self.last_at = time.time()
        try:
            self.ids[self.decoder.decode(body).message_id] += 1
        except msgspec.DecodeError:
            self.unreadable += 1

    def stats(self) -> dict[str, object]:
        """The counters, ready for JSON."""
        return {
            "unique": len(self.ids),
            "duplicates": self.ids.total() - len(self.ids),
            "unreadable": self.unreadable,
            "last_at": self.last_at,
        }


class Connection(asyncio.Protocol):
    """One keep-alive connection of the gateway."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._tally.take(b"".join(self._body))
        self._body.clear()
        self._transport.write(ANSWER)


async def run(port: int, control: int) -> None:
    """Serves until it is told to stop."""
    tally = Tally()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(tally), "127.0.0.1", port, backlog=1024
    )
    try:
        await serve_control(control, tally.stats, tally.reset)
    finally:
        server.close()


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control", type=int, required=True)
    given = parser.parse_args()
    uvloop.run(run(given.port, given.control))


if __name__ == "__main__":
    main()
