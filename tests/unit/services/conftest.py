"""Management over an `Administration` that lives in dictionaries, or on a database."""

import shutil
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import SqlStore, open_store, upgrade
from trunkline.model.administration import (
    AccountFilter,
    AccountRow,
    EsmeFilter,
    EsmeRow,
    EsmeSettings,
    MessageDetail,
    RouteFilter,
    RouteRow,
    StoredConnector,
)
from trunkline.model.errors import AlreadyExists, InUse, NotFound
from trunkline.model.identity import Login, permissions_of
from trunkline.model.people import LoginSecrets, NewLogin, Page, Paging
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import ConnectorStatus
from trunkline.model.system_settings import AnySection, Logo, PlatformSettings, Section


class MemoryAdministration:
    """The port `Administration`; every change counts up `revision`."""

    def __init__(self) -> None:
        self.revision = 0
        self.accounts: dict[str, AccountRow] = {}
        self.http_accounts: dict[str, dict[str, Any]] = {}
        self.esmes: dict[str, EsmeRow] = {}
        self.esme_hashes: dict[str, str] = {}
        self.lanes: dict[str, int] = {}
        self.logins: dict[str, NewLogin] = {}
        self.token_hash: str | None = None
        self.token_made_at: int | None = None
        self.settings = PlatformSettings()
        self.connectors: dict[str, ConnectorConfig] = {}
        self.connector_times = (1, 2)  # created_at, updated_at
        self.in_use = ""  # why no connector can be deleted
        self.routes: list[RouteRow] = []
        self.credits: list[tuple[int, int, str, str, str, str | None]] = []
        self.statuses: dict[str, ConnectorStatus] = {}
        self.depths: dict[str, int] = {}
        self.records: list[tuple[str, str, str, dict[str, object]]] = []

    async def create_account(
        self,
        name: str,
        *,
        balance: int = 0,
        unlimited: bool = False,
        unknown_outcome: str = "wait",
        credit_floor: int = 0,
        default_sender: str = "",
        receipt_policy: str = "all",
        smart_encoding: bool = False,
        **company: Any,
    ) -> int:
        self._new("account", name, self.accounts)
        number = len(self.accounts) + 1
        self.accounts[name] = AccountRow(
            number, name, True, balance, unlimited, unknown_outcome, default_sender, 0,
            receipt_policy, smart_encoding, **company,
        )  # fmt: skip
        return number

    async def update_account(self, row: AccountRow) -> None:
        self.revision += 1
        self.accounts[row.name] = row

    async def page_accounts(self, wanted: AccountFilter, page: Paging) -> Page[AccountRow]:
        assert wanted == AccountFilter()
        return Page(list(self.accounts.values())[: page.limit], None)

    async def account_by_name(self, name: str) -> AccountRow:
        if name not in self.accounts:
            raise NotFound("account", name)
        return self.accounts[name]

    async def credit(
        self,
        account_id: int,
        amount: int,
        *,
        description: str,
        source: str,
        actor: str,
        reference: str | None = None,
    ) -> int:
        self.credits.append((account_id, amount, description, source, actor, reference))
        (row,) = [each for each in self.accounts.values() if each.id == account_id]
        self.accounts[row.name] = row = replace(row, balance=row.balance + amount)
        return row.balance

    async def credential_names(self) -> set[str]:
        return {*self.esmes, *self.http_accounts}

    async def create_login(self, new: NewLogin) -> int:
        self._new("login", new.username, self.logins)
        self.logins[new.username] = new
        return len(self.logins)

    async def login_secrets(self, username: str) -> LoginSecrets | None:
        new = self.logins.get(username)
        if new is None:
            return None
        number = list(self.logins).index(username) + 1
        login = Login(
            number, username, new.role, new.account_id, "", new.email, new.full_name, True, False,
            new.locale, new.timezone, 0, 0, None, permissions_of(new.role),
        )  # fmt: skip
        return LoginSecrets(login, new.password_hash, "")

    async def find_login(self, key: int | str) -> Login:
        found = await self.login_secrets(str(key))
        if found is None:
            raise NotFound("login", str(key))
        return found.login

    async def set_login_password(self, login_id: int, password_hash: str) -> None:
        self.revision += 1
        username = list(self.logins)[login_id - 1]
        self.logins[username] = replace(self.logins[username], password_hash=password_hash)

    async def api_token_hash(self) -> str | None:
        return self.token_hash

    async def set_api_token_hash(self, api_token_hash: str) -> None:
        self.revision += 1
        self.token_hash = api_token_hash
        self.token_made_at = self.revision

    async def api_token_made_at(self) -> int | None:
        return self.token_made_at

    async def platform_settings(self) -> PlatformSettings:
        return self.settings

    async def update_settings(self, section: Section, values: AnySection) -> None:
        self.revision += 1
        self.settings = replace(self.settings, **{section.value: values})

    async def set_logo(self, logo: Logo | None) -> None:
        self.revision += 1
        self.settings = replace(self.settings, logo=logo)

    async def create_http_account(self, account_id: int, username: str, **fields: Any) -> int:
        self._new("HTTP API account", username, self.http_accounts)
        self.http_accounts[username] = {"id": len(self.http_accounts) + 1, "account_id": account_id, **fields}
        return len(self.http_accounts)

    async def create_esme(
        self,
        account_id: int,
        system_id: str,
        settings: EsmeSettings,
        *,
        password_hash: str,
        password: str = "",
    ) -> int:
        self._new("ESME", system_id, self.esmes)
        (account,) = [each.name for each in self.accounts.values() if each.id == account_id]
        self.esmes[system_id] = EsmeRow(
            len(self.esmes) + 1, system_id, account, settings, password, 0, 0, account_id
        )
        self.esme_hashes[system_id] = password_hash
        return len(self.esmes)

    async def update_esme(
        self, esme_id: int, settings: EsmeSettings, *, password_hash: str | None = None, password: str = ""
    ) -> None:
        row = await self.find_esme(esme_id)
        self.revision += 1
        if password_hash is not None:
            self.esme_hashes[row.system_id] = password_hash
            row = replace(row, password=password)
        self.esmes[row.system_id] = replace(row, settings=settings)

    async def delete_esme(self, esme_id: int) -> None:
        self.revision += 1
        del self.esmes[(await self.find_esme(esme_id)).system_id]

    async def page_esmes(self, wanted: EsmeFilter, page: Paging) -> Page[EsmeRow]:
        return Page(sorted(self.esmes.values(), key=lambda row: row.system_id), None)

    async def find_esme(self, key: int | str) -> EsmeRow:
        for row in self.esmes.values():
            if key in (row.id, row.system_id):
                return row
        raise NotFound("ESME", str(key))

    async def outbox_lanes(self, lanes: Collection[str] | None = None) -> dict[str, int]:
        return {lane: count for lane, count in self.lanes.items() if lanes is None or lane in lanes}

    async def create_connector(self, config: ConnectorConfig) -> None:
        self._new("connector", config.connector_id, self.connectors)
        self.connectors[config.connector_id] = config

    async def update_connector(self, config: ConnectorConfig) -> None:
        self.revision += 1
        self.connectors[config.connector_id] = config

    async def set_connector_enabled(self, connector_id: str, enabled: bool) -> None:
        if connector_id not in self.connectors:
            raise NotFound("connector", connector_id)
        await self.update_connector(replace(self.connectors[connector_id], enabled=enabled))

    async def delete_connector(self, connector_id: str) -> None:
        if self.in_use:
            raise InUse(self.in_use)
        self.revision += 1
        del self.connectors[connector_id]

    async def list_connectors(self) -> list[StoredConnector]:
        return [StoredConnector(config, *self.connector_times) for config in self.connectors.values()]

    async def find_connector(self, key: int | str) -> StoredConnector:
        for config in self.connectors.values():
            if key in (config.number, config.connector_id):
                return StoredConnector(config, *self.connector_times)
        raise NotFound("connector", str(key))

    async def connector_statuses(self) -> dict[str, ConnectorStatus]:
        return self.statuses

    async def create_route(
        self,
        name: str,
        *,
        position: int | None,
        prefix: str,
        account_id: int | None,
        connector_ids: tuple[str, ...],
        rate: int,
        enabled: bool,
    ) -> int:
        self._new("route", name, {each.name: each for each in self.routes})
        number = len(self.routes) + 1
        account = next((each.name for each in self.accounts.values() if each.id == account_id), "")
        self.routes.append(
            RouteRow(number, position or number, name, prefix, account, connector_ids, rate, enabled)
        )
        return number

    async def find_route(self, key: int | str) -> RouteRow:
        return next(each for each in self.routes if key in (each.id, each.name))

    async def page_routes(self, wanted: RouteFilter, page: Paging) -> Page[RouteRow]:
        return Page(self.routes[: page.limit], None)

    async def message_detail(self, message_id: str, account_id: int | None = None) -> MessageDetail | None:
        return None

    async def queue_depths(self) -> dict[str, int]:
        return self.depths

    async def record(
        self, action: str, entity: str, entity_id: str, details: dict[str, object], account_id: int | None
    ) -> None:
        self.records.append((action, entity, entity_id, details))

    def _new(self, noun: str, name: str, table: dict[str, Any]) -> None:
        if name in table:
            raise AlreadyExists(noun, name)
        self.revision += 1


@pytest.fixture
def administration() -> MemoryAdministration:
    return MemoryAdministration()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def store(migrated: Path, tmp_path: Path) -> AsyncIterator[SqlStore]:
    """An open store without anything in it."""
    shutil.copy(migrated, tmp_path / "store.db")
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", secret_box=SecretBox(Fernet.generate_key()))
    await store.open()
    yield store
    await store.close()
