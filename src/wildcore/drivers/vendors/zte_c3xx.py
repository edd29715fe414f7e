"""ZTE C300 and C320 (firmware 1.2 and 2.1): GPON tables of 3902.1012/1015, partly 3902.1082, and EPON.

Tables and index packings: `drivers/zte.py`. A capture of a C320 with firmware 2.1 gives distances, cards and ports; no
capture of the main ONU tables (serial, phase) is known: they are checked against generated answers.
"""

from __future__ import annotations

from typing import ClassVar

from wildcore.drivers import zte
from wildcore.drivers.base import Match, Model
from wildcore.drivers.zte_olt import ZteOlt
from wildcore.model.answer import Answer
from wildcore.model.interface import InterfaceType
from wildcore.model.onu import OnuIdent


class ZteC3xx(ZteOlt):
    """C300 and C320, GPON and EPON cards in one chassis."""

    family: ClassVar[str] = "zte_c3xx"
    match: ClassVar[tuple[Match, ...]] = (Match("1.3.6.1.4.1.3902", r"\bC3[02]0\b"),)
    models: ClassVar[tuple[Model, ...]] = (
        Model("zte_c300", "C300", Match(descr=r"\bC300\b")),
        Model("zte_c320", "C320"),
    )

    async def onu_macs(self, interface: str | None = None) -> Answer[OnuIdent]:
        """MAC addresses of EPON ONUs; none is a complete answer where there is no EPON port."""
        answer = await self.rows(zte.EPON_MACS, await self.key_of(interface))
        if not answer.rows and answer.problems == ["no row"] and not await self._has(InterfaceType.EPON):
            return Answer([])
        return answer
