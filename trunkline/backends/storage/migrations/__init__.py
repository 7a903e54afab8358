"""The history of the schema: Alembic scripts, run by `trunkline.backends.storage.migrate`."""
