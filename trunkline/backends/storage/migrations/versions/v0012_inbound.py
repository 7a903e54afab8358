"""Inbound messages, the parts that wait for others, and what came in of late."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UUID_TEXT = sa.String(length=36).with_variant(UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "inbound",
        sa.Column("id", UUID_TEXT, nullable=False),
        sa.Column("account_id", sa.Integer()),
        sa.Column("connector_id", sa.String(100), nullable=False),
        *_addresses(),
        sa.Column("text", sa.Text()),
        sa.Column("encoding", sa.String(16), nullable=False),
        sa.Column("data_coding", sa.Integer(), nullable=False),
        sa.Column("esm_class", sa.Integer(), nullable=False),
        sa.Column("raw", sa.Text()),
        sa.Column("udh", sa.Text(), nullable=False),
        sa.Column("dest_port", sa.Integer()),
        sa.Column("source_port", sa.Integer()),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_inbound_account_id_id", "inbound", ["account_id", "id"])
    op.create_index("ix_inbound_source_addr_id", "inbound", ["source_addr", "id"])
    op.create_index("ix_inbound_dest_addr_id", "inbound", ["dest_addr", "id"])
    op.create_table(
        "inbound_part",
        sa.Column("id", UUID_TEXT, nullable=False),
        sa.Column("connector_id", sa.String(100), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        *_addresses(),
        sa.Column("esm_class", sa.Integer(), nullable=False),
        sa.Column("data_coding", sa.Integer(), nullable=False),
        sa.Column("user_data", sa.Text(), nullable=False),
        sa.Column("sar_reference", sa.Integer()),
        sa.Column("sar_total", sa.Integer()),
        sa.Column("sar_number", sa.Integer()),
        sa.Column("dest_port", sa.Integer()),
        sa.Column("source_port", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_part")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inbound_seen",
        sa.Column("id", UUID_TEXT, nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("numbered", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_seen")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("inbound_seen")
    op.drop_table("inbound_part")
    op.drop_table("inbound")


def _addresses() -> list[sa.Column[int] | sa.Column[str]]:
    return [
        sa.Column("source_ton", sa.Integer(), nullable=False),
        sa.Column("source_npi", sa.Integer(), nullable=False),
        sa.Column("source_addr", sa.String(64), nullable=False),
        sa.Column("dest_ton", sa.Integer(), nullable=False),
        sa.Column("dest_npi", sa.Integer(), nullable=False),
        sa.Column("dest_addr", sa.String(64), nullable=False),
    ]
