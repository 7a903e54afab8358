"""The tables. Times are Unix milliseconds, money is micro-credits, states are short texts.

Hot tables (`message`, `segment`, `ledger`, `message_event`, `outbox`, `orphan_receipt`, `idempotency`, and
those of inbound messages) carry no foreign keys and as few indexes as their queries allow: every index is
paid for by every message.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.types import TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

REVISION = "revision"  # the row of `setting` that counts changes of the configuration
ADMIN_CREDENTIAL = "api_token_hash"  # the row that holds the SHA-256 of the administrator's API token
ADMIN_CREDENTIAL_MADE_AT = "api_token_made_at"  # the row that holds when it was set, in Unix ms
SHORT_ID_BLOCK = "short_id_block"  # the row that counts the blocks of short ids given out
CONNECTOR_NUMBER = "connector_number"  # the row that holds the last number a connector was given
ESME_ID = "esme_id"  # the row that holds the last id an ESME was given
ROUTE_ID = "route_id"  # the row that holds the last id a route was given


def uuid_text() -> TypeEngine[str]:
    """A UUID kept as its canonical 36-character text, natively where the database knows the type."""
    return String(36).with_variant(UUID(as_uuid=False), "postgresql")


def serial() -> TypeEngine[int]:
    """A 64-bit integer that counts by itself (SQLite counts only INTEGER primary keys)."""
    return BigInteger().with_variant(Integer, "sqlite")


account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("unlimited", Boolean, nullable=False),
    # The lowest balance that charges may lead to; negative for accounts that pay afterwards.
    Column("credit_floor", BigInteger, nullable=False),
    Column("unknown_outcome", String(16), nullable=False),
    Column("default_sender", String(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("receipt_policy", String(8), nullable=False, server_default="all"),
    Column("smart_encoding", Boolean, nullable=False, server_default=false()),
    Column("company", String(255), nullable=False, server_default=""),
    Column("contact_email", String(255), nullable=False, server_default=""),
    Column("throughput", Integer, nullable=False, server_default="0"),  # per second, over all its senders
    Column("group_id", Integer, ForeignKey("account_group.id")),
    Column("permission_group_id", Integer, ForeignKey("permission_group.id")),
)

http_account = Table(
    "http_account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False, index=True),
    Column("username", String(255), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("api_key_prefix", String(32), nullable=False),
    Column("api_key_hash", String(64), nullable=False, unique=True),
    Column("throughput", Integer, nullable=False),
    Column("over_rate", String(16), nullable=False),
    Column("default_sender", String(32), nullable=False),
    Column("dlr_url", Text),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

esme = Table(
    "esme",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False, index=True),
    Column("system_id", String(64), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("max_binds", Integer, nullable=False),
    Column("allowed_networks", Text, nullable=False),  # comma list of CIDR networks, "" for all
    Column("throughput", Integer, nullable=False),  # per minute and connection
    Column("window", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("default_alphabet", String(16), nullable=False, server_default="gsm7"),
    Column("receipt_format", String(16), nullable=False, server_default="standard"),
    Column("pdu_log", Boolean, nullable=False, server_default=false()),
    # Only for ESMEs managed by text 001's API, which shows their passwords; else NULL.
    Column("password_encrypted", Text),
    Column("updated_at", BigInteger, nullable=False, server_default="0"),
    Column("outbind", String(255), nullable=False, server_default=""),
    Column("broadcast", Boolean, nullable=False, server_default=false()),
    # Counts up when all its sessions are to end: those of another round are unbound.
    Column("bind_round", Integer, nullable=False, server_default="0"),
)

connector = Table(
    "connector",
    metadata,
    Column("connector_id", String(100), primary_key=True),
    Column("provider", String(255), nullable=False),
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("system_id", String(64), nullable=False),
    Column("password_encrypted", Text, nullable=False),
    Column("system_type", String(64), nullable=False),
    Column("tx_binds", Integer, nullable=False),
    Column("rx_binds", Integer, nullable=False),
    Column("trx_binds", Integer, nullable=False),
    Column("window", Integer, nullable=False),
    Column("throughput", Integer, nullable=False),
    Column("enquire_link_s", Float(53), nullable=False),
    Column("response_timeout_s", Float(53), nullable=False),
    Column("reconnect_min_s", Float(53), nullable=False),
    Column("reconnect_max_s", Float(53), nullable=False),
    Column("source_ton", Integer),
    Column("source_npi", Integer),
    Column("dest_ton", Integer),
    Column("dest_npi", Integer),
    # What they are when they are not automatic, kept while they are.
    Column("fixed_source_ton", Integer, nullable=False, server_default="5"),
    Column("fixed_source_npi", Integer, nullable=False, server_default="0"),
    Column("fixed_dest_ton", Integer, nullable=False, server_default="1"),
    Column("fixed_dest_npi", Integer, nullable=False, server_default="1"),
    Column("default_alphabet", String(16), nullable=False),
    Column("long_message", String(16), nullable=False),
    Column("message_id_format", String(16), nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("number", Integer, nullable=False, unique=True, server_default="0"),
    Column("smpp_version", String(3), nullable=False, server_default="3.4"),
    Column("tls", Boolean, nullable=False, server_default=false()),
    Column("tls_verify", Boolean, nullable=False, server_default=true()),
    Column("tls_ca", Text, nullable=False, server_default=""),
    Column("tls_server_name", String(255), nullable=False, server_default=""),
    Column("tls_certificate", Text, nullable=False, server_default=""),
    Column("tls_key_encrypted", Text, nullable=False, server_default=""),
    Column("pdu_log", Boolean, nullable=False, server_default=false()),
    Column("profile", Text, nullable=False, server_default="{}"),  # a model.profile.Profile as JSON
)

route = Table(
    "route",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("position", Integer, nullable=False),  # 1, 2, 3 ... without gaps
    Column("name", String(255), nullable=False, unique=True),
    Column("prefix", String(32), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id")),
    Column("connector_ids", Text, nullable=False),  # JSON array, in order of preference
    Column("rate", BigInteger, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=true()),
)

message = Table(
    "message",
    metadata,
    Column("id", uuid_text(), primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("door", String(16), nullable=False),
    Column("credential", String(255), nullable=False),
    Column("source_addr", String(64), nullable=False),
    Column("source_ton", Integer, nullable=False),
    Column("source_npi", Integer, nullable=False),
    Column("dest_addr", String(64), nullable=False),
    Column("dest_ton", Integer, nullable=False),
    Column("dest_npi", Integer, nullable=False),
    Column("text", Text),
    Column("encoding", String(16), nullable=False),
    Column("data_coding", Integer, nullable=False),
    Column("protocol_id", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("registered_delivery", Integer, nullable=False),
    Column("dlr_url", Text),
    Column("expires_at", BigInteger, nullable=False),
    Column("accepted_at", BigInteger, nullable=False),
    Column("route_id", Integer),
    Column("connector_id", String(100), nullable=False),
    Column("rate", BigInteger, nullable=False),
    Column("charged", BigInteger, nullable=False),
    Column("deferred", Boolean, nullable=False),
    Column("resend_unknown", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", Text),
    Column("sent_at", BigInteger),
    Column("done_at", BigInteger),
    Column("parts", Integer, nullable=False),
    Column("notified_at", BigInteger),
    Column("receipt_policy", String(8), nullable=False, server_default="all"),
    Column("tlvs", Text, nullable=False, server_default=""),  # hex digits
    Column("reference", String(36)),  # the id its sender knows it by, where that is another
    sqlite_with_rowid=False,
)

segment = Table(
    "segment",
    metadata,
    Column("message_id", uuid_text(), nullable=False),
    Column("number", Integer, nullable=False, autoincrement=False),
    Column("content", Text),  # NULL: the message has one segment, and its text is the content
    Column("udh", Text, nullable=False),  # hex digits
    Column("connector_id", String(100), nullable=False),
    Column("state", String(16), nullable=False),
    Column("available_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # the message's, for the queue's index
    Column("attempts", Integer, nullable=False),
    Column("congested", Integer, nullable=False, server_default="0"),
    Column("submitted_at", BigInteger),
    Column("smsc_message_id", Text),
    Column("smsc_key", String(255)),
    Column("command_status", BigInteger),
    Column("receipt_stat", Text),
    Column("receipt_err", Text),
    Column("receipt_at", BigInteger),
    Column("receipt_text", Text),
    Column("done_at", BigInteger),
    Column("sar_reference", Integer, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),  # the message's, for the queue's index
    PrimaryKeyConstraint("message_id", "number"),
    sqlite_with_rowid=False,
)


def _partial(name: str, *columns: Column[str] | Column[int], where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


# An account's messages in the order of time: lists of one account's would else look at everybody's.
Index("ix_message_account_id_id", message.c.account_id, message.c.id)
_partial("ix_message_reference", message.c.credential, message.c.reference, where="reference IS NOT NULL")
_partial("ix_segment_smsc_key", segment.c.connector_id, segment.c.smsc_key, where="smsc_key IS NOT NULL")
# The queue: a lane per priority, each in the order of submission, with the expiry at hand so that what has
# expired is not looked up.
_partial(
    "ix_segment_queue",
    segment.c.connector_id,
    segment.c.priority,
    segment.c.available_at,
    segment.c.message_id,
    segment.c.number,
    segment.c.expires_at,
    where="state = 'queued'",
)
_partial("ix_segment_expiry", segment.c.expires_at, where="state = 'queued'")
_partial("ix_segment_open", segment.c.connector_id, where="state IN ('submitting', 'unknown')")

ledger = Table(
    "ledger",
    metadata,
    Column("id", serial(), primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("kind", String(16), nullable=False),  # charge, topup, debit, refund
    Column("amount", BigInteger, nullable=False),  # signed: charges are negative
    Column("balance_after", BigInteger, nullable=False),
    Column("message_id", uuid_text()),
    Column("description", Text, nullable=False),
    Column("source", String(32), nullable=False),
    Column("actor", String(255), nullable=False),
    Column("reference", String(255)),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_ledger_account_id_created_at", "account_id", "created_at"),
)
Index(
    "uq_ledger_reference",
    ledger.c.account_id,
    ledger.c.reference,
    unique=True,
    sqlite_where=text("reference IS NOT NULL"),
    postgresql_where=text("reference IS NOT NULL"),
)

message_event = Table(
    "message_event",
    metadata,
    Column("id", serial(), primary_key=True),
    Column("message_id", uuid_text(), nullable=False, index=True),
    Column("segment_number", Integer),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("detail", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("lane", String(255), nullable=False),
    Column("next_at", BigInteger, nullable=False, autoincrement=False),
    Column("id", uuid_text(), nullable=False),
    Column("message_id", uuid_text(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),  # a ReceiptPayload as JSON
    PrimaryKeyConstraint("lane", "next_at", "id"),
    sqlite_with_rowid=False,
)

orphan_receipt = Table(
    "orphan_receipt",
    metadata,
    Column("id", uuid_text(), primary_key=True),
    Column("connector_id", String(100), nullable=False),
    Column("smsc_key", String(255), nullable=False),
    Column("smsc_message_id", Text, nullable=False),
    Column("source_addr", Text, nullable=False),
    Column("dest_addr", Text, nullable=False),
    Column("stat", Text, nullable=False),
    Column("err", Text, nullable=False),
    Column("done_date", BigInteger),
    Column("text", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False, index=True),
    Index("ix_orphan_receipt_smsc_key", "connector_id", "smsc_key"),
    sqlite_with_rowid=False,
)

broadcast = Table(
    "broadcast",
    metadata,
    Column("id", uuid_text(), primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("credential", String(255), nullable=False),
    Column("connector_id", String(100), nullable=False),
    Column("smsc_message_id", Text, nullable=False),
    Column("user_reference", Integer),
    Column("accepted_at", BigInteger, nullable=False),
    Index("ix_broadcast_credential_user_reference", "credential", "user_reference"),
    sqlite_with_rowid=False,
)

inbound = Table(
    "inbound",
    metadata,
    Column("id", uuid_text(), primary_key=True),
    Column("account_id", Integer),  # NULL: nobody's but the administrators'
    Column("connector_id", String(100), nullable=False),
    Column("source_ton", Integer, nullable=False),
    Column("source_npi", Integer, nullable=False),
    Column("source_addr", String(64), nullable=False),
    Column("dest_ton", Integer, nullable=False),
    Column("dest_npi", Integer, nullable=False),
    Column("dest_addr", String(64), nullable=False),
    Column("text", Text),
    Column("encoding", String(16), nullable=False),
    Column("data_coding", Integer, nullable=False),
    Column("esm_class", Integer, nullable=False),
    Column("raw", Text),  # hex digits, where the text does not say all
    Column("udh", Text, nullable=False),  # hex digits
    Column("dest_port", Integer),
    Column("source_port", Integer),
    Column("parts", Integer, nullable=False),
    Column("missing", Text, nullable=False),  # numbers with commas
    Column("error", Text),
    Column("received_at", BigInteger, nullable=False),
    Index("ix_inbound_account_id_id", "account_id", "id"),
    Index("ix_inbound_source_addr_id", "source_addr", "id"),
    Index("ix_inbound_dest_addr_id", "dest_addr", "id"),
    sqlite_with_rowid=False,
)

# Parts of inbound messages that wait for the others.
inbound_part = Table(
    "inbound_part",
    metadata,
    Column("id", uuid_text(), primary_key=True),
    Column("connector_id", String(100), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("source_ton", Integer, nullable=False),
    Column("source_npi", Integer, nullable=False),
    Column("source_addr", String(64), nullable=False),
    Column("dest_ton", Integer, nullable=False),
    Column("dest_npi", Integer, nullable=False),
    Column("dest_addr", String(64), nullable=False),
    Column("esm_class", Integer, nullable=False),
    Column("data_coding", Integer, nullable=False),
    Column("user_data", Text, nullable=False),  # hex digits
    Column("sar_reference", Integer),
    Column("sar_total", Integer),
    Column("sar_number", Integer),
    Column("dest_port", Integer),
    Column("source_port", Integer),
    sqlite_with_rowid=False,
)

# What came in of late, to know it should it come again.
inbound_seen = Table(
    "inbound_seen",
    metadata,
    Column("id", uuid_text(), primary_key=True),
    Column("fingerprint", String(32), nullable=False),
    Column("numbered", Boolean, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", Integer, nullable=False, autoincrement=False),
    Column("key", String(255), nullable=False),
    Column("request_hash", String(128), nullable=False),
    Column("response", Text, nullable=False),
    Column("refused", Text, nullable=False),  # JSON array of the ids that the balance did not cover
    Column("created_at", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("account_id", "key"),
    sqlite_with_rowid=False,
)

connector_status = Table(
    "connector_status",
    metadata,
    Column("connector_id", String(100), nullable=False),
    Column("node", String(64), nullable=False),
    Column("status", Text, nullable=False),  # a ConnectorStatus as JSON
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("connector_id", "node"),
)

# The processes that work on the database.
node = Table(
    "node",
    metadata,
    Column("node", String(64), primary_key=True),
    Column("status", Text, nullable=False),  # a NodeStatus as JSON
    Column("sessions", Text, nullable=False),  # its bound ESMEs: an array of SessionStatus as JSON
    Column("updated_at", BigInteger, nullable=False),
)

# What the services of the processes are told.
gateway_order = Table(
    "gateway_order",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("node", String(64), nullable=False),
    Column("service", String(32), nullable=False),
    Column("control", String(32), nullable=False),
    Column("actor", String(255), nullable=False),
    Column("ordered_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),  # NULL: it waits
    Column("failure", Text, nullable=False),
)
_partial("ix_gateway_order_waiting", gateway_order.c.node, where="done_at IS NULL")

# Messages counted by the hour in which they were accepted (Unix ms), so that figures need not read them all.
traffic = Table(
    "traffic",
    metadata,
    Column("hour", BigInteger, nullable=False, autoincrement=False),
    Column("account_id", Integer, nullable=False, autoincrement=False),
    Column("connector_id", String(100), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(255), nullable=False),  # why it failed, empty where it did not
    Column("messages", BigInteger, nullable=False),
    Column("segments", BigInteger, nullable=False, server_default="0"),  # of them that an SMSC took
    PrimaryKeyConstraint("hour", "account_id", "connector_id", "state", "reason"),
    sqlite_with_rowid=False,
)

traffic_hour = Table(
    "traffic_hour",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("counted_at", BigInteger, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

journal_mark = Table(
    "journal_mark",
    metadata,
    Column("node", String(64), primary_key=True),
    Column("batch", BigInteger, nullable=False),
)
