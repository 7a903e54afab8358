"""A gateway in this process between foreign clients, which run as programs of their own, and an SMSC.

The simulated SMSC's record is the other side's testimony: which octets of a text arrived, in which coding.
"""

import asyncio
import gc
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from trunkline.app.gateway import Gateway
from trunkline.config import Settings
from trunkline.model.identity import COMMAND_LINE
from trunkline.services.connectors import Connectors
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.esmes import Esmes
from trunkline.services.routes import Routes
from trunkline.simulator.record import Event, Record, Submitted
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator

EXAMPLES = Path(__file__).parent / "examples"
PEERS = Path(__file__).parent / "peers"
HOST = "127.0.0.1"
SYSTEM_ID, PASSWORD = "acme", "s3cret"
WAIT_S = 120.0
LOOK_S = 0.1

# Below the ports that the system gives to outgoing connections: nobody takes a port between two starts.
_PORTS = range(15_000, 32_000)
_rng = random.SystemRandom()

ASCII = "Your code is 4711"
EURO = "Total: 12,50 € {incl. VAT}"
ARABIC = "مرحبا، رمزك هو ٤٧١١"
EMOJI = "Delivered 📦 👍🏽"
LONG = "".join(f"{word} " for word in range(1000))[:499] + "."

TEXTS = {
    "447700900001": ASCII,
    "447700900002": EURO,
    "447700900003": ARABIC,
    "447700900004": EMOJI,
    "447700900005": LONG,
}
"""What every client submits: one text to each destination."""

CODINGS = {
    "447700900001": 0,
    "447700900002": 0,
    "447700900003": 8,
    "447700900004": 8,
    "447700900005": 0,
}
"""The data_coding that each of TEXTS is to have at the SMSC."""


def lines_of(texts: dict[str, str]) -> str:
    """The texts as the example programs read them: destination, space, text, one a line."""
    return "".join(f"{destination} {text}\n" for destination, text in texts.items())


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    while True:
        port = _rng.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port


async def eventually(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until a condition holds that nobody reports: a line in a log, a session that is gone."""
    async with asyncio.timeout(WAIT_S):
        while True:
            value = condition()
            if await value if isinstance(value, Awaitable) else value:
                return
            await asyncio.sleep(LOOK_S)


class WatchedRecord(Record):
    """A record that wakes whoever waits for its events."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    def append(self, event: Event) -> None:
        super().append(event)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until an event makes the condition true."""
        async with asyncio.timeout(WAIT_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


class Bench:
    """What a wire test works with: the gateway, the SMSC behind it and its record."""

    def __init__(self, gateway: Gateway, stack: AsyncExitStack) -> None:
        self.gateway = gateway
        self.record = WatchedRecord()
        self._stack = stack

    @property
    def port(self) -> int:
        """Where ESMEs bind: the TLS port of a gateway that has one."""
        tls = self.gateway.tls_port
        return self.gateway.smpp_server.port if tls is None else tls.port

    async def start_smsc(self, *, attached: bool = True, **scenario: Any) -> SmscSimulator:
        """Start the simulated SMSC and attach it as the connector that everything is routed to."""
        smsc = SmscSimulator(HOST, 0, Scenario(**scenario), self.record)
        await smsc.start()
        self._stack.push_async_callback(smsc.stop, 0.2)
        if attached:
            await self.attach(smsc.port)
        return smsc

    async def attach(self, port: int, **settings: Any) -> None:
        """Make the connector to an SMSC on this machine, and the route to it."""
        store = self.gateway.store
        fields = {"system_id": "trunk", "password": "smscpass", "reconnect_min_s": 0.1} | settings
        await Connectors(store).create(COMMAND_LINE, connector_id="smsc", host=HOST, port=port, **fields)
        await Routes(store).create(COMMAND_LINE, "everything", ("smsc",))
        self.gateway.snapshots.publish(await store.snapshot())

    async def create_esme(self, system_id: str, **settings: Any) -> None:
        """Give the account another ESME, with the same password."""
        store = self.gateway.store
        await Esmes(store).create(COMMAND_LINE, "acme", system_id, password=PASSWORD, **settings)
        self.gateway.snapshots.publish(await store.snapshot())

    async def change_esme(self, **settings: Any) -> None:
        """Change the ESME `acme`."""
        store = self.gateway.store
        await Esmes(store).change(COMMAND_LINE, SYSTEM_ID, **settings)
        self.gateway.snapshots.publish(await store.snapshot())

    async def stop_connector(self) -> None:
        """Disable the connector; the gateway unbinds."""
        store = self.gateway.store
        await Connectors(store).set_enabled(COMMAND_LINE, "smsc", enabled=False)
        self.gateway.snapshots.publish(await store.snapshot())

    def joined(self, destination: str) -> str:
        """The text that the SMSC got for a destination: its parts' octets in order, then decoded."""
        return joined([each for each in self.record.read().submits if each.destination == destination])

    def codings(self, destination: str) -> set[int]:
        """The data_codings of what the SMSC got for a destination."""
        return {each.data_coding for each in self.record.read().submits if each.destination == destination}


@asynccontextmanager
async def open_bench(folder: Path, **settings: Any) -> AsyncIterator[Bench]:
    """A running gateway with the ESME `acme`; `start_smsc` or `attach` gives it somewhere to send."""
    async with AsyncExitStack() as stack:
        gateway = await Gateway.open(Settings(data_dir=folder, http_port=0, smpp_port=0, **settings))
        try:
            await EnterpriseUsers(gateway.store).create(COMMAND_LINE, "acme", unlimited=True)
            bench = Bench(gateway, stack)
            await bench.create_esme(SYSTEM_ID)
            await gateway.start()
            yield bench
        finally:
            await gateway.stop()
            gc.unfreeze()  # the gateway freezes what exists at its start; this process lives on


def joined(submits: Sequence[Submitted]) -> str:
    """The text of a message from its parts, by the concatenation header of each (3GPP TS 23.040, 9.2.3.24.1).

    Octets are joined before they are decoded: some clients cut inside a character.
    """
    if len(submits) == 1 and submits[0].udh is None:
        assert submits[0].text is not None
        return submits[0].text
    headers = [bytes.fromhex(each.udh or "") for each in submits]
    assert all(header[:3] == b"\x05\x00\x03" for header in headers), "each part has the 8-bit reference"
    assert len({header[3:5] for header in headers}) == 1, "all parts have one reference and one total"
    ordered = [
        submit for _, submit in sorted(zip(headers, submits, strict=True), key=lambda pair: pair[0][5])
    ]
    assert [header[5] for header in sorted(headers)] == list(range(1, headers[0][4] + 1)), (
        "no part is missing"
    )
    if all(each.text is not None for each in ordered):
        return "".join(each.text or "" for each in ordered)
    assert {each.data_coding for each in ordered} == {8}, "only UCS-2 is cut where the parts are no text"
    return b"".join(
        (each.text or "").encode("utf-16-be") if each.hex is None else bytes.fromhex(each.hex)
        for each in ordered
    ).decode("utf-16-be")


class Program:
    """A foreign client or server: what it said line by line, what it complained of, how it ended."""

    def __init__(self, process: asyncio.subprocess.Process, complaints: Path) -> None:
        self._process = process
        self._complaints = complaints
        self.lines: list[str] = []

    @property
    def complaints(self) -> str:
        """What it wrote to stderr so far."""
        return self._complaints.read_text("utf-8")

    def said(self, word: str) -> list[list[str]]:
        """Its lines that begin with a word, split at spaces, without that word."""
        return [line.split(" ")[1:] for line in self.lines if line.split(" ")[0] == word]

    async def until(self, word: str, count: int = 1) -> list[str]:
        """Read on until it has said the word so many times; return the rest of that line, split at spaces."""
        while len(self.said(word)) < count:
            assert await self.read(), f"it ended without saying {word!r}: {self.lines} {self.complaints}"
        return self.said(word)[count - 1]

    async def ended(self) -> int:
        """Read to the end and return the exit code."""
        while await self.read():
            pass
        async with asyncio.timeout(WAIT_S):
            return await self._process.wait()

    async def succeeded(self) -> None:
        """Read to the end; it must have ended well and without a complaint."""
        code = await self.ended()
        assert (code, self.complaints) == (0, ""), self.lines

    def interrupt(self) -> None:
        """Ask it to end, as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        """Ask it to end, as `kill` does."""
        self._process.terminate()

    async def stop(self) -> None:
        """End it if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()

    async def read(self) -> bool:
        """Read one more line; False when there are no more."""
        assert self._process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            line = await self._process.stdout.readline()
        if line:
            self.lines.append(line.decode("utf-8").rstrip("\n"))
        return bool(line)


class Programs:
    """Starts foreign programs, and ends those that still run when the test is over."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._count = 0

    async def start(self, *command: object, typed: str = "", **environment: str) -> Program:
        """Start a program with `typed` on its standard input."""
        self._count += 1
        complaints = self._folder / f"program-{self._count}.stderr"
        with complaints.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env=os.environ | environment,
            )
        program = Program(process, complaints)
        self._stack.push_async_callback(program.stop)
        assert process.stdin is not None
        process.stdin.write(typed.encode("utf-8"))
        process.stdin.close()
        return program


class ForeignEsme:
    """The two example programs of one SMPP library, run against a bench's gateway."""

    def __init__(
        self, programs: Programs, bench: Bench, command: Sequence[object], suffix: str, **environment: str
    ) -> None:
        self._programs = programs
        self._bench = bench
        self._command = command
        self._suffix = suffix
        self._environment = environment

    async def send(
        self,
        texts: dict[str, str] = TEXTS,
        *mode: str,
        system_id: str = SYSTEM_ID,
        password: str = PASSWORD,
        program: Path | None = None,
    ) -> Program:
        """Start the program that submits; `mode` "transmitter" does not wait for receipts."""
        script = program or EXAMPLES / f"send.{self._suffix}"
        return await self._start(script, system_id, password, *mode, typed=lines_of(texts))

    async def receive(self, count: int) -> Program:
        """Start the program that binds as receiver and waits for so many receipts."""
        return await self._start(EXAMPLES / f"receive.{self._suffix}", SYSTEM_ID, PASSWORD, str(count))

    async def _start(self, script: Path, *arguments: str, typed: str = "") -> Program:
        return await self._programs.start(
            *self._command, script, HOST, self._bench.port, *arguments, typed=typed, **self._environment
        )
