"""Settings of the platform that administrators make."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; without rows every setting has its default."""
    op.create_table(
        "system_setting",
        sa.Column("section", sa.String(32), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("section", name=op.f("pk_system_setting")),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("system_setting")
