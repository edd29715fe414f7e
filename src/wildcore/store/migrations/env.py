"""What Alembic runs: the connection comes from `wildcore.store.migrate`, inside the transaction it opened."""

from __future__ import annotations

from alembic import context

from wildcore.store.tables import Base

connection = context.config.attributes["connection"]
# SQLite cannot alter most things: batch mode copies the table.
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
