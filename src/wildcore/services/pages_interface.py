"""One interface's page: everything stored of an ONU or a port, in a constant number of SQL statements (at most 8)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from wildcore.model.interface import Vlan
from wildcore.services import marks, stored, subscriber_lookup
from wildcore.services.actor import Actor
from wildcore.services.bindings import place_order
from wildcore.services.device_sessions import modules_of
from wildcore.services.interface_facts import view_and_facts
from wildcore.services.interface_views import PLACES, InterfaceView
from wildcore.services.interfaces import HistoryEntry, MacSeen
from wildcore.services.marks import Marks
from wildcore.services.runtime import Runtime
from wildcore.services.scope import in_scope, scope_values
from wildcore.services.stored import Stored
from wildcore.services.stored_rows import Facts
from wildcore.store.quick import Prepared
from wildcore.store.tables import Device, FdbHistory, GeocodedInterface, Interface, InterfaceHistory

ONU_MODULES = (
    "pon_onts_status",
    "pon_onts_optical",
    "pon_onts_reasons",
    "pon_onts_vendor",
    "pon_onts_uni",
    "fdb",
    "pon_onts_counters",
    "counters",
    "pon_onts_descr",
)
PORT_MODULES = ("link_info", "counters", "fdb", "vlans", "lldp_info")
PON_MODULES = ("link_info", "pon_ports_list", "pon_ports_optical", "counters")
# action -> module of the driver, permission
_ON_ONU = {"reboot": ("ctrl_ont_reboot", "olts_ctrl_reboot"), "describe": ("ctrl_ont_descr", "olts_ctrl_description")}
_ON_OLT_PORT = {"describe": ("ctrl_port_descr", "olts_ctrl_port"), "state": ("ctrl_port_state", "olts_ctrl_port")}
_ON_PORT = {
    "describe": ("ctrl_port_descr", "switches_set_port_description"),
    "state": ("ctrl_port_state", "switches_set_port_admin_state"),
}
HISTORY_ROWS = 12
MAC_ROWS = 30

CLOCKS_BEGIN = 1_420_070_400  # 2015: an OLT that says an earlier time has lost its clock

# Built once: building a statement costs more than running it.
_I, _D, _H, _F = Interface.__table__.c, Device.__table__.c, InterfaceHistory.__table__.c, FdbHistory.__table__.c
_HISTORY = Prepared(
    lambda _dialect: (
        select(_H.at, _H.status, _H.reason)
        .where(_H.interface_id == bindparam("interface"))
        .order_by(_H.at.desc(), _H.id.desc())
        .limit(HISTORY_ROWS)
    )
)
_MACS = Prepared(
    lambda _dialect: (
        select(_F.mac, _F.vlan_id, _F.first_seen_at, _F.last_seen_at, _F.active, func.count().over())
        .where(_F.interface_id == bindparam("interface"))
        .order_by(_F.active.desc(), _F.last_seen_at.desc(), _F.mac)
        .limit(MAC_ROWS)
    )
)
_CHILDREN = (
    select(_I.status, func.count(_I.id))
    .where(_I.device_id == bindparam("device"), _I.parent_bind_key == bindparam("parent"), _I.type == "ONU", _I.gone_at.is_(None))
    .group_by(_I.status)
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of good levels, dBm: (weakest, strongest)."""

    rx: tuple[float, float]
    olt_rx: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Another place where an ONU's ident was seen, or the port above an ONU. Times are Unix seconds."""

    id: int
    name: str
    status: str
    device_id: int
    device_name: str
    device_ip: str
    last_online_at: int | None
    gone_at: int | None
    description: str = ""


@dataclass(frozen=True, slots=True)
class PortVlan:
    """A VLAN on a port."""

    id: int
    name: str
    tagged: bool


@dataclass(frozen=True, slots=True)
class InterfacePage:
    """All that one page shows. `modules` by module name; `asked` those that were ever asked, with time or error.

    `actions`: what the actor may do to it on the device (reboot, describe, state). `ask_billing`: billing should be asked whose
    the ONU is. `geocoded`: its coordinates are those of the address in billing.
    """

    interface: InterfaceView
    facts: Facts
    limits: Limits
    modules: dict[str, Stored]
    parent: Place | None
    duplicates: tuple[Place, ...]
    history: tuple[HistoryEntry, ...]
    macs: tuple[MacSeen, ...]
    macs_total: int
    marks: Marks
    ask_billing: bool = False
    geocoded: bool = False
    children: tuple[tuple[str, int], ...] = ()
    actions: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """ONU, PON or PORT: decides which cards the page has."""
        return kind_of(self.interface.type)

    @property
    def asked(self) -> list[tuple[str, Stored]]:
        """Modules that were ever asked, for the table of answers."""
        return [(name, one) for name, one in self.modules.items() if one.at is not None or one.error]

    @property
    def read_at(self) -> int | None:
        """When the state was last confirmed."""
        state = self.modules.get("pon_onts_status" if self.kind == "ONU" else "link_info")
        return (state.checked_at or state.at) if state is not None else None

    @property
    def since(self) -> int | None:
        """Since when it is as it is. While we only ever saw it so, the OLT's own word counts, if its clock can be right."""
        seen = self.interface.status_changed_at
        if seen is None or len(self.history) > 1:
            return seen
        told = self.facts.last_reg_at if self.interface.status == "Online" else self.facts.last_dereg_at
        return told if told is not None and CLOCKS_BEGIN < told < seen else seen

    @property
    def errors(self) -> list[str]:
        """What went wrong at the last question, each text once."""
        return list(dict.fromkeys(one.error for one in self.modules.values() if one.error))

    def first(self, module: str) -> Any:
        """The module's one record of this interface, None without one."""
        known = self.modules.get(module)
        return known.rows[0] if known is not None and known.rows else None

    @property
    def traffic(self) -> Any:
        """Counters of the interface, from whichever module has them."""
        return self.first("pon_onts_counters") or self.first("counters")

    @property
    def vlans(self) -> list[PortVlan]:
        """VLANs of the port, untagged ones first."""
        known, key = self.modules.get("vlans"), self.interface.bind_key
        rows: list[Vlan] = known.rows if known is not None else []
        found = [PortVlan(row.id, row.name, key not in row.untagged) for row in rows if key in row.untagged or key in row.tagged]
        return sorted(found, key=lambda one: (one.tagged, one.id))


def kind_of(interface_type: str) -> str:
    """ONU, PON or PORT by an interface's type."""
    if interface_type == "ONU":
        return "ONU"
    return "PON" if interface_type in ("PON", "EPON", "GPON") else "PORT"


def require_info(actor: Actor, device_type: str) -> None:
    """Raise Forbidden without the right to see what devices of a type tell."""
    needed = {"OLT": "olts_info", "SWITCH": "switches_info"}.get(device_type)
    if needed is not None:
        actor.require(needed)


def limits(runtime: Runtime) -> Limits:
    """The configured limits of levels."""
    get = runtime.settings.get
    return Limits(
        rx=(get("ANALYTICS_MIN_RX_SIGNAL"), get("ANALYTICS_MAX_RX_SIGNAL")),
        olt_rx=(get("ANALYTICS_MIN_OLT_RX_SIGNAL"), get("ANALYTICS_MAX_OLT_RX_SIGNAL")),
    )


def interface_page(session: Session, runtime: Runtime, actor: Actor, interface_id: int) -> InterfacePage:
    """The page of an interface. NotFound when there is none or the actor may not see its device; Forbidden without the right
    to see into devices of its type."""
    view, facts = view_and_facts(session, runtime, actor, interface_id)
    require_info(actor, view.device.model.type)
    kind = kind_of(view.type)
    names = {"ONU": ONU_MODULES, "PON": PON_MODULES}.get(kind, PORT_MODULES)
    answers = stored.load_answers(session, view.device_id, view.id, names)
    fdb = stored.load_fdb(session, view.device_id, view.id)
    modules = {}
    for name in names:
        if name == "vlans":
            modules[name] = stored.of_device(name, answers)
        else:
            modules[name] = stored.of_interface(name, facts, answers, fdb)
    macs, total = _macs(session, view.id)
    places = _places(session, actor, view)
    return InterfacePage(
        interface=view,
        facts=facts,
        limits=limits(runtime),
        modules=modules,
        parent=next((one for one, above in places if above), None),
        duplicates=tuple(one for one, above in places if not above),
        history=_history(session, view.id),
        macs=macs,
        macs_total=total,
        marks=marks.read(session, [view.id])[view.id],
        ask_billing=_asks_billing(runtime, view),
        geocoded=view.latitude is not None and session.get(GeocodedInterface, view.id) is not None,
        children=_children(session, view) if kind == "PON" else (),
        actions=_actions(actor, view),
    )


def _asks_billing(runtime: Runtime, view: InterfaceView) -> bool:
    nobody = view.ident is not None and not view.subscribers and view.gone_at is None
    return nobody and kind_of(view.type) == "ONU" and subscriber_lookup.due(runtime, str(view.ident))


def _actions(actor: Actor, view: InterfaceView) -> frozenset[str]:
    """What the device's family can do and the actor may: nothing else has a button."""
    model = view.device.model
    if view.gone_at is not None:
        return frozenset()
    wanted = _ON_ONU if kind_of(view.type) == "ONU" else _ON_OLT_PORT if model.type == "OLT" else _ON_PORT
    can = {one.name for one in modules_of(model.key, model.family)}
    return frozenset(name for name, (module, right) in wanted.items() if module in can and actor.may(right))


def _places(session: Session, actor: Actor, view: InterfaceView) -> list[tuple[Place, bool]]:
    """The port above, and other places of the same ident (the current one first), in one statement."""
    values = scope_values(actor) | {"device": view.device_id, "parent": view.parent_bind_key}
    values |= {"interface": view.id, "ident": view.ident} if view.ident else {}
    found = _places_of(bool(view.ident), actor.group_ids is not None).all(session, values)
    return [(Place(*row[:9]), row[9] is None or row[9] != view.ident) for row in found]


@cache
def _places_of(ident: bool, limited: bool) -> Prepared:
    conditions = [and_(_I.device_id == bindparam("device"), _I.bind_key == bindparam("parent"), _I.bind_key != "")]
    if ident:
        conditions.append(and_(_I.ident == bindparam("ident"), _I.id != bindparam("interface")))
    query = (
        select(
            _I.id, _I.name, _I.status, _D.id, _D.name, _D.ip, _I.last_online_at, _I.gone_at, _I.description, _I.ident,
        )
        .select_from(PLACES)
        .where(or_(*conditions), in_scope(_I.device_id, limited=limited))
        .order_by(*place_order(_I))
        .limit(50)
    )  # fmt: skip
    return Prepared(lambda _dialect: query)


def _history(session: Session, interface_id: int) -> tuple[HistoryEntry, ...]:
    made: list[HistoryEntry] = []
    until = None
    for at, status, reason in _HISTORY.all(session, {"interface": interface_id}):
        made.append(HistoryEntry(at, status, reason, until))
        until = at
    return tuple(made)


def _macs(session: Session, interface_id: int) -> tuple[tuple[MacSeen, ...], int]:
    rows = _MACS.all(session, {"interface": interface_id})
    seen = tuple(MacSeen(mac, vlan or None, first, last, active) for mac, vlan, first, last, active, _total in rows)
    return seen, rows[0][5] if rows else 0


def _children(session: Session, view: InterfaceView) -> tuple[tuple[str, int], ...]:
    found = session.execute(_CHILDREN, {"device": view.device_id, "parent": view.bind_key})
    return tuple((status, count) for status, count in found)
