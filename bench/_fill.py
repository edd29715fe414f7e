"""A provider's network by bulk inserts: OLTs with ONUs, switches with ports, subscribers, addresses, histories, answers.

    python bench/_fill.py DATA_DIRECTORY [--onus 100000] [--devices 1000] [--database URL]

Half of the devices are OLTs (ZTE C320 and BDCOM EPON by turns: 8 PON ports and 4 uplinks each), half are switches of 28 ports.
All are switched off, so that a running server leaves them alone. Nine ONUs of ten have a subscriber, every tenth stood at another
place before. For `SAMPLES` ONUs everything that a diagnosis shows is stored, also what is asked one ONU at a time.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text

from wildcore.app.build import Installation, build
from wildcore.app.config import Config
from wildcore.services import keys
from wildcore.services.users import ensure_owner
from wildcore.store.search import index_queued
from wildcore.store.tables import Base, DeviceAccess, DeviceModel, User

SAMPLES = 2000
SOURCE = "mikbill"
UPLINKS, PON_PORTS, SWITCH_PORTS = 4, 8, 28
_STREETS = ("Шевченка", "Соборна", "Незалежності", "Київська", "Єжи Ґедройця", "Садова", "Лісова", "Миру", "Їжакевича", "Польова")
_NAMES = ("petrenko", "kovalenko", "bondar", "tkachuk", "shevchuk", "melnyk", "kravets", "oliinyk", "lysenko", "moroz")
_TABLES: dict[str, tuple[str, ...]] = {
    "devices": (
        "id", "ip", "name", "model_id", "access_id", "enabled", "location", "description", "mac", "serial", "params", "pollers",
        "status", "status_at", "status_changed_at", "created_at", "updated_at",
    ),
    "device_group_links": ("device_id", "group_id"),
    "interfaces": (
        "id", "device_id", "bind_key", "parent_bind_key", "name", "port_num", "type", "if_index", "status", "status_changed_at",
        "description", "comment", "ident", "ident_type", "params", "poll_enabled", "save_fdb", "last_seen_at", "last_online_at",
        "gone_at", "created_at", "updated_at",
    ),
    "onu_values": (
        "interface_id", "device_id", "admin", "bind_raw", "status_at", "rx_dbm", "tx_dbm", "olt_rx_dbm", "temperature_c",
        "voltage_v", "distance_m", "optical_at", "last_down_reason", "last_reg_at", "last_dereg_at", "reasons_at",
    ),
    "module_answers": ("device_id", "interface_id", "module", "data", "at", "complete"),
    "interface_history": ("interface_id", "device_id", "at", "status", "reason"),
    "fdb_history": ("device_id", "interface_id", "mac", "vlan_id", "first_seen_at", "last_seen_at", "active"),
    "subscribers": (
        "id", "source", "uid", "agreement", "login", "billing_link", "address_full", "settlement", "lane", "house", "app",
        "updated_at",
    ),
    "subscriber_claims": ("id", "subscriber_id", "ident", "switch_ip", "port", "mac", "unmatched"),
    "bindings": ("claim_id", "subscriber_id", "interface_id", "strength"),
}  # fmt: skip
_DEVICE_MODULES = (
    "interfaces_list", "pon_onts_status", "pon_onts_optical", "pon_onts_serial", "pon_onts_mac_addr", "pon_onts_descr",
    "pon_onts_reasons", "fdb", "link_info", "counters", "vlans", "pon_ports_list", "pon_ports_optical",
)  # fmt: skip

Row = tuple[Any, ...]


class Network:
    """Makes the rows, device by device."""

    def __init__(self, onus: int, devices: int, models: Sequence[int], access: int) -> None:
        self._random = random.Random(4711)
        self._olts = devices // 2
        self._devices = devices
        self._per_olt = onus // self._olts
        self._sampled = max(1, onus // SAMPLES)
        self._models = models
        self._access = access
        self._now = int(time.time())
        self._next = 1  # interface
        self._onu = 0

    def rows(self) -> Iterator[dict[str, list[Row]]]:
        """Rows of one device after the other, by table."""
        for number in range(1, self._devices + 1):
            found: dict[str, list[Row]] = {name: [] for name in _TABLES}
            olt = number <= self._olts
            kind = number % 2 if olt else 2
            ip = f"10.{number // 65536 + 50}.{number // 256 % 256}.{number % 256}"
            name = f"{'OLT' if olt else 'SW'}-{number} {_STREETS[number % 10]}"
            now = self._now
            found["devices"].append(
                (number, ip, name, self._models[kind], self._access, False, f"вул. {_STREETS[number % 10]}, {number}", "",
                 f"00:1E:67:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}", f"SN{number:08}", "{}", "{}",
                 "Up", now, now - 86400 * 30, now - 86400 * 300, now)
            )  # fmt: skip
            found["device_group_links"].append((number, 1))
            self._answers(found, number)
            if olt:
                self._olt(found, number, gpon=kind == 0)
            else:
                for port in range(1, SWITCH_PORTS + 1):
                    row = self._port(found, number, str(port), f"port {port}", port, "FE" if port <= 24 else "GE")
                    self._mac(found, number, row, f"{0x48F8B3000000 + row:012X}")
            yield found

    def _olt(self, found: dict[str, list[Row]], device: int, *, gpon: bool) -> None:
        for port in range(1, UPLINKS + 1):
            self._port(found, device, str(port), f"gei_1/3/{port}" if gpon else f"GigaEthernet0/{port}", port, "GE")
        pons = [str(268500000 + port * 256) if gpon else str(10 + port) for port in range(1, PON_PORTS + 1)]
        for port, key in enumerate(pons, 1):
            self._port(found, device, key, f"gpon-olt_1/1/{port}" if gpon else f"EPON0/{port}", port, "GPON" if gpon else "EPON")
        for index in range(self._per_olt):
            port, place = index % PON_PORTS, index // PON_PORTS + 1
            name = f"gpon-onu_1/1/{port + 1}:{place}" if gpon else f"EPON0/{port + 1}:{place}"
            key = f"{pons[port]}.{place}" if gpon else str(1000 * (port + 1) + place)
            self._one_onu(found, device, key, pons[port], name, place, gpon=gpon)

    def _one_onu(
        self, found: dict[str, list[Row]], device: int, key: str, above: str, name: str, place: int, *, gpon: bool
    ) -> None:
        number, self._onu = self._onu, self._onu + 1
        rand, now = self._random, self._now
        # every tenth ident is the one before it: an ONU that was moved
        ident_of = number - 1 if number % 10 == 9 else number
        ident, kind = (f"ZTEGC{ident_of:07X}", "SN") if gpon else (f"{0xE067B3000000 + ident_of:012X}", "MAC")
        online = ident_of == number and rand.random() < 0.9
        street, house, flat = rand.choice(_STREETS), rand.randint(1, 150), rand.randint(1, 200)
        row = self._take()
        found["interfaces"].append(
            (row, device, key, above, name, place, "ONU", None, "Online" if online else "Offline", now - rand.randint(60, 900000),
             f"{street} {house}/{flat}", "", ident, kind, "{}", True, True, now, now if online else now - 86400, None,
             now - 86400 * 200, now)
        )  # fmt: skip
        rx = round(-15 - rand.random() * 13, 2)
        found["onu_values"].append(
            (row, device, "Enabled", "", now, rx, 2.1, round(rx - 2, 2), 41.0, 3.3, rand.randint(200, 15000), now, "PowerOff",
             now - 40000, now - 41000, now)
        )  # fmt: skip
        for days, state, reason in ((9, "Offline", "PowerOff"), (8, "Online", ""), (3, "Offline", "LOS"), (2, "Online", "")):
            found["interface_history"].append((row, device, now - days * 86400 + rand.randint(0, 40000), state, reason))
        mac = f"{0xA4F33B000000 + number:012X}"
        self._mac(found, device, row, mac)
        if number % self._sampled == 0:
            self._onu_answers(found, device, row, key)
        if ident_of == number and number % 10:
            self._subscriber(found, number + 1, row, ident, street, house, flat)

    def _subscriber(
        self, found: dict[str, list[Row]], number: int, row: int, ident: str, street: str, house: int, flat: int
    ) -> None:
        login = f"{_NAMES[number % 10]}{number}"
        found["subscribers"].append(
            (number, SOURCE, str(number), f"{700000 + number}", login, f"/#clientcard/{number}",
             f"м. Рівне, вул. {street}, буд. {house}, кв. {flat}", "Рівне", street, str(house), str(flat), self._now)
        )  # fmt: skip
        found["subscriber_claims"].append((number, number, ident, "", "", "", ""))
        found["bindings"].append((number, number, row, 1))

    def _answers(self, found: dict[str, list[Row]], device: int) -> None:
        system = [{"descr": f"device {device}", "object_id": "1.3.6.1.4.1.3902.1082", "uptime_sec": 86400, "name": f"d{device}"}]
        found["module_answers"].append((device, 0, "system", json.dumps(system), self._now, True))
        found["module_answers"] += [(device, 0, name, "[]", self._now, True) for name in _DEVICE_MODULES]

    def _onu_answers(self, found: dict[str, list[Row]], device: int, row: int, key: str) -> None:
        rows = {
            "pon_onts_vendor": {
                "bind_key": key,
                "vendor": "ZTEG",
                "model": "F601",
                "hw_version": "V6.0",
                "sw_version": "V6.0.1P1",
            },
            "pon_onts_uni": {"bind_key": key, "num": 1, "oper": "Up", "admin": "Enabled", "speed": "1000-Full"},
            "pon_onts_counters": {"bind_key": key, "in_octets": 5_000_000_101, "out_octets": 700_000_000_202, "in_errors": 0},
        }
        rows["counters"] = rows["pon_onts_counters"]
        found["module_answers"] += [(device, row, name, json.dumps([one]), self._now, True) for name, one in rows.items()]

    def _port(self, found: dict[str, list[Row]], device: int, key: str, name: str, number: int, kind: str) -> int:
        row, now = self._take(), self._now
        found["interfaces"].append(
            (row, device, key, "", name, number, kind, number, "Up", now - 900000, "", "", None, "", "{}", True, True, now, now,
             None, now - 86400 * 200, now)
        )  # fmt: skip
        return row

    def _mac(self, found: dict[str, list[Row]], device: int, row: int, mac: str) -> None:
        now = self._now
        found["fdb_history"].append((device, row, mac, 100 + row % 50, now - 86400 * 20, now, True))
        found["fdb_history"].append(
            (device, row, f"{int(mac, 16) ^ 0xFF0000000000:012X}", 100, now - 86400 * 90, now - 86400 * 60, False)
        )

    def _take(self) -> int:
        row, self._next = self._next, self._next + 1
        return row


def fill(installation: Installation, onus: int, devices: int = 1000) -> str:
    """Fill an empty database; returns a key of its owner."""
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
    network = Network(onus, devices, chosen, 1)
    with runtime.db.engine.execution_options(wildcore_write=True).begin() as connection:
        for some in _batches(network.rows(), 20):
            for table, columns in _TABLES.items():
                _insert(connection, table, columns, [row for one in some for row in one[table]])
    with runtime.db.write() as session:
        while index_queued(session, 20_000):
            pass
    _settle(installation)
    return key


def _insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    if not rows:
        return
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", list(rows))
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


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


def _batches(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    source = iter(rows)
    while some := list(islice(source, size)):
        yield some


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
