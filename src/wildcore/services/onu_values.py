"""The ONUs of an OLT with their last known values, as lists and trees show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.model.interface import InterfaceType
from wildcore.model.onu import OnuOptical, OnuStatus
from wildcore.services.actor import Actor
from wildcore.services.device_views import Listing
from wildcore.services.interface_search import InterfaceView, by_ids
from wildcore.services.runtime import Runtime
from wildcore.services.scope import require_device
from wildcore.services.stored_rows import INTERFACE_FACTS, ONU_FACTS, Facts, tabled
from wildcore.store.tables import Interface, OnuValues


@dataclass(frozen=True, slots=True)
class OnuWithValues:
    """An ONU, its state and its optics (None where nothing was ever read); times are Unix seconds."""

    view: InterfaceView
    status: OnuStatus | None
    status_at: int | None
    optical: OnuOptical | None
    optical_at: int | None


def onus_with_values(
    session: Session, runtime: Runtime, actor: Actor, device_id: int, *, limit: int | None = None, offset: int = 0
) -> Listing[OnuWithValues]:
    """ONUs by id, those that are gone last. Seven statements however many they are."""
    require_device(session, actor, device_id)
    here = (Interface.device_id == device_id, Interface.type == InterfaceType.ONU.value)
    query = (
        select(*INTERFACE_FACTS, *ONU_FACTS)
        .outerjoin(OnuValues, OnuValues.interface_id == Interface.id)
        .where(*here)
        .order_by(Interface.gone_at.is_not(None), Interface.id)
        .limit(limit)
        .offset(offset or None)
    )
    facts = [Facts(*row) for row in session.execute(query)]
    total = session.scalar(select(func.count(Interface.id)).where(*here)) or 0
    views = by_ids(session, runtime, actor, [one.id for one in facts])
    return Listing([_joined(views[one.id], one) for one in facts if one.id in views], total)


def by_ids_with_values(session: Session, runtime: Runtime, actor: Actor, ids: Sequence[int]) -> list[OnuWithValues]:
    """ONUs by id, in this order, without those that the actor may not see."""
    query = select(*INTERFACE_FACTS, *ONU_FACTS).outerjoin(OnuValues, OnuValues.interface_id == Interface.id)
    facts = {row[0]: Facts(*row) for row in session.execute(query.where(Interface.id.in_(list(ids))))}
    views = by_ids(session, runtime, actor, list(ids))
    return [_joined(views[one], facts[one]) for one in ids if one in views and one in facts]


def _joined(view: InterfaceView, facts: Facts) -> OnuWithValues:
    status = tabled("pon_onts_status", facts, ()) or ([], None)
    optical = tabled("pon_onts_optical", facts, ()) or ([], None)
    return OnuWithValues(
        view,
        status[0][0] if status[0] else None,
        status[1],
        optical[0][0] if optical[0] else None,
        optical[1],
    )
