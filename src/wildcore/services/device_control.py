"""What changes a device, an ONU or a port: asked of the device at once, read back by its driver, logged with its result.

The caller has checked the right that an action needs. Whatever the driver's family lacks is Unsupported, named with the device's
model: nothing pretends to have been done.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.drivers import registry
from wildcore.drivers.capabilities import BY_NAME
from wildcore.errors import DeviceError, DeviceKept, DeviceRefused, NotFound, Unsupported, ValidationFailed
from wildcore.i18n import gettext
from wildcore.model.answer import Answer
from wildcore.model.device import DeviceType
from wildcore.model.interface import AdminState, InterfaceType
from wildcore.services import action_log, applying, call_log, interfaces, stored
from wildcore.services.actor import Actor
from wildcore.services.device_sessions import DeviceTarget, load_target, modules_of, open_driver
from wildcore.services.runtime import Runtime
from wildcore.services.scope import require_device
from wildcore.services.stored_rows import Facts
from wildcore.store.tables import Device, DeviceModel
from wildcore.transport.gate import Priority

Kind = Literal["onu", "port", "device"]
LONGEST_DESCRIPTION = 64
_TELLS = {
    "ctrl_ont_descr": "pon_onts_descr",
    "ctrl_ont_reboot": "pon_onts_status",
    "ctrl_port_descr": "link_info",
    "ctrl_port_state": "link_info",
}
_log = logging.getLogger(__name__)
_STATES = {
    **dict.fromkeys(("enable", "enabled", "up", "on", "true", "1"), AdminState.ENABLED),
    **dict.fromkeys(("disable", "disabled", "down", "off", "false", "0"), AdminState.DISABLED),
}


@dataclass(frozen=True, slots=True)
class _Aim:
    device: DeviceTarget
    facts: Facts | None


async def control(
    runtime: Runtime,
    actor: Actor,
    device_id: int,
    module: str,
    *,
    kind: Kind,
    interface: str = "",
    args: Mapping[str, Any] | None = None,
    type_: DeviceType | None = None,
) -> dict[str, Any]:
    """Do it; returns what was done to what.

    `interface` is a bind key, a name or our id; `type_` is the type of device that the caller's address is for. Raises NotFound,
    Unsupported when the family cannot, and the device's own failures; DeviceRefused in the person's words when the device took
    something else than was written, which is then what the store holds.
    """
    aim = await runtime.db.run_read(lambda session: _load(session, runtime, actor, device_id, module, kind, interface, type_))
    given = dict(args or {})
    if aim.facts is not None:
        given["interface"] = aim.facts.bind_key
    started, error = time.monotonic(), ""
    answer: Answer[Any] = Answer([], complete=False)
    try:
        driver = open_driver(runtime, aim.device, Priority.PERSON)
        if aim.facts is not None:
            driver.know([aim.facts.interface])
        answer = await registry.call(driver, module, **given)
    except DeviceKept as changed:
        error = gettext("The device keeps “{kept}” instead of “{wanted}”", kept=changed.kept, wanted=changed.wanted)
        answer = await _read_again(driver, module, given)
        raise DeviceRefused(error) from changed
    except (DeviceError, Unsupported, NotFound) as failure:
        error = failure.description
        raise
    except BaseException as failure:
        error = type(failure).__name__
        raise
    finally:
        spent = int((time.monotonic() - started) * 1000)
        await runtime.db.run_write(
            lambda session: _note(session, actor, aim, module, args or {}, error, runtime.now(), spent, answer)
        )
    done = {"device_id": device_id, "action": module, "result": "done"}
    if aim.facts is not None:
        done |= {"interface_id": aim.facts.id, "interface": aim.facts.name}
    return done


def admin_state(text: object) -> AdminState:
    """Enabled or disabled, in any of the words that clients use; ValidationFailed for anything else."""
    state = _STATES.get(str(text).strip().lower())
    if state is None:
        raise ValidationFailed(
            gettext("{field}: must be one of {choices}", field="state", choices="enable, disable"), field="state"
        )
    return state


def description(text: str) -> str:
    """A description as devices take it: one line of at most 64 bytes (ifAlias, RFC 2863)."""
    if any(ord(letter) < 32 for letter in text):
        raise ValidationFailed(gettext("{field}: one line without control characters", field="description"), field="description")
    if len(text.encode("utf-8", "replace")) > LONGEST_DESCRIPTION:
        raise ValidationFailed(
            gettext("{field}: at most {longest} characters", field="description", longest=LONGEST_DESCRIPTION),
            field="description",
        )
    return text.strip()


def _load(
    session: Session,
    runtime: Runtime,
    actor: Actor,
    device_id: int,
    module: str,
    kind: Kind,
    interface: str,
    type_: DeviceType | None,
) -> _Aim:
    require_device(session, actor, device_id)
    target = load_target(session, runtime, device_id)
    if type_ is not None and (target.type == DeviceType.OLT.value) != (type_ is DeviceType.OLT):
        raise NotFound(
            gettext("Device {id} is no OLT", id=device_id)
            if type_ is DeviceType.OLT
            else gettext("Device {id} is no switch", id=device_id),
            field="device_id",
        )
    facts = None
    if kind != "device":
        interface_id, _bind_key = interfaces.resolve(session, device_id, interface)
        facts = stored.load_facts(session, device_id, interface_id)[0]
        is_onu = facts.type == InterfaceType.ONU.value
        if kind == "onu" and not is_onu:
            raise NotFound(gettext("{name} is no ONU", name=facts.name), field="interface")
        if kind == "port" and is_onu:
            raise NotFound(gettext("{name} is an ONU, not a port", name=facts.name), field="interface")
    wanted = BY_NAME.get(module)
    if wanted is None or wanted.name not in {one.name for one in modules_of(target.model_key, target.family)}:
        model = session.scalar(
            select(DeviceModel.name).join(Device, Device.model_id == DeviceModel.id).where(Device.id == device_id)
        )
        raise Unsupported(gettext("{model} ({ip}) has no module {module}", model=model, ip=target.ip, module=module))
    return _Aim(target, facts)


def _note(
    session: Session,
    actor: Actor,
    aim: _Aim,
    module: str,
    args: Mapping[str, Any],
    error: str,
    at: int,
    duration_ms: int,
    answer: Answer[Any],
) -> None:
    """Log it, and keep what the device told afterwards."""
    device, interface_id = aim.device, aim.facts.id if aim.facts is not None else None
    told = _TELLS.get(module)
    if told is not None and answer.rows and aim.facts is not None:
        applying.apply(session, device.device_id, told, answer, at=at, bind_key=aim.facts.bind_key)
    name = aim.facts.name if aim.facts is not None else device.name
    action_log.log(
        session,
        actor,
        f"{'olts' if device.type == DeviceType.OLT.value else 'switches'}:{module}",
        device_id=device.device_id,
        interface_id=interface_id,
        success=not error,
        message=f"{name}: {error}" if error else name,
        meta={key: str(value) for key, value in args.items()},
    )
    call_log.note_call(
        session,
        device.device_id,
        module,
        "control",
        at=at,
        user_id=actor.user_id,
        interface_id=interface_id,
        duration_ms=duration_ms,
        rows=len(answer.rows),
        error=error or None,
    )


async def _read_again(driver: Any, module: str, given: Mapping[str, Any]) -> Answer[Any]:
    """What the device holds after it took something else; nothing when it does not tell."""
    try:
        return await registry.call(driver, _TELLS[module], interface=given["interface"])
    except (DeviceError, KeyError, Unsupported) as failure:
        _log.info("%s could not be read back: %s", module, failure)
        return Answer([], complete=False)
