"""Runs the migrations on the connection that `trunkline.backends.storage.migrate` hands over."""

from alembic import context

from trunkline.backends.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
