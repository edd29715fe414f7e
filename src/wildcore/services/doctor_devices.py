"""What `wca doctor` finds of devices: do some of them answer with the access that they have."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sqlalchemy import func, select

from wildcore.drivers.base import SYS_UPTIME
from wildcore.errors import DeviceUnreachable, WildcoreError
from wildcore.services.device_sessions import DeviceTarget, load_target
from wildcore.services.doctor import FAIL, OK, WARN, Finding
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device
from wildcore.transport.gate import Priority

_TIMEOUT_SEC = 2.0


async def snmp(runtime: Runtime, count: int) -> Finding:
    """Ask `count` enabled devices, chosen at random, for their uptime. Some may well be down: all silent is the failure."""

    def choose() -> list[DeviceTarget]:
        with runtime.db.read() as session:
            ids = session.scalars(select(Device.id).where(Device.enabled.is_(True)).order_by(func.random()).limit(count))
            return [load_target(session, runtime, one) for one in ids.all()]

    try:
        targets = await asyncio.to_thread(choose)
    except WildcoreError as error:
        return Finding("snmp", FAIL, error.description, "see the line about secrets")
    if not targets:
        return Finding("snmp", OK, "There are no devices yet")
    problems = [one for one in await asyncio.gather(*(_ask(runtime, target) for target in targets)) if one]
    if not problems:
        return Finding("snmp", OK, f"{len(targets)} of {len(targets)} devices asked answer")
    text = f"{len(problems)} of {len(targets)} devices asked do not answer: {'; '.join(problems[:5])}"
    fix = "wca test:snmpwalk IP; compare community and SNMP version, look at access lists of the device and at firewalls"
    return Finding("snmp", FAIL if len(problems) == len(targets) else WARN, text, fix)


async def _ask(runtime: Runtime, target: DeviceTarget) -> str:
    probe = replace(target.target, timeout_sec=min(_TIMEOUT_SEC, target.target.timeout_sec), repeats=2)
    try:
        await runtime.hub.session(probe, Priority.PERSON).get(SYS_UPTIME)
    except DeviceUnreachable:
        return f"{target.ip} silent"
    except WildcoreError as error:
        return f"{target.ip} {error.description}"
    return ""
