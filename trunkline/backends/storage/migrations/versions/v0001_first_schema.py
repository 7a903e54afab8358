"""The first schema: accounts, connectors, routes, messages, their ledger and their outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UUID_TEXT = sa.String(length=36).with_variant(UUID(as_uuid=False), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Creates all tables, and the row that counts changes of the configuration."""
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("unlimited", sa.Boolean(), nullable=False),
        sa.Column("credit_floor", sa.BigInteger(), nullable=False),
        sa.Column("unknown_outcome", sa.String(length=16), nullable=False),
        sa.Column("default_sender", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name", name="uq_account_name"),
    )
    op.create_table(
        "admin",
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("username", name="pk_admin"),
    )
    op.create_table(
        "connector",
        sa.Column("connector_id", sa.String(length=100), nullable=False),
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.String(length=64), nullable=False),
        sa.Column("password_encrypted", sa.Text(), nullable=False),
        sa.Column("system_type", sa.String(length=64), nullable=False),
        sa.Column("tx_binds", sa.Integer(), nullable=False),
        sa.Column("rx_binds", sa.Integer(), nullable=False),
        sa.Column("trx_binds", sa.Integer(), nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("throughput", sa.Integer(), nullable=False),
        sa.Column("enquire_link_s", sa.Float(precision=53), nullable=False),
        sa.Column("response_timeout_s", sa.Float(precision=53), nullable=False),
        sa.Column("reconnect_min_s", sa.Float(precision=53), nullable=False),
        sa.Column("reconnect_max_s", sa.Float(precision=53), nullable=False),
        sa.Column("source_ton", sa.Integer(), nullable=True),
        sa.Column("source_npi", sa.Integer(), nullable=True),
        sa.Column("dest_ton", sa.Integer(), nullable=True),
        sa.Column("dest_npi", sa.Integer(), nullable=True),
        sa.Column("default_alphabet", sa.String(length=16), nullable=False),
        sa.Column("long_message", sa.String(length=16), nullable=False),
        sa.Column("message_id_format", sa.String(length=16), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connector_id", name="pk_connector"),
    )
    op.create_table(
        "connector_status",
        sa.Column("connector_id", sa.String(length=100), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connector_id", "node", name="pk_connector_status"),
    )
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=128), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_idempotency"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "journal_mark",
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_journal_mark"),
    )
    op.create_table(
        "ledger",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("message_id", UUID_TEXT, nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
    )
    op.create_index("ix_ledger_account_id_created_at", "ledger", ["account_id", "created_at"], unique=False)
    op.create_index(
        "uq_ledger_reference",
        "ledger",
        ["account_id", "reference"],
        unique=True,
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_table(
        "message",
        sa.Column("id", UUID_TEXT, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("door", sa.String(length=16), nullable=False),
        sa.Column("credential", sa.String(length=255), nullable=False),
        sa.Column("source_addr", sa.String(length=64), nullable=False),
        sa.Column("source_ton", sa.Integer(), nullable=False),
        sa.Column("source_npi", sa.Integer(), nullable=False),
        sa.Column("dest_addr", sa.String(length=64), nullable=False),
        sa.Column("dest_ton", sa.Integer(), nullable=False),
        sa.Column("dest_npi", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("encoding", sa.String(length=16), nullable=False),
        sa.Column("data_coding", sa.Integer(), nullable=False),
        sa.Column("protocol_id", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("registered_delivery", sa.Integer(), nullable=False),
        sa.Column("dlr_url", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("route_id", sa.Integer(), nullable=True),
        sa.Column("connector_id", sa.String(length=100), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=False),
        sa.Column("deferred", sa.Boolean(), nullable=False),
        sa.Column("resend_unknown", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("notified_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "message_event",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("message_id", UUID_TEXT, nullable=False),
        sa.Column("segment_number", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_message_event"),
    )
    op.create_index("ix_message_event_message_id", "message_event", ["message_id"], unique=False)
    op.create_table(
        "orphan_receipt",
        sa.Column("id", UUID_TEXT, nullable=False),
        sa.Column("connector_id", sa.String(length=100), nullable=False),
        sa.Column("smsc_key", sa.String(length=255), nullable=False),
        sa.Column("smsc_message_id", sa.Text(), nullable=False),
        sa.Column("source_addr", sa.Text(), nullable=False),
        sa.Column("dest_addr", sa.Text(), nullable=False),
        sa.Column("stat", sa.Text(), nullable=False),
        sa.Column("err", sa.Text(), nullable=False),
        sa.Column("done_date", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_orphan_receipt"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_orphan_receipt_received_at", "orphan_receipt", ["received_at"], unique=False)
    op.create_index(
        "ix_orphan_receipt_smsc_key", "orphan_receipt", ["connector_id", "smsc_key"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column("lane", sa.String(length=255), nullable=False),
        sa.Column("next_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", UUID_TEXT, nullable=False),
        sa.Column("message_id", UUID_TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "next_at", "id", name="pk_outbox"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "segment",
        sa.Column("message_id", UUID_TEXT, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("udh", sa.Text(), nullable=False),
        sa.Column("connector_id", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("available_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("smsc_message_id", sa.Text(), nullable=True),
        sa.Column("smsc_key", sa.String(length=255), nullable=True),
        sa.Column("command_status", sa.BigInteger(), nullable=True),
        sa.Column("receipt_stat", sa.Text(), nullable=True),
        sa.Column("receipt_err", sa.Text(), nullable=True),
        sa.Column("receipt_at", sa.BigInteger(), nullable=True),
        sa.Column("receipt_text", sa.Text(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("sar_reference", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "number", name="pk_segment"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_segment_expiry",
        "segment",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_segment_open",
        "segment",
        ["connector_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('submitting', 'unknown')"),
        postgresql_where=sa.text("state IN ('submitting', 'unknown')"),
    )
    op.create_index(
        "ix_segment_queue",
        "segment",
        ["connector_id", "available_at", "message_id", "number", "expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_segment_smsc_key",
        "segment",
        ["connector_id", "smsc_key"],
        unique=False,
        sqlite_where=sa.text("smsc_key IS NOT NULL"),
        postgresql_where=sa.text("smsc_key IS NOT NULL"),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_setting"),
    )
    op.create_table(
        "esme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("max_binds", sa.Integer(), nullable=False),
        sa.Column("allowed_networks", sa.Text(), nullable=False),
        sa.Column("throughput", sa.Integer(), nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_esme_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_esme"),
        sa.UniqueConstraint("system_id", name="uq_esme_system_id"),
    )
    op.create_index("ix_esme_account_id", "esme", ["account_id"], unique=False)
    op.create_table(
        "http_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("api_key_prefix", sa.String(length=32), nullable=False),
        sa.Column("api_key_hash", sa.String(length=64), nullable=False),
        sa.Column("throughput", sa.Integer(), nullable=False),
        sa.Column("over_rate", sa.String(length=16), nullable=False),
        sa.Column("default_sender", sa.String(length=32), nullable=False),
        sa.Column("dlr_url", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_http_account_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_http_account"),
        sa.UniqueConstraint("api_key_hash", name="uq_http_account_api_key_hash"),
        sa.UniqueConstraint("username", name="uq_http_account_username"),
    )
    op.create_index("ix_http_account_account_id", "http_account", ["account_id"], unique=False)
    op.create_table(
        "route",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("prefix", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("connector_ids", sa.Text(), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_route_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_route"),
        sa.UniqueConstraint("name", name="uq_route_name"),
    )
    setting = sa.table("setting", sa.column("key", sa.String), sa.column("value", sa.Text))
    op.bulk_insert(setting, [{"key": "revision", "value": "1"}])


def downgrade() -> None:
    """Drops everything."""
    for name in (
        "route",
        "http_account",
        "esme",
        "setting",
        "segment",
        "outbox",
        "orphan_receipt",
        "message_event",
        "message",
        "ledger",
        "journal_mark",
        "idempotency",
        "connector_status",
        "connector",
        "admin",
        "account",
    ):
        op.drop_table(name)
