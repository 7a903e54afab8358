"""One connection: pumps octets between a transport and a `Session`, and wakes the session when its timers are
due.

Writes are gathered: however many PDUs one turn of the event loop produces, they leave in one
`transport.write`.
"""

import asyncio
import socket
from collections.abc import Callable
from math import inf
from typing import Any, Final, cast
from uuid import uuid4

from trunkline.smpp.constants import MAX_PDU_SIZE, BindType, Role, Version, status_name
from trunkline.smpp.errors import PduError, SmppError
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import Bind, Outbind, Pdu
from trunkline.smpp.session import Session
from trunkline.smpp.tap import Tap
from trunkline.smpp.timers import TimerSettings
from trunkline.smpp.window import DEFAULT_WINDOW_SIZE

HandlerFactory = Callable[["SmppConnection"], Handler]

MAX_UNREAD_OUTPUT: Final = 1 << 20
"""Octets a peer may leave unread before its own requests are no longer read either."""

CLOSE_GRACE: Final = 5.0
"""Seconds that a closing connection may take to write out what is queued."""


class BindRefused(SmppError):
    """The peer answered the bind with an error; `status` is its command_status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"bind refused: {status_name(status)}")
        self.status = status


class ConnectionLost(SmppError, ConnectionError):
    """The connection ended before the answer came."""


class SmppConnection(asyncio.Protocol):
    """A transport and its session.

    `handler` is what `handler_factory(connection)` returned once the connection stood; its methods are called
    by the session, on the event loop. `connection_id` is a UUID, `peer` and `local` are `(host, port)`.
    `writable` is false while the transport is congested; `Handler.on_writable` tells when it no longer is.
    `error` is what broke the transport, such as an ssl.SSLError; None while nothing did. `tls` is the version
    of TLS that the connection stands on, None without.
    """

    def __init__(
        self,
        role: Role,
        handler_factory: HandlerFactory,
        *,
        timers: TimerSettings | None = None,
        window_size: int = DEFAULT_WINDOW_SIZE,
        max_pdu_size: int = MAX_PDU_SIZE,
        version: Version = Version.V34,
        on_made: "Callable[[SmppConnection], None] | None" = None,
        on_gone: "Callable[[SmppConnection], None] | None" = None,
        on_outbind: "Callable[[SmppConnection, Outbind], None] | None" = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._handler_factory = handler_factory
        self._on_made = on_made
        self._on_gone = on_gone
        self._on_outbind = on_outbind
        self._transport: asyncio.Transport | None = None
        self._flush_scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf
        self._bind_answer: asyncio.Future[Pdu] | None = None
        self._held = False  # reading paused by the owner
        self._choked = False  # reading paused because the peer does not read
        self._deaf = False
        self._gone = asyncio.Event()
        self._tap: Tap | None = None
        self.connection_id = str(uuid4())
        self.peer: tuple[str, int] = ("", 0)
        self.local: tuple[str, int] = ("", 0)
        self.writable = True
        self.error: Exception | None = None
        self.tls: str | None = None
        self.handler = Handler()
        self.session = Session(
            role,
            _Relay(self),
            window_size=window_size,
            timers=timers,
            max_pdu_size=max_pdu_size,
            version=version,
            now=self._loop.time(),
        )

    # What the owner calls

    @property
    def closed(self) -> bool:
        """Whether the session is over; the transport may still be writing out what was queued."""
        return self.session.close_reason is not None

    @property
    def tap(self) -> Tap | None:
        """What is shown all PDUs from now on; None, as at first: nothing."""
        return self._tap

    @tap.setter
    def tap(self, tap: Tap | None) -> None:
        self._tap = tap
        self.session.decoder.tap = None if tap is None else tap.read

    def send(self, pdu: Pdu, token: Any = None) -> int:
        """Send a request; see `Session.send` for the errors. The answer comes to the handler with `token`."""
        number = self.session.send(pdu, token, self._loop.time())
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_soon(self._flush)
        return number

    def respond(self, pdu: Pdu) -> None:
        """Answer a request; see `Session.respond`. On a closed connection it is dropped in silence."""
        self.session.respond(pdu)
        self.flush_soon()

    def accept_bind(self, pdu: Pdu, system_id: str = "", sc_interface_version: int | None = None) -> bool:
        """Accept a bind; see `Session.accept_bind`."""
        accepted = self.session.accept_bind(pdu, system_id, sc_interface_version)
        self.flush_soon()
        return accepted

    def refuse_bind(self, pdu: Pdu, status: int) -> None:
        """Refuse a bind; see `Session.refuse_bind`. The connection stays open until session_init runs out."""
        self.session.refuse_bind(pdu, status)
        self.flush_soon()

    async def bind(
        self,
        bind_type: BindType,
        system_id: str,
        password: str,
        system_type: str = "",
        *,
        interface_version: int | None = None,
        addr_ton: int = 0,
        addr_npi: int = 0,
        address_range: str = "",
        timeout: float = 30.0,  # noqa: ASYNC109 - the protocol's own time-out; the connection closes with it
    ) -> Pdu:
        """Bind and return the bind response; see `Session.bind` for `interface_version`.

        Raises BindRefused (the connection stays open), ConnectionLost, TimeoutError after `timeout` seconds
        (the connection is closed: a late answer could not be told from the next), InvalidStateError,
        EncodeError.
        """
        if self.closed:
            raise ConnectionLost(self.session.close_reason)
        self.session.bind(
            bind_type,
            system_id,
            password,
            system_type,
            interface_version,
            addr_ton,
            addr_npi,
            address_range,
            now=self._loop.time(),
        )
        self._bind_answer = self._loop.create_future()
        self.flush_soon()
        try:
            async with asyncio.timeout(timeout):
                return await self._bind_answer
        except (TimeoutError, asyncio.CancelledError):
            self.close("the bind was not answered")
            raise
        finally:
            self._bind_answer = None

    async def unbind(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - the protocol's own time-out
        """Unbind and wait until the connection is gone; after `timeout` seconds it is closed regardless."""
        self.session.unbind(self._loop.time())
        self.flush_soon()
        try:
            async with asyncio.timeout(timeout):
                await self._gone.wait()
        except TimeoutError:
            self.abort("unbind was not answered")
            await self._gone.wait()

    def close(self, reason: str = "closed") -> None:
        """End the session at once; what is queued is still written, for at most CLOSE_GRACE seconds."""
        self.session.close(reason)

    def abort(self, reason: str = "aborted") -> None:
        """Drop the connection with everything queued."""
        self.session.close(reason)
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the transport is gone."""
        await self._gone.wait()

    def pause_reading(self) -> None:
        """Stop reading from the peer. PDUs of the chunk that is being handled still arrive."""
        self._held = True
        self._update_reading()

    def resume_reading(self) -> None:
        """Read from the peer again."""
        self._held = False
        self._update_reading()

    def flush(self) -> None:
        """Write what the session has queued at once: for an owner who knows that much more is to come."""
        self._flush()

    def flush_soon(self) -> None:
        """Write what the session has queued, once, at the end of this turn of the event loop."""
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_soon(self._flush)

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport into use and make the handler."""
        # uvloop's transports have the methods of asyncio.Transport but not its type.
        transport = cast("asyncio.Transport", transport)
        self._transport = transport
        self.peer = address_of(transport.get_extra_info("peername"))
        self.local = address_of(transport.get_extra_info("sockname"))
        secured = transport.get_extra_info("ssl_object")
        self.tls = secured.version() if secured is not None else None
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in {socket.AF_INET, socket.AF_INET6}:
            # Batches are gathered here; a batch must not wait for the peer's delayed acknowledgement.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._on_made is not None:
            self._on_made(self)
        self.handler = self._handler_factory(self)
        relay = self.session.handler
        if isinstance(relay, _Relay):
            relay.attach(self.handler)
        self._set_timer()

    def data_received(self, data: bytes) -> None:
        """Pass octets to the session, and its answers to the transport at the end of this turn."""
        session = self.session
        session.receive(data, self._loop.time())
        if self._flush_scheduled:
            return
        if session.has_outgoing or session.close_reason is not None:
            self._flush_scheduled = True
            self._loop.call_soon(self._flush)
        elif session.next_deadline < self._timer_at:
            # An answered enquire_link makes the next one due, perhaps before its answer would have been.
            self._set_timer()

    def eof_received(self) -> bool:
        """Treat a half-closed connection as closed: SMPP has no use for one."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session if it was not over yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport = None
        self.error = exc
        try:
            self.session.close(
                "the connection was lost" if exc is None else f"the connection was lost: {exc}"
            )
        finally:  # whatever the handler did: nobody may wait for ever
            self._gone.set()
            if self._on_gone is not None:
                self._on_gone(self)

    def pause_writing(self) -> None:
        """Note that the transport is congested."""
        self.writable = False

    def resume_writing(self) -> None:
        """Note that the transport takes data again, and tell the handler."""
        self.writable = True
        self._choked = False
        self._update_reading()
        if not self.closed:
            self.handler.on_writable()

    # Inside

    def _flush(self) -> None:
        self._flush_scheduled = False
        transport = self._transport
        session = self.session
        if transport is None:
            return
        if session.has_outgoing:
            data = session.outgoing()
            if self._tap is not None:
                self._tap.written(data)
            transport.write(data)
            if not self.writable and transport.get_write_buffer_size() > MAX_UNREAD_OUTPUT:
                self._choked = True
                self._update_reading()
        if session.close_reason is not None:
            self._finish(transport)
        elif session.next_deadline < self._timer_at:
            self._set_timer()

    def _finish(self, transport: asyncio.Transport) -> None:
        if transport.is_closing():
            return
        transport.close()
        # close() waits for the peer to read what is queued, for ever if it must.
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(CLOSE_GRACE, transport.abort)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = self.session.next_deadline
        if self._timer_at != inf:
            self._timer = self._loop.call_at(self._timer_at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        waited_for = self._timer_at
        self._timer_at = inf
        # The loop may wake a clock tick early; the time that was waited for has come all the same.
        self.session.tick(max(self._loop.time(), waited_for))
        if not self.closed:
            self._set_timer()
            self.flush_soon()

    def _update_reading(self) -> None:
        deaf = self._held or self._choked
        transport = self._transport
        if deaf == self._deaf or transport is None or transport.is_closing():
            return
        self._deaf = deaf
        if deaf:
            transport.pause_reading()
        else:
            transport.resume_reading()
        self.session.set_reading(not deaf, self._loop.time())
        self._set_timer()

    def outbound(self, pdu: Outbind) -> None:
        """Tell the listener of an outbind; called by the session's events."""
        if self._on_outbind is not None:
            self._on_outbind(self, pdu)

    def bind_answered(self, outcome: Pdu | SmppError) -> None:
        """Wake the task that waits in `bind`; called by the session's events."""
        answer = self._bind_answer
        if answer is None or answer.done():
            return
        if isinstance(outcome, Pdu):
            answer.set_result(outcome)
        else:
            answer.set_exception(outcome)


class _Relay(Handler):
    """Stands between session and handler: messages pass straight through, cold events also reach the pump."""

    def __init__(self, connection: SmppConnection) -> None:
        self._connection = connection

    def attach(self, handler: Handler) -> None:
        """Hand the hot events to the handler without a call in between."""
        self.on_request = handler.on_request  # type: ignore[method-assign]
        self.on_response = handler.on_response  # type: ignore[method-assign]
        self.on_timeout = handler.on_timeout  # type: ignore[method-assign]
        self.on_late_response = handler.on_late_response  # type: ignore[method-assign]

    def on_bind(self, pdu: Bind) -> None:
        self._connection.handler.on_bind(pdu)

    def on_outbind(self, pdu: Outbind) -> None:
        self._connection.handler.on_outbind(pdu)
        self._connection.outbound(pdu)

    def on_unbind(self) -> None:
        self._connection.handler.on_unbind()

    def on_pdu_error(self, error: PduError) -> None:
        self._connection.handler.on_pdu_error(error)

    def on_bound(self, pdu: Pdu) -> None:
        self._connection.handler.on_bound(pdu)
        self._connection.bind_answered(pdu)

    def on_bind_refused(self, status: int) -> None:
        self._connection.handler.on_bind_refused(status)
        self._connection.bind_answered(BindRefused(status))

    def on_closed(self, reason: str) -> None:
        connection = self._connection
        connection.bind_answered(ConnectionLost(reason))
        connection.flush_soon()
        connection.handler.on_closed(reason)


def address_of(name: object) -> tuple[str, int]:
    """Take host and port from a socket name: IPv6 names have four parts, Unix sockets are plain text."""
    if isinstance(name, tuple) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return str(name or ""), 0


def host_and_port(address: tuple[str, int]) -> str:
    """An address as people write it: ``192.0.2.7:2775``, ``[2001:db8::1]:2775``."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
