"""Last known answers of modules, put together from where they are kept, each with the time it was read.

Hot facts stand in typed columns (`interfaces`, `onu_values`, `fdb_history`), all else as JSON in `module_answers`. A poll of a
whole device that found nothing new writes only its row there, so the age of a fact is the younger of its own time and that row's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from wildcore.model.interface import FdbEntry
from wildcore.services.stored_rows import INTERFACE_FACTS, ONU_FACTS, TABLED, Facts, records, tabled
from wildcore.store.bulk import among_given, among_value, is_sqlite
from wildcore.store.quick import Prepared
from wildcore.store.tables import FdbHistory, ModuleAnswer, OnuValues
from wildcore.store.tables import Interface as InterfaceRow

_VALUES_KEEP_THEIR_TIME = frozenset({"pon_onts_optical"})


# Built once: building a statement costs more than running it.
_I, _A, _F = InterfaceRow.__table__.c, ModuleAnswer.__table__.c, FdbHistory.__table__.c
_FACTS = (
    select(*INTERFACE_FACTS, *ONU_FACTS)
    .join_from(InterfaceRow.__table__, OnuValues.__table__, OnuValues.__table__.c.interface_id == _I.id, isouter=True)
    .where(_I.device_id == bindparam("device"))
)
_FACTS_OF_INTERFACE = _FACTS.where(_I.id == bindparam("interface"))
_FACTS_OF_DEVICE = _FACTS.where(_I.gone_at.is_(None)).order_by(_I.id)
_ANSWERS = select(_A.interface_id, _A.module, _A.data, _A.at, _A.complete, _A.error, _A.error_at).where(
    _A.device_id == bindparam("device"), _A.interface_id.in_([0, bindparam("interface")])
)
_ANSWERS_OF_MODULES = Prepared(lambda dialect: _ANSWERS.where(among_given(_A.module, "modules", sqlite=dialect == "sqlite")))
_FDB = (
    select(_F.interface_id, _F.mac, _F.vlan_id, _I.bind_key, _I.if_index)
    .join_from(FdbHistory.__table__, InterfaceRow.__table__, _I.id == _F.interface_id)
    .where(_F.active)
    .order_by(_F.vlan_id, _F.mac)
)
_FDB_OF_INTERFACE = Prepared(lambda _dialect: _FDB.where(_F.interface_id == bindparam("interface")))
_FDB_OF_DEVICE = _FDB.where(_F.device_id == bindparam("device"))


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of one module: its rows, when they were read (`at`), when it was last asked with success (`checked_at`),
    and the failure since, if any. Times are Unix seconds."""

    rows: list[Any] = field(default_factory=list)
    at: int | None = None
    checked_at: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A row of `module_answers`."""

    interface_id: int
    module: str
    data: str | None
    at: int | None
    complete: bool
    error: str | None
    error_at: int | None

    @property
    def failure(self) -> str | None:
        """The error, unless an answer came after it."""
        return self.error if self.error_at is not None and self.error_at >= (self.at or 0) else None


def load_facts(session: Session, device_id: int, interface_id: int | None = None) -> list[Facts]:
    """Facts of one interface, or of all of a device that are not gone. One statement."""
    query = _FACTS_OF_DEVICE if interface_id is None else _FACTS_OF_INTERFACE
    values = {"device": device_id} if interface_id is None else {"device": device_id, "interface": interface_id}
    return [Facts(*row) for row in session.execute(query, values)]


def load_answers(
    session: Session, device_id: int, interface_id: int | None = None, modules: Iterable[str] | None = None
) -> dict[tuple[int, str], AnswerRow]:
    """Rows of `module_answers` by (interface id or 0, module), of the device and of one interface. One statement."""
    values: dict[str, Any] = {"device": device_id, "interface": interface_id or 0}
    if modules is None:
        rows: Iterable[Any] = session.execute(_ANSWERS, values)
    else:
        values["modules"] = among_value(list(modules), sqlite=is_sqlite(session))
        rows = _ANSWERS_OF_MODULES.all(session, values)
    return {(row[0], row[1]): AnswerRow(*row) for row in rows}


def load_fdb(session: Session, device_id: int, interface_id: int | None = None) -> list[tuple[int, FdbEntry]]:
    """Active addresses with the interface id they are behind. One statement."""
    if interface_id is None:
        found: Iterable[Any] = session.execute(_FDB_OF_DEVICE, {"device": device_id})
    else:
        found = _FDB_OF_INTERFACE.all(session, {"interface": interface_id})
    return [
        (owner, FdbEntry(mac=mac, vlan_id=vlan or None, bind_key=key, if_index=index)) for owner, mac, vlan, key, index in found
    ]


def of_interface(
    module: str, facts: Facts, answers: Mapping[tuple[int, str], AnswerRow], fdb: Sequence[tuple[int, FdbEntry]] = ()
) -> Stored:
    """What is known of a module for one interface."""
    device, own = answers.get((0, module)), answers.get((facts.id, module))
    whole_at = device.at if device is not None and device.complete and facts.gone_at is None else None
    own_at = own.at if own is not None else None
    latest = max((row for row in (own, device) if row is not None), key=lambda row: row.error_at or 0, default=None)
    checked = _younger(whole_at, own_at)
    found = tabled(module, facts, fdb)
    if found is not None:
        rows, at = found
        at = at if module in _VALUES_KEEP_THEIR_TIME else _younger(at, checked)
        checked = _younger(checked, at)
        return Stored(rows, at, checked, _failure(latest, checked))
    candidates = [row for row in (own, device) if row is not None and row.at is not None and row.data is not None]
    best = max(candidates, key=lambda row: row.at or 0, default=None)
    rows = []
    if best is not None:
        rows = records(module, best.data, None if best.interface_id else facts.bind_key)
    return Stored(rows, best.at if best is not None else None, checked, _failure(latest, checked))


def of_device(
    module: str,
    answers: Mapping[tuple[int, str], AnswerRow],
    facts: Sequence[Facts] = (),
    fdb: Sequence[tuple[int, FdbEntry]] = (),
) -> Stored:
    """What is known of a module for a whole device; its time is that of the last answer about all of it."""
    row = answers.get((0, module))
    at = row.at if row is not None else None
    failure = row.failure if row is not None else None
    if module == "fdb":
        return Stored([entry for _owner, entry in fdb], at, at, failure)
    if module in TABLED:
        rows = [one for fact in facts for one in (tabled(module, fact, ()) or ([], None))[0]]
        return Stored(rows, at, at, failure)
    return Stored(records(module, row.data if row is not None else None), at, at, failure)


def _failure(row: AnswerRow | None, checked_at: int | None) -> str | None:
    if row is None or row.failure is None or (row.error_at or 0) < (checked_at or 0):
        return None
    return row.failure


def _younger(*times: int | None) -> int | None:
    return max((at for at in times if at is not None), default=None)
