"""All sessions of an ESME can be ended at once."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column to which sessions are compared."""
    op.add_column("esme", sa.Column("bind_round", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drops it."""
    op.drop_column("esme", "bind_round")
