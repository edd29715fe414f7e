"""How near a port is to a subscriber: the fewer addresses are behind it, the nearer; one with many is an uplink.

An address is seen on the subscriber's port and on every port on the way to it, so a search for it finds them all.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, func, select

from wildcore.services.runtime import Runtime
from wildcore.store.tables import FdbHistory, Interface

_F, _I = FdbHistory.__table__.c, Interface.__table__
_MOST = bindparam("uplink_macs", type_=Integer())


def edge_order() -> tuple[ColumnElement[Any], ...]:
    """ORDER BY of rows that join `interfaces`: uplinks last, then the port with the fewest addresses. See `edge_values`."""
    few = select(_F.mac).where(_F.interface_id == _I.c.id, _F.active).distinct().limit(_MOST + 1).correlate(_I).subquery()
    crowd = select(func.count()).select_from(few).scalar_subquery()  # of an uplink no more is counted than makes it one
    return (crowd > _MOST, crowd)


def edge_values(runtime: Runtime) -> dict[str, Any]:
    """Parameters of a statement with `edge_order`."""
    return {"uplink_macs": uplink_macs(runtime)}


def uplink_macs(runtime: Runtime) -> int:
    """A port with more addresses than this is an uplink."""
    return int(runtime.settings.get("ANALYTICS_IGNORE_IFACES_WITH_MORE_THAN"))
