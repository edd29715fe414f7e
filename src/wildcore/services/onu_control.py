"""What may be done to an ONU: asked of the device at once, logged with its result, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from wildcore.drivers import registry
from wildcore.drivers.capabilities import BY_NAME
from wildcore.errors import DeviceError, Unsupported
from wildcore.i18n import gettext
from wildcore.model.interface import InterfaceType
from wildcore.services import action_log, applying, interfaces, stored
from wildcore.services.actor import Actor
from wildcore.services.device_sessions import DeviceTarget, load_target, modules_of, open_driver
from wildcore.services.runtime import Runtime
from wildcore.services.scope import require_device
from wildcore.services.stored_rows import Facts
from wildcore.transport.gate import Priority

_TELLS = {"ctrl_ont_descr": "pon_onts_descr", "ctrl_ont_reboot": "pon_onts_status"}


async def control(
    runtime: Runtime, actor: Actor, device_id: int, interface: str, module: str, args: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Do it; returns what was done to what. Raises Unsupported when the family cannot, and the device's own failures.

    The caller has checked the right that this action needs.
    """
    device, onu = await runtime.db.run_read(lambda session: _load(session, runtime, actor, device_id, interface, module))
    error = ""
    try:
        driver = open_driver(runtime, device, Priority.PERSON)
        driver.know([onu.interface])
        answer = await registry.call(driver, module, interface=onu.bind_key, **(args or {}))
    except DeviceError as failure:
        error = failure.description
        raise
    finally:
        text = f"{onu.name}: {error}" if error else onu.name

        def note(session: Session) -> None:
            action_log.log(
                session,
                actor,
                f"olts:{module}",
                device_id=device_id,
                interface_id=onu.id,
                success=not error,
                message=text,
                meta=dict(args or {}),
            )

        await runtime.db.run_write(note)
    told = _TELLS.get(module)
    if told is not None and answer.rows:
        at = runtime.now()
        await runtime.db.run_write(lambda session: applying.apply(session, device_id, told, answer, at=at, bind_key=onu.bind_key))
    return {"device_id": device_id, "interface_id": onu.id, "interface": onu.name, "action": module, "result": "done"}


def _load(
    session: Session, runtime: Runtime, actor: Actor, device_id: int, interface: str, module: str
) -> tuple[DeviceTarget, Facts]:
    require_device(session, actor, device_id)
    target = load_target(session, runtime, device_id)
    wanted = BY_NAME.get(module)
    if wanted is None or wanted.name not in {one.name for one in modules_of(target.model_key, target.family)}:
        raise Unsupported(gettext("{ip} has no module {module}", ip=target.ip, module=module))
    interface_id, _bind_key = interfaces.resolve(session, device_id, interface)
    onu = stored.load_facts(session, device_id, interface_id)[0]
    if onu.type != InterfaceType.ONU.value:
        raise Unsupported(gettext("{name} is no ONU", name=onu.name))
    return target, onu
