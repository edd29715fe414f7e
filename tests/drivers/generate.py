"""Captures of OLTs of which no real capture exists, written from the vendors' tables.

`python -m tests.drivers.generate` writes them again, with what the drivers make of them; the results are to be read by a
person before they are committed. OIDs, packings and encodings stand here on their own, not taken from the drivers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from wildcore.services.captures import show
from wildcore.transport.replay import write_snmprec
from wildcore.transport.snmp.types import Tag, Value, Varbind, oid

HERE: Final = Path(__file__).parent
E: Final = "1.3.6.1.4.1"

Row = tuple[str, Tag, Value]
INT, TEXT, GAUGE, TICKS, COUNTER, COUNTER64 = (
    Tag.INTEGER, Tag.OCTET_STRING, Tag.GAUGE32, Tag.TIMETICKS, Tag.COUNTER32, Tag.COUNTER64,
)  # fmt: skip


def system(descr: str, object_id: str) -> Iterator[Row]:
    yield "1.3.6.1.2.1.1.1.0", TEXT, descr.encode()
    yield "1.3.6.1.2.1.1.2.0", Tag.OID, oid(object_id)
    yield "1.3.6.1.2.1.1.3.0", TICKS, 8_640_000 + 12_345
    yield "1.3.6.1.2.1.1.5.0", TEXT, "olt-вузол-7".encode()


def interface(index: int, name: str, kind: int, *, up: bool = True, alias: str = "", mac: bytes = b"") -> Iterator[Row]:
    base, extra = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
    yield f"{base}.2.{index}", TEXT, name.encode()
    yield f"{base}.3.{index}", INT, kind
    yield f"{base}.6.{index}", TEXT, mac
    yield f"{base}.7.{index}", INT, 1
    yield f"{base}.8.{index}", INT, 1 if up else 2
    yield f"{base}.9.{index}", TICKS, 100
    yield f"{base}.14.{index}", COUNTER, index % 7
    yield f"{base}.20.{index}", COUNTER, 0
    yield f"{extra}.1.{index}", TEXT, name.encode()
    yield f"{extra}.6.{index}", COUNTER64, 5_000_000_000 + index
    yield f"{extra}.10.{index}", COUNTER64, 70_000_000_000 + index
    yield f"{extra}.15.{index}", GAUGE, 1000
    yield f"{extra}.18.{index}", TEXT, alias.encode("cp1251")


def moment(day: int, hour: int) -> bytes:
    """DateAndTime of 8 octets, 2026-03-DAY HOUR:30:15."""
    return bytes((0x07, 0xEA, 3, day, hour, 30, 15, 0))


def bdcom_epon() -> Iterator[Row]:
    """P3310C: 2 PON ports, 6 ONUs, one per state; the offline ones with each kind of sentinel."""
    yield from system("BDCOM(tm) P3310C Software, Version 10.1.0E Build 35500", f"{E}.3320.1.260")
    for n in range(1, 3):
        yield from interface(n, f"GigaEthernet0/{n}", 6, mac=bytes((0, 0xE0, 0x0F, 1, 2, n)))
    states = (3, 3, 3, 2, 4, 2)  # online, online, online, deregistered, lost, deregistered
    reasons = (0, 2, 0, 9, 8, 8)  # 9 power off, 8 wire down
    rx = (-213, 4_294_967_296 - 187, -268, 65_535, 2_147_483_647, -550)
    epon, at = f"{E}.3320.101", 0
    for pon in (1, 2):
        port = 10 + pon
        yield from interface(port, f"EPON0/{pon}", 1)
        yield f"{epon}.6.1.1.20.{port}", INT, 64
        yield f"{epon}.6.1.1.21.{port}", INT, 2 if pon == 1 else 1
        yield f"{epon}.6.1.1.22.{port}", INT, 1 if pon == 1 else 2
        yield f"{epon}.107.1.3.{port}", INT, 41 + pon
        yield f"{epon}.107.1.6.{port}", INT, 40 * 256
        yield f"{epon}.107.1.7.{port}", INT, 33_011
        for number in (1, 2, 3):
            index, online = 100 * pon + number, states[at] == 3
            mac = bytes((0x78, 0x5C, 0x72, pon, 0, number))
            yield from interface(index, f"EPON0/{pon}:{number}", 1, up=online, alias=f"буд. {index}, кв. {number}")
            for column, value in ((1, b"BDCM\x00\x00"), (2, b"1501D1  "), (4, b"V5.0"), (6, bytes((10, 0, 24, 1)))):
                yield f"{epon}.10.1.1.{column}.{index}", TEXT, value
            yield f"{epon}.10.1.1.3.{index}", TEXT, mac if number != 2 else mac.hex(":").encode()
            yield f"{epon}.10.1.1.26.{index}", INT, states[at]
            yield f"{epon}.10.1.1.27.{index}", INT, 800 + index if online else 0
            yield f"{epon}.10.1.1.80.{index}", GAUGE if rx[at] > 0 else INT, 3600 * number
            yield f"{epon}.10.5.1.2.{index}", INT, 45 * 256 + 64 if online else -65_535
            yield f"{epon}.10.5.1.3.{index}", INT, 33_120 if online else 0
            yield f"{epon}.10.5.1.5.{index}", GAUGE if rx[at] > 2**31 else INT, rx[at]
            yield f"{epon}.10.5.1.6.{index}", INT, 22 if online else 65_535
            yield f"{epon}.108.1.3.{index}", INT, -241 if online else 0
            row = f"{port}.{'.'.join(map(str, mac))}"
            yield f"{epon}.11.1.1.9.{row}", TEXT, moment(1, number)
            yield f"{epon}.11.1.1.10.{row}", TEXT, moment(2, number) if reasons[at] else bytes(8)
            yield f"{epon}.11.1.1.11.{row}", INT, reasons[at]
            for column, setting in ((3, 100 + number), (7, 1), (8, 1 if online else 2), (9, 1), (10, 3), (18, 1)):
                yield f"{epon}.12.1.1.{column}.{index}.1", INT, setting
            # The FDB names the ONU's ifIndex, not a bridge port.
            yield f"1.3.6.1.2.1.17.7.1.2.2.1.2.{100 + number}.0.21.109.{pon}.0.{number}", INT, index
            yield f"1.3.6.1.2.1.17.7.1.2.2.1.3.{100 + number}.0.21.109.{pon}.0.{number}", INT, 3
            at += 1
    for column, load in ((11, 17), (12, 43), (13, 51)):
        yield f"{E}.3320.3.6.10.1.{column}.0", INT, load
    yield f"{E}.3320.9.225.1.2.0", TEXT, b"0A1B2C3D"
    yield f"{E}.3320.9.225.1.9.0", TEXT, bytes((0, 0xE0, 0x0F, 1, 2, 3))


def vsol_v1600d() -> Iterator[Row]:
    """V1600D4: 2 PON ports, 5 ONUs, one of them only in the vendor's list, one offline for want of power."""
    yield from system("V1600D", f"{E}.37950.1.1.5.10.14.1")
    v = f"{E}.37950.1.1.5"
    yield f"{v}.10.14.5.0", TEXT, b"V1600D4"
    yield from interface(1, "GE0/1", 6, mac=bytes(range(6)))
    yield from interface(2, "EPON0/1", 1)
    yield from interface(3, "EPON0/2", 1)
    onus = ((1, 1, 11, True, 0), (1, 2, 12, True, 0), (1, 3, 13, False, 1), (2, 1, 14, True, 0), (2, 2, None, False, 0))
    for pon, onu, index, online, reason in onus:
        row = f"{pon}.{onu}"
        if index is not None:
            yield from interface(index, f"EPON0/{pon}:{onu}", 1, up=online)
        lists = f"{v}.12.1.25.1"
        yield f"{lists}.4.{row}", INT, int(online)
        yield f"{lists}.5.{row}", TEXT, f"24:fd:0d:00:{pon:02x}:{onu:02x}".encode()
        yield f"{lists}.9.{row}", TEXT, f"Шевченка {onu}".encode()
        yield f"{lists}.15.{row}", INT, reason
        yield f"{lists}.17.{row}", INT, 1200 + onu if online else 0
        yield f"{lists}.18.{row}", TEXT, b"2026/03/01 10:00:05"
        yield f"{lists}.19.{row}", TEXT, b"" if online else b"2026/03/02 11:00:05"
        yield f"{lists}.20.{row}", TEXT, b"1 days 02:03:04" if online else b""
        measured = (b"41.50 C", b"3.29 V", b"11.65 mA", b"1.60 mW (2.04 dBm)", b"0.01 mW (-20.27 dBm)")
        for column, value in enumerate(measured, 3):
            yield f"{v}.12.2.1.8.1.{column}.{row}", TEXT, value if online else b""
        yield f"{v}.12.1.28.1.3.{row}", TEXT, b"0.00 mW (-24.81 dBm)" if online else b""
        for column, text in enumerate((b"VSOL", b"V2801SG", b"id7", b"V1.0", b"V2.1.8"), 3):
            yield f"{v}.12.2.1.2.1.{column}.{row}", TEXT, text
        yield f"{v}.12.5.1.13.1.4.{row}.1", INT, int(online)
        yield f"{v}.12.5.1.13.1.5.{row}.1", INT, 1
    for pon, (total, online_count) in ((1, (3, 2)), (2, (2, 1))):
        yield f"{v}.12.1.27.1.2.{pon}", INT, total
        yield f"{v}.12.1.27.1.3.{pon}", INT, online_count
        for column, text in ((2, b"27.84 .C"), (3, b"3.22 V"), (4, b"7.01 mA"), (5, b"6.56 dbm")):
            yield f"{v}.10.13.1.1.{column}.{pon}", TEXT, text
    yield f"{v}.10.12.3.0", INT, 21
    yield f"{v}.10.12.4.0", INT, 35


def _zte_ports() -> Iterator[Row]:
    for port in range(1, 3):
        yield from interface(0x10000000 + (port - 1) * 256, f"gpon_1/2/{port}", 250)
    yield from interface(0x10020000, "epon_1/3/1", 1)
    yield from interface(0x10030000, "xgei_1/4/1", 6, alias="UPLINK", mac=bytes(range(1, 7)))


def zte_c3xx() -> Iterator[Row]:
    """C320, firmware 2.1: GPON ONUs of every phase with packing A, OLT rx only under 1082 (B), two EPON ONUs (C)."""
    yield from system("C320 Version V2.1.0 Software, Copyright (c) by ZTE Corporation", f"{E}.3902.1082.1001.320.2.1")
    yield from _zte_ports()
    old, mid, new = f"{E}.3902.1012.3", f"{E}.3902.1015", f"{E}.3902.1082"
    phases = (3, 3, 1, 4, 6, 0, 9)  # working, working, LOS, dyingGasp, offline, logging, unknown to everybody
    powers = (4_135, 61_036, 65_535, 65_535, 65_535, 65_535, 15_000)
    for number, (phase, power) in enumerate(zip(phases, powers, strict=True), 1):
        port = 1 if number < 6 else 2
        a, b, online = 0x10020000 + port * 256, 0x11010200 + port, phase == 3
        row, serial = f"{a}.{number}", b"ZTEG" + bytes((0xC6, 0x9E, 0xF0, number))
        yield f"{old}.28.1.1.1.{row}", TEXT, b"F660"
        yield f"{old}.28.1.1.2.{row}", TEXT, f"ONU-{number}".encode()
        yield f"{old}.28.1.1.3.{row}", TEXT, f"вул. Лесі Українки, {number}".encode()
        yield f"{old}.28.1.1.5.{row}", TEXT, serial if number % 2 else serial[:4] + serial[4:].hex().upper().encode()
        yield f"{old}.28.2.1.1.{row}", INT, 1 if number != 5 else 2
        yield f"{old}.28.2.1.4.{row}", INT, phase
        yield f"{old}.28.2.1.5.{row}", TEXT, moment(number, 8)
        yield f"{old}.28.2.1.6.{row}", TEXT, bytes(8) if online else moment(number, 9)
        yield f"{old}.28.2.1.7.{row}", INT, 1 if online else 9
        yield f"{old}.11.4.1.2.{row}", INT, 1000 + number if online else 0
        yield f"{old}.50.12.1.1.10.{row}.1", INT, power
        yield f"{old}.50.12.1.1.14.{row}.1", INT, 16_100 if online else 65_535
        yield f"{old}.50.12.1.1.17.{row}.1", INT, 164 if online else 65_535
        yield f"{old}.50.12.1.1.19.{row}.1", INT, 48 * 256 if online else 65_535
        yield f"{old}.50.11.2.1.1.{row}", TEXT, b"ZTEG"
        yield f"{new}.500.1.2.4.2.1.2.{b}.{number}", INT, -22_671 if online else -80_000
        yield f"{new}.500.20.2.3.2.1.5.{b}.{number}.1", INT, 1
        yield f"{new}.500.20.2.3.2.1.6.{b}.{number}.1", INT, 1 if online else 2
        yield f"{new}.500.20.2.3.2.1.7.{b}.{number}.1", INT, 6 if online else 65_535
        yield f"{mid}.1010.5.56.1.1.2.{row}", COUNTER64, 1_000_000 + number
        yield f"{mid}.1010.5.56.1.1.3.{row}", COUNTER64, 9_000_000_000 + number
    for onu, state in ((1, 3), (2, 1)):
        row = str(0x30000000 | 3 << 19 | 0 << 16 | onu << 8)  # 1/3/1
        epon = f"{mid}.1010.1.7.4.1"
        yield f"{epon}.1.{row}", TEXT, b"school"
        yield f"{epon}.5.{row}", TEXT, b"ZTE-F400"
        yield f"{epon}.6.{row}", INT, 1
        yield f"{epon}.7.{row}", TEXT, bytes((0x90, 0xFD, 0x73, 0, 0, onu))
        yield f"{epon}.17.{row}", INT, state
        yield f"{epon}.26.{row}", TEXT, moment(3, onu)
        yield f"{epon}.27.{row}", INT, 22
        yield f"{mid}.1010.1.1.1.29.1.5.{row}", TEXT, b"-21.43" if state == 3 else b""
        yield f"{mid}.1010.1.1.1.29.1.4.{row}", TEXT, b"2.10" if state == 3 else b""
    for port in (1, 2):
        for column, value in ((3, 4_120), (5, 13_000), (6, 3_280), (8, 41_250)):
            yield f"{new}.30.40.2.4.1.{column}.{0x11010200 + port}", INT, value
    for slot, name in ((2, b"GTGHG"), (3, b"ETGHK"), (4, b"SMXA")):
        base = f"{new}.10.1.2.4.1"
        yield f"{base}.4.1.1.{slot}", TEXT, name
        for column, value in ((5, 1), (7, 16), (9, 10 + slot), (11, 20 + slot)):
            yield f"{base}.{column}.1.1.{slot}", INT, value
        yield f"{new}.10.10.2.1.6.1.2.1.1.{slot}", INT, 38 if slot != 3 else -1000
    yield "1.3.6.1.2.1.17.7.1.2.2.1.2.99.48.197.15.168.9.31", INT, 0x11010401
    yield "1.3.6.1.2.1.17.7.1.2.2.1.3.99.48.197.15.168.9.31", INT, 3


def zte_c6xx() -> Iterator[Row]:
    """C620: everything under 1082, phases one higher, serials as `mode,SN` only."""
    yield from system("ZXA10 C620, ZTE ZXA10 Software Version: V1.2.2", f"{E}.3902.1082.1001.620.1.1")
    for port in (1, 2):
        yield from interface(0x11010100 + port, f"gpon_olt-1/1/{port}", 250)
    new = f"{E}.3902.1082"
    onus = f"{new}.500.10.2.3"
    for number, phase in enumerate((4, 2, 5, 7), 1):
        row, online = f"{0x11010101}.{number}", phase == 4
        yield f"{onus}.3.1.1.{row}", TEXT, b"F670L"
        yield f"{onus}.3.1.2.{row}", TEXT, f"client {number}".encode()
        yield f"{onus}.3.1.18.{row}", TEXT, f"1,ZTEGD00000{number:02X}".encode()
        yield f"{onus}.8.1.1.{row}", INT, 1
        yield f"{onus}.8.1.4.{row}", INT, phase
        yield f"{onus}.8.1.7.{row}", INT, 2
        yield f"{onus}.10.1.2.{row}", INT, 2_000 + number if online else 0
        yield f"{new}.500.20.2.2.2.1.10.{row}.1", INT, 3_000 if online else 65_535
        yield f"{new}.500.1.2.4.2.1.2.{row}", INT, -25_100 if online else -80_000
        yield f"{new}.500.20.2.1.10.1.1.{row}", INT, 0


FAMILIES: Final[dict[str, Callable[[], Iterator[Row]]]] = {
    "bdcom_epon": bdcom_epon, "vsol_v1600d": vsol_v1600d, "zte_c3xx": zte_c3xx, "zte_c6xx": zte_c6xx,
}  # fmt: skip


def capture(family: str) -> str:
    """The generated capture as snmprec text."""
    return write_snmprec(Varbind(oid(where), tag, value) for where, tag, value in FAMILIES[family]())


def result(family: str) -> str:
    """What the driver makes of the committed capture, as the text of its expected result."""
    shown: dict[str, Any] = asyncio.run(show(HERE / family / "device.snmprec"))
    for row in shown["modules"]["counters"] + shown["interfaces"]:
        row.pop("last_change", None)
    return json.dumps(shown, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    for family in FAMILIES:
        folder = HERE / family
        folder.mkdir(exist_ok=True)
        (folder / "device.snmprec").write_text(capture(family))
        (folder / "expected.json").write_text(result(family))


if __name__ == "__main__":
    main()
