"""ZTE C600, C610, C620, C650: the tables of 3902.1082 (GPON).

Tables and index packings: `drivers/zte.py`. A partial capture of a C620 gives ports and cards; no capture of its ONU tables
is known. The row of the reboot object is taken as packing B and ONU, like every ONU table of this tree.
"""

from __future__ import annotations

from typing import ClassVar, Final

from wildcore.drivers.base import Match, Model
from wildcore.drivers.zte import T1082, B
from wildcore.drivers.zte_olt import ZteOlt
from wildcore.errors import NotFound
from wildcore.model.answer import Answer
from wildcore.model.onu import OnuStatus
from wildcore.transport.snmp.types import Tag, oid

REBOOT: Final = oid(f"{T1082}.500.20.2.1.10.1.1")


class ZteC6xx(ZteOlt):
    """C600 series."""

    family: ClassVar[str] = "zte_c6xx"
    match: ClassVar[tuple[Match, ...]] = (Match("1.3.6.1.4.1.3902", r"\bC6\d\d\b"),)
    olt_name: ClassVar[str] = "{kind}_olt-{path}"
    onu_name: ClassVar[str] = "{kind}_onu-{path}"
    models: ClassVar[tuple[Model, ...]] = (
        Model("zte_c610", "C610", Match(descr=r"\bC610\b")),
        Model("zte_c620", "C620", Match(descr=r"\bC620\b")),
        Model("zte_c650", "C650", Match(descr=r"\bC650\b")),
        Model("zte_c600", "C600"),
    )

    async def reboot_onu(self, interface: str) -> Answer[OnuStatus]:
        """Restart an ONU; answers its state right after."""
        key = await self.key_of(interface) or interface
        index = B.index(key)
        if index is None:
            raise NotFound(f"{interface} is no ONU", field="interface")
        await self.write((*REBOOT, *index), Tag.INTEGER, 1)
        return await self.onu_status(key)
