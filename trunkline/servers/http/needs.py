"""What the HTTP door needs from the rest of the gateway, as protocols."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trunkline.model.idempotency import IdempotencyRequest
from trunkline.model.message import Message
from trunkline.model.ports import Clock, IdempotencyRecord
from trunkline.model.snapshot import Snapshot
from trunkline.model.status import ConnectorStatus, SessionStatus
from trunkline.model.submission import Rejected, Submission
from trunkline.servers.http.figures import MetricsSource
from trunkline.services.admin_token import AdminToken
from trunkline.services.cancelling import Amending
from trunkline.services.connector_trials import ConnectorTrials
from trunkline.services.connectors import Connectors
from trunkline.services.credentials import CredentialChecker
from trunkline.services.dashboard import Dashboard
from trunkline.services.esmes import Esmes
from trunkline.services.gateway_control import GatewayControl
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.inbound import Inbound
from trunkline.services.messages import Messages
from trunkline.services.pdu_logs import PduLogs
from trunkline.services.people import People
from trunkline.services.routes import Routes
from trunkline.services.system_settings import SystemSettings


class Pipeline(Protocol):
    """See `pipeline.mt.MtPipeline`."""

    def accept(self, submission: Submission) -> asyncio.Future[Message]:
        """The stored message; `Rejected` at once or through the future."""
        ...

    def accept_many(
        self, submissions: Sequence[Submission], idempotency: IdempotencyRequest | None = None
    ) -> asyncio.Future[list[Message | Rejected]]:
        """One transaction, each answered on its own.

        The future may fail as a whole, with `Rejected` (BUSY) or `IdempotencyConflict`: nothing was stored.
        """
        ...


class MessageStore(Protocol):
    """What the door reads from the store. Raises `StorageUnavailable`."""

    async def idempotency_record(self, account_id: int, key: str) -> IdempotencyRecord | None: ...


class Snapshots(Protocol):
    """See `pipeline.snapshots.Snapshots`."""

    @property
    def current(self) -> Snapshot: ...


class Health(Protocol):
    """Whether this process can do its work."""

    def problems(self) -> Sequence[str]:
        """Why it cannot, in plain sentences without secrets; empty when it can. Cheap: no I/O."""
        ...


@dataclass(slots=True)
class HttpFigures:
    """What the door counts; read when metrics are scraped."""

    answered: dict[tuple[str, int], int] = field(default_factory=dict)  # (route, status) -> requests
    in_flight: int = 0

    def count(self, route: str, status: int) -> None:
        """One more answer."""
        key = (route, status)
        self.answered[key] = self.answered.get(key, 0) + 1


class LiveConnections(Protocol):
    """The connections of this process, as they are now."""

    def connectors(self) -> Sequence[ConnectorStatus]:
        """Every configured connector with its binds."""
        ...

    def esmes(self) -> Sequence[SessionStatus]:
        """Every bound session."""
        ...


@dataclass(slots=True, frozen=True)
class Management:
    """What the administration's API works on. `refresh` has this process follow changes at once."""

    http_accounts: HttpAccounts
    esmes: Esmes
    connectors: Connectors
    trials: ConnectorTrials
    routes: Routes
    live: LiveConnections
    refresh: Callable[[], Awaitable[None]]
    people: People
    system_settings: SystemSettings
    admin_token: AdminToken
    gateway_control: GatewayControl


@dataclass(slots=True)
class HttpServices:
    """Everything the HTTP door is built on."""

    pipeline: Pipeline
    store: MessageStore
    snapshots: Snapshots
    credentials: CredentialChecker
    health: Health
    clock: Clock
    metrics: MetricsSource
    amending: Amending = field(kw_only=True)
    messages: Messages = field(kw_only=True)
    inbound: Inbound = field(kw_only=True)
    dashboard: Dashboard = field(kw_only=True)
    pdu_logs: PduLogs = field(kw_only=True)
    management: Management = field(kw_only=True)
    figures: HttpFigures = field(default_factory=HttpFigures)
    api_token_hash: str = ""  # SHA-256 hex of the token in the settings, which counts beside the stored one
