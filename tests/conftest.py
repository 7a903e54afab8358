"""Services that tests may need, and the rule that nothing is skipped in silence.

A test asks for a service by its fixture (`postgres_url`, `tshark`, `node_smpp`, `perl_smpp`, `kannel_boxes`,
`kannel_driver`); where the service is missing the test is skipped with a reason of the form "Service: why",
and the run ends with a list of what was skipped. With TRUNKLINE_TEST_STRICT=1 a skip is a failure instead.

Tests run on an event loop whose clock leaves out the time that a busy machine takes away (`FairLoop`).
"""

import asyncio
import getpass
import os
import secrets
import selectors
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import asyncpg
import pytest

POSTGRES_VARIABLE = "TRUNKLINE_TEST_POSTGRES_URL"
STRICT_VARIABLE = "TRUNKLINE_TEST_STRICT"
NODE_DIR = Path(__file__).parent / "wire" / "node"

T = TypeVar("T")


def pytest_configure() -> None:
    """Take the caller's own Trunkline settings out of the environment: tests state theirs."""
    for name in [name for name in os.environ if name.upper().startswith("TRUNKLINE_")]:
        if not name.startswith("TRUNKLINE_TEST_"):
            del os.environ[name]


# --- Time -------------------------------------------------------------------------------------------------


class _FairSelector(selectors.DefaultSelector):
    """Waits for events and keeps the loop's clock: monotonic seconds without the machine's stalls.

    Waiting counts for no longer than was asked for, and what runs between two waits for `TURN_S` at most.
    """

    TURN_S = 0.01

    def __init__(self) -> None:
        super().__init__()
        self._passed = self._begun = monotonic()

    def now(self) -> float:
        return self._passed + min(monotonic() - self._begun, self.TURN_S)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._passed = self.now()
        begun = monotonic()
        events = super().select(timeout)
        self._begun = monotonic()
        waited = self._begun - begun
        self._passed += waited if timeout is None else min(waited, max(timeout, 0.0))
        return events


class FairLoop(asyncio.SelectorEventLoop):
    """An event loop for tests in which both sides live: a time-out cannot pass before what is under way.

    On a loaded machine a process may stand still for seconds. On a plain loop every timer shorter than that
    is then due at once, ahead of the octets that lie in the sockets between the two sides.
    """

    def __init__(self) -> None:
        self._fair = _FairSelector()
        super().__init__(self._fair)

    def time(self) -> float:
        return self._fair.now()


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"fair": FairLoop}


# --- PostgreSQL -------------------------------------------------------------------------------------------


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread of its own, so that no test's event loop is touched."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()


class PostgresServer:
    """A PostgreSQL server on which throw-away databases are made, copied and dropped."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url
        self._databases: set[str] = set()

    def execute(self, *statements: str) -> None:
        """Run statements on the maintenance database, outside a transaction."""

        async def work() -> None:
            connection = await asyncpg.connect(self.admin_url, timeout=60)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        _run(work())

    def create_database(self, template: str | None = None) -> str:
        """Create a database, empty or a copy of the one at URL `template`; return its URL."""
        name = f"trunkline_test_{secrets.token_hex(6)}"
        source = template.rpartition("/")[2] if template else "template0"
        for more in range(20, -1, -1):
            try:
                self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
                break
            except asyncpg.ObjectInUseError:
                # Who has just used the template has not left yet, and the server has waited five seconds.
                if not more:
                    raise
        self._databases.add(name)
        return f"{self.admin_url.rpartition('/')[0]}/{name}"

    def drop_database(self, url: str) -> None:
        """Drop a database made by `create_database`, whoever is still connected to it."""
        name = url.rpartition("/")[2]
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._databases.discard(name)

    def close(self) -> None:
        """Drop every database that is still there."""
        if self._databases:
            self.execute(*(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in self._databases))
            self._databases.clear()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL server named by TRUNKLINE_TEST_POSTGRES_URL, else the one on this host."""
    url = os.environ.get(POSTGRES_VARIABLE)
    server = PostgresServer(url or f"postgresql://{getpass.getuser()}@127.0.0.1:5432/postgres")
    try:
        server.execute("SELECT 1")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # A server that was named must be there; one that was only guessed need not.
        reason = f"PostgreSQL: not reachable ({type(error).__name__}); set {POSTGRES_VARIABLE} to use one"
        if url:
            pytest.fail(f"PostgreSQL: the server named by {POSTGRES_VARIABLE} is not reachable: {error}")
        pytest.skip(reason)
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of an empty PostgreSQL database made for this test alone."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


# --- Programs of other makers -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def tshark() -> str:
    """Path of tshark, Wireshark's dissector on the command line."""
    path = shutil.which("tshark")
    if path is None:
        pytest.skip("tshark: not installed (Debian package tshark)")
    return path


@pytest.fixture(scope="session")
def node_smpp() -> tuple[str, Path]:
    """Path of Node.js and the folder that holds `node_modules/smpp`: run scripts with that folder as cwd."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js: not installed")
    if not (NODE_DIR / "node_modules" / "smpp").is_dir():
        pytest.skip(f"npm smpp: not installed (npm ci in tests/wire/{NODE_DIR.name})")
    return node, NODE_DIR


@pytest.fixture(scope="session")
def perl_smpp() -> str:
    """Path of a Perl that has the module Net::SMPP."""
    perl = shutil.which("perl")
    if perl is None:
        pytest.skip("Perl: not installed")
    if subprocess.run([perl, "-MNet::SMPP", "-e1"], capture_output=True, check=False).returncode:
        pytest.skip("Net::SMPP: not installed (Debian package libnet-smpp-perl)")
    return perl


@pytest.fixture(scope="session")
def kannel_boxes() -> tuple[str, str]:
    """Paths of Kannel's bearerbox and smsbox."""
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    bearerbox, smsbox = (shutil.which(name, path=places) for name in ("bearerbox", "smsbox"))
    if bearerbox is None or smsbox is None:
        pytest.skip("Kannel: not installed (Debian package kannel)")
    return bearerbox, smsbox


@pytest.fixture(scope="session")
def kannel_driver() -> Path:
    """Path of the SMSC that Kannel's makers test their SMPP client with: their one packaged SMPP server."""
    path = Path("/usr/lib/kannel/test/drive_smpp")
    if not os.access(path, os.X_OK):
        pytest.skip("Kannel: its SMPP driver is not installed (Debian package kannel-extras)")
    return path


# --- Skips ------------------------------------------------------------------------------------------------


def _is_strict() -> bool:
    return os.environ.get(STRICT_VARIABLE, "") not in ("", "0")


def _skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


def _fail_if_strict(report: pytest.TestReport | pytest.CollectReport) -> None:
    # An expected failure (xfail) also arrives as "skipped"; it ran, so it stays what it is.
    if report.skipped and not hasattr(report, "wasxfail") and _is_strict():
        report.outcome = "failed"
        report.longrepr = f"skipped, which {STRICT_VARIABLE} forbids: {_skip_reason(report)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_strict(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_strict(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End the run with what was skipped and why, one line per reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section("not run on this machine", "-")
    for reason, count in Counter(map(_skip_reason, skipped)).most_common():
        terminalreporter.write_line(f"{reason}, {count} test{'s' if count > 1 else ''} skipped")
