"""Where the simulated SMSC's octets are bent: between a connection that does no wrong and its socket."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from trunkline.simulator.bends import ANSWERS, Bends, Strays, command_of, number_of, renumbered, split
from trunkline.smpp.asyncio.connection import HandlerFactory
from trunkline.smpp.asyncio.server import SmppServer
from trunkline.smpp.constants import HEADER_SIZE, MAX_PDU_SIZE, RESPONSE_BIT

OnAnswer = Callable[[str, int, int], None]
"""Is told the kind of a stray that the peer answered, and the answer's command_id and command_status."""


class Wire(asyncio.Transport, asyncio.Protocol):
    """A protocol to the socket's transport, and the transport of the connection above.

    What the connection writes are whole PDUs: each is bent, and strays come behind. What the peer sends
    passes as it is, but for answers to strays, which are told to `on_answer`, and for the numbers of
    responses, where the requests were given others.
    """

    def __init__(
        self,
        above: asyncio.Protocol,
        bends: Bends,
        strays: Strays,
        on_answer: OnAnswer,
        *,
        asks_first: bool = False,
    ) -> None:
        super().__init__()
        self._above = above
        self._below = asyncio.Transport()
        self._bends = bends
        self._strays = strays
        self._on_answer = on_answer
        self._asks_first = asks_first
        self._half = b""  # a PDU that has not come whole

    # The protocol to the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a sign of life, where that is wanted, and tell the connection."""
        # uvloop's transports have the methods of asyncio.Transport but not its type.
        self._below = cast("asyncio.Transport", transport)
        if self._asks_first:
            self._below.write(self._strays.make("enquire_link"))
        self._above.connection_made(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what is the connection's."""
        data = self._half + data
        kept = []
        size = 0
        for pdu in split(data):
            size += len(pdu)
            kept.append(self._read(pdu) if command_of(pdu) & RESPONSE_BIT else pdu)
        self._half = data[size:]
        if len(self._half) >= 4 and not HEADER_SIZE <= int.from_bytes(self._half[:4], "big") <= MAX_PDU_SIZE:
            kept.append(self._half)  # no PDU will ever come of it: the connection is to say so
            self._half = b""
        self._above.data_received(b"".join(kept))

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._above.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on."""
        self._above.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._above.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._above.resume_writing()

    # The transport of the connection

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Bend what is written, and throw in what is due."""
        written = []
        for pdu in split(bytes(data)):
            written.append(self._bends.bent(pdu))
            if command_of(pdu) in ANSWERS:
                written.append(self._strays.due())
        self._below.write(b"".join(written))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the socket's transport says."""
        return self._below.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """What the socket's transport says."""
        return self._below.is_closing()

    def close(self) -> None:
        """Close the socket's transport."""
        self._below.close()

    def abort(self) -> None:
        """Abort the socket's transport."""
        self._below.abort()

    def pause_reading(self) -> None:
        """Pass it on."""
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Pass it on."""
        self._below.resume_reading()

    def get_write_buffer_size(self) -> int:
        """What the socket's transport says."""
        return self._below.get_write_buffer_size()

    # Inside

    def _read(self, pdu: bytes) -> bytes:
        kind = self._strays.answered(pdu)
        if kind is not None:
            self._on_answer(kind, command_of(pdu), int.from_bytes(pdu[8:12], "big"))
            return b""
        numbering = self._bends.numbering
        return pdu if numbering is None else renumbered(pdu, numbering.read(number_of(pdu)))


class WiredServer(SmppServer):
    """An SMPP listener with a wire of `lay(connection)` before each of its connections."""

    def __init__(
        self,
        host: str,
        port: int,
        handler_factory: HandlerFactory,
        *,
        lay: Callable[[asyncio.Protocol], Wire],
        **settings: Any,
    ) -> None:
        super().__init__(host, port, handler_factory, **settings)
        self._lay = lay

    def make_connection(self) -> asyncio.Protocol:
        """Make an ESME's connection, and its wire."""
        return self._lay(super().make_connection())
