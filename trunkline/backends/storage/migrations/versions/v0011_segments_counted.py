"""Segments beside the messages that are counted by the hour."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column, and forgets the counts without it: the hours are counted when they are asked for."""
    op.execute("DELETE FROM traffic")
    op.execute("DELETE FROM traffic_hour")
    op.add_column("traffic", sa.Column("segments", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drops it."""
    op.drop_column("traffic", "segments")
