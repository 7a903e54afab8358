"""The store: the port `Store`, and the management operations that services build on."""

from collections.abc import Callable, Sequence
from ipaddress import ip_network

from sqlalchemy import select, text
from sqlalchemy.engine import URL

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import tables
from trunkline.backends.storage.accounts import Accounts
from trunkline.backends.storage.api_keys import ApiKeys
from trunkline.backends.storage.broadcasts import Broadcasts
from trunkline.backends.storage.connectors import Connectors, build_config
from trunkline.backends.storage.database import is_sqlite, read_setting
from trunkline.backends.storage.esmes import Esmes
from trunkline.backends.storage.gateway_orders import GatewayOrders
from trunkline.backends.storage.groups import Groups
from trunkline.backends.storage.http_accounts import HttpAccounts
from trunkline.backends.storage.inbound import Inbound
from trunkline.backends.storage.journal import GroupCommitJournal
from trunkline.backends.storage.message_lists import MessageLists
from trunkline.backends.storage.messages import Messages
from trunkline.backends.storage.nodes import Nodes
from trunkline.backends.storage.routes import Routes, build_route
from trunkline.backends.storage.senders import Senders
from trunkline.backends.storage.sessions import Sessions
from trunkline.backends.storage.statistics import Statistics
from trunkline.backends.storage.system_settings import SystemSettings
from trunkline.model.administration import DatabaseKind
from trunkline.model.message import MessageEvent, OrphanReceipt, Segment
from trunkline.model.snapshot import (
    Account,
    Esme,
    HttpAccount,
    OverRate,
    ReceiptFormat,
    ReceiptPolicy,
    Sender,
    Snapshot,
    UnknownOutcome,
)
from trunkline.model.states import SegmentState

RECOVER_CHUNK = 1000


class SqlStore(
    Accounts,
    Senders,
    HttpAccounts,
    Esmes,
    Connectors,
    Routes,
    Messages,
    MessageLists,
    Inbound,
    Broadcasts,
    Statistics,
    Groups,
    Sessions,
    ApiKeys,
    Nodes,
    SystemSettings,
    GatewayOrders,
):
    """Everything that is stored, in one database: SQLite or PostgreSQL.

    Call `open` before and `close` after use; the schema must be up to date (`migrate.upgrade`).
    """

    def __init__(
        self, url: URL, journal: GroupCommitJournal, secret_box: SecretBox, now_ms: Callable[[], int]
    ) -> None:
        super().__init__(url, now_ms)
        self._journal = journal
        self._secret_box = secret_box

    @property
    def journal(self) -> GroupCommitJournal:
        """The group-commit writer."""
        return self._journal

    async def open(self) -> None:
        """Connects. Raises `StorageUnavailable`."""
        await self._journal.start()

    async def close(self) -> None:
        """Writes what is recorded and disconnects."""
        await self._journal.close()
        await self._engine.dispose()

    async def revision(self) -> int:
        """Number of the current configuration."""
        async with self._read() as connection:
            return int(await read_setting(connection, tables.REVISION) or 0)

    async def database_kind(self) -> DatabaseKind:
        """Which database this is."""
        name = "SQLite" if is_sqlite(self._url) else "PostgreSQL"
        question = "SELECT sqlite_version()" if is_sqlite(self._url) else "SHOW server_version"
        async with self._read() as connection:
            version = await connection.scalar(text(question))
            revision = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return DatabaseKind(f"{name} {str(version).partition(' ')[0]}", str(revision))

    async def snapshot(self) -> Snapshot:
        """The whole configuration. Raises `SecretUnreadable` when the key file is not the database's."""
        async with self._read() as connection:
            revision = await read_setting(connection, tables.REVISION)
            api_token_hash = await read_setting(connection, tables.ADMIN_CREDENTIAL)
            accounts = {
                row.id: Account(
                    row.id,
                    row.name,
                    row.enabled,
                    row.unlimited,
                    UnknownOutcome(row.unknown_outcome),
                    row.default_sender,
                    ReceiptPolicy(row.receipt_policy),
                    row.smart_encoding,
                    row.throughput,
                )
                for row in await connection.execute(select(tables.account))
            }
            http_accounts = []
            for row in await connection.execute(select(tables.http_account)):
                account = accounts[row.account_id]
                sender = Sender(
                    account,
                    row.username,
                    row.enabled,
                    row.throughput,
                    OverRate(row.over_rate),
                    row.default_sender or account.default_sender,
                    row.dlr_url,
                )
                http_accounts.append(
                    HttpAccount(row.id, sender, row.username, row.password_hash, row.api_key_hash)
                )
            esmes = {}
            for row in await connection.execute(select(tables.esme)):
                account = accounts[row.account_id]
                sender = Sender(
                    account,
                    row.system_id,
                    row.enabled,
                    0,  # an ESME's is per connection: its session keeps it
                    default_sender=account.default_sender,
                )
                esmes[row.system_id] = Esme(
                    row.id,
                    sender,
                    row.system_id,
                    row.password_hash,
                    row.max_binds,
                    tuple(ip_network(each) for each in row.allowed_networks.split(",") if each),
                    row.window,
                    row.throughput,
                    row.default_alphabet,
                    ReceiptFormat(row.receipt_format),
                    row.pdu_log,
                    row.outbind,
                    row.broadcast,
                    row.bind_round,
                )
            connectors = {
                row.connector_id: build_config(row._mapping, self._secret_box)
                for row in await connection.execute(select(tables.connector))
            }
            route = tables.route
            routes = tuple(
                build_route(row._mapping)
                for row in await connection.execute(
                    select(route).where(route.c.enabled).order_by(route.c.position)
                )
            )
            key_holders = await self._key_holders(connection)
            settings = await self._platform_settings(connection)
        return Snapshot(
            int(revision or 0),
            accounts,
            {each.username: each for each in http_accounts},
            {each.api_key_hash: each for each in http_accounts},
            esmes,
            connectors,
            routes,
            api_token_hash or "",
            key_holders,
            settings,
        )

    # --- through the journal, in order with what it writes ---

    async def find_by_smsc_keys(self, connector_ids: Sequence[str], keys: Sequence[str]) -> Segment | None:
        """The newest segment of these connectors whose normalised SMSC id is one of `keys`."""
        found = await self._journal.by_smsc_key(connector_ids, keys)
        return found[0] if found else None

    async def find_unknown_outcome(
        self, connector_ids: Sequence[str], source_addr: str, dest_addr: str
    ) -> Segment | None:
        """The segment of these connectors with unknown outcome between these addresses, when there is one.

        Parts of one message count as one: the first of them. Which part it is does not matter to the message.
        """
        found = await self._journal.unknown_outcome(connector_ids, source_addr, dest_addr)
        if not found or found[0].message is not found[-1].message:
            return None
        # Receipts that are looked up together share the answer: each takes a part of its own.
        return next((each for each in found if each.state is SegmentState.UNKNOWN), None)

    async def orphan(self, connector_id: str, smsc_key: str) -> OrphanReceipt | None:
        """The oldest kept orphan receipt with this key."""
        found = await self._journal.orphan(connector_id, smsc_key)
        return found[0] if found else None

    async def recover(self, now: int) -> dict[str, int]:
        """Settles what a stop left half done: claimed segments become UNKNOWN, or QUEUED by policy.

        Called once at start, before any connector runs. Returns counts: ``unknown``, ``requeued``.
        """
        journal = self._journal
        counts = {"unknown": 0, "requeued": 0}
        while segments := await journal.stuck(RECOVER_CHUNK):
            for segment in segments:
                message = segment.message
                resend = message.resend_unknown
                kind = "requeued" if resend else "unknown"
                detail = "the gateway stopped while it was being submitted" + (
                    "; sent again, as the account's policy says" if resend else ""
                )
                changed = segment.become(SegmentState.QUEUED if resend else SegmentState.UNKNOWN, now)
                if resend:
                    segment.available_at = now
                event = MessageEvent(message.id, segment.number, now, "recovered", detail)
                journal.changed(segment, changed, event)
                counts[kind] += 1
        await journal.flush()
        return counts
