"""Storage that is locked, slow, full or away: clear answers meanwhile, then recovery without a restart."""

import asyncio
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.constants import CommandStatus

from .clients import CallbackServer, Esme, Witness
from .conftest import MakeGateway
from .harness import ACCOUNT, OPENING_BALANCE, PASSWORD, Gateway, attach, eventually, http, simulator
from .loads import EsmeLoad, HttpLoad
from .proof import prove

if TYPE_CHECKING:
    from conftest import PostgresServer

REFUSALS = {CommandStatus.ESME_RMSGQFUL, CommandStatus.ESME_RSYSERR}
WEATHER = Scenario(
    seed=5, response_delay_ms=10, receipt_delay_ms=20, receipt_jitter_ms=100, receipt_retry_ms=200
)


@dataclass
class Business:
    """A gateway at work: an ESME and an HTTP customer send all the time; a probe asks now and then."""

    gateway: Gateway
    smsc: SmscSimulator
    loads: tuple[EsmeLoad, HttpLoad]
    api_key: str
    probe: Esme
    witness: Witness  # of the probe

    async def goes_on(self, messages: int = 200) -> None:
        """Messages come through."""
        wanted = self.smsc.counters.taken + messages
        await eventually(lambda: self.smsc.counters.taken >= wanted, f"{messages} more messages")

    async def ask(self) -> tuple[int, int, bool]:
        """Status of one submit_sm, status of one HTTP request, and whether that said when to come back."""
        destinations = [f"97159{len(self.witness.sent) + n:06d}" for n in range(2)]
        self.witness.sent.update(destinations)
        submitted, answer = await asyncio.gather(
            self.probe.submit(destinations[0]),
            http(
                self.gateway.http_port, "POST", "/api/v1/http-send",
                {"to": destinations[1], "content": "x"}, {"X-API-Key": self.api_key},
            ),
        )  # fmt: skip
        status, message_id = submitted
        if status == 0:
            self.witness.acked[message_id] = destinations[0]
        if answer.status == 200:
            self.witness.acked[answer.json()["message_id"]] = destinations[1]
        return status, answer.status, int(answer.headers.get("retry-after", "0")) > 0

    async def is_refused(self) -> None:
        """Everyone is told that nothing can be taken now, and why; the process lives."""

        async def not_ready() -> list[str] | None:
            status, problems = await self.gateway.ready()
            return problems if status == 503 else None

        [problem] = await eventually(not_ready, "/health/ready tells of the fault")
        assert "message store" in problem
        for _ in range(3):
            status, http_status, retry_after = await self.ask()
            assert status in REFUSALS
            assert (http_status, retry_after) == (503, True)
        for path in ("/health/live", "/metrics"):
            assert (await http(self.gateway.http_port, "GET", path)).status == 200

    async def recovers(self, pid: int) -> None:
        """All is well again, in the same process."""
        await self.gateway.wait_ready()

        async def taken() -> bool:
            status, http_status, _ = await self.ask()
            return (status, http_status) == (0, 200)

        await eventually(taken, "messages are taken again")
        await self.goes_on()
        assert self.gateway.pid == pid
        assert self.gateway.running


Start = Callable[[Gateway], Awaitable[None]]


async def _plain_start(gateway: Gateway) -> None:
    await gateway.start()


@asynccontextmanager
async def business(
    make_gateway: MakeGateway,
    database_url: str | None = None,
    start: Start = _plain_start,
    **settings: Any,
) -> AsyncIterator[Business]:
    """A gateway at work; in the end everything settles and all books agree."""
    gateway = make_gateway(database_url, **settings)
    await gateway.prepare()
    told = Witness(gateway)
    async with simulator(WEATHER) as smsc, CallbackServer(told) as callbacks:
        await attach(gateway, smsc.port, window=30)
        async with gateway.administration() as admin:
            await admin.people.enterprise_users.create(COMMAND_LINE, "probes", balance=OPENING_BALANCE)
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "busy", password=PASSWORD)
            await admin.esmes.create(COMMAND_LINE, "probes", "probe", password=PASSWORD)
            api = await admin.http_accounts.create(
                COMMAND_LINE, ACCOUNT, "web", throughput=0, dlr_url=callbacks.url
            )
        await start(gateway)
        loads = (
            EsmeLoad(gateway, "busy", "97150", rate=200, seed=1),
            HttpLoad(gateway, api.api_key, "97155", rate=60, seed=2),
        )
        loads[1].witness.receipts = told.receipts
        probe = Esme()
        witness = Witness(gateway, receipts=told.receipts)
        probe.on_receipt = lambda receipt: witness.receive(receipt.message_id or "", receipt.stat)
        await probe.bind(gateway.smpp_port, "probe")
        try:
            for load in loads:
                load.start()
            work = Business(gateway, smsc, loads, api.api_key, probe, witness)
            await work.goes_on(100)
            yield work
            for load in loads:
                await load.finish()
            await gateway.settles()
            await eventually(lambda: not smsc.counters.receipts_pending, "the SMSC has told all receipts")
            assert smsc.record is not None
            await prove(gateway, smsc.record.read(), [*(load.witness for load in loads), witness])
            assert (await gateway.states()).keys() == {"delivered"}
        finally:
            for load in loads:
                await load.close()
            await probe.leave()
        assert await gateway.stop() == 0


# --- SQLite -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _locked(gateway: Gateway) -> AsyncIterator[None]:
    """Another process holds the database's write lock."""
    with closing(
        sqlite3.connect(gateway.database, timeout=60, isolation_level=None, check_same_thread=False)
    ) as connection:
        await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def test_a_database_locked_by_another_program(make_gateway: MakeGateway) -> None:
    async with business(make_gateway) as work:
        pid = work.gateway.pid
        async with _locked(work.gateway):
            await work.is_refused()
        await work.recovers(pid)


async def test_a_disk_that_stalls_again_and_again_only_slows_everybody_down(
    make_gateway: MakeGateway,
) -> None:
    async with business(make_gateway) as work:
        for _ in range(8):
            async with _locked(work.gateway):
                await asyncio.sleep(0.4)  # the stall itself
            await work.goes_on(20)
    assert not work.loads[0].witness.refused
    assert not work.loads[1].witness.refused


async def test_a_file_that_may_not_grow(make_gateway: MakeGateway) -> None:
    """A limit on the size of files: writing ends in EFBIG."""
    async with business(make_gateway) as work:
        pid = work.gateway.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        journal = work.gateway.database.with_name(work.gateway.database.name + "-wal")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (journal.stat().st_size, hard))
        await work.is_refused()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        await work.recovers(pid)


@pytest.fixture
def small_disk() -> Callable[[Path, Path], tuple[str, ...]]:
    """What to put before a command so that a small file system of its own holds a folder's content."""
    script = 'mount -t tmpfs -o size=24m tmpfs "$0" && cp -a "$1"/. "$0" && shift && exec "$@"'
    unshare = shutil.which("unshare")
    if (
        unshare is None
        or subprocess.run(
            [unshare, "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mount namespaces: not allowed here (a small disk cannot be made)")
    return lambda folder, content: (unshare, "-rm", "sh", "-c", script, str(folder), str(content))


def _fill(ballast: Path) -> None:
    """Fills the disk that the file is on, a small one."""
    assert ballast.parent.stat().st_dev != Path("/").stat().st_dev
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


@pytest.mark.services
async def test_a_full_disk(
    make_gateway: MakeGateway, small_disk: Callable[[Path, Path], tuple[str, ...]], tmp_path: Path
) -> None:
    async def start(gateway: Gateway) -> None:
        content = tmp_path / "content"
        shutil.copytree(gateway.settings.data_dir, content)
        await gateway.start(wrapper=small_disk(gateway.settings.data_dir, content))
        gateway.inside = ["nsenter", f"--target={gateway.pid}", "-U", "-m", "--preserve-credentials"]

    async with business(make_gateway, start=start) as work:
        pid = work.gateway.pid
        ballast = Path(f"/proc/{pid}/root{work.gateway.settings.data_dir}/ballast")
        await asyncio.to_thread(_fill, ballast)
        await work.is_refused()
        await asyncio.to_thread(ballast.unlink)
        await work.recovers(pid)


# --- PostgreSQL -------------------------------------------------------------------------------------------


def _cut_off(postgres_server: "PostgresServer", url: str) -> None:
    name = url.rpartition("/")[2]
    postgres_server.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )


@pytest.mark.services
async def test_postgres_connections_that_break_again_and_again(
    make_gateway: MakeGateway, postgres_server: "PostgresServer", postgres_url: str
) -> None:
    async with business(make_gateway, postgres_url) as work:
        pid = work.gateway.pid
        for _ in range(12):
            await asyncio.to_thread(_cut_off, postgres_server, postgres_url)
            await work.goes_on(20)
        await work.recovers(pid)


@pytest.mark.services
async def test_postgres_goes_away_and_comes_back(
    make_gateway: MakeGateway, postgres_server: "PostgresServer", postgres_url: str
) -> None:
    name = postgres_url.rpartition("/")[2]
    async with business(make_gateway, postgres_url) as work:
        pid = work.gateway.pid
        for _ in range(2):
            postgres_server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            await asyncio.to_thread(_cut_off, postgres_server, postgres_url)
            await work.is_refused()
            postgres_server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            await work.recovers(pid)
