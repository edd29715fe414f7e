"""Many rows in one statement: `wildcore.store.bulk`, by the name under which the services know it."""

from wildcore.store.bulk import (
    Rows,
    among,
    among_given,
    among_value,
    insert_rows,
    is_sqlite,
    json_rows,
    update_rows,
)

__all__ = ["Rows", "among", "among_given", "among_value", "insert_rows", "is_sqlite", "json_rows", "update_rows"]
