"""Segments count the attempts that were refused for congestion."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column."""
    op.add_column("segment", sa.Column("congested", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drops it."""
    with op.batch_alter_table("segment") as table:
        table.drop_column("congested")
