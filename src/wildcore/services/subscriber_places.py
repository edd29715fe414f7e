"""Where subscribers are: the ports and ONUs of their bindings as lists show them, within the actor's device groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, select
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor
from wildcore.services.interface_search import PLACES
from wildcore.services.scope import visible_devices
from wildcore.store.bulk import among
from wildcore.store.tables import Binding, Device, Interface, OnuValues

_I, _D, _B, _V = Interface.__table__.c, Device.__table__.c, Binding.__table__.c, OnuValues.__table__.c
_COLUMNS: tuple[Any, ...] = (
    _I.id, _I.name, _I.type, _I.bind_key, _I.status, _I.gone_at, _I.description, _I.ident, _I.ident_type, _D.id, _D.name, _D.ip,
    _V.rx_dbm, _V.olt_rx_dbm,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubscriberPlace:
    """A port or ONU. Levels in dBm, None without a reading or the right to see into OLTs; times are Unix seconds.

    `strength`: 1 by ONU ident, 2 by switch and port, 3 by MAC; 0 for a place that is no subscriber's.
    """

    interface_id: int
    name: str
    type: str
    bind_key: str
    status: str
    gone_at: int | None
    description: str
    ident: str | None
    ident_type: str
    device_id: int
    device_name: str
    device_ip: str
    rx_dbm: float | None
    olt_rx_dbm: float | None
    strength: int = 0

    @property
    def is_onu(self) -> bool:
        """Whether it is an ONU."""
        return self.type == "ONU"


def of_subscribers(session: Session, actor: Actor, subscriber_ids: Collection[int]) -> dict[int, tuple[SubscriberPlace, ...]]:
    """Places of each subscriber that the actor may see, the strongest match first, each once. One statement."""
    found: dict[int, dict[int, SubscriberPlace]] = defaultdict(dict)
    query = _query(actor, _B.strength, _B.subscriber_id).join(Binding.__table__, _B.interface_id == _I.id)
    query = query.where(among(session, _B.subscriber_id, subscriber_ids)).order_by(_B.strength, _I.id)
    for row in session.execute(query):
        found[row[-1]].setdefault(row[0], _place(actor, row[:-1]))
    return {one: tuple(places.values()) for one, places in found.items()}


def by_ids(session: Session, actor: Actor, interface_ids: Collection[int]) -> dict[int, SubscriberPlace]:
    """Ports and ONUs by id, without those that the actor may not see. One statement, none without ids."""
    if not interface_ids:
        return {}
    query = _query(actor, literal_column("0")).where(among(session, _I.id, interface_ids))
    return {row[0]: _place(actor, row) for row in session.execute(query)}


def _query(actor: Actor, *more: ColumnElement[Any]) -> Select[Any]:
    places = PLACES.outerjoin(OnuValues.__table__, _V.interface_id == _I.id)
    return select(*_COLUMNS, *more).select_from(places).where(visible_devices(actor, _D.id))


def _place(actor: Actor, row: Any) -> SubscriberPlace:
    values = list(row)
    if not actor.may("olts_info"):
        values[12:14] = (None, None)
    return SubscriberPlace(*values)
