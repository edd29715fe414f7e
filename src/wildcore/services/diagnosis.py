"""Diagnosis of one subscriber's line: all that is known of an ONU or a port, as fresh as asked for.

From the store or a fresh cache a diagnosis is three SQL statements. The hardware is asked about this one interface only, all
modules at once; the device's gate puts them in a row, and one small question finds out whether it answers at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from wildcore.drivers.capabilities import Module
from wildcore.model.device import DeviceType
from wildcore.model.interface import InterfaceType
from wildcore.services import calls, stored
from wildcore.services.actor import Actor
from wildcore.services.calls import CallResult, Place, Source
from wildcore.services.device_sessions import modules_of
from wildcore.services.interface_facts import view_and_facts
from wildcore.services.interface_views import InterfaceView
from wildcore.services.live import Question
from wildcore.services.runtime import Runtime
from wildcore.services.stored import Stored

ONU_MODULES = (
    "pon_onts_status",
    "pon_onts_optical",
    "pon_onts_serial",
    "pon_onts_mac_addr",
    "pon_onts_descr",
    "pon_onts_reasons",
    "pon_onts_vendor",
    "pon_onts_uni",
    "pon_onts_counters",
    "fdb",
)
PORT_MODULES = ("link_info", "counters", "fdb", "vlans")
PON_MODULES = (*PORT_MODULES, "pon_ports_list", "pon_ports_optical")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """An interface, what its modules answered (by module name), and its device's `system`."""

    interface: InterfaceView
    results: Mapping[str, CallResult]
    system: CallResult | None
    at: int

    @property
    def is_onu(self) -> bool:
        """Whether it is an ONU, and not a port."""
        return self.interface.type == InterfaceType.ONU.value

    def rows(self, module: str) -> list[Any]:
        """Rows of a module about this interface; an empty list when it is unknown."""
        result = self.results.get(module)
        if result is None:
            return []
        key = self.interface.bind_key
        return [row for row in result.rows if getattr(row, "bind_key", key) == key]

    def row(self, module: str) -> Any:
        """The one row of a module, None when it is unknown."""
        return next(iter(self.rows(module)), None)


@dataclass(frozen=True, slots=True)
class _Known:
    view: InterfaceView
    place: Place
    questions: dict[str, tuple[Question, Stored]]


async def diagnose(runtime: Runtime, actor: Actor, interface_id: int, source: Source = "cache") -> Diagnosis:
    """Diagnose an interface. NotFound when the actor may not see it; a silent device is told in each result's `meta.error`.

    `cache` takes at most DIAG_WAIT_SEC, `device` at most DIAG_DEVICE_WAIT_SEC seconds, whatever the device does.
    """
    known = await runtime.db.run_quick(lambda session: _load(session, runtime, actor, interface_id))
    now = runtime.now()
    # What needs no waiting needs no task either, which would cost more than the answer.
    found = {
        name: calls.answer_at_once(runtime, known.place, question, last, source, now)
        for name, (question, last) in known.questions.items()
    }
    late = {name: known.questions[name] for name, result in found.items() if result is None}
    answers = await asyncio.gather(
        *(calls.answer(runtime, known.place, question, last, source) for question, last in late.values())
    )
    waited = dict(zip(late, answers, strict=True))
    results = {name: result if result is not None else waited[name] for name, result in found.items()}
    return Diagnosis(known.view, results, results.pop("system", None), runtime.now())


def _load(session: Session, runtime: Runtime, actor: Actor, interface_id: int) -> _Known:
    view, facts = view_and_facts(session, runtime, actor, interface_id)
    model = view.device.model
    place = Place(view.device_id, view.device.ip, modules_of(model.key, model.family), [facts], view.id, view.bind_key)
    wanted = _modules(view, place)
    answers = stored.load_answers(session, view.device_id, view.id, [module.name for module in wanted])
    fdb = stored.load_fdb(session, view.device_id, view.id)
    questions = {}
    for module in wanted:
        last = stored.of_device(module.name, answers)
        if module.per_interface:
            last = stored.of_interface(module.name, facts, answers, fdb)
        questions[module.name] = (_question(view, module, actor), last)
    return _Known(view, place, questions)


def _modules(view: InterfaceView, place: Place) -> list[Module]:
    if view.type == InterfaceType.ONU.value:
        names: tuple[str, ...] = ONU_MODULES
    else:
        names = PON_MODULES if view.device.model.type == DeviceType.OLT.value else PORT_MODULES
    available = {module.name: module for module in place.modules}
    if names is ONU_MODULES and "pon_onts_counters" not in available:
        names = (*names, "counters")  # OLTs whose ONUs are rows of IF-MIB
    return [available[name] for name in ("system", *names) if name in available]


def _question(view: InterfaceView, module: Module, actor: Actor) -> Question:
    """About the interface where the module can be asked so; a switch's FDB is one table, read whole and shared by all ports."""
    shared = module.name == "fdb" and view.type != InterfaceType.ONU.value
    if not module.per_interface or shared:
        return Question(view.device_id, module, user_id=actor.user_id)
    return Question(view.device_id, module, view.id, view.bind_key, user_id=actor.user_id)
