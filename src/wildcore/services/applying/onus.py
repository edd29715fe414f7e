"""What OLTs tell of ONUs beside their state: idents, optics, descriptions, reasons."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wildcore.model.onu import OnuDescription, OnuIdent, OnuOptical, OnuReasons
from wildcore.services.applying.work import INTERFACES, VALUES, Work, clean
from wildcore.store.bulk import insert_rows, update_rows

_INT4 = 2**31 - 1
_HEAD = ("interface_id", "device_id", "admin", "bind_raw", "last_down_reason")
_OPTICAL = ("rx_dbm", "tx_dbm", "olt_rx_dbm", "olt_tx_dbm", "temperature_c", "voltage_v", "distance_m", "optical_at")
_REASONS = ("last_down_reason", "last_reg_at", "last_dereg_at", "reasons_at")
OPTICAL_METRICS = {
    "onu_rx_dbm": "rx_dbm",
    "onu_tx_dbm": "tx_dbm",
    "onu_olt_rx_dbm": "olt_rx_dbm",
    "onu_temperature_c": "temperature_c",
    "onu_voltage_v": "voltage_v",
    "onu_distance_m": "distance_m",
}


def apply_idents(work: Work) -> None:
    """MACs and serials. An ident that the answer does not name stays: it is the last one known."""
    changed = []
    row: OnuIdent
    for row, one in work.pairs(work.brief):
        if one.ident == row.ident and one.ident_type == row.type:
            continue
        ident, kind = clean(row.ident, 64), row.type.value
        if not ident or (one.ident == ident and one.ident_type == kind):
            continue
        changed.append((ident, kind, work.at, one.id))
        work.touched_idents.update(key for key in (ident, one.ident) if key)
        work.new_idents.add(ident)
    update_rows(work.session, INTERFACES, ("ident", "ident_type", "updated_at"), changed)
    work.changed += len(changed)


def apply_optical(work: Work) -> None:
    """Optics, one row per ONU. One without any power reading (it is off) keeps its last values and their time."""
    read: list[tuple[Any, ...]] = []
    distances: list[tuple[Any, ...]] = []
    device_id, at = work.device_id, work.at
    row: OnuOptical
    for row, one in work.pairs(work.brief):
        rx, tx, olt_rx, distance = row.rx_dbm, row.tx_dbm, row.olt_rx_dbm, row.distance_m
        if distance is not None and not 0 <= distance <= _INT4:
            distance = None
        head = (one.id, device_id, "Unknown", "", "")
        if rx is not None or tx is not None or olt_rx is not None:
            read.append((*head, rx, tx, olt_rx, row.olt_tx_dbm, row.temperature_c, row.voltage_v, distance, at))
        elif distance is not None:
            distances.append((*head, distance))
    key = ("interface_id",)
    partial = not work.answer.complete  # a column that was cut off says nothing of its values
    insert_rows(work.session, VALUES, (*_HEAD, *_OPTICAL), read, key=key, update=_OPTICAL, keep=partial)
    insert_rows(work.session, VALUES, (*_HEAD, "distance_m"), distances, key=key, update=("distance_m",))
    for metric, name in OPTICAL_METRICS.items():
        place = len(_HEAD) + _OPTICAL.index(name)
        found = [(value[0], value[place]) for value in read if value[place] is not None]
        work.put(metric, [one for one, _value in found], [value for _one, value in found])


def apply_descriptions(work: Work) -> None:
    """Descriptions kept on the OLT."""
    changed = []
    row: OnuDescription
    for row, one in work.pairs(work.brief):
        description = clean(row.description, 2000)
        if description != one.description:
            changed.append((description, work.at, one.id))
    update_rows(work.session, INTERFACES, ("description", "updated_at"), changed)
    work.changed += len(changed)


def apply_reasons(work: Work) -> None:
    """Why and when ONUs came and went, in the OLT's clock."""
    rows = []
    row: OnuReasons
    for row, one in work.pairs(work.brief):
        times = (_epoch(row.last_reg), _epoch(row.last_dereg), work.at)
        rows.append((one.id, work.device_id, "Unknown", "", clean(row.last_down_reason, 40), *times))
    columns = (*_HEAD, *_REASONS[1:])
    insert_rows(work.session, VALUES, columns, rows, key=("interface_id",), update=_REASONS)


def _epoch(value: datetime | None) -> int | None:
    try:
        return None if value is None else int(value.timestamp())
    except (OverflowError, OSError, ValueError):
        return None
