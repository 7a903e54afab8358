"""The HTTP application on a real store, called without a network: people, keys, groups, accounts, audit."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from trunkline.app.administration import make_store
from trunkline.backends.storage import SqlStore
from trunkline.config import Settings
from trunkline.connectors.mail import SmtpMailer
from trunkline.model.identity import COMMAND_LINE, Role
from trunkline.pipeline.snapshots import Snapshots
from trunkline.servers.http import HttpServices, create_app
from trunkline.servers.http.needs import HttpFigures, Management
from trunkline.services.admin_token import AdminToken
from trunkline.services.connector_trials import ConnectorTrials
from trunkline.services.connectors import Connectors
from trunkline.services.credentials import CredentialChecker, hash_api_key
from trunkline.services.dashboard import Dashboard
from trunkline.services.esmes import Esmes
from trunkline.services.gateway_control import GatewayControl
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.inbound import Inbound
from trunkline.services.messages import Messages
from trunkline.services.pdu_logs import PduLogs
from trunkline.services.people import People, people_of
from trunkline.services.routes import Routes
from trunkline.services.system_settings import SystemSettings

from .doubles import (
    FixedConnections,
    FixedHealth,
    FixedMetrics,
    HeldClock,
    MemoryAmending,
    MemoryPipeline,
    MemoryStore,
)

TOKEN = "token-of-the-settings"
PASSWORD = "correct horse battery"


class PeopleDoor:
    """The application, and a key for everybody who was made through `login`."""

    def __init__(self, store: SqlStore, snapshots: Snapshots, pdu_logs: PduLogs) -> None:
        self.store = store
        self.snapshots = snapshots
        self.credentials = CredentialChecker()
        self.clock = HeldClock()
        self.connections = FixedConnections()
        messages = MemoryStore()
        self.pipeline = MemoryPipeline(messages, self.clock)
        self.people: People = people_of(store, self.credentials, idle_s=1800, lifetime_s=43_200)
        figures = HttpFigures()
        self.app = create_app(
            HttpServices(
                self.pipeline,
                messages,
                snapshots,
                self.credentials,
                FixedHealth(),
                self.clock,
                FixedMetrics(self.credentials, figures),
                figures,
                amending=MemoryAmending(messages),
                messages=Messages(store),
                inbound=Inbound(store),
                dashboard=Dashboard(store, self.clock),
                pdu_logs=pdu_logs,
                management=Management(
                    http_accounts=HttpAccounts(store),
                    esmes=Esmes(store, self.connections.esmes),
                    connectors=Connectors(store),
                    trials=ConnectorTrials(store),
                    routes=Routes(store),
                    live=self.connections,
                    refresh=self.refresh,
                    people=self.people,
                    system_settings=SystemSettings(store, SmtpMailer()),
                    admin_token=AdminToken(store),
                    gateway_control=GatewayControl(store, self.clock),
                ),
                api_token_hash=hash_api_key(TOKEN),
            )
        )
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=("192.0.2.5", 5)), base_url="http://door"
        )

    async def refresh(self) -> None:
        """Takes up the configuration, as the gateway does."""
        self.snapshots.publish(await self.store.snapshot())

    async def ask(
        self, method: str, path: str, body: object = None, *, key: str = TOKEN, status: int = 200
    ) -> Any:
        """The JSON of an answer, whose status must be this."""
        headers = {"X-API-Key": key} if key else {}
        response = await self.client.request(method, path, json=body, headers=headers)
        assert response.status_code == status, response.text
        answer = response.json()
        assert answer["ok"] is (status == 200)
        return answer

    async def refused(self, method: str, path: str, body: object = None, **options: Any) -> str:
        """The error of an answer that is not a success; 400 unless told otherwise."""
        return str((await self.ask(method, path, body, **{"status": 400} | options))["error"])

    async def login(self, username: str, role: Role, account: str = "") -> str:
        """Makes a login and returns an API key of it."""
        logins, keys = self.people.logins, self.people.api_keys
        await logins.create(COMMAND_LINE, username, role=role, account=account, password=PASSWORD)
        made = await keys.create(COMMAND_LINE, f"key of {username}", owner=username)
        await self.refresh()
        return made.key

    async def close(self) -> None:
        """Ends what holds threads or files."""
        await self.client.aclose()
        self.credentials.close()
        await self.store.close()


@asynccontextmanager
async def people_door(template: Path, folder: Path) -> AsyncIterator[PeopleDoor]:
    """The application on a copy of an empty database."""
    shutil.copy(template, folder / "store.db")
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'store.db'}")
    store = make_store(settings)
    await store.open()
    door = PeopleDoor(store, Snapshots(await store.snapshot()), PduLogs(folder))
    yield door
    await door.close()
