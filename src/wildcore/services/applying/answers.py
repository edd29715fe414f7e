"""`module_answers`: when a module last answered, whether completely, what it said, and its last failure.

`data` is a JSON list of rows, each an object of the record's fields (`model`); times in it are Unix seconds. Modules whose rows
live in tables of their own (`TABLED`) keep none. A row that an incomplete answer does not name stays as it was.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import select

from wildcore.services.applying.work import ANSWERS, Work, clean
from wildcore.store.bulk import insert_rows

TABLED = frozenset(
    {
        "interfaces_list", "pon_onts_status", "pon_onts_serial", "pon_onts_mac_addr", "pon_onts_optical", "pon_onts_descr",
        "pon_onts_reasons", "fdb",
    }
)  # fmt: skip
_KEY = ("device_id", "interface_id", "module")
_FACTS = ("data", "at", "complete", "error", "error_at", "duration_ms")


def rows_of(data: str | None) -> list[dict[str, Any]]:
    """Stored rows of an answer; an empty list when there are none."""
    return json.loads(data) if data else []


def as_rows(rows: list[Any]) -> list[dict[str, Any]]:
    """Rows as they are stored: one object per record, times in Unix seconds."""
    return [_row(row) for row in rows]


def store_answer(work: Work, interface_id: int, duration_ms: int | None) -> None:
    """Write the row of this answer. An empty incomplete answer leaves the last one and notes only its error."""
    error = clean("; ".join(work.answer.problems), 2000) or None
    if not work.answer.complete and not work.answer.rows:
        store_failure(work, interface_id, error or "no rows")
        return
    data = None
    if work.module not in TABLED:
        rows = as_rows(work.answer.rows)
        data = json.dumps(rows if work.answer.complete else _merged(work, interface_id, rows), ensure_ascii=False)
    error_at = work.at if error else None
    row = (work.device_id, interface_id, work.module, data, work.at, work.answer.complete, error, error_at, duration_ms)
    insert_rows(work.session, ANSWERS, (*_KEY, *_FACTS), [row], key=_KEY, update=_FACTS)


def store_failure(work: Work, interface_id: int, error: str) -> None:
    """Note a failure; what was known before stays with its time."""
    row = (work.device_id, interface_id, work.module, clean(error, 2000), work.at, False)
    columns = (*_KEY, "error", "error_at", "complete")
    insert_rows(work.session, ANSWERS, columns, [row], key=_KEY, update=("error", "error_at"))


def _merged(work: Work, interface_id: int, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    where = (ANSWERS.c.device_id == work.device_id, ANSWERS.c.interface_id == interface_id, ANSWERS.c.module == work.module)
    stored = rows_of(work.session.execute(select(ANSWERS.c.data).where(*where)).scalar_one_or_none())
    name = next((name for name in ("bind_key", "id") if rows and rows[0].get(name) is not None), None)
    if name is None:
        return rows
    named = {row[name] for row in rows}
    return rows + [row for row in stored if row.get(name) not in named]


def _row(row: Any) -> dict[str, Any]:
    record: Any = type(row)
    names, read = _reader(record)
    values = read(row)
    return {name: _plain(value) for name, value in zip(names, values, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        try:
            return int(value.timestamp())
        except (OverflowError, OSError, ValueError):
            return None
    return value


@lru_cache(maxsize=64)
def _reader(record: Any) -> tuple[tuple[str, ...], Any]:
    names = tuple(field.name for field in fields(record))
    return names, attrgetter(*names)
