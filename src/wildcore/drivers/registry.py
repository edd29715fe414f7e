"""Which families there are, which model a device is, what a model can do, and how to ask for it by module name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from wildcore.drivers import decode, vendors
from wildcore.drivers.base import (
    SYS_CONTACT,
    SYS_DESCR,
    SYS_LOCATION,
    SYS_NAME,
    SYS_OBJECT_ID,
    SYS_UPTIME,
    Driver,
    Params,
    Session,
    system_of,
)
from wildcore.drivers.capabilities import BY_NAME, MODULES, Module
from wildcore.drivers.vendors.generic_switch import GenericSwitch, model_of, type_of, vendor_of
from wildcore.errors import BadRequest, Unsupported
from wildcore.model.answer import Answer
from wildcore.model.device import DeviceType, ModelInfo, System
from wildcore.transport.snmp.types import oid

SWITCH_POLLERS: Final[Mapping[str, int]] = {
    "system": 300, "counters": 120, "fdb_table": 600, "sys_resources": 120, "interfaces_list": 1800,
    "interfaces_status": 120,
}  # fmt: skip
OLT_POLLERS: Final[Mapping[str, int]] = {
    "system": 300, "counters": 180, "fdb_table": 900, "sys_resources": 180, "interfaces_list": 300,
    "interfaces_status": 180, "ont_ident": 600, "optical_strength": 1800, "pon_port_loading": 300,
}  # fmt: skip
"""Default intervals in seconds; another model or device may override them."""


@dataclass(frozen=True, slots=True)
class Detected:
    """What a device turned out to be, and what it says of itself."""

    model: ModelInfo
    system: System


@cache
def families() -> tuple[type[Driver], ...]:
    """Every driver class of `drivers/vendors`, the generic one last."""
    modules = [import_module(f"{vendors.__name__}.{module.name}") for module in iter_modules(vendors.__path__)]
    found: list[type[Driver]] = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Driver) and value.__module__ == module.__name__
    ]
    return (*(family for family in found if family is not GenericSwitch), GenericSwitch)


@cache
def catalogue() -> tuple[ModelInfo, ...]:
    """Every model that is known by name, and the generic one. Detection may name others (see `detect`)."""
    models = [
        _info(family, model.key, family.vendor, model.model, family.type) for family in families() for model in family.models
    ]
    return (*models, _info(GenericSwitch, GenericSwitch.family, "", "", DeviceType.SWITCH))


def _info(family: type[Driver], key: str, vendor: str, model: str, kind: DeviceType) -> ModelInfo:
    pollers = OLT_POLLERS if kind is DeviceType.OLT else SWITCH_POLLERS
    name = " ".join(part for part in (vendor, model) if part) or "Generic switch"
    return ModelInfo(key, name, vendor, model, kind, family.family, dict(pollers))


async def detect(session: Session) -> Detected:
    """What answers behind this session, by sysObjectID and sysDescr.

    Anything that answers at all is at least a generic switch, with a model named after its sysDescr. Raises
    `DeviceUnreachable` when nothing answers.
    """
    found = await session.get(SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME, SYS_CONTACT, SYS_NAME, SYS_LOCATION)
    system = system_of(found)
    named = _matching(system)
    if named is None or not named.model_oid:
        return Detected(identify(system), system)
    where = oid(named.model_oid)
    name = decode.text((await session.get(where)).get(where)) or ""
    return Detected(identify(replace(system, descr=f"{name} {system.descr}")), system)


def _matching(system: System) -> type[Driver] | None:
    named = (family for family in families() if family is not GenericSwitch)
    return next((family for family in named if any(match.fits(system) for match in family.match)), None)


def identify(system: System) -> ModelInfo:
    """The model of a device that says this of itself."""
    family = _matching(system)
    if family is not None:
        model = next((model for model in family.models if model.match.fits(system)), family.models[-1])
        return _info(family, model.key, family.vendor, model.model, family.type)
    vendor, model_name = vendor_of(system), model_of(system)
    slug = re.sub(r"[^a-z0-9]+", "_", model_name.lower()).strip("_")
    key = "_".join(part for part in (re.sub(r"[^a-z0-9]", "", vendor.lower()), slug) if part) or GenericSwitch.family
    return _info(GenericSwitch, key, vendor, model_name, type_of(system))


def family_of(model_key: str) -> type[Driver]:
    """The driver class of a model; a model that no family lists is a generic switch."""
    for family in families():
        if any(model.key == model_key for model in family.models):
            return family
    return GenericSwitch


def driver_for(model_key: str, session: Session, params: Params | None = None) -> Driver:
    """A driver for a device of this model behind this session."""
    return family_of(model_key)(session, params)


def modules_of(model_key: str) -> tuple[Module, ...]:
    """The modules that this model has, in the order of `MODULES`."""
    family = family_of(model_key)
    return tuple(module for module in MODULES if hasattr(family, module.method))


async def call(driver: Driver, module_name: str, **args: Any) -> Answer[Any]:
    """Ask a driver for a module by its public name. Arguments that are None or "" count as not given.

    Raises `Unsupported` (no such module on this family), `BadRequest` (argument unknown, missing or of a wrong form),
    `NotFound` (no such interface), and the device errors of the session.
    """
    module = BY_NAME.get(module_name)
    method = getattr(driver, module.method, None) if module is not None else None
    if module is None or method is None:
        raise Unsupported(f"{driver.family} devices have no module {module_name}")
    given = {name: value for name, value in args.items() if value not in (None, "")}
    unknown = sorted(set(given) - set(module.args))
    if unknown:
        raise BadRequest(f"{module_name} takes no argument {', '.join(unknown)}", field=unknown[0])
    for name in module.required:
        if name not in args or args[name] is None or (name == "interface" and name not in given):
            raise BadRequest(f"{module_name} needs the argument {name}", field=name)
        given.setdefault(name, args[name])
    if "vlan_id" in given:
        given["vlan_id"] = _vlan(given["vlan_id"])
    answer: Answer[Any] = await method(**given)
    return answer


def _vlan(value: object) -> int:
    written = str(value)
    if not (written.isascii() and written.isdigit() and 1 <= int(written) <= 4094):
        raise BadRequest("vlan_id is a number from 1 to 4094", field="vlan_id")
    return int(written)
