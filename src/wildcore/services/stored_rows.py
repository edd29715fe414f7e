"""Stored facts as the records that drivers answer with: typed columns, and JSON of `module_answers`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from wildcore.drivers.capabilities import BY_NAME
from wildcore.model.ident import IdentType
from wildcore.model.interface import AdminState, FdbEntry, Interface, InterfaceType
from wildcore.model.onu import OnuDescription, OnuIdent, OnuOptical, OnuReasons, OnuState, OnuStatus
from wildcore.services.applying import rows_of
from wildcore.services.presenting_modules import InterfaceRef
from wildcore.store.tables import Interface as InterfaceRow
from wildcore.store.tables import OnuValues

IDENT_MODULES = {"pon_onts_serial": IdentType.SN, "pon_onts_mac_addr": IdentType.MAC}

_I, _V = InterfaceRow.__table__.c, OnuValues.__table__.c
INTERFACE_FACTS: tuple[Any, ...] = (
    _I.id,
    _I.bind_key,
    _I.name,
    _I.type,
    _I.parent_bind_key,
    _I.port_num,
    _I.if_index,
    _I.description,
    _I.status,
    _I.ident,
    _I.ident_type,
    _I.last_seen_at,
    _I.gone_at,
)
ONU_FACTS: tuple[Any, ...] = (
    _V.admin,
    _V.bind_raw,
    _V.status_at,
    _V.rx_dbm,
    _V.tx_dbm,
    _V.olt_rx_dbm,
    _V.olt_tx_dbm,
    _V.temperature_c,
    _V.voltage_v,
    _V.distance_m,
    _V.optical_at,
    _V.last_down_reason,
    _V.last_reg_at,
    _V.last_dereg_at,
    _V.reasons_at,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Hot facts of one interface; the ONU's are None where none were read."""

    id: int
    bind_key: str
    name: str
    type: str
    parent_bind_key: str
    port_num: int | None
    if_index: int | None
    description: str
    status: str
    ident: str | None
    ident_type: str
    last_seen_at: int | None
    gone_at: int | None
    admin: str | None = None
    bind_raw: str | None = None
    status_at: int | None = None
    rx_dbm: float | None = None
    tx_dbm: float | None = None
    olt_rx_dbm: float | None = None
    olt_tx_dbm: float | None = None
    temperature_c: float | None = None
    voltage_v: float | None = None
    distance_m: int | None = None
    optical_at: int | None = None
    last_down_reason: str | None = None
    last_reg_at: int | None = None
    last_dereg_at: int | None = None
    reasons_at: int | None = None

    @property
    def ref(self) -> InterfaceRef:
        """How answers name it."""
        return InterfaceRef(self.id, self.bind_key, self.name, self.type, self.parent_bind_key, self.port_num)

    @property
    def interface(self) -> Interface:
        """What a driver wants to know of it."""
        return Interface(
            bind_key=self.bind_key,
            name=self.name,
            type=_word(InterfaceType, self.type, InterfaceType.UNKNOWN),
            parent_bind_key=self.parent_bind_key,
            if_index=self.if_index,
            description=self.description,
        )


def records(module: str, data: str | None, bind_key: str | None = None) -> list[Any]:
    """Stored JSON as the module's records; with `bind_key` only those of one interface, where records name one."""
    record = BY_NAME[module].record
    rows = rows_of(data)
    names = {name for name, _convert in _fields(cast(Hashable, record))}
    if bind_key is not None and "bind_key" in names:
        rows = [row for row in rows if row.get("bind_key") == bind_key]
    return [_record(record, row) for row in rows]


TABLED = frozenset(
    {
        "interfaces_list",
        "pon_onts_status",
        "pon_onts_serial",
        "pon_onts_mac_addr",
        "pon_onts_optical",
        "pon_onts_descr",
        "pon_onts_reasons",
    }
)


def tabled(module: str, facts: Facts, fdb: Sequence[tuple[int, FdbEntry]]) -> tuple[list[Any], int | None] | None:
    """Rows of a module that has columns of its own, with their own time; None for all other modules."""
    key = facts.bind_key
    if module == "fdb":
        return [entry for owner, entry in fdb if owner == facts.id], None
    if module not in TABLED:
        return None
    if module == "interfaces_list":
        return [facts.interface], facts.last_seen_at
    if facts.type != InterfaceType.ONU.value:
        return [], None
    if module in IDENT_MODULES:
        kind = IDENT_MODULES[module]
        return ([OnuIdent(key, facts.ident, kind)] if facts.ident and facts.ident_type == kind.value else []), None
    if module == "pon_onts_descr":
        return [OnuDescription(key, facts.description)], None
    if module == "pon_onts_status":
        return _status(facts)
    return _optical(facts) if module == "pon_onts_optical" else _reasons(facts)


def _status(facts: Facts) -> tuple[list[Any], int | None]:
    if facts.status_at is None and facts.status == OnuState.UNKNOWN.value:
        return [], None
    admin = _word(AdminState, facts.admin or "", AdminState.UNKNOWN)
    return [
        OnuStatus(facts.bind_key, _word(OnuState, facts.status, OnuState.UNKNOWN), admin, facts.bind_raw or "")
    ], facts.status_at


def _optical(facts: Facts) -> tuple[list[Any], int | None]:
    if facts.optical_at is None and facts.distance_m is None:
        return [], None
    row = OnuOptical(
        bind_key=facts.bind_key,
        rx_dbm=facts.rx_dbm,
        tx_dbm=facts.tx_dbm,
        olt_rx_dbm=facts.olt_rx_dbm,
        olt_tx_dbm=facts.olt_tx_dbm,
        temperature_c=facts.temperature_c,
        voltage_v=facts.voltage_v,
        distance_m=facts.distance_m,
    )
    return [row], facts.optical_at


def _reasons(facts: Facts) -> tuple[list[Any], int | None]:
    if facts.reasons_at is None:
        return [], None
    row = OnuReasons(
        bind_key=facts.bind_key,
        last_down_reason=facts.last_down_reason or "",
        last_reg=_moment(facts.last_reg_at),
        last_dereg=_moment(facts.last_dereg_at),
    )
    return [row], facts.reasons_at


def _moment(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _word(kind: type[Any], text: str, default: Any) -> Any:
    try:
        return kind(text)
    except ValueError:
        return default


def _record(record: type[Any], row: Mapping[str, Any]) -> Any:
    return record(**{name: convert(row[name]) for name, convert in _fields(cast(Hashable, record)) if name in row})


@lru_cache(maxsize=64)
def _fields(record: Hashable) -> tuple[tuple[str, Any], ...]:
    return tuple((name, _converter(hint)) for name, hint in get_type_hints(cast(type[Any], record)).items())


def _converter(hint: Any) -> Any:
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    for kind in kinds:
        if kind is datetime:
            return _moment
        if get_origin(kind) is tuple or kind is tuple:
            return lambda value: tuple(value or ())
        if isinstance(kind, type) and issubclass(kind, Enum):
            return lambda value, kind=kind: None if value is None else kind(value)
    return lambda value: value
