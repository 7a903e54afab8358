"""A real HTTP server on a free port per module, on doubles that every test gets fresh."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.unit.services.conftest import MemoryAdministration
from tests.unit.services.test_dashboard import FixedStatistics
from trunkline.backends.storage import upgrade
from trunkline.model.snapshot import HttpAccount
from trunkline.servers.http import HttpServer, HttpServices, create_app
from trunkline.servers.http.needs import HttpFigures
from trunkline.services.credentials import CredentialChecker, hash_api_key
from trunkline.services.dashboard import Dashboard
from trunkline.services.inbound import Inbound
from trunkline.services.login_limits import LoginLimits
from trunkline.services.messages import Messages
from trunkline.services.pdu_logs import PduLogs

from .doubles import (
    FixedConnections,
    FixedHealth,
    FixedMetrics,
    HeldClock,
    MemoryAmending,
    MemoryPipeline,
    MemoryStore,
    SnapshotHolder,
    management_of,
)

KEY = "tk_first"
HEADERS = {"X-API-Key": KEY}
TOKEN = "token-of-the-settings"
ADMIN = {"X-API-Key": TOKEN}


class Door:
    """The server under test with everything around it."""

    def __init__(self, pdu_log_dir: Path) -> None:
        self.monotonic = 1000.0
        self.limits = LoginLimits(lambda: self.monotonic)
        self.credentials = CredentialChecker(self.limits)
        self.clock = HeldClock()
        self.store = MemoryStore()
        self.pipeline = MemoryPipeline(self.store, self.clock)
        self.snapshots = SnapshotHolder()
        self.health = FixedHealth()
        self.figures = HttpFigures()
        self.metrics = FixedMetrics(self.credentials, self.figures)
        self.amending = MemoryAmending(self.store)
        self.pdu_logs = PduLogs(pdu_log_dir)
        self.administration = MemoryAdministration()
        self.live = FixedConnections()
        self.refreshed_at = 0
        app = create_app(
            HttpServices(
                self.pipeline,
                self.store,
                self.snapshots,
                self.credentials,
                self.health,
                self.clock,
                self.metrics,
                self.figures,
                amending=self.amending,
                messages=Messages(self.store),
                inbound=Inbound(self.store),
                dashboard=Dashboard(FixedStatistics(self.clock), self.clock),
                pdu_logs=self.pdu_logs,
                management=management_of(self.administration, self.live, self.refresh),
                api_token_hash=hash_api_key(TOKEN),
            ),
            max_in_flight=64,
        )
        self.server = HttpServer(app, "127.0.0.1", 0)
        self.session: aiohttp.ClientSession
        self.account: HttpAccount

    def reset(self) -> None:
        """As new, with two accounts: first/secret-one and second/secret-two."""
        LoginLimits.__init__(self.limits, lambda: self.monotonic)
        HeldClock.__init__(self.clock)
        MemoryStore.__init__(self.store)
        MemoryPipeline.__init__(self.pipeline, self.store, self.clock)
        MemoryAmending.__init__(self.amending, self.store)
        SnapshotHolder.__init__(self.snapshots)
        FixedHealth.__init__(self.health)
        MemoryAdministration.__init__(self.administration)
        FixedConnections.__init__(self.live)
        self.refreshed_at = 0
        self.account = self.snapshots.add("first", "secret-one", KEY)
        self.snapshots.add("second", "secret-two", "tk_second", 2)

    async def refresh(self) -> None:
        """Takes up the configuration, as the gateway does after each change."""
        self.refreshed_at = self.administration.revision

    def request(self, method: str, path: str, **options):
        """An aiohttp request to the server."""
        return self.session.request(method, self.server.url + path, **options)

    async def json(self, method: str, path: str, **options) -> tuple[int, dict, aiohttp.ClientResponse]:
        """Status, JSON body and the response."""
        async with self.request(method, path, **options) as response:
            assert response.content_type == "application/json"
            return response.status, await response.json(), response

    async def send(self, body: object = None, **options) -> tuple[int, dict]:
        """POSTs one message with the first account's key."""
        options.setdefault("headers", HEADERS)
        body = {"to": "971501234567", "content": "Hello"} if body is None else body
        status, answer, _ = await self.json("POST", "/api/v1/http-send", json=body, **options)
        return status, answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    door = Door(tmp_path_factory.mktemp("pdu-logs"))
    await door.server.start()
    async with aiohttp.ClientSession() as session:
        door.session = session
        yield door
    await door.server.stop()
    door.credentials.close()


@pytest.fixture
def door(running_door: Door) -> Iterator[Door]:
    running_door.reset()
    yield running_door
    assert running_door.figures.in_flight == 0


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path
