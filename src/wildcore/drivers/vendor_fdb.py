"""Learned addresses where BRIDGE-MIB and Q-BRIDGE-MIB have none: vendors' own tables with ifIndexes in them.

Extreme XOS (EXTREME-FDB-MIB 1916.1.16.4.1: MAC, VLAN's ifIndex, port's ifIndex; tags in 1916.1.2.1.2.1.10) and C-Data
(17409.2.3.2.4.2.1.4, row [6.]mac.vlan, value the port's or ONU's index).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from wildcore.drivers import decode
from wildcore.drivers.base import SYS_OBJECT_ID, Driver, system_of
from wildcore.drivers.table import Findings
from wildcore.transport.snmp.types import oid

EXTREME_FDB: Final = "1.3.6.1.4.1.1916.1.16.4.1"
EXTREME_TAG: Final = oid("1.3.6.1.4.1.1916.1.2.1.2.1.10")
CDATA_FDB: Final = oid("1.3.6.1.4.1.17409.2.3.2.4.2.1.4")


@dataclass(frozen=True, slots=True)
class Learned:
    """One address: `mac` as 12 hex digits, VLAN and ifIndex as the vendor's table tells them."""

    mac: str
    vlan_id: int | None
    if_index: int


async def read(driver: Driver, findings: Findings) -> list[Learned]:
    """The vendor's own table; empty for vendors that have none. An absent table is no problem."""
    object_id = system_of(await driver.session.get(SYS_OBJECT_ID)).object_id
    reader = next((reader for prefix, reader in _READERS if f"{object_id}.".startswith(f"{prefix}.")), None)
    return await reader(driver, findings) if reader is not None else []


async def _extreme(driver: Driver, findings: Findings) -> list[Learned]:
    ports = await driver.walk(oid(f"{EXTREME_FDB}.3"), findings, needed=False)
    if not ports.rows:
        return []
    macs = dict((await driver.walk(oid(f"{EXTREME_FDB}.1"), findings, needed=False)).rows)
    vlans = dict((await driver.walk(oid(f"{EXTREME_FDB}.2"), findings, needed=False)).rows)
    tags = {index[-1]: tag for index, tag in (await driver.walk(EXTREME_TAG, findings, needed=False)).rows if index}
    rows = []
    for index, port in ports.rows:
        mac, vlan = decode.mac(macs.get(index)), decode.counter(vlans.get(index))
        if mac is not None and isinstance(port, int):
            rows.append(Learned(mac, None if vlan is None else decode.vlan_id(tags.get(vlan)), port))
    return rows


async def _cdata(driver: Driver, findings: Findings) -> list[Learned]:
    walk = await driver.walk(CDATA_FDB, findings, needed=False)
    return [
        Learned(mac, decode.vlan_id(index[-1]), port)
        for index, port in walk.rows
        if isinstance(port, int) and (mac := decode.mac_of_index(index[:-1])) is not None
    ]


_READERS: Final[tuple[tuple[str, Callable[[Driver, Findings], Awaitable[list[Learned]]]], ...]] = (
    ("1.3.6.1.4.1.1916", _extreme),
    ("1.3.6.1.4.1.17409", _cdata),
)
