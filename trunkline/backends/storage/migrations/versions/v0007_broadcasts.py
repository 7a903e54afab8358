"""Cell broadcasts, and which ESMEs may send them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UUID_TEXT = sa.String(length=36).with_variant(UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    """Adds the table and the column."""
    op.create_table(
        "broadcast",
        sa.Column("id", UUID_TEXT, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("credential", sa.String(255), nullable=False),
        sa.Column("connector_id", sa.String(100), nullable=False),
        sa.Column("smsc_message_id", sa.Text(), nullable=False),
        sa.Column("user_reference", sa.Integer()),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_broadcast"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_broadcast_credential_user_reference", "broadcast", ["credential", "user_reference"])
    op.add_column("esme", sa.Column("broadcast", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drops what was added."""
    op.drop_column("esme", "broadcast")
    op.drop_table("broadcast")
