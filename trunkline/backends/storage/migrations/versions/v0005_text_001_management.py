"""Text 001's management: the numbers that its API keeps for connectors, ids of ESMEs that are given once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_FIXED = (
    ("fixed_source_ton", "5"),
    ("fixed_source_npi", "0"),
    ("fixed_dest_ton", "1"),
    ("fixed_dest_npi", "1"),
)


def upgrade() -> None:
    """Adds the columns, with what is in use where it is not automatic; counts the ESMEs' ids from here."""
    for name, default in _FIXED:
        op.add_column("connector", sa.Column(name, sa.Integer(), nullable=False, server_default=default))
        used = name.removeprefix("fixed_")
        op.execute(f"UPDATE connector SET {name} = {used} WHERE {used} IS NOT NULL")  # noqa: S608  (our names)
    op.execute("INSERT INTO setting (key, value) SELECT 'esme_id', coalesce(max(id), 0) FROM esme")


def downgrade() -> None:
    """Drops what was added."""
    op.execute("DELETE FROM setting WHERE key = 'esme_id'")
    for name, _ in _FIXED:
        op.drop_column("connector", name)
