"""The big tables of a filled database, made by the database itself: a million ONUs in one statement for each table.

Indexes, triggers and the checks of references are off meanwhile and made anew afterwards, the full text included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

SOURCE = "mikbill"
UPLINKS, PON_PORTS, SWITCH_PORTS = 4, 8, 28
STREETS = ("Шевченка", "Соборна", "Незалежності", "Київська", "Єжи Ґедройця", "Садова", "Лісова", "Миру", "Їжакевича", "Польова")
NAMES = ("petrenko", "kovalenko", "bondar", "tkachuk", "shevchuk", "melnyk", "kravets", "oliinyk", "lysenko", "moroz")
TABLES = (
    "interfaces", "onu_values", "interface_history", "fdb_history", "subscribers", "subscriber_claims", "bindings",
)  # fmt: skip
_PORT_COLUMNS = (
    "id, device_id, bind_key, parent_bind_key, name, port_num, type, if_index, status, status_changed_at, description, comment,"
    " ident, ident_type, params, poll_enabled, save_fdb, last_seen_at, last_online_at, gone_at, created_at, updated_at"
)


class _Words:
    """How an engine writes what differs."""

    def __init__(self, sqlite: bool) -> None:
        self._sqlite = sqlite
        self.no_json = "'{}'" if sqlite else "CAST('{}' AS JSON)"
        self.whole = "INTEGER" if sqlite else "BIGINT"

    def hex(self, number: str, width: int) -> str:
        """Upper-case digits."""
        return f"printf('%0{width}X', {number})" if self._sqlite else f"lpad(upper(to_hex({number})), {width}, '0')"

    def numbers(self, count: int) -> str:
        """A table `n` with the numbers from 0 on in `i`."""
        if self._sqlite:
            return f"(WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < {count - 1}) SELECT i FROM c) n"
        return f"(SELECT generate_series(0::bigint, {count - 1}) AS i) n"


def fill_interfaces(engine: Engine, onus: int, devices: int, now: int, *, people: bool) -> None:
    """Interfaces of devices 1 to `devices`, and all that is known of them and of the people behind."""
    words = _Words(engine.dialect.name == "sqlite")
    with engine.raw_connection() as pooled:  # SQLAlchemy would begin a transaction, in which references cannot be left unchecked
        pooled.detach()
        driver: Any = pooled.dbapi_connection
        if engine.dialect.name != "sqlite":
            driver.autocommit = True
        with _bare(driver, sqlite=engine.dialect.name == "sqlite"):
            for statement in _statements(words, onus, devices, now, people):
                driver.execute(statement)


def _statements(words: _Words, onus: int, devices: int, now: int, with_people: bool) -> Iterator[str]:
    olts = devices // 2
    yield from _ports(words, olts, devices - olts, now)
    first = olts * (UPLINKS + PON_PORTS) + (devices - olts) * SWITCH_PORTS
    per_olt = onus // olts
    ident_of = "i - CASE WHEN i % 10 = 9 THEN 1 ELSE 0 END"  # every tenth ident is the one before it: an ONU that was moved
    source = (
        f"SELECT i, {first} + i + 1 AS id, i / {per_olt} + 1 AS device, i % {per_olt} % {PON_PORTS} AS port,"
        f" i % {per_olt} / {PON_PORTS} + 1 AS place, {ident_of} AS ident_of, i % 10 <> 9 AND {_random(1, 10)} < 9 AS online,"
        f" {_chosen(STREETS, _random(2, 10))} AS street, {_random(3, 150)} + 1 AS house, {_random(4, 200)} + 1 AS flat,"
        f" {_random(5, 1300)} AS light FROM {words.numbers(onus)}"
    )
    gpon = "device % 2 = 0"
    text = f"CAST(%s AS {words.whole})"
    pon = f"CASE WHEN {gpon} THEN {_pon_key('port', True)} ELSE {_pon_key('port', False)} END"
    key = f"CASE WHEN {gpon} THEN {_pon_key('port', True)} || '.' || place ELSE CAST(1000 * (port + 1) + place AS TEXT) END"
    name = f"CASE WHEN {gpon} THEN 'gpon-onu_1/1/' ELSE 'EPON0/' END || (port + 1) || ':' || place"
    serial = f"'ZTEGC' || {words.hex('ident_of', 7)}"
    mac = words.hex(f"{text % 0xE067B3000000} + ident_of", 12)
    ident = f"CASE WHEN {gpon} THEN {serial} ELSE {mac} END"
    yield (
        f"INSERT INTO interfaces ({_PORT_COLUMNS}) SELECT id, device, {key}, {pon}, {name}, place, 'ONU', NULL,"
        f" CASE WHEN online THEN 'Online' ELSE 'Offline' END, {now} - 60 - {_random(6, 900000)},"
        f" street || ' ' || house || '/' || flat, '', {ident}, CASE WHEN {gpon} THEN 'SN' ELSE 'MAC' END, {words.no_json},"
        f" TRUE, TRUE, {now}, CASE WHEN online THEN {now} ELSE {now - 86400} END, NULL, {now - 86400 * 200}, {now}"
        f" FROM ({source}) o"
    )
    yield (
        "INSERT INTO onu_values (interface_id, device_id, admin, bind_raw, status_at, rx_dbm, tx_dbm, olt_rx_dbm, temperature_c,"
        " voltage_v, distance_m, optical_at, last_down_reason, last_reg_at, last_dereg_at, reasons_at)"
        f" SELECT id, device, 'Enabled', '', {now}, -15 - light / 100.0, 2.1, -17 - light / 100.0, 41.0, 3.3,"
        f" 200 + {_random(7, 14800)}, {now}, 'PowerOff', {now - 40000}, {now - 41000}, {now} FROM ({source}) o"
    )
    for days, state, reason in ((9, "Offline", "PowerOff"), (8, "Online", ""), (3, "Offline", "LOS"), (2, "Online", "")):
        at = f"{now - days * 86400} + {_random(days, 40000)}"
        yield (
            "INSERT INTO interface_history (interface_id, device_id, at, status, reason)"
            f" SELECT id, device, {at}, '{state}', '{reason}' FROM ({source}) o"
        )
    seen = words.hex(f"{text % 0xA4F33B000000} + i", 12)
    before = words.hex(f"{text % 0x5BF33B000000} + i", 12)
    for address, since, until, active in ((seen, 20, 0, "TRUE"), (before, 90, 60, "FALSE")):
        yield (
            "INSERT INTO fdb_history (device_id, interface_id, mac, vlan_id, first_seen_at, last_seen_at, active)"
            f" SELECT device, id, {address}, 100 + id % 50, {now - 86400 * since}, {now - 86400 * until}, {active}"
            f" FROM ({source}) o"
        )
    if not with_people:
        return
    people = f"({source}) o WHERE i % 10 NOT IN (0, 9)"
    yield (
        "INSERT INTO subscribers (id, source, uid, agreement, login, billing_link, address_full, settlement, lane, house, app,"
        f" updated_at) SELECT i + 1, '{SOURCE}', CAST(i + 1 AS TEXT), CAST(700001 + i AS TEXT),"
        f" {_chosen(NAMES, '(i + 1) % 10')} || (i + 1), '/#clientcard/' || (i + 1),"
        " 'м. Рівне, вул. ' || street || ', буд. ' || house || ', кв. ' || flat, 'Рівне', street, CAST(house AS TEXT),"
        f" CAST(flat AS TEXT), {now} FROM {people}"
    )
    yield (
        "INSERT INTO subscriber_claims (id, subscriber_id, ident, switch_ip, port, mac, unmatched)"
        f" SELECT i + 1, i + 1, {ident}, '', '', '', '' FROM {people}"
    )
    yield f"INSERT INTO bindings (claim_id, subscriber_id, interface_id, strength) SELECT i + 1, i + 1, id, 1 FROM {people}"


def _ports(words: _Words, olts: int, switches: int, now: int) -> Iterator[str]:
    tail = f"'', '', NULL, '', {words.no_json}, TRUE, TRUE, {now}, {now}, NULL, {now - 86400 * 200}, {now}"
    per_olt = UPLINKS + PON_PORTS
    gpon, port = "device % 2 = 0", f"(number - {UPLINKS})"
    pon_key = f"CASE WHEN {gpon} THEN {_pon_key(port + ' - 1', True)} ELSE {_pon_key(port + ' - 1', False)} END"
    yield (
        f"INSERT INTO interfaces ({_PORT_COLUMNS}) SELECT i + 1, device,"
        f" CASE WHEN number <= {UPLINKS} THEN CAST(number AS TEXT) ELSE {pon_key} END, '',"
        f" CASE WHEN number <= {UPLINKS} AND {gpon} THEN 'gei_1/3/' || number"
        f" WHEN number <= {UPLINKS} THEN 'GigaEthernet0/' || number"
        f" WHEN {gpon} THEN 'gpon-olt_1/1/' || {port} ELSE 'EPON0/' || {port} END,"
        f" CASE WHEN number <= {UPLINKS} THEN number ELSE {port} END,"
        f" CASE WHEN number <= {UPLINKS} THEN 'GE' WHEN {gpon} THEN 'GPON' ELSE 'EPON' END, number, 'Up', {now - 900000}, {tail}"
        f" FROM (SELECT i, i / {per_olt} + 1 AS device, i % {per_olt} + 1 AS number FROM {words.numbers(olts * per_olt)}) p"
    )
    first = olts * per_olt
    ports = (
        f"(SELECT i, {first} + i + 1 AS id, {olts} + i / {SWITCH_PORTS} + 1 AS device, i % {SWITCH_PORTS} + 1 AS number"
        f" FROM {words.numbers(switches * SWITCH_PORTS)}) p"
    )
    yield (
        f"INSERT INTO interfaces ({_PORT_COLUMNS}) SELECT id, device, CAST(number AS TEXT), '', 'port ' || number, number,"
        f" CASE WHEN number <= 24 THEN 'FE' ELSE 'GE' END, number, 'Up', {now - 900000}, {tail} FROM {ports}"
    )
    mac = words.hex(f"CAST({0x48F8B3000000} AS {words.whole}) + id", 12)
    yield (
        "INSERT INTO fdb_history (device_id, interface_id, mac, vlan_id, first_seen_at, last_seen_at, active)"
        f" SELECT device, id, {mac}, 100 + id % 50, {now - 86400 * 20}, {now}, TRUE FROM {ports}"
    )


def _pon_key(port: str, gpon: bool) -> str:
    return f"CAST({268500256 if gpon else 11} + ({port}) * {256 if gpon else 1} AS TEXT)"


def _random(salt: int, below: int) -> str:
    """A number that looks like chance, the same in every run."""
    return f"((i * 2654435761 + {salt * 40503 + 12345}) % 4294967296 / 65536 % {below})"


def _chosen(texts: tuple[str, ...], number: str) -> str:
    whens = " ".join(f"WHEN {at} THEN '{one}'" for at, one in enumerate(texts))
    return f"CASE {number} {whens} END"


@contextmanager
def _bare(driver: Any, *, sqlite: bool) -> Iterator[None]:
    """The tables without what each row would cost; all of it is back afterwards."""
    named = ", ".join(f"'{one}'" for one in TABLES)
    if sqlite:
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute("PRAGMA cache_size = -200000")
        query = f"SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ({named}) AND sql IS NOT NULL AND type <> 'table'"
        parts = driver.execute(query).fetchall()
        for kind, name, _made in parts:
            driver.execute(f"DROP {kind} {name}")
        driver.execute("BEGIN")
        yield
        driver.execute("COMMIT")
        for kind, _name, made in sorted(parts):
            if kind == "index":
                driver.execute(made)
        for table in ("interfaces", "subscribers"):
            made = driver.execute(f"SELECT sql FROM sqlite_master WHERE name = 'search_{table}'").fetchone()[0]
            found = re.search(r"fts5\((.*?), tokenize", made)
            names = found[1] if found else ""
            driver.execute(f"INSERT INTO search_{table} (rowid, {names}) SELECT id, {names} FROM {table}")
        for kind, _name, made in parts:
            if kind == "trigger":
                driver.execute(made)
        driver.execute("PRAGMA foreign_keys = ON")
        return
    constraints = "SELECT conindid FROM pg_constraint WHERE conindid <> 0"
    query = (
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        f" JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname IN ({named}) AND i.indexrelid NOT IN ({constraints})"
    )
    indexes = driver.execute(query).fetchall()
    driver.execute("SET session_replication_role = replica")
    driver.execute("SET maintenance_work_mem = '512MB'")
    for name, _made in indexes:
        driver.execute(f"DROP INDEX {name}")
    yield
    for _name, made in indexes:
        driver.execute(made)
    driver.execute("SET session_replication_role = DEFAULT")
