"""TLS between a socket and a connection, for both ends.

The encryption is the ssl module's; here it is only pumped. asyncio's own TLS would leave three things open: a
listener does not learn which handshake failed and why, sockets in their handshake count nowhere, and the peer
is never told what was wrong, since the alert is thrown away with the connection.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

from trunkline.smpp.asyncio.connection import CLOSE_GRACE, address_of

HANDSHAKE_TIMEOUT: Final = 10.0
"""Seconds a peer may take for its part of the handshake."""

_RECORD_SIZE: Final = 1 << 14


OnHandshake = Callable[["TlsLayer", OSError | None], None]


class TlsLayer(asyncio.Transport, asyncio.Protocol):
    """A protocol to the socket's transport, and the transport of the protocol above.

    `on_handshake(layer, error)` is told of the handshake's end, once: with None when it succeeded, else with
    an ssl.SSLError, a TimeoutError after `timeout` seconds, or another OSError where the connection was lost;
    `heard` tells whether the peer had said anything by then.
    `make_protocol` is called only when it has succeeded, and what it makes is used as if it stood on a plain
    socket. `server_hostname` is for clients: the name to ask for and, where the context says so, to check.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        make_protocol: Callable[[], asyncio.BaseProtocol],
        on_handshake: OnHandshake,
        *,
        server_side: bool,
        server_hostname: str | None = None,
        timeout: float = HANDSHAKE_TIMEOUT,
    ) -> None:
        super().__init__()
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side, server_hostname)
        self._make_protocol = make_protocol
        self._on_handshake = on_handshake
        self._timeout = timeout
        self._timer: asyncio.TimerHandle | None = None
        self._error: OSError | None = None
        self._connected = False
        self._closing = False
        self._shaking = True
        self._above = asyncio.Protocol()
        self._below = asyncio.Transport()
        self.peer: tuple[str, int] = ("", 0)
        self.heard = False

    # The protocol to the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        # uvloop's transports have the methods of asyncio.Transport but not its type.
        self._below = cast("asyncio.Transport", transport)
        self._connected = True
        self.peer = address_of(transport.get_extra_info("peername"))
        if self._closing:
            self._below.abort()
            return
        self._timer = asyncio.get_running_loop().call_later(self._timeout, self._give_up)
        self._shake_hands()

    def data_received(self, data: bytes) -> None:
        """Decrypt, and pass on what came out."""
        self._incoming.write(data)
        if self._shaking:
            self.heard = True
            self._shake_hands()
        else:
            self._read()

    def eof_received(self) -> bool:
        """Treat a half-closed connection as closed, as the session above does."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the end on: to the protocol above, or of the handshake."""
        self._closing = True
        self._stop_timer()
        if self._shaking:
            lost = (
                exc
                if isinstance(exc, OSError)
                else ConnectionResetError("the connection was closed during the TLS handshake")
            )
            self._end_handshake(self._error or lost)
        else:
            self._above.connection_lost(self._error or exc)

    def pause_writing(self) -> None:
        """Pass on that the socket is congested."""
        self._above.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that it is no longer."""
        self._above.resume_writing()

    # The transport of the protocol above

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send, in as few records as the data fits in."""
        if self._closing:
            return
        try:
            self._tls.write(data)  # takes it all: what it makes goes to memory
        except ssl.SSLError as error:
            self._fail(error)
        else:
            self._below.write(self._outgoing.read())

    def close(self) -> None:
        """Say goodbye and close when everything is written. The peer's goodbye is not waited for."""
        if self._closing:
            return
        self._closing = True
        if not self._shaking:
            with suppress(ssl.SSLError):  # that the peer's goodbye has not come
                self._tls.unwrap()
        self._write_out_and_close()

    def abort(self) -> None:
        """Drop the connection with everything queued."""
        self._closing = True
        if self._connected:
            self._below.abort()

    def is_closing(self) -> bool:
        return self._closing or self._below.is_closing()

    def is_reading(self) -> bool:
        return self._below.is_reading()

    def pause_reading(self) -> None:
        self._below.pause_reading()

    def resume_reading(self) -> None:
        self._below.resume_reading()

    def get_protocol(self) -> asyncio.BaseProtocol:
        """What stands on this layer once the handshake has succeeded."""
        return self._above

    def get_write_buffer_size(self) -> int:
        """Encrypted octets that wait to be sent."""
        return self._below.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the socket's transport knows, and `ssl_object`."""
        return self._tls if name == "ssl_object" else self._below.get_extra_info(name, default)

    # Inside

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._fail(error)
        else:
            self._flush()
            self._above = cast("asyncio.Protocol", self._make_protocol())
            self._end_handshake(None)
            self._above.connection_made(self)
            self._read()  # what came with the end of the handshake

    def _end_handshake(self, error: OSError | None) -> None:
        self._shaking = False
        self._stop_timer()
        self._on_handshake(self, error)

    def _give_up(self) -> None:
        self._error = TimeoutError(f"the TLS handshake took longer than {self._timeout:g} s")
        self.abort()

    def _read(self) -> None:
        read = self._tls.read
        take = self._above.data_received
        incoming = self._incoming
        try:
            # A read returns one whole record: with nothing incoming there is nothing left inside either.
            while incoming.pending and not self._closing:
                data = read(_RECORD_SIZE)
                if data:
                    take(data)
                else:  # the peer has said goodbye
                    self.close()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        """Close because of an error. The peer is told which: the alert waits to be sent."""
        self._error = error
        self._closing = True
        self._write_out_and_close()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._below.write(self._outgoing.read())

    def _write_out_and_close(self) -> None:
        self._flush()
        self._stop_timer()
        self._below.close()
        # It waits for the peer to read what is queued, for ever if it must.
        self._timer = asyncio.get_running_loop().call_later(CLOSE_GRACE, self._below.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
