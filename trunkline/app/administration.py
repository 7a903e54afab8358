"""What the command line works on: the database, whether a gateway runs on it or not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from trunkline.app.clock import SystemClock
from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import is_current, open_store, upgrade
from trunkline.backends.storage.store import SqlStore
from trunkline.config import Settings
from trunkline.connectors.mail import SmtpMailer
from trunkline.services.admin_token import AdminToken
from trunkline.services.connector_trials import ConnectorTrials
from trunkline.services.connectors import Connectors
from trunkline.services.credentials import CredentialChecker
from trunkline.services.esmes import Esmes
from trunkline.services.gateway_control import GatewayControl
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.inbound import Inbound
from trunkline.services.messages import Messages
from trunkline.services.people import People, people_of
from trunkline.services.routes import Routes
from trunkline.services.system_settings import SystemSettings


class DatabaseNotReady(Exception):
    """The database does not exist, or is older or newer than this program."""


@dataclass(slots=True, frozen=True)
class AdministrationTools:
    """The services on one open store."""

    store: SqlStore
    http_accounts: HttpAccounts
    esmes: Esmes
    connectors: Connectors
    trials: ConnectorTrials
    routes: Routes
    messages: Messages
    inbound: Inbound
    admin_token: AdminToken
    people: People
    system_settings: SystemSettings
    gateway_control: GatewayControl


def make_people(settings: Settings, store: SqlStore, credentials: CredentialChecker) -> People:
    """The services for people, with the settings' times."""
    idle_s, lifetime_s = int(settings.session_idle_s), int(settings.session_lifetime_h * 3600)
    return people_of(store, credentials, idle_s=idle_s, lifetime_s=lifetime_s)


def upgrade_database(settings: Settings) -> None:
    """Creates the data directory and the tables, or brings them to this program's version."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade(settings.database_url)


def make_store(settings: Settings) -> SqlStore:
    """The store that the settings name; not open yet."""
    return open_store(
        settings.database_url,
        secret_box=SecretBox.open(settings.secret_key_file),
        node=settings.process_name,
        linger_ms=settings.commit_linger_ms,
        batch_max=settings.commit_batch_max,
        backlog_max=settings.commit_backlog_max,
    )


@asynccontextmanager
async def open_administration(settings: Settings) -> AsyncIterator[AdministrationTools]:
    """Opens the store for management; changes are seen by a running gateway within a second.

    Raises `DatabaseNotReady`.
    """
    if not is_current(settings.database_url):
        raise DatabaseNotReady(
            "the database is missing or not at this program's version: run `trunkline db upgrade` first"
        )
    store = make_store(settings)
    await store.open()
    credentials = CredentialChecker()
    try:
        yield AdministrationTools(
            store,
            HttpAccounts(store),
            Esmes(store),
            Connectors(store),
            ConnectorTrials(store),
            Routes(store),
            Messages(store),
            Inbound(store),
            AdminToken(store),
            make_people(settings, store, credentials),
            SystemSettings(store, SmtpMailer()),
            GatewayControl(store, SystemClock()),
        )
    finally:
        credentials.close()
        await store.close()
