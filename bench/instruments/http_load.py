"""An HTTP client that sends: keep-alive connections with one request in flight on each.

`{dest}` in the body becomes a destination of its own for every request. What is answered 429 or 503 is tried
again; a request whose connection broke is not, for nobody knows what became of it. Prints one line of JSON.

    python -m bench.instruments.http_load --url URL --api-key KEY --body BODY --count N [--connections N]
"""

import argparse
import asyncio
import json
import time
from array import array
from collections import Counter, deque
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop

RETRY_S = 0.05
GIVE_UP_S = 30.0
"""The run ends when nothing is answered for good for so long."""

_RETRIED = frozenset({429, 503})


class HttpLoad:
    """The work to do, shared by the connections, and the account of it."""

    def __init__(
        self, url: str, api_key: str, body: str, count: int, connections: int, dest_base: int
    ) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self._body = body.encode().split(b"{dest}")
        self._head = (
            f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"X-API-Key: {api_key}\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode()
        self._count = count
        self._connections = connections
        self._dest_base = dest_base
        self._next = 0
        self._finished = 0
        self._again: deque[tuple[float, int]] = deque()
        self._latencies = array("d")
        self._codes: Counter[int] = Counter()
        self._retries = self._unanswered = 0
        self._first_refusal = ""
        self._done = asyncio.Event()
        self.last_at = 0.0

    def request(self, index: int) -> bytes:
        """The request number `index`, complete."""
        body = (b"%d" % (self._dest_base + index)).join(self._body)
        return b"%b%d\r\n\r\n%b" % (self._head, len(body), body)

    def take(self) -> int | None:
        """The next request to send; None when there is none now."""
        if self._again and self._again[0][0] <= time.perf_counter():
            return self._again.popleft()[1]
        if self._next < self._count:
            self._next += 1
            return self._next - 1
        return None

    def answered(self, index: int, status: int, body: bytes, seconds: float) -> None:
        """Accounts for an answer."""
        now = time.perf_counter()
        if status in _RETRIED:
            self._retries += 1
            self._again.append((now + RETRY_S, index))
            return
        self.last_at = now
        self._codes[status] += 1
        self._latencies.append(seconds)
        if not 200 <= status < 300 and not self._first_refusal:
            self._first_refusal = body[:200].decode(errors="replace")
        self._finish()

    def broken(self) -> None:
        """Accounts for a request whose connection broke."""
        self._unanswered += 1
        self._finish()

    def _finish(self) -> None:
        self._finished += 1
        if self._finished >= self._count:
            self._done.set()

    async def run(self) -> dict[str, object]:
        """Sends everything; returns the account. Raises OSError when nobody listens."""
        loop = asyncio.get_running_loop()
        open_connections: set[Connection] = set()
        started_at, started = time.time(), time.perf_counter()
        self.last_at = started
        while not self._done.is_set() and time.perf_counter() - self.last_at < GIVE_UP_S:
            for _ in range(self._connections - len(open_connections)):
                await loop.create_connection(lambda: Connection(self, open_connections), self.host, self.port)
            for connection in tuple(open_connections):
                connection.go()  # those that stand idle while a refused request waits for its time
            try:
                await asyncio.wait_for(self._done.wait(), RETRY_S / 2)
            except TimeoutError:
                continue
        seconds = self.last_at - started
        await asyncio.gather(*(connection.close() for connection in tuple(open_connections)))
        latencies = sorted(self._latencies)
        accepted = sum(count for code, count in self._codes.items() if 200 <= code < 300)
        return {
            "started_at": started_at,
            "accepted": accepted,
            "unanswered": self._count - sum(self._codes.values()),
            "codes": dict(self._codes),
            "retries": self._retries,
            "accepted_per_s": accepted / seconds if seconds else 0.0,
            "p50_ms": 1000 * latencies[len(latencies) // 2] if latencies else 0.0,
            "p99_ms": 1000 * latencies[len(latencies) * 99 // 100] if latencies else 0.0,
            "first_refusal": self._first_refusal,
        }


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, load: HttpLoad, open_connections: "set[Connection]") -> None:
        self._load = load
        self._open = open_connections
        self._parser = httptools.HttpResponseParser(self)
        self._index: int | None = None
        self._sent_at = 0.0
        self._body: list[bytes] = []
        self._closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class
        self._open.add(self)
        self.go()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever the reason
        self._open.discard(self)
        self._closed.set()
        if self._index is not None:
            self._load.broken()

    async def close(self) -> None:
        """Closes the connection and waits until it is."""
        self._transport.close()
        await self._closed.wait()

    def go(self) -> None:
        """Sends the next request, unless one is under way or none is left."""
        if self._index is not None or self._transport.is_closing():
            return
        self._index = self._load.take()
        if self._index is not None:
            self._sent_at = time.perf_counter()
            self._transport.write(self._load.request(self._index))

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser: the answer is complete."""
        index, self._index = self._index, None
        if index is not None:
            seconds = time.perf_counter() - self._sent_at
            self._load.answered(index, self._parser.get_status_code(), b"".join(self._body), seconds)
        self._body.clear()
        if not self._parser.should_keep_alive():
            self._transport.close()
        self.go()


def main() -> None:
    """Reads the command line, sends, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--body", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--dest-base", type=int, required=True)
    given = parser.parse_args()

    async def run() -> dict[str, object]:
        load = HttpLoad(given.url, given.api_key, given.body, given.count, given.connections, given.dest_base)
        return await load.run()

    print(json.dumps(uvloop.run(run())))


if __name__ == "__main__":
    main()
