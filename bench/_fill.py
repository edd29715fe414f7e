"""A provider's network: OLTs with ONUs, switches with ports, subscribers, addresses, histories, answers.

    python bench/_fill.py DATA_DIRECTORY [--onus 100000] [--devices 1000] [--database URL]

Half of the devices are OLTs (ZTE C320 and BDCOM EPON by turns: 8 PON ports and 4 uplinks each), half are switches of 28 ports.
All are switched off, so that a running server leaves them alone. Nine ONUs of ten have a subscriber, every tenth stood at another
place before. For `SAMPLES` ONUs everything that a diagnosis shows is stored, also what is asked one ONU at a time. The big tables
are made within the database (`_fill_sql.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from _fill_sql import STREETS, fill_interfaces
from sqlalchemy import Connection, select, text

from wildcore.app.build import Installation, build
from wildcore.app.config import Config
from wildcore.services import keys
from wildcore.services.search_index import tidy
from wildcore.services.users import ensure_owner
from wildcore.store.tables import Base, DeviceAccess, DeviceModel, Interface, User

SAMPLES = 2000
_TABLES: dict[str, tuple[str, ...]] = {
    "devices": (
        "id", "ip", "name", "model_id", "access_id", "enabled", "location", "description", "mac", "serial", "params", "pollers",
        "status", "status_at", "status_changed_at", "created_at", "updated_at",
    ),
    "device_group_links": ("device_id", "group_id"),
    "module_answers": ("device_id", "interface_id", "module", "data", "at", "complete"),
}  # fmt: skip
_DEVICE_MODULES = (
    "interfaces_list", "pon_onts_status", "pon_onts_optical", "pon_onts_serial", "pon_onts_mac_addr", "pon_onts_descr",
    "pon_onts_reasons", "fdb", "link_info", "counters", "vlans", "pon_ports_list", "pon_ports_optical",
)  # fmt: skip

_I = Interface.__table__.c
Row = tuple[Any, ...]


def _devices(devices: int, models: Sequence[int], access: int, now: int) -> Iterator[tuple[str, Row]]:
    """Rows of the devices, their groups and what was last known of each as a whole, with their table's name."""
    for number in range(1, devices + 1):
        olt = number <= devices // 2
        ip = f"10.{number // 65536 + 50}.{number // 256 % 256}.{number % 256}"
        street = STREETS[number % 10]
        yield "devices", (
            number, ip, f"{'OLT' if olt else 'SW'}-{number} {street}", models[number % 2 if olt else 2], access, False,
            f"вул. {street}, {number}", "", f"00:1E:67:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}",
            f"SN{number:08}", "{}", "{}", "Up", now, now - 86400 * 30, now - 86400 * 300, now,
        )  # fmt: skip
        yield "device_group_links", (number, 1)
        system = [{"descr": f"device {number}", "object_id": "1.3.6.1.4.1.3902.1082", "uptime_sec": 86400, "name": f"d{number}"}]
        yield "module_answers", (number, 0, "system", json.dumps(system), now, True)
        for name in _DEVICE_MODULES:
            yield "module_answers", (number, 0, name, "[]", now, True)


def _samples(connection: Connection, onus: int, now: int) -> Iterator[tuple[str, Row]]:
    """What is asked one ONU at a time, of some ONUs."""
    every = max(1, onus // SAMPLES)
    query = select(_I.id, _I.device_id, _I.bind_key).where(_I.type == "ONU", _I.id % every == 0)
    for row, device, key in connection.execute(query):
        counters = {"bind_key": key, "in_octets": 5_000_000_101, "out_octets": 700_000_000_202, "in_errors": 0}
        rows = {
            "pon_onts_vendor": {
                "bind_key": key,
                "vendor": "ZTEG",
                "model": "F601",
                "hw_version": "V6.0",
                "sw_version": "V6.0.1P1",
            },
            "pon_onts_uni": {"bind_key": key, "num": 1, "oper": "Up", "admin": "Enabled", "speed": "1000-Full"},
            "pon_onts_counters": counters,
            "counters": counters,
        }
        for name, one in rows.items():
            yield "module_answers", (device, row, name, json.dumps([one]), now, True)


def fill(installation: Installation, onus: int, devices: int = 1000, *, people: bool = True) -> str:
    """Fill an empty database, without a subscriber unless `people`; returns a key of its owner."""
    runtime = installation.runtime
    with runtime.db.write() as session:
        ensure_owner(session, runtime)
        wanted = ("zte_c320", "bdcom_p3310c", "generic_switch")
        models = dict(session.execute(select(DeviceModel.key, DeviceModel.id)).all())
        fallback = iter(models.values())
        chosen = [models.get(key) or next(fallback) for key in wanted]
        session.add(DeviceAccess(id=1, name="all", created_at=0, updated_at=0))
        owner = session.scalars(select(User)).one()
        key = keys.issue(session, runtime, owner, kind="api", life_sec=86400 * 365).key
        values = {"DIAG_CACHE_SEC": 86400 * 365, "MIKBILL_API_ADDR": "https://billing.example"}
        runtime.settings.set(session, values)
        runtime.catalogue.switch(session, "mikbill_integration", on=True)
    now = int(time.time())
    engine = runtime.db.engine.execution_options(wildcore_write=True)
    with engine.begin() as connection:
        _insert(connection, _devices(devices, chosen, 1, now))
    fill_interfaces(engine, onus, devices, now, people=people)
    with engine.begin() as connection:
        _insert(connection, list(_samples(connection, onus, now)))
    _settle(installation)
    return key


def _insert(connection: Connection, found: Iterable[tuple[str, Row]]) -> None:
    tables: dict[str, list[Row]] = {name: [] for name in _TABLES}
    for table, row in found:
        tables[table].append(row)
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for table, rows in tables.items():
        columns = _TABLES[table]
        if rows:
            marks = ", ".join([mark] * len(columns))
            connection.exec_driver_sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _settle(installation: Installation) -> None:
    """What the engines do by themselves in time: statistics, sequences after given ids."""
    db = installation.runtime.db
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not db.is_sqlite:
            for table in ("devices", "interfaces", "subscribers", "subscriber_claims", "device_accesses"):
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                )
            connection.exec_driver_sql("VACUUM ANALYZE")
    if db.is_sqlite:
        with db.write() as session:
            session.execute(text("PRAGMA optimize"))
        asyncio.run(tidy(installation.runtime))


def main() -> None:
    """Fill one database and print a key of its owner."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--onus", type=int, default=100_000)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    started = time.monotonic()
    installation = build(Config(data=options.data, database_url=options.database))
    try:
        key = fill(installation, options.onus, options.devices)
    finally:
        installation.close()
    print(f"{options.onus} ONUs in {time.monotonic() - started:.0f} s")
    print(key)


if __name__ == "__main__":
    assert set(_TABLES) <= set(Base.metadata.tables)
    main()
