"""IP-MIB (RFC 4293): the ARP table of a router, ipNetToMediaTable, which old and new devices alike have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wildcore.drivers import decode
from wildcore.drivers.base import Driver
from wildcore.drivers.table import Findings
from wildcore.model.answer import Answer
from wildcore.model.interface import ArpEntry
from wildcore.transport.snmp.types import Index, oid

MEDIA: Final = "1.3.6.1.2.1.4.22.1"
MAC, KIND = oid(f"{MEDIA}.2"), oid(f"{MEDIA}.4")
INVALID, STATIC = 2, 4  # ipNetToMediaType; 1 other, 3 dynamic


async def arp(driver: Driver, bind_keys: Mapping[int, str]) -> Answer[ArpEntry]:
    """All entries with their interface (ifIndex -> bind key), by address; rows without a MAC or marked invalid are none."""
    findings = Findings()
    macs = await driver.walk(MAC, findings)
    kinds = {index: decode.integer(value) for index, value in (await driver.walk(KIND, findings, needed=False)).rows}
    found: dict[tuple[int, ...], ArpEntry] = {}
    for index, value in macs.rows:
        mac = decode.mac(value)
        if mac is None or not _is_address(index) or kinds.get(index) == INVALID:
            continue
        ip = ".".join(map(str, index[1:]))
        if_index = index[0] or None  # some devices tell no interface: there is no ifIndex 0
        found[index[1:] + index[:1]] = ArpEntry(ip, mac, if_index, bind_keys.get(index[0]), kinds.get(index) == STATIC)
    if not found:
        findings.add(False, ["no ARP entry"])
    return findings.answer([found[key] for key in sorted(found)])


def _is_address(index: Index) -> bool:
    return len(index) == 5 and all(0 <= part <= 255 for part in index[1:])
