"""Counts of messages by the hour."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables; the hours are counted when they are asked for."""
    op.create_table(
        "traffic",
        sa.Column("hour", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("account_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("connector_id", sa.String(100), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour", "account_id", "connector_id", "state", "reason", name=op.f("pk_traffic")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "traffic_hour",
        sa.Column("hour", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_traffic_hour")),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("traffic_hour")
    op.drop_table("traffic")
