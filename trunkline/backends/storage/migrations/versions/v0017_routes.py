"""Routes that are switched off, positions without gaps, and ids that are given once."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_route = sa.table("route", sa.column("id", sa.Integer), sa.column("position", sa.Integer))


def upgrade() -> None:
    """Numbers the routes from 1 in the order in which they were tried."""
    op.add_column("route", sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()))
    connection = op.get_bind()
    ids = connection.scalars(sa.select(_route.c.id).order_by(_route.c.position, _route.c.id)).all()
    for position, route_id in enumerate(ids, 1):
        connection.execute(sa.update(_route).where(_route.c.id == route_id).values(position=position))
    op.execute("INSERT INTO setting (key, value) SELECT 'route_id', coalesce(max(id), 0) FROM route")


def downgrade() -> None:
    """Drops what was added; routes that are switched off go, since they would be in use again."""
    op.execute("DELETE FROM setting WHERE key = 'route_id'")
    op.execute("DELETE FROM route WHERE NOT enabled")
    op.drop_column("route", "enabled")
