"""How a stored device is spoken to: its SNMP target by the override chain, and a driver on a session.

Chain, later wins: system settings, access, model, device. The last three keep connection parameters under
`sw_core_connection` of their `params` (`snmp_version`, `snmp_port`, `snmp_timeout_sec`, `snmp_repeats`, `snmp_max_repetitions`).
An access's secrets: `public_community`, `private_community`, `login`, `password`, and for v3 `v3_user`, `v3_auth_protocol`,
`v3_auth_password`, `v3_priv_protocol`, `v3_priv_password`, `v3_context`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.drivers.base import Driver, Params, vlan_sessions
from wildcore.drivers.capabilities import MODULES, Module
from wildcore.drivers.registry import families, family_of
from wildcore.errors import NotFound
from wildcore.i18n import gettext
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, DeviceAccess, DeviceModel
from wildcore.transport.gate import Priority
from wildcore.transport.snmp.types import SnmpTarget, V3User, Version

CONNECTION = "sw_core_connection"
MOST_REPETITIONS = 100


@dataclass(frozen=True, slots=True)
class DeviceTarget:
    """What is needed to speak to a device, read in one statement and kept across network I/O."""

    device_id: int
    ip: str
    name: str
    enabled: bool
    status: str
    model_key: str
    family: str
    type: str
    target: SnmpTarget
    params: Mapping[str, Any]


def load_target(session: Session, runtime: Runtime, device_id: int) -> DeviceTarget:
    """The target of one device; NotFound when it does not exist. One SQL statement."""
    row = session.execute(
        select(Device, DeviceModel, DeviceAccess)
        .join(DeviceModel, DeviceModel.id == Device.model_id)
        .join(DeviceAccess, DeviceAccess.id == Device.access_id)
        .where(Device.id == device_id)
    ).one_or_none()
    if row is None:
        raise NotFound(gettext("There is no device {id}", id=device_id), field="device_id")
    device, model, access = row
    params = {**model.params, **device.params}
    return DeviceTarget(
        device_id=device.id,
        ip=device.ip,
        name=device.name,
        enabled=device.enabled,
        status=device.status,
        model_key=model.key,
        family=model.family,
        type=model.type,
        target=snmp_target(
            runtime, device.ip, access, (model.params, device.params), driver_class(model.key, model.family).max_repetitions
        ),
        params=params,
    )


def snmp_target(
    runtime: Runtime,
    ip: str,
    access: DeviceAccess,
    overrides: tuple[Mapping[str, Any], ...] = (),
    most_repetitions: int | None = None,
) -> SnmpTarget:
    """The SNMP target of an address by an access; `overrides` are parameters of the model and the device.

    `most_repetitions` is what every firmware of the family survives: the system's default yields to it, a parameter that an
    operator set for the access, the model or the device does not.
    """
    settings = runtime.settings
    connection: dict[str, Any] = {
        "snmp_version": settings.get("SWC_SNMP_VERSION"),
        "snmp_port": settings.get("SWC_SNMP_PORT"),
        "snmp_timeout_sec": settings.get("SWC_SNMP_TIMEOUT_SEC"),
        "snmp_repeats": settings.get("SWC_SNMP_REPEATS"),
        "snmp_max_repetitions": min(settings.get("SWC_SNMP_MAX_REPETITIONS"), most_repetitions or MOST_REPETITIONS),
    }
    for params in (access.params, *overrides):
        connection.update({key: value for key, value in params.get(CONNECTION, {}).items() if value not in (None, "")})
    secrets = json.loads(runtime.secrets.open(access.secrets) or "{}")
    user = None
    if str(connection["snmp_version"]) == "3":
        user = V3User(
            name=secrets.get("v3_user", ""),
            auth_protocol=secrets.get("v3_auth_protocol") or "SHA",
            auth_password=secrets.get("v3_auth_password", ""),
            priv_protocol=secrets.get("v3_priv_protocol") or "AES",
            priv_password=secrets.get("v3_priv_password", ""),
            context=secrets.get("v3_context", ""),
        )
    return SnmpTarget(
        host=ip,
        port=int(connection["snmp_port"]),
        version=cast(Version, str(connection["snmp_version"])),
        read_community=secrets.get("public_community", "public"),
        write_community=secrets.get("private_community", ""),
        user=user,
        timeout_sec=float(connection["snmp_timeout_sec"]),
        repeats=int(connection["snmp_repeats"]),
        max_repetitions=int(connection["snmp_max_repetitions"]),
    )


def open_driver(runtime: Runtime, device: DeviceTarget, priority: Priority) -> Driver:
    """A driver of the device's family on a session of the shared hub: one request at a time, a person's first."""
    session = runtime.hub.session(device.target, priority)
    per_vlan = vlan_sessions(device.target, lambda target: runtime.hub.session(target, priority))
    return driver_class(device.model_key, device.family)(session, Params(vlan_session=per_vlan))


def driver_class(model_key: str, family: str) -> type[Driver]:
    """The driver class of a stored model: by its family, so that models which operators add work too."""
    return next((one for one in families() if one.family == family), None) or family_of(model_key)


def modules_of(model_key: str, family: str) -> tuple[Module, ...]:
    """The modules that a stored model has, in the order of the drivers' list."""
    driver = driver_class(model_key, family)
    return tuple(module for module in MODULES if hasattr(driver, module.method))
