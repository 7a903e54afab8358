"""Where ESMEs wait to be asked to bind."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column."""
    op.add_column("esme", sa.Column("outbind", sa.String(255), nullable=False, server_default=""))


def downgrade() -> None:
    """Drops it."""
    op.drop_column("esme", "outbind")
