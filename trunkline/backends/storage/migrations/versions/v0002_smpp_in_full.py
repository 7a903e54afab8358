"""SMPP in full: versions, TLS, profiles and PDU logs of connectors and ESMEs, receipt policies, lanes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_QUEUED = sa.text("state = 'queued'")
_CONNECTOR_COLUMNS = (
    "number",
    "smpp_version",
    "tls",
    "tls_verify",
    "tls_ca",
    "tls_server_name",
    "tls_certificate",
    "tls_key_encrypted",
    "pdu_log",
    "profile",
)


def upgrade() -> None:
    """Adds the columns; numbers the connectors; rebuilds the queue's index with a lane per priority."""
    # Not as a batch, which makes the table anew on SQLite: rows of others refer to an account.
    for table_name, column in (
        ("account", sa.Column("receipt_policy", sa.String(8), nullable=False, server_default="all")),
        ("account", sa.Column("smart_encoding", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("esme", sa.Column("default_alphabet", sa.String(16), nullable=False, server_default="gsm7")),
        ("esme", sa.Column("receipt_format", sa.String(16), nullable=False, server_default="standard")),
        ("esme", sa.Column("pdu_log", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("esme", sa.Column("password_encrypted", sa.Text())),
        ("esme", sa.Column("updated_at", sa.BigInteger(), nullable=False, server_default="0")),
    ):
        op.add_column(table_name, column)
    # It was per second over all connections of the ESME.
    op.execute("UPDATE esme SET throughput = throughput * 60, updated_at = created_at")
    _alter_connector()
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("receipt_policy", sa.String(8), nullable=False, server_default="all"))
        table.add_column(sa.Column("tlvs", sa.Text(), nullable=False, server_default=""))
    op.add_column("segment", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE segment SET priority = (SELECT message.priority FROM message"
        " WHERE message.id = segment.message_id) WHERE state = 'queued'"
    )
    op.drop_index("ix_segment_queue", "segment")
    op.create_index(
        "ix_segment_queue",
        "segment",
        ["connector_id", "priority", "available_at", "message_id", "number", "expires_at"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )


def _alter_connector() -> None:
    for column in (
        sa.Column("number", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("smpp_version", sa.String(3), nullable=False, server_default="3.4"),
        sa.Column("tls", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("tls_verify", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("tls_ca", sa.Text(), nullable=False, server_default=""),
        sa.Column("tls_server_name", sa.String(255), nullable=False, server_default=""),
        sa.Column("tls_certificate", sa.Text(), nullable=False, server_default=""),
        sa.Column("tls_key_encrypted", sa.Text(), nullable=False, server_default=""),
        sa.Column("pdu_log", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("profile", sa.Text(), nullable=False, server_default="{}"),
    ):
        op.add_column("connector", column)
    op.execute(
        "UPDATE connector SET number = (SELECT count(*) FROM connector AS earlier"
        " WHERE earlier.connector_id <= connector.connector_id)"
    )
    with op.batch_alter_table("connector") as table:
        table.create_unique_constraint("uq_connector_number", ["number"])
    op.execute("INSERT INTO setting (key, value) SELECT 'connector_number', count(*) FROM connector")


def downgrade() -> None:
    """Drops what was added."""
    op.drop_index("ix_segment_queue", "segment")
    op.create_index(
        "ix_segment_queue",
        "segment",
        ["connector_id", "available_at", "message_id", "number", "expires_at"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
    op.execute("DELETE FROM setting WHERE key = 'connector_number'")
    op.execute("UPDATE esme SET throughput = throughput / 60")
    with op.batch_alter_table("connector") as table:
        table.drop_constraint("uq_connector_number", type_="unique")
    for name, columns in (
        ("segment", ("priority",)),
        ("message", ("tlvs", "receipt_policy")),
        (
            "connector",
            _CONNECTOR_COLUMNS,
        ),
        ("esme", ("default_alphabet", "receipt_format", "pdu_log", "password_encrypted", "updated_at")),
        ("account", ("receipt_policy", "smart_encoding")),
    ):
        for column_name in columns:
            op.drop_column(name, column_name)
