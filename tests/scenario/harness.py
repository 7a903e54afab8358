"""The whole gateway for scenarios: the real program in a process of its own, its data, its log, a stop-watch.

The gateway is started as users start it (`python -m trunkline serve`) and prepared through
`trunkline.app.open_administration`. What it stored is read with plain SQL: what the store says is never
checked by the store.
"""

import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from trunkline.app import open_administration, upgrade_database
from trunkline.app.administration import AdministrationTools
from trunkline.config import Settings
from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.record import Record
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator

POLL_S = 0.02
TURNS_TO_READ = 200  # of the event loop: what waits in its sockets is read and worked off in a few
PATIENCE_S = 120.0  # everything here takes seconds at most, on a busy machine many more
CONNECTOR = "smsc"
ACCOUNT = "acme"
PASSWORD = "secret99"
RATE = 1_000_000  # micro-credits per segment
OPENING_BALANCE = 10**13

# Below the ports that the system gives to outgoing connections: while a gateway is down nobody takes its
# port, and no client that tries to reach it is connected to itself.
_PORTS = range(15_000, 32_000)
_given_out: set[int] = set()
_rng = random.SystemRandom()


# Prints the rows of a query, for a database that this process cannot see.
_QUERY = (
    "import json, sqlite3, sys;"
    "print(json.dumps(sqlite3.connect(sys.argv[1], timeout=60).execute(sys.argv[2]).fetchall()))"
)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on; a new one every time."""
    while True:
        port = _rng.choice(_PORTS)
        if port in _given_out:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given_out.add(port)
        return port


async def eventually(
    condition: Callable[[], Any | Awaitable[Any]],
    what: str,
    within_s: float = PATIENCE_S,
    poll_s: float = POLL_S,
) -> Any:
    """The condition's value as soon as it is true; `AssertionError` saying `what` when it stays false."""
    deadline = time.monotonic() + within_s
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        await asyncio.sleep(poll_s)


def _toml(value: Any) -> str:
    return json.dumps(value if isinstance(value, bool | int | float) else str(value))


@dataclass(frozen=True)
class HttpAnswer:
    """An answer of the gateway's HTTP door."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


async def http(
    port: int,
    method: str,
    path: str,
    body: bytes | dict[str, Any] | list[Any] | None = None,
    headers: dict[str, str] | None = None,
    within_s: float = PATIENCE_S,
) -> HttpAnswer:
    """One request on a connection of its own. Raises OSError, `asyncio.IncompleteReadError` when cut off."""
    octets = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: gateway", "Connection: close"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(octets)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    async with asyncio.timeout(within_s):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + octets)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            found = {}
            for line in head[1:]:
                name, _, value = line.partition(":")
                found[name.strip().lower()] = value.strip()
            length = int(found.get("content-length", "0"))
            return HttpAnswer(int(head[0].split()[1]), found, await reader.readexactly(length))
        finally:
            writer.close()


class Gateway:
    """One gateway: its settings, its database and, while it runs, its process.

    It can be stopped or killed and started again; ports and data stay the same.
    """

    def __init__(self, folder: Path, database_url: str | None = None, **settings: Any) -> None:
        self.folder = folder
        given: dict[str, Any] = {
            "data_dir": folder / "data",
            "http_port": free_port(),
            "smpp_port": free_port(),
            "simulator_port": free_port(),
            "callback_allow_private": True,
            "log_level": "warning",
            "role": "gateway",  # tests/panel has gateways with a panel
        }
        if database_url is not None:
            given["database_url"] = database_url
        self._given = given | settings
        self.settings = Settings(**self._given)
        self.http_port: int = self.settings.http_port
        self.smpp_port: int = self.settings.smpp_port
        self.out = folder / "gateway.out"
        self.err = folder / "gateway.err"
        self.inside: list[str] = []  # what to put before a command that must see the gateway's file system
        self.up = asyncio.Event()  # set while it is ready, by what this class does to it
        self.life = 0  # which of its starts this is
        self._process: subprocess.Popen[bytes] | None = None
        self._file = folder / "trunkline.toml"
        lines = [f"{name} = {_toml(value)}\n" for name, value in self._given.items()]
        self._file.write_text("".join(lines))

    # --- the process ---

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was never started"
        return self._process

    @property
    def pid(self) -> int:
        return self._started.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self, *arguments: str, wrapper: Sequence[str] = (), **environment: str) -> None:
        """Starts `trunkline serve`; returns at once."""
        assert not self.running
        self.life += 1
        own = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self._process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "trunkline", "--config", self._file, "serve", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=own | environment,
                cwd=self.folder,
                start_new_session=True,
            )

    async def start(self, *arguments: str, wrapper: Sequence[str] = (), **environment: str) -> None:
        """Starts it and waits until it is ready."""
        self.launch(*arguments, wrapper=wrapper, **environment)
        await self.wait_ready()

    async def wait_ready(self) -> None:
        """Until `/health/ready` says so; a process that ends instead is an error with its log."""

        async def ready() -> bool:
            code = self._started.poll()
            assert code is None, f"the gateway ended with {code}:\n{self.log()[-4000:]}"
            return (await self.ready())[0] == 200

        await eventually(ready, "the gateway is ready")
        self.up.set()

    async def ready(self) -> tuple[int, list[str]]:
        """Status and problems of `/health/ready`; 0 while nothing answers."""
        try:
            answer = await http(self.http_port, "GET", "/health/ready")
        except (OSError, asyncio.IncompleteReadError):
            return 0, []
        return answer.status, answer.json().get("problems", [])

    async def kill(self) -> None:
        """SIGKILL; returns when the process is gone and what it said last is read."""
        self.up.clear()
        self._started.kill()
        await asyncio.to_thread(self._started.wait, PATIENCE_S)
        for _ in range(TURNS_TO_READ):
            await asyncio.sleep(0)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """A clean stop; returns the exit code. A process that does not end is killed: an error."""
        self.up.clear()
        self._started.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """The exit code, once the process has ended."""
        try:
            return await asyncio.to_thread(self._started.wait, PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.close()
            raise AssertionError(f"the gateway did not end:\n{self.log()[-4000:]}") from None

    def close(self) -> None:
        """Leaves no process behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        """Everything the gateway wrote to standard error, over all its starts."""
        return self.err.read_text(errors="replace") if self.err.exists() else ""

    def check_log(self) -> None:
        """Whatever happens outside, the gateway has foreseen it: no traceback, no change given up."""
        log = self.log()
        assert "Traceback" not in log, log[max(0, log.index("Traceback") - 2000) :][:6000]
        assert "journal.dropped" not in log, log[-4000:]

    def printed(self) -> str:
        """Everything it wrote to standard output."""
        return self.out.read_text(errors="replace") if self.out.exists() else ""

    @property
    def rss_mb(self) -> float:
        """Resident memory in MB (10^6 bytes)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
        return int(kilobytes) * 1024 / 1e6

    @property
    def open_files(self) -> int:
        """How many file descriptors the process holds."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    # --- its configuration and data ---

    async def prepare(self) -> None:
        """Makes the database."""
        await asyncio.to_thread(upgrade_database, self.settings)

    def administration(self) -> AbstractAsyncContextManager[AdministrationTools]:
        """The services on its database; changes are followed by the running gateway."""
        return open_administration(self.settings)

    @property
    def is_sqlite(self) -> bool:
        return self.settings.database_url.startswith("sqlite")

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return Path(self.settings.database_url.removeprefix("sqlite:///"))

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What plain SQL sees."""
        if self.is_sqlite:
            return await asyncio.to_thread(self._sqlite_rows, sql)
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            found = await connection.fetch(sql)
        finally:
            await connection.close()
        return [tuple(str(v) if type(v).__name__ == "UUID" else v for v in row) for row in found]

    def _sqlite_rows(self, sql: str) -> list[tuple[Any, ...]]:
        if self.inside:
            command = [*self.inside, sys.executable, "-c", _QUERY, str(self.database), sql]
            printed = subprocess.run(command, capture_output=True, check=True).stdout
            return [tuple(row) for row in json.loads(printed)]
        connection = sqlite3.connect(self.database, timeout=60)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    async def execute(self, *statements: str) -> None:
        """Changes the database behind the program's back, in one transaction."""
        if self.is_sqlite:
            await asyncio.to_thread(self._sqlite_execute, statements)
            return
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            await connection.execute(";".join(statements))
        finally:
            await connection.close()

    def _sqlite_execute(self, statements: Sequence[str]) -> None:
        connection = sqlite3.connect(self.database, timeout=60)
        try:
            connection.executescript("BEGIN;" + ";".join(statements) + ";COMMIT;")
        finally:
            connection.close()

    async def value(self, sql: str) -> Any:
        """The first column of the only row."""
        [[value]] = await self.rows(sql)
        return value

    async def states(self) -> dict[str, int]:
        """How many segments are in which state."""
        return dict(await self.rows("SELECT state, count(*) FROM segment GROUP BY state"))

    async def settles(self, waiting: Sequence[str] = ("queued", "submitting", "submitted")) -> None:
        """Waits until nothing is on its way any more: no segment in these states, nothing in the outbox."""
        found: list[object] = []

        async def settled() -> bool:
            states = await self.states()
            lanes = await self.rows("SELECT lane, count(*) FROM outbox GROUP BY lane")
            found[:] = states, lanes
            return not states.keys() & set(waiting) and not lanes

        try:
            await eventually(settled, "everything is settled", within_s=300, poll_s=0.1)
        except AssertionError as error:
            raise AssertionError(f"{error}: segments, outbox: {found}") from None

    async def message(self, api_key: str, message_id: str) -> dict[str, Any]:
        """A message as the HTTP API shows it."""
        answer = await http(
            self.http_port, "GET", f"/api/v1/messages/{message_id}", headers={"X-API-Key": api_key}
        )
        assert answer.status == 200, answer
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def simulator(
    scenario: Scenario | None = None,
    port: int = 0,
    record: Path | None = None,
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[SmscSimulator]:
    """A simulated SMSC on this event loop, with its record; with a context it speaks TLS."""
    kept = Record(record)
    smsc = SmscSimulator("127.0.0.1", port or free_port(), scenario, kept, context)
    await smsc.start()
    try:
        yield smsc
    finally:
        await smsc.stop(timeout=2)
        kept.close()


async def attach(gateway: Gateway, port: int, **fields: Any) -> None:
    """An account with credit, a connector to a simulator at `port`, and a route of everything to it."""
    fields = {
        "window": 50,
        "reconnect_min_s": 0.1,
        "reconnect_max_s": 0.5,
        "response_timeout_s": PATIENCE_S,
    } | fields
    async with gateway.administration() as admin:
        await admin.people.enterprise_users.create(
            COMMAND_LINE, ACCOUNT, balance=OPENING_BALANCE, default_sender="Acme"
        )
        await admin.connectors.create(
            COMMAND_LINE,
            connector_id=CONNECTOR,
            host="127.0.0.1",
            port=port,
            system_id="gw",
            password="pw",
            **fields,
        )
        await admin.routes.create(COMMAND_LINE, "everything", (CONNECTOR,), rate=RATE)
