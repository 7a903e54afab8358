"""An index for lists of one account's messages."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index."""
    op.create_index("ix_message_account_id_id", "message", ["account_id", "id"])


def downgrade() -> None:
    """Drops it."""
    op.drop_index("ix_message_account_id_id", "message")
