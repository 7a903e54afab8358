"""Runs the HTTP door: the listening socket, uvicorn without its signal handlers, a graceful stop."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trunkline.servers.http.errors import error_body
from trunkline.servers.http.exchange import Application
from trunkline.servers.http.forwarding import ForwardedRequests, read_networks
from trunkline.servers.listening import CannotListen

log = structlog.get_logger()

MAX_HEAD = 65_536
LINE_OCTETS = 4  # of a header line beside name and value: colon, space, CR, LF
BACKLOG = 2048
WEBSOCKET_MAX = 1_000_000  # octets of one message from a browser
SETTING = "http_port"
SWEEP_S = 2.0


class HeadTooLarge(Exception):
    """The request's head is too large"""


class DoorProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol with what it lacks: a limit for the head, a deadline for a request.

    Without them a client could send header lines for ever, or hold a connection open with half a request.
    """

    reading_since = 0.0  # loop time at which we began to wait for the rest of a request; 0: not waiting
    in_head = True
    head_octets = 0  # of the head that is not complete yet, in the reads before this one
    read_octets = 0  # in this read
    request_ended = False  # in this read: how much of it belongs to the next head is not known
    too_large = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected: its first request is due."""
        super().connection_made(transport)
        self.reading_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Parses; refuses heads above `MAX_HEAD` bytes."""
        self.read_octets = len(data)
        self.request_ended = False
        super().data_received(data)
        if self.in_head and self.reading_since and not self.request_ended:
            self.head_octets += len(data)
            if self.head_octets > MAX_HEAD and not self.transport.is_closing():
                self.refuse_head()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.reading_since = self.loop.time()
        self.in_head = True
        self.head_octets = 0

    def on_headers_complete(self) -> None:
        """Its head is complete. Raises `HeadTooLarge`, which ends the parsing."""
        self.in_head = False
        # What was read says mostly that it cannot be too large; only then its lines are counted.
        if self.head_octets + self.read_octets > MAX_HEAD:
            lines = sum(len(name) + len(value) + LINE_OCTETS for name, value in self.headers)
            self.too_large = len(self.url) + lines > MAX_HEAD
            if self.too_large:
                raise HeadTooLarge
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Its body is complete."""
        self.reading_since = 0.0
        self.request_ended = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What comes in is not HTTP, or the parsing was ended."""
        if self.too_large:
            self.refuse_head()
        else:
            self.refuse(400, "Bad Request", msg.rstrip("."))

    def refuse_head(self) -> None:
        """Answers that the head is larger than `MAX_HEAD` and closes."""
        self.refuse(431, "Request Header Fields Too Large", "the request's head is too large")

    def refuse(self, status: int, phrase: str, message: str) -> None:
        """Answers without a request and closes."""
        body = error_body(message)
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def close_overdue(self, before: float) -> bool:
        """Closes the connection if it has waited for the rest of a request since before this loop time."""
        if not 0.0 < self.reading_since < before or self.transport.is_closing():
            return False
        if self.cycle is not None and not self.cycle.response_complete:
            # The application waits for the body; it is told that the client is gone.
            self.transport.abort()
        else:
            self.refuse(408, "Request Timeout", "the request did not arrive in time")
        return True


class _Server(uvicorn.Server):
    """uvicorn without signal handlers, which says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the process's business."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to listen."""
        await super().startup(sockets)
        self.listening.set()


class HttpServer:
    """Serves an ASGI application on one address.

    `request_timeout_s` is the time a client has to send a request completely. `trusted_proxies` (addresses
    and networks, separated by commas) may tell the client's address and scheme; nobody else is believed.
    `websockets` lets the application speak with browsers over websockets.
    """

    def __init__(
        self,
        app: Application,
        host: str,
        port: int,
        *,
        max_connections: int = 10_000,
        keep_alive_s: int = 75,
        request_timeout_s: float = 60.0,
        grace_s: int = 10,
        trusted_proxies: str = "",
        websockets: bool = False,
    ) -> None:
        networks = read_networks(trusted_proxies)
        self._app = ForwardedRequests(app, networks) if networks else app
        self._host = host
        self._port = port
        self._max_connections = max_connections
        self._keep_alive_s = keep_alive_s
        self._request_timeout_s = request_timeout_s
        self._grace_s = grace_s
        self._websockets = websockets
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self.overdue = 0  # connections closed because their request never became complete

    @property
    def port(self) -> int:
        """The port; once started, the real one where any free one was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """The server's base URL."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._server.server_state.connections) if self._server else 0

    async def start(self) -> None:
        """Listens; returns when connections are accepted. Raises `CannotListen`."""
        listener = await self._bind()
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            loop="none",
            http=DoorProtocol,
            ws="websockets-sansio" if self._websockets else "none",
            ws_max_size=WEBSOCKET_MAX,
            # Compressing would take the event loop from the messages.
            ws_per_message_deflate=False,
            lifespan="off",
            interface="asgi3",
            log_config=None,
            # Its warnings are about clients that send garbage: one line for each of them helps nobody.
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # see `forwarding`
            limit_concurrency=self._max_connections,
            timeout_keep_alive=self._keep_alive_s,
            timeout_graceful_shutdown=self._grace_s,
            backlog=BACKLOG,
        )
        server = self._server = _Server(config)
        loop = asyncio.get_running_loop()
        self._serving = loop.create_task(server.serve([listener]))
        listening = loop.create_task(server.listening.wait())
        await asyncio.wait([self._serving, listening], return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            listening.cancel()
            listener.close()
            await self._serving
        self._sweeping = loop.create_task(self._sweep())
        log.info("The HTTP server listens.", action="http.listening", url=self.url)

    async def stop(self) -> None:
        """Takes no more connections, finishes open requests within the grace period, closes."""
        if self._server is None or self._serving is None or self._sweeping is None:
            return
        self._sweeping.cancel()
        self._server.should_exit = True
        await asyncio.gather(self._serving, self._sweeping, return_exceptions=True)
        self._server = self._serving = self._sweeping = None

    def close_overdue(self, now: float) -> None:
        """Closes what has waited too long for the rest of a request; `now` is loop time.

        The server calls it every `SWEEP_S` seconds.
        """
        if self._server is not None:
            before = now - self._request_timeout_s
            for connection in list(self._server.server_state.connections):
                # A websocket has no request that could be overdue.
                if isinstance(connection, DoorProtocol):
                    self.overdue += connection.close_overdue(before)

    async def _bind(self) -> socket.socket:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
        except socket.gaierror as error:
            raise CannotListen(self._host, self._port, SETTING, error) from error
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            # Listening at once: only this tells for certain that the port is ours.
            listener.listen(BACKLOG)
            listener.setblocking(False)
        except OSError as error:
            listener.close()
            raise CannotListen(self._host, self._port, SETTING, error) from error
        return listener

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_S)
            self.close_overdue(loop.time())
