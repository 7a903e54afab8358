"""A small HTTP/1.1 client for one purpose: POST a body, learn the status, keep the connection.

A general client costs about 130 microseconds of CPU per request (aiohttp, measured), more than everything
else a message needs; this one a fraction of it. There is no task and no future per request: requests are
written to a kept connection, llhttp (httptools) parses the answer, the caller's function is called. Only a
new connection takes a task. Redirects are not followed, bodies are read and dropped, proxies are not used.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from trunkline.connectors.address_guard import AddressGuard, AddressRefused
from trunkline.connectors.http_target import Target

MAX_ANSWER = 65_536
"""Octets of an answer that are read; a connection whose answer is longer is closed, the status counts."""

LOOKUP_KEPT_S = 30.0
"""Seconds for which a name's addresses, or the failure to find any, are remembered."""

Finished = Callable[[int, str], None]
"""Called with the status (0: no answer came) and, where there is none, the reason in words."""


class _Origin:
    """What is known about one scheme, host and port."""

    __slots__ = ("addresses", "failure", "host", "idle", "key", "looked_up", "lookup", "port", "secure")

    def __init__(self, key: tuple[str, int, bool]) -> None:
        self.key = key
        self.host, self.port, self.secure = key
        self.idle: list[_Connection] = []
        self.addresses: list[str] = []
        self.failure: Exception | None = None
        self.looked_up = float("-inf")
        self.lookup: asyncio.Task[None] | None = None


class _Exchange:
    """One request and whom to tell."""

    __slots__ = ("body", "connection", "finished", "opening", "origin", "target", "timer")

    def __init__(self, origin: _Origin, target: Target, body: bytes, finished: Finished) -> None:
        self.origin = origin
        self.target = target
        self.body = body
        self.finished: Finished | None = finished
        self.connection: _Connection | None = None
        self.opening: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None


class _Connection(asyncio.Protocol):
    """One connection: at most one exchange at a time."""

    __slots__ = (
        "_client", "_complete", "_keep", "_parser", "_received", "_reused", "_status",
        "exchange", "idle_since", "origin", "transport",
    )  # fmt: skip

    def __init__(self, client: "HttpPostClient", origin: _Origin) -> None:
        self._client = client
        self._parser: HttpResponseParser | None = None
        self._received = 0
        self._status = 0
        self._keep = False
        self._complete = False
        self._reused = False
        self.origin = origin
        self.exchange: _Exchange | None = None
        self.transport: asyncio.Transport | None = None
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._parser = HttpResponseParser(self)

    def send(self, exchange: _Exchange) -> None:
        """Writes the request. The connection must be open and idle."""
        self._received = self._status = 0
        self._complete = self._keep = False
        self.exchange = exchange
        exchange.connection = self
        body = exchange.body
        assert self.transport is not None  # noqa: S101 - an idle connection has been made
        self.transport.write(b"%b%d\r\n\r\n%b" % (exchange.target.head, len(body), body))

    def data_received(self, data: bytes) -> None:
        exchange = self.exchange
        if exchange is None or self._parser is None:
            # Nobody asked: what follows could be taken for the answer to the next request.
            self.abort()
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._end(exchange, self._status, f"not an HTTP answer: {error}")
            return
        if self._complete and self._keep:
            self.exchange = exchange.connection = None
            self._reused = True
            self._client.park(self)
            self._client.finish(exchange, self._status, "")
        elif self._status and (self._complete or not self._keep or self._received > MAX_ANSWER):
            self._end(exchange, self._status, "")
        elif self._received > MAX_ANSWER:
            self._end(exchange, 0, "the answer's header is too long")

    # The parser swallows what is raised in its callbacks, so they only take notes.
    def on_headers_complete(self) -> None:
        assert self._parser is not None  # noqa: S101 - it is calling
        if self._complete:
            self._keep = False  # a second answer to one request
            return
        status = self._parser.get_status_code()
        if status >= 200 or status == 101:
            self._status = status
            self._keep = self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        if self._status:
            self._complete = True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        self._parser = self.transport = None
        exchange = self.exchange
        if exchange is None:
            self._client.forget(self)
            return
        self.exchange = exchange.connection = None
        if self._reused and not self._received:
            # The server closed an idle connection while our request was on its way: not its answer.
            self._client.open(exchange)
        else:
            self._client.finish(exchange, 0, "the connection was closed before an answer came")

    def _end(self, exchange: _Exchange, status: int, why: str) -> None:
        self.exchange = exchange.connection = None
        self.abort()
        self._client.finish(exchange, status, why)

    def abort(self) -> None:
        """Closes at once; nothing more is reported."""
        self.exchange = None
        if self.transport is not None:
            self.transport.abort()


class HttpPostClient:
    """POSTs bodies over kept connections; belongs to the running event loop's thread.

    `timeout_s` covers everything from name lookup to status. Connections idle for `idle_s` seconds are
    closed, and no more than `max_idle` are kept over all origins. How many requests run at the same time is
    the caller's to bound: each one uses a connection.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        timeout_s: float = 10.0,
        idle_s: float = 30.0,
        max_idle: int = 256,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._guard = guard
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._max_idle = max_idle
        self._ssl = ssl_context
        self._origins: dict[tuple[str, int, bool], _Origin] = {}
        self._idle = 0
        self._exchanges: set[_Exchange] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self.connections_opened = 0

    def post(self, target: Target, body: bytes, finished: Finished) -> None:
        """Sends `body` as JSON; `finished` is called exactly once, never from within this call."""
        key = (target.host, target.port, target.secure)
        origin = self._origins.get(key)
        if origin is None:
            origin = self._origins[key] = _Origin(key)
            if self._sweeping is None:
                self._sweeping = self._loop.call_later(self._idle_s, self._sweep)
        exchange = _Exchange(origin, target, body, finished)
        exchange.timer = self._loop.call_later(self._timeout_s, self._timed_out, exchange)
        self._exchanges.add(exchange)
        idle = origin.idle
        while idle:
            connection = idle.pop()
            self._idle -= 1
            transport = connection.transport
            if transport is not None and not transport.is_closing():
                connection.send(exchange)
                return
        self.open(exchange)

    def open(self, exchange: _Exchange) -> None:
        """Makes a new connection for an exchange."""
        exchange.opening = self._loop.create_task(self._open(exchange))

    def park(self, connection: _Connection) -> None:
        """Keeps a connection for the next request to its origin."""
        if self._idle >= self._max_idle:
            connection.abort()
            return
        connection.idle_since = self._loop.time()
        connection.origin.idle.append(connection)
        self._idle += 1

    def forget(self, connection: _Connection) -> None:
        """Drops a closed connection from those kept."""
        idle = connection.origin.idle
        if connection in idle:
            idle.remove(connection)
            self._idle -= 1

    def finish(self, exchange: _Exchange, status: int, why: str) -> None:
        """Tells the caller, once."""
        finished = exchange.finished
        if finished is None:
            return
        exchange.finished = None
        if exchange.timer is not None:
            exchange.timer.cancel()
            exchange.timer = None
        self._exchanges.discard(exchange)
        finished(status, why)

    async def close(self) -> None:
        """Ends all requests that are under way, with status 0, and closes every connection."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        tasks = []
        for exchange in list(self._exchanges):
            if exchange.opening is not None:
                exchange.opening.cancel()
                tasks.append(exchange.opening)
            if exchange.connection is not None:
                exchange.connection.abort()
            self.finish(exchange, 0, "the gateway was stopped")
        for origin in self._origins.values():
            if origin.lookup is not None:
                origin.lookup.cancel()
                tasks.append(origin.lookup)
            for connection in origin.idle:
                connection.abort()
            origin.idle.clear()
        self._origins.clear()
        self._idle = 0
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports report their end in the next round of the loop

    async def _open(self, exchange: _Exchange) -> None:
        origin = exchange.origin
        try:
            connection = await self._connect(origin)
        except (AddressRefused, OSError, ssl.SSLError) as error:
            exchange.opening = None
            self.finish(exchange, 0, describe_failure(error))
            return
        exchange.opening = None
        if exchange.finished is None:
            connection.abort()
        else:
            connection.send(exchange)

    async def _connect(self, origin: _Origin) -> _Connection:
        await self._look_up(origin)
        context = self._tls() if origin.secure else None
        addresses = list(origin.addresses)
        # One address that swallows packets must not use up the time of all.
        share = self._timeout_s / len(addresses)
        failure: Exception = TimeoutError()
        for address in addresses:
            connection: _Connection | None = None

            def make() -> _Connection:
                nonlocal connection
                connection = _Connection(self, origin)
                return connection

            try:
                async with asyncio.timeout(share):
                    await self._loop.create_connection(
                        make,
                        address,
                        origin.port,
                        ssl=context,
                        server_hostname=origin.host if context else None,
                    )
            except (OSError, asyncio.CancelledError) as error:  # OSError: TimeoutError and SSLError, too
                if connection is not None:
                    connection.abort()  # it may have come in the very moment of the time-out
                if isinstance(error, asyncio.CancelledError):
                    raise
                failure = error
                continue
            assert connection is not None  # noqa: S101 - create_connection made it
            self.connections_opened += 1
            if address != origin.addresses[0]:
                # The one that works is tried first from now on.
                origin.addresses.sort(key=address.__ne__)
            return connection
        raise failure

    async def _look_up(self, origin: _Origin) -> None:
        if self._loop.time() - origin.looked_up > LOOKUP_KEPT_S:
            if origin.lookup is None:
                origin.lookup = self._loop.create_task(self._resolve(origin))
            # Shared by all requests that wait for it: one of them timing out must not end it.
            await asyncio.shield(origin.lookup)
        if origin.failure is not None:
            raise origin.failure.with_traceback(None)  # one exception for many: it must not collect traces

    async def _resolve(self, origin: _Origin) -> None:
        try:
            origin.addresses = await self._guard.addresses(origin.host, origin.port)
            origin.failure = None
        except (AddressRefused, OSError, UnicodeError) as error:
            # UnicodeError: the resolver refuses names with labels that are empty or too long.
            origin.failure = OSError(str(error)) if isinstance(error, UnicodeError) else error
        finally:
            origin.looked_up = self._loop.time()
            origin.lookup = None

    def _tls(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = ssl.create_default_context()
        return self._ssl

    def _timed_out(self, exchange: _Exchange) -> None:
        exchange.timer = None
        why = f"no answer within {self._timeout_s:g} s"
        if exchange.opening is not None:
            exchange.opening.cancel()
            exchange.opening = None
            why = f"no connection within {self._timeout_s:g} s"
        if exchange.connection is not None:
            exchange.connection.abort()
            exchange.connection = None
        self.finish(exchange, 0, why)

    def _sweep(self) -> None:
        """Closes connections idle for too long and forgets origins that nobody uses."""
        now = self._loop.time()
        in_use = {exchange.origin.key for exchange in self._exchanges}
        for key, origin in list(self._origins.items()):
            while origin.idle and now - origin.idle[0].idle_since > self._idle_s:
                self._idle -= 1
                origin.idle.pop(0).abort()
            if key not in in_use and not origin.idle and now - origin.looked_up > LOOKUP_KEPT_S:
                del self._origins[key]
        self._sweeping = self._loop.call_later(self._idle_s, self._sweep) if self._origins else None


def describe_failure(error: Exception) -> str:
    """A connection's failure in words, without anything secret."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the TLS certificate is not valid: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return "the connection attempt timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
