"""The ids that senders know messages by where they are not the messages' own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_GIVEN = sa.text("reference IS NOT NULL")


def upgrade() -> None:
    """Adds the column with its index, and the count of the blocks of short ids."""
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("reference", sa.String(36)))
    op.create_index(
        "ix_message_reference",
        "message",
        ["credential", "reference"],
        sqlite_where=_GIVEN,
        postgresql_where=_GIVEN,
    )
    op.execute("INSERT INTO setting (key, value) VALUES ('short_id_block', '0')")


def downgrade() -> None:
    """Drops what was added."""
    op.execute("DELETE FROM setting WHERE key = 'short_id_block'")
    op.drop_index("ix_message_reference", "message")
    op.drop_column("message", "reference")
