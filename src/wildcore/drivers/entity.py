"""ENTITY-MIB (RFC 6933) and BRIDGE-MIB: what a switch says of its chassis: serial number, versions, base MAC.

The chassis is looked for under the indexes that vendors give it, since walking a big table for one row at every poll of
`system` is not worth it (captures: 1, 2; Cisco and HP stacks 1001; Huawei 67108867; Radlan 67108992 and 67109120).
"""

from __future__ import annotations

from typing import Any, Final

from wildcore.drivers import decode
from wildcore.drivers.base import Driver
from wildcore.errors import DeviceError
from wildcore.transport.snmp.types import oid

ENTITY: Final = "1.3.6.1.2.1.47.1.1.1.1"
CLASS: Final = oid(f"{ENTITY}.5")
CHASSIS: Final = 3
BASE_MAC: Final = oid("1.3.6.1.2.1.17.1.1.0")
INDEXES: Final = (1, 2, 1001, 67108867, 67108992, 67109120)
COLUMNS: Final = {"hw_version": oid(f"{ENTITY}.8"), "sw_version": oid(f"{ENTITY}.10"), "serial": oid(f"{ENTITY}.11")}


async def identity(driver: Driver) -> dict[str, Any]:
    """Fields of `System` that the device fills: `mac`, `serial`, `hw_version`, `sw_version`. Empty if it refuses."""
    try:
        got = await driver.session.get(BASE_MAC, *((*CLASS, index) for index in INDEXES))
        found: dict[str, Any] = {"mac": decode.mac(got.get(BASE_MAC))}
        index = next((index for index in INDEXES if got.get((*CLASS, index)) == CHASSIS), None)
        if index is not None:
            more = await driver.session.get(*((*column, index) for column in COLUMNS.values()))
            found |= {name: decode.filled_text(more.get((*column, index))) for name, column in COLUMNS.items()}
    except DeviceError:
        return {}
    return {name: value for name, value in found.items() if value}
