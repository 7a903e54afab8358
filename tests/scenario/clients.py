"""Who uses the gateway in scenarios: an ESME, an HTTP customer and its callback server.

Each remembers what it was promised and what it got, so that a test can hold the gateway to it.
"""

import asyncio
import random
import ssl
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from trunkline.smpp.asyncio import SmppConnection, connect
from trunkline.smpp.constants import BindType, Npi, Role, Tag, Ton, Version
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import DataSm, DeliverSm, Pdu, SubmitSm
from trunkline.smpp.receipts import Receipt, parse_receipt
from trunkline.smpp.tlv import Tlv

from .harness import PASSWORD, PATIENCE_S, Gateway, eventually

SOURCE = "Acme"


def make_submit(destination: str, text: str, **fields: Any) -> SubmitSm:
    """A submit_sm that asks for a receipt, `fields` aside; long texts go in message_payload."""
    octets = text.encode("ascii")
    long = len(octets) > 160
    usual = {
        "source_addr_ton": Ton.ALPHANUMERIC.value,
        "source_addr": SOURCE,
        "dest_addr_ton": Ton.INTERNATIONAL.value,
        "dest_addr_npi": Npi.ISDN.value,
        "destination_addr": destination,
        "short_message": b"" if long else octets,
        "tlvs": (Tlv(Tag.MESSAGE_PAYLOAD.value, octets),) if long else (),
        "registered_delivery": 1,
    }
    return SubmitSm(**usual | fields)


@dataclass(frozen=True)
class Receipted:
    """A receipt as its addressee got it: which message, what it said, in which of the gateway's lives."""

    message_id: str
    stat: str
    life: int


class Esme(Handler):
    """One connection of an ESME that submits and takes receipts.

    With `answers` off it takes receipts and acknowledges none of them.
    """

    def __init__(self) -> None:
        self.connection: SmppConnection | None = None
        self.answers = True
        self.receipts: list[Receipt] = []
        self.delivered: list[DeliverSm | DataSm] = []
        self.unbound = asyncio.Event()  # the gateway sent unbind
        self.gone = asyncio.Event()
        self.on_receipt: Callable[[Receipt], None] = lambda _receipt: None

    async def bind(
        self,
        port: int,
        system_id: str,
        password: str = PASSWORD,
        bind_type: BindType = BindType.TRX,
        window: int = 100,
        source: str | None = None,
        context: ssl.SSLContext | None = None,
        version: Version = Version.V34,
    ) -> "Esme":
        """Connects, from the address `source` where one is given or over TLS with a context, and binds.

        Raises OSError, TimeoutError and what `SmppConnection.bind` raises.
        """
        if context is not None:
            self.connection = await connect("localhost", port, self, window_size=window, ssl=context)
            await self.connection.bind(bind_type, system_id, password)
            return self
        _, self.connection = await asyncio.get_running_loop().create_connection(
            lambda: SmppConnection(Role.ESME, lambda _: self, window_size=window, version=version),
            "127.0.0.1",
            port,
            local_addr=(source, 0) if source else None,
        )
        try:
            await self.connection.bind(bind_type, system_id, password)
        except BaseException:
            await self.leave()
            raise
        return self

    async def submit(self, destination: str, text: str = "Hello", **fields: Any) -> tuple[int, str]:
        """Submits one message; command_status and message_id of the answer."""
        pdu = await self.ask(make_submit(destination, text, **fields))
        return pdu.command_status, getattr(pdu, "message_id", "")

    async def ask(self, pdu: Pdu) -> Pdu:
        """Sends a request; its answer."""
        assert self.connection is not None
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self.connection.send(pdu, answer)
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def accepted(self, destination: str, text: str = "Hello", **fields: Any) -> str:
        """Submits one message that must be accepted; its id."""
        status, message_id = await self.submit(destination, text, **fields)
        assert status == 0, status
        return message_id

    async def leave(self) -> None:
        """Closes the connection, without unbinding. What it has answered is on its way, even of this turn."""
        if self.connection is not None:
            self.connection.flush()
            self.connection.abort("the test is over")
            await self.connection.wait_closed()

    async def receipted(self, *message_ids: str) -> list[Receipt]:
        """The receipts of these messages, once all are here."""
        wanted = set(message_ids)
        await eventually(
            lambda: wanted <= {each.message_id for each in self.receipts},
            f"receipts of {len(wanted)} messages",
        )
        return [each for each in self.receipts if each.message_id in wanted]

    def on_request(self, pdu: Pdu) -> None:
        assert self.connection is not None
        if isinstance(pdu, DeliverSm | DataSm):
            self.delivered.append(pdu)
            receipt = parse_receipt(pdu)
            if receipt is not None:
                self.receipts.append(receipt)
                self.on_receipt(receipt)
        if self.answers:
            self.connection.respond(pdu.response())

    def on_response(self, token: Any, pdu: Pdu) -> None:
        if isinstance(token, asyncio.Future) and not token.done():
            token.set_result(pdu)

    def on_unbind(self) -> None:
        self.unbound.set()

    def on_closed(self, reason: str) -> None:
        self.gone.set()
        assert self.connection is not None
        for token in self.connection.session.unanswered():
            if isinstance(token, asyncio.Future) and not token.done():
                token.set_exception(ConnectionError(reason))


@dataclass
class Witness:
    """What a customer of a gateway knows: what it handed in, what was acknowledged, which receipts came."""

    gateway: Gateway
    sent: set[str] = field(default_factory=set)  # destinations
    acked: dict[str, str] = field(default_factory=dict)  # message_id -> destination
    refused: Counter[int] = field(default_factory=Counter)  # by command_status or HTTP status
    unanswered: int = 0
    receipts: dict[str, list[Receipted]] = field(default_factory=lambda: defaultdict(list))

    def receive(self, message_id: str, stat: str) -> None:
        self.receipts[message_id].append(Receipted(message_id, stat, self.gateway.life))

    @property
    def repeated(self) -> list[list[Receipted]]:
        """Receipts that came more than once."""
        return [each for each in self.receipts.values() if len(each) > 1]


class CallbackServer:
    """A customer's server for delivery callbacks; answers a share of them with 503 the first time."""

    def __init__(self, witness: Witness, *, failing_share: float = 0.0, seed: int = 1) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.failed: set[str] = set()
        self._witness = witness
        self._share = failing_share
        self._rng = random.Random(seed)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> "CallbackServer":
        app = web.Application()
        app.router.add_post("/dlr", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/dlr"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await request.json()
        message_id = body["message_id"]
        if self._share and message_id not in self.failed and self._rng.random() < self._share:
            self.failed.add(message_id)
            return web.Response(status=503)
        self.bodies.append(body)
        self._witness.receive(message_id, body["status"])
        return web.Response()
