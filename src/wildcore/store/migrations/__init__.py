"""Alembic migrations, one file per step under `versions/`; run by `wildcore.store.migrate`."""
