"""Calls of device modules, as switcher-core's clients make them: from the device, from the cache, or from the store.

`device` asks the hardware now and waits at most DIAG_DEVICE_WAIT_SEC; `cache` takes what is at most DIAG_CACHE_SEC old, else asks
and waits at most DIAG_WAIT_SEC; `store` never asks. A question that nobody waits for any more goes on, and its answer is stored.
A device that does not answer yields what was last known, with the error beside it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.drivers.capabilities import BY_NAME, Module
from wildcore.errors import BadRequest, Unsupported
from wildcore.i18n import gettext
from wildcore.model.ident import mac_key
from wildcore.model.interface import ArpEntry, FdbEntry
from wildcore.services import interfaces, live, stored
from wildcore.services.actor import Actor
from wildcore.services.device_sessions import modules_of
from wildcore.services.live import Asked, Question
from wildcore.services.presenting_modules import Names, rows_json, system_json
from wildcore.services.runtime import Runtime
from wildcore.services.scope import require_device
from wildcore.services.stored import Stored
from wildcore.services.stored_rows import Facts
from wildcore.services.times import time_text
from wildcore.store.tables import Device, DeviceModel

Source = Literal["device", "cache", "store"]
SOURCES: tuple[Source, ...] = ("device", "cache", "store")
SINGLE = frozenset({"system", "sys_resources"})


@dataclass(frozen=True, slots=True)
class CallMeta:
    """Where an answer is from and how old it is. `time` is Unix seconds; `error` says why nothing newer came."""

    time: int | None
    source: Source
    from_cache: bool
    hash: str
    error: str | None
    device_ip: str

    def json(self) -> dict[str, Any]:
        """As clients read it."""
        return {
            "time": time_text(self.time),
            "source": self.source,
            "from_cache": self.from_cache,
            "hash": self.hash,
            "error": self.error,
            "device_ip": self.device_ip,
        }


@dataclass(frozen=True, slots=True)
class CallResult:
    """An answer: `rows` are the records of `model`, `data` the same as JSON (one object for `system` and `sys_resources`)."""

    module: str
    rows: list[Any]
    meta: CallMeta
    names: Names = field(repr=False)

    @property
    def data(self) -> Any:
        """JSON under the clients' field names."""
        if self.module == "system":
            return system_json(self.rows[0]) if self.rows else None
        found = rows_json(self.rows, self.names)
        if self.module in SINGLE:
            return found[0] if found else None
        return found


@dataclass(frozen=True, slots=True)
class Place:
    """The device, and the interface if any, that a call is about."""

    device_id: int
    ip: str
    modules: tuple[Module, ...]
    facts: list[Facts]
    interface_id: int = 0
    bind_key: str = ""

    def names(self, now: int) -> Names:
        """Names for rows."""
        refs = [(fact.ref, fact.if_index) for fact in self.facts]
        by_index = {index: ref for ref, index in refs if index is not None}
        return Names({ref.bind_key: ref for ref, _index in refs}, by_index, now)


def parse_source(text: str | None, default: Source = "cache") -> Source:
    """`device`, `cache` or `store`; BadRequest otherwise."""
    word = (text or default).strip().lower()
    if word not in SOURCES:
        raise BadRequest(gettext("from: must be one of {choices}", choices=", ".join(SOURCES)), field="from")
    return word


def modules(session: Session, actor: Actor, device_id: int) -> tuple[Module, ...]:
    """The modules that a device has."""
    require_device(session, actor, device_id)
    return _device(session, device_id)[1]


async def call(
    runtime: Runtime,
    actor: Actor,
    device_id: int,
    module: str,
    args: Mapping[str, Any] | None = None,
    source: Source = "cache",
    wait_sec: float | None = None,
) -> CallResult:
    """Ask a module of a device. `args` may hold `interface` (bind key, name or our id) and what the module takes.

    `wait_sec` limits the wait for the hardware instead of the settings. Raises NotFound (device, interface), Unsupported (the
    family has no such module), BadRequest (arguments); a device's own failures are in `meta.error`.
    """
    given = {name: value for name, value in (args or {}).items() if value not in (None, "")}
    place, question, known = await runtime.db.run_read(lambda session: _prepare(session, actor, device_id, module, given))
    return await answer(runtime, place, question, known, source, wait_sec)


def answer_at_once(
    runtime: Runtime, place: Place, question: Question, known: Stored, source: Source, now: int
) -> CallResult | None:
    """The answer when what is known is enough for it; None when the device has to be asked."""
    if source == "store":
        return _result(place, question, known, "store", now)
    fresh_sec = runtime.settings.get("DIAG_CACHE_SEC")
    if source == "cache" and known.checked_at is not None and now - known.checked_at <= fresh_sec:
        return _result(place, question, known, "cache", now)
    return None


async def answer(
    runtime: Runtime, place: Place, question: Question, known: Stored, source: Source, wait_sec: float | None = None
) -> CallResult:
    """Answer a question whose place and last known answer were read already."""
    now = runtime.now()
    at_once = answer_at_once(runtime, place, question, known, source, now)
    if at_once is not None:
        return at_once
    if wait_sec is None:
        wait_sec = float(runtime.settings.get("DIAG_WAIT_SEC" if source == "cache" else "DIAG_DEVICE_WAIT_SEC"))
    task = live.ask(runtime, question)
    done, _waiting = await asyncio.wait([task], timeout=wait_sec)
    if not done:
        error = gettext("No answer from the device within {seconds} s", seconds=f"{wait_sec:g}")
        return _result(place, question, replace(known, error=error), "store", now)
    asked: Asked = task.result()
    if asked.answer is None:
        return _result(place, question, replace(known, error=asked.error), "store", runtime.now())
    fresh = Stored(asked.answer.rows, asked.at, asked.at, asked.error)
    return _result(place, question, fresh, "device", runtime.now())


def _module(ip: str, model: str, available: tuple[Module, ...], module: str, args: Mapping[str, Any]) -> Module:
    """The module of a call; raises Unsupported and BadRequest before anything is asked."""
    found = BY_NAME.get(module)
    if found is None or found.name not in {one.name for one in available}:
        raise Unsupported(gettext("{model} ({ip}) has no module {module}", model=model, ip=ip, module=module))
    if found.control:
        raise BadRequest(gettext("{module} changes the device: use its own address", module=module), field="module")
    unknown = sorted(set(args) - set(found.args))
    if unknown:
        raise BadRequest(gettext("{module} takes no argument {name}", module=module, name=unknown[0]), field=unknown[0])
    return found


def _prepare(
    session: Session, actor: Actor, device_id: int, module: str, args: Mapping[str, Any]
) -> tuple[Place, Question, Stored]:
    require_device(session, actor, device_id)
    ip, available, model = _device(session, device_id)
    found = _module(ip, model, available, module, args)
    interface_id, bind_key = 0, ""
    if "interface" in args:
        interface_id, bind_key = interfaces.resolve(session, device_id, str(args["interface"]))
    facts = stored.load_facts(session, device_id, interface_id or None)
    place = Place(device_id, ip, available, facts, interface_id, bind_key)
    filters = tuple(sorted((name, str(value)) for name, value in args.items() if name != "interface"))
    question = Question(device_id, found, interface_id, bind_key, filters, actor.user_id)
    return place, question, _known(session, place, question)


def _known(session: Session, place: Place, question: Question) -> Stored:
    name = question.module.name
    answers = stored.load_answers(session, place.device_id, place.interface_id, [name])
    fdb = stored.load_fdb(session, place.device_id, place.interface_id or None) if name == "fdb" else []
    if place.interface_id and place.facts:
        found = stored.of_interface(name, place.facts[0], answers, fdb)
    else:
        found = stored.of_device(name, answers, place.facts, fdb)
    if not question.filters:
        return found
    return replace(found, rows=[row for row in found.rows if _fits(row, dict(question.filters))])


def _fits(row: Any, filters: Mapping[str, str]) -> bool:
    if isinstance(row, FdbEntry):
        mac, vlan = filters.get("mac"), filters.get("vlan_id")
        return (mac is None or row.mac == mac_key(mac)) and (vlan is None or str(row.vlan_id) == vlan)
    if isinstance(row, ArpEntry):
        filters = {name: (mac_key(value) or value) if name == "mac" else value for name, value in filters.items()}
    return all(str(getattr(row, {"vlan_id": "id"}.get(name, name), value)) == value for name, value in filters.items())


def _device(session: Session, device_id: int) -> tuple[str, tuple[Module, ...], str]:
    columns = (Device.ip, DeviceModel.key, DeviceModel.family, DeviceModel.name)
    query = select(*columns).join(DeviceModel, DeviceModel.id == Device.model_id)
    ip, key, family, name = session.execute(query.where(Device.id == device_id)).one()
    return ip, modules_of(key, family), name


def _result(place: Place, question: Question, known: Stored, source: Source, now: int) -> CallResult:
    arguments = hashlib.sha1(json.dumps(question.key).encode(), usedforsecurity=False).hexdigest()
    outcome = "SUCCESS" if known.error is None else "ERROR"
    meta = CallMeta(
        time=known.at,
        source=source,
        from_cache=source != "device",
        hash=f"{place.device_id}:{question.module.name}:{outcome}:{arguments}",
        error=known.error,
        device_ip=place.ip,
    )
    return CallResult(question.module.name, known.rows, meta, place.names(now))
