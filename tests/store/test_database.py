"""What the database tells of itself when a statement fails."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from wildcore.store.db import Database


def test_an_errors_text_holds_no_values(db: Database) -> None:
    with pytest.raises(DBAPIError) as failed, db.write() as session:
        session.execute(text("INSERT INTO no_such_table (a) VALUES (:a)"), {"a": "a-secret-value"})
    assert "no_such_table" in str(failed.value)
    assert "a-secret-value" not in str(failed.value)
