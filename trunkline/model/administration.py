"""What management reads and changes: rows for people, and the port that keeps them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from trunkline.model.inbound import InboundCounts, InboundFilter, InboundRow
from trunkline.model.message import Message, MessageEvent
from trunkline.model.message_list import MessageFilter, MessagePage, MessageRow, ReceiptRow
from trunkline.model.people import AuditLog, Page, Paging, People
from trunkline.model.snapshot import ConnectorConfig, Route
from trunkline.model.status import ConnectorStatus
from trunkline.model.system_settings import SettingsStore


@dataclass(slots=True, frozen=True)
class AccountRow:
    """An account with its balance (micro-credits)."""

    id: int
    name: str
    enabled: bool
    balance: int
    unlimited: bool
    unknown_outcome: str
    default_sender: str
    created_at: int
    receipt_policy: str = "all"
    smart_encoding: bool = False
    company: str = ""
    contact_email: str = ""
    throughput: int = 0  # messages per second over all its senders, 0: unlimited
    group: str = ""  # the name of its group, empty: none
    permission_group: str = ""  # the name of the one that its logins have, empty: none
    logins: int = 0  # how many it has
    esmes: int = 0
    http_accounts: int = 0


@dataclass(slots=True, frozen=True)
class AccountFilter:
    """Which accounts: every field that is given narrows them."""

    text: str = ""  # in name or company
    enabled: bool | None = None
    group: str = ""
    permission_group: str = ""
    account_id: int | None = None


@dataclass(slots=True, frozen=True)
class HttpAccountRow:
    """An HTTP API account without its secrets."""

    id: int
    username: str
    account: str  # the name of the account that pays
    api_key_prefix: str
    throughput: int
    over_rate: str
    default_sender: str
    dlr_url: str | None
    description: str
    enabled: bool
    created_at: int
    account_id: int
    balance: int  # of the account, in micro-credits
    unlimited: bool  # whether the account sends without credits


@dataclass(slots=True, frozen=True)
class HttpAccountFilter:
    """Which HTTP API accounts: every field that is given narrows them."""

    text: str = ""  # in user name or description
    account: str = ""
    enabled: bool | None = None
    account_id: int | None = None


@dataclass(slots=True, frozen=True)
class EsmeSettings:
    """What an ESME may do, and how it is talked to."""

    max_binds: int = 10
    allowed_networks: str = ""  # comma list of addresses and networks; empty: from anywhere
    throughput: int = 0  # submit_sm per minute on one connection, 0: unlimited
    window: int = 100  # deliver_sm we leave unanswered per session
    default_alphabet: str = "gsm7"
    receipt_format: str = "standard"
    pdu_log: bool = False
    enabled: bool = True
    outbind: str = ""  # host:port where it waits to be asked to bind; empty: it binds by itself
    broadcast: bool = False  # whether it may send cell broadcasts


@dataclass(slots=True, frozen=True)
class EsmeRow:
    """An ESME account. `password` is in clear where it is kept so (text 001's API shows it), else empty."""

    id: int
    system_id: str
    account: str  # the name of the account that pays
    settings: EsmeSettings
    password: str
    created_at: int
    updated_at: int
    account_id: int


@dataclass(slots=True, frozen=True)
class EsmeFilter:
    """Which ESME accounts: every field that is given narrows them."""

    text: str = ""  # in the system_id
    account: str = ""
    enabled: bool | None = None
    account_id: int | None = None


@dataclass(slots=True, frozen=True)
class StoredConnector:
    """A connector's configuration, and when it was made and last changed."""

    config: ConnectorConfig
    created_at: int
    updated_at: int


@dataclass(slots=True, frozen=True)
class RouteRow:
    """An MT route as people see it: `position` counts from 1, `rate` is in micro-credits per segment."""

    id: int
    position: int
    name: str
    prefix: str  # of the destination, empty: all
    account: str  # the name of the only account it is for, empty: all
    connector_ids: tuple[str, ...]  # in order of preference
    rate: int
    enabled: bool


@dataclass(slots=True, frozen=True)
class RouteFilter:
    """Which routes: every field that is given narrows them."""

    text: str = ""  # in the name, or the beginning of the prefix
    account: str = ""
    connector: str = ""
    enabled: bool | None = None


@dataclass(slots=True, frozen=True)
class LedgerEntry:
    """Money that moved for a message: micro-credits, negative where it was taken; `at` is Unix ms."""

    at: int
    kind: str  # charge, refund
    amount: int
    balance_after: int


@dataclass(slots=True, frozen=True)
class MessageDetail:
    """A message with everything that is known of its way. `route` is the message's as it is now."""

    message: Message
    notified_at: int | None
    pending_notifications: int
    events: tuple[MessageEvent, ...]
    route: Route | None = None
    ledger: tuple[LedgerEntry, ...] = ()
    account: str = ""  # its name


@dataclass(slots=True, frozen=True)
class DatabaseKind:
    """Which database it is (`SQLite 3.45.1`, `PostgreSQL 15.6`), and the revision of its schema."""

    name: str
    revision: str


class Administration(People, AuditLog, SettingsStore, Protocol):
    """Configuration and money, outside the hot path. Every change bumps the configuration's revision.

    Every change stands in the audit log as well, by the same transaction, under the one who is `acting`.

    Raises `AlreadyExists` and `NotFound` of `model.errors`.
    """

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
        company: str = "",
        contact_email: str = "",
        throughput: int = 0,
        group: str = "",
        permission_group: str = "",
    ) -> int: ...

    async def update_account(self, row: AccountRow) -> None:
        """Changes the account with this id: everything but its name and its balance."""
        ...

    async def page_accounts(self, wanted: AccountFilter, page: Paging) -> Page[AccountRow]:
        """By name; the cursor is the last name."""
        ...

    async def account_by_name(self, name: str) -> AccountRow: ...

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
        """Adds micro-credits (negative: takes) and returns the new balance; a reference counts once."""
        ...

    async def credential_names(self) -> set[str]:
        """Names that ESMEs and HTTP API accounts use already."""
        ...

    async def api_token_hash(self) -> str | None:
        """SHA-256 of the administrator's API token; empty once revoked, None where there never was one."""
        ...

    async def api_token_made_at(self) -> int | None:
        """When the token was made (Unix ms); None where that is not known."""
        ...

    async def set_api_token_hash(self, api_token_hash: str) -> None: ...

    async def create_http_account(
        self,
        account_id: int,
        username: str,
        *,
        password_hash: str,
        api_key_prefix: str,
        api_key_hash: str,
        throughput: int,
        over_rate: str,
        default_sender: str,
        dlr_url: str | None,
        description: str,
    ) -> int: ...

    async def update_http_account(self, row: HttpAccountRow, *, password_hash: str | None = None) -> None:
        """Changes the one with this id: everything but its user name and its key, and the account's own.

        Without a `password_hash` the password stays as it is.
        """
        ...

    async def set_http_account_key(self, http_account_id: int, prefix: str, key_hash: str) -> None:
        """Replaces the API key."""
        ...

    async def delete_http_account(self, http_account_id: int) -> None: ...

    async def find_http_account(self, key: int | str) -> HttpAccountRow:
        """By its id or its user name."""
        ...

    async def page_http_accounts(self, wanted: HttpAccountFilter, page: Paging) -> Page[HttpAccountRow]:
        """By user name; the cursor is the last one."""
        ...

    async def create_esme(
        self,
        account_id: int,
        system_id: str,
        settings: EsmeSettings,
        *,
        password_hash: str,
        password: str = "",
    ) -> int:
        """A `password` is kept readable, encrypted, beside its hash. Ids are never given twice."""
        ...

    async def update_esme(
        self, esme_id: int, settings: EsmeSettings, *, password_hash: str | None = None, password: str = ""
    ) -> None:
        """Without a `password_hash` the password stays as it is, readable or not."""
        ...

    async def delete_esme(self, esme_id: int) -> None: ...

    async def unbind_esme(self, esme_id: int) -> None:
        """Has every gateway unbind its sessions; it may bind again."""
        ...

    async def page_esmes(self, wanted: EsmeFilter, page: Paging) -> Page[EsmeRow]:
        """By system_id; the cursor is the last one."""
        ...

    async def find_esme(self, key: int | str) -> EsmeRow:
        """By its id or its system_id."""
        ...

    async def outbox_lanes(self, lanes: Collection[str] | None = None) -> dict[str, int]:
        """Notifications that wait for their recipients, by lane: of these lanes, or of all."""
        ...

    async def create_connector(self, config: ConnectorConfig) -> None: ...

    async def update_connector(self, config: ConnectorConfig) -> None: ...

    async def set_connector_enabled(self, connector_id: str, enabled: bool) -> None: ...

    async def delete_connector(self, connector_id: str) -> None:
        """Raises `InUse` while messages wait in its queue or are under way."""
        ...

    async def list_connectors(self) -> list[StoredConnector]: ...

    async def find_connector(self, key: int | str) -> StoredConnector:
        """By its number or its id."""
        ...

    async def connector_statuses(self) -> dict[str, ConnectorStatus]:
        """The live status last written by the node that runs the connector."""
        ...

    async def create_route(
        self,
        name: str,
        *,
        position: int | None,
        prefix: str,
        account_id: int | None,
        connector_ids: tuple[str, ...],
        rate: int,
        enabled: bool = True,
    ) -> int:
        """Those at its `position` and after it move down; None is the end. Ids are never given twice."""
        ...

    async def update_route(
        self,
        route_id: int,
        *,
        name: str,
        prefix: str,
        account_id: int | None,
        connector_ids: tuple[str, ...],
        rate: int,
        enabled: bool,
    ) -> None: ...

    async def move_route(self, route_id: int, position: int) -> None:
        """Positions have no gaps: one beyond the last is the last."""
        ...

    async def delete_route(self, route_id: int) -> None: ...

    async def find_route(self, key: int | str) -> RouteRow:
        """By its id or its name."""
        ...

    async def page_routes(self, wanted: RouteFilter, page: Paging) -> Page[RouteRow]:
        """In their order; the cursor is the last position."""
        ...

    async def has_default_route(self) -> bool:
        """Whether an enabled route takes every destination of every account."""
        ...

    async def message_detail(self, message_id: str, account_id: int | None = None) -> MessageDetail | None:
        """By plain or public id; None when it does not exist or belongs to another account."""
        ...

    async def list_messages(self, wanted: MessageFilter, cursor: str, limit: int) -> MessagePage[MessageRow]:
        """Messages that fit, newest first; `cursor` is the `next` of the page before, empty for the first."""
        ...

    async def list_inbound(self, wanted: InboundFilter, cursor: str, limit: int) -> MessagePage[InboundRow]:
        """Inbound messages that fit, newest first; `cursor` likewise."""
        ...

    async def find_inbound(self, message_id: str) -> InboundRow | None:
        """An inbound message by its id."""
        ...

    async def count_inbound(self, since: int, account_id: int | None) -> InboundCounts:
        """How many inbound messages came at this time (Unix ms) or later; of one account or of all."""
        ...

    async def list_receipts(self, wanted: MessageFilter, cursor: str, limit: int) -> MessagePage[ReceiptRow]:
        """Delivery reports of messages that fit, in the order of the messages, newest first.

        `state` and `error` are those of the report's segment.
        """
        ...

    async def queue_depths(self) -> dict[str, int]: ...

    async def database_kind(self) -> DatabaseKind: ...
