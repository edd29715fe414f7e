"""An interface with all that is known of it in one statement: its view, and what its modules told last."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from wildcore.errors import NotFound
from wildcore.i18n import gettext
from wildcore.services.actor import Actor
from wildcore.services.interface_views import PLACES, WIDTH, InterfaceView, whole, whole_views
from wildcore.services.runtime import Runtime
from wildcore.services.scope import in_scope, scope_values
from wildcore.services.stored_rows import ONU_FACTS, Facts
from wildcore.store.quick import Prepared
from wildcore.store.tables import Interface, OnuValues

_I = Interface.__table__.c


def view_and_facts(session: Session, runtime: Runtime, actor: Actor, interface_id: int) -> tuple[InterfaceView, Facts]:
    """NotFound when there is none or the actor may not see its device."""
    values = scope_values(actor) | {"interface": interface_id}
    rows = _interface(actor.group_ids is not None).all(session, values)
    if not rows:
        raise NotFound(gettext("There is no interface {id}", id=interface_id), field="interface_id")
    return whole_views(runtime, rows)[0], _facts(rows[0])


@cache
def _interface(limited: bool) -> Prepared:
    places = PLACES.outerjoin(OnuValues.__table__, OnuValues.__table__.c.interface_id == _I.id)
    where = (_I.id == bindparam("interface"), in_scope(_I.device_id, limited=limited))
    return Prepared(lambda dialect: whole(dialect, limited, *ONU_FACTS, places=places).where(*where))


def _facts(row: Sequence[Any]) -> Facts:
    view = dict(zip(_NAMES, row, strict=False))
    return Facts(*[view[name] for name in _OF_VIEW], *row[WIDTH:])


_NAMES = tuple(InterfaceView.__dataclass_fields__)
_OF_VIEW = tuple(Facts.__dataclass_fields__)[: len(Facts.__dataclass_fields__) - len(ONU_FACTS)]
