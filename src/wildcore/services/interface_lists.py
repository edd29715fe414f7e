"""Lists of interfaces that are read a page at a time: first the ids in their order, then the rows by id."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor
from wildcore.services.interface_search import PLACES, InterfaceQuery, narrowed
from wildcore.store.tables import Binding, Interface, Subscriber

_I = Interface.__table__.c


def ids(
    session: Session,
    actor: Actor,
    wanted: InterfaceQuery,
    *conditions: ColumnElement[bool],
    updated_since: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[int], int]:
    """Ids of the interfaces that fit, gone ones last, and how many there are in all.

    `updated_since` (Unix seconds) leaves out what has not changed since, of an interface or of its subscribers.
    """
    asked = narrowed(actor, wanted)
    if asked is None:
        return [], 0
    where, values = [*asked[0], *conditions], asked[1]
    if updated_since is not None:
        changed = select(Binding.interface_id).join(Subscriber, Subscriber.id == Binding.subscriber_id)
        told = _I.id.in_(changed.where(Subscriber.updated_at >= updated_since))
        where.append(or_(_I.updated_at >= updated_since, told))
    here = select(_I.id).select_from(PLACES).where(*where)
    order = (_I.gone_at.is_not(None), _I.device_id, _I.id)
    found = list(session.scalars(here.order_by(*order).limit(limit).offset(offset or None), values))
    if limit is None and not offset:
        return found, len(found)
    return found, session.scalar(select(func.count()).select_from(here.subquery()), values) or 0
