"""A hand-held ESME: the tests submit with it, and wait on it for what comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from trunkline.simulator.record import Record
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.asyncio import SmppConnection, connect
from trunkline.smpp.constants import BindType
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import DataSm, DeliverSm, Pdu, SubmitSm


class Octets:
    """A tap that keeps every PDU read, as octets."""

    def __init__(self, seen: Callable[[], None]) -> None:
        self.read_pdus: list[bytes] = []
        self._seen = seen

    def read(self, pdus: bytes) -> None:
        while len(pdus) >= 16:
            length = int.from_bytes(pdus[:4], "big")
            self.read_pdus.append(pdus[:length])
            pdus = pdus[max(length, 16) :]
        self._seen()

    def written(self, pdus: bytes) -> None:
        pass


class Esme(Handler):
    """Collects `events`: ("response", token, pdu), ("deliver", pdu), ("closed",), in order of arrival."""

    conn: SmppConnection
    octets: Octets

    def octets_of(self, command_id: int) -> list[bytes]:
        """What came as this command, octet by octet."""
        wanted = int(command_id).to_bytes(4, "big")
        return [pdu for pdu in self.octets.read_pdus if pdu[4:8] == wanted]

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.deliver_status: int | None = 0  # None: do not answer
        self.changed = asyncio.Event()

    def _note(self, *event: object) -> None:
        self.events.append(event)
        self.changed.set()

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self._note("response", token, pdu)

    def on_request(self, pdu: Pdu) -> None:
        if self.deliver_status is not None:
            self.conn.respond(pdu.response(self.deliver_status))
        self._note("deliver", pdu)

    def on_timeout(self, token: Any) -> None:
        self._note("timeout")

    def on_closed(self, reason: str) -> None:
        self._note("closed")

    @property
    def responses(self) -> list[Any]:
        return [event[2] for event in self.events if event[0] == "response"]

    @property
    def delivered(self) -> list[DeliverSm]:
        return [event[1] for event in self.events if event[0] == "deliver"]

    @property
    def closed(self) -> bool:
        return ("closed",) in self.events

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until an event makes the condition true; fail after a minute."""
        async with asyncio.timeout(60):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def until_octets(self, command_id: int, count: int = 1) -> list[bytes]:
        """Wait until so many of this command have come, and return their octets."""
        await self.until(lambda: len(self.octets_of(command_id)) >= count)
        return self.octets_of(command_id)

    def send(self, destination: str = "491700000001", **fields: Any) -> None:
        """Send a submit_sm that asks for a receipt."""
        fields = {"source_addr": "shop", "registered_delivery": 1, "short_message": b"Hi"} | fields
        self.conn.send(SubmitSm(destination_addr=destination, **fields))

    async def submit(self, destination: str = "491700000001", **fields: Any) -> Any:
        """Send a submit_sm and wait for its response."""
        already = len(self.responses)
        self.send(destination, **fields)
        await self.until(lambda: len(self.responses) > already)
        return self.responses[already]

    async def submit_data(self, **fields: Any) -> Any:
        """Send a data_sm and wait for its response."""
        already = len(self.responses)
        self.conn.send(DataSm(**fields))
        await self.until(lambda: len(self.responses) > already)
        return self.responses[already]


class Bench:
    """Starts simulated SMSCs and binds ESMEs to them; everything is stopped when the test ends."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.record = Record()

    async def smsc(self, scenario: Scenario | None = None, **settings: Any) -> SmscSimulator:
        smsc = SmscSimulator("127.0.0.1", 0, scenario or Scenario(**settings), self.record)
        await smsc.start()
        self._stack.push_async_callback(smsc.stop, 0.2)
        return smsc

    async def bind(
        self,
        smsc: SmscSimulator,
        kind: BindType = BindType.TRX,
        name: str = "alice",
        password: str = "",
        deliver_status: int | None = 0,
        **connection: Any,
    ) -> Esme:
        esme = Esme()
        esme.deliver_status = deliver_status
        esme.conn = await connect("127.0.0.1", smsc.port, esme, window_size=1000, **connection)
        esme.octets = esme.conn.tap = Octets(esme.changed.set)
        self._stack.callback(esme.conn.abort)
        await esme.conn.bind(kind, name, password)
        return esme

    async def both(self, **settings: Any) -> tuple[SmscSimulator, Esme]:
        smsc = await self.smsc(**settings)
        return smsc, await self.bind(smsc)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield Bench(stack)
