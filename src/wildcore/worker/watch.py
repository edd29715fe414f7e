"""Who is up: every enabled device is pinged once a minute, and a device that does not answer is asked by SNMP before it is Down.

A worker that may send no ICMP at all asks by SNMP only. One worker of several does this at a time.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from wildcore.drivers.base import SYS_UPTIME
from wildcore.errors import ConfigurationError, Conflict, DeviceError, DeviceUnreachable, NotFound
from wildcore.services import device_status, leases
from wildcore.services.device_sessions import load_target
from wildcore.services.device_status import DOWN, UNKNOWN, UP, Watched
from wildcore.services.runtime import Runtime
from wildcore.transport.gate import Priority

log = logging.getLogger(__name__)

EVERY_SEC = 60.0
PING_SEC = 1.0
PINGS = 2
SNMP_SEC = 1.0
AT_ONCE = 50


class Watch:
    """Keeps `devices.status`. `run` until cancelled; `look` once."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._slots = asyncio.Semaphore(AT_ONCE)
        if not runtime.pinger.possible:
            log.warning("Devices are probed by SNMP only: %s", runtime.pinger.method)

    async def run(self, every_sec: float = EVERY_SEC) -> None:
        """Look at all devices again and again."""
        while True:
            try:
                async with leases.hold(self._runtime, "watch", "another worker watches the devices"):
                    while True:
                        await self.look()
                        await asyncio.sleep(every_sec)
            except Conflict:
                await asyncio.sleep(leases.LEASE_SEC / 2)
            except Exception:
                log.exception("Watching devices failed, it goes on")
                await asyncio.sleep(every_sec)

    async def look(self) -> dict[int, str]:
        """Find and write the status of every enabled device."""
        devices = await self._runtime.db.run_read(device_status.watched)
        found = await self.probe(devices)
        changed = await self._runtime.db.run_write(
            lambda session: device_status.write_statuses(session, found, self._runtime.now())
        )
        for device in devices:
            if device.device_id in changed and device.status != UNKNOWN:
                log.warning("Device %d (%s) is %s", device.device_id, device.ip, found[device.device_id])
        return found

    async def probe(self, devices: list[Watched]) -> dict[int, str]:
        """Status by device id."""
        silent = devices
        found: dict[int, str] = {}
        pinger = self._runtime.pinger
        may_ping = pinger.possible and self._runtime.settings.get("SWC_CHECK_ICMP_PING")
        for _try in range(PINGS if may_ping and devices else 0):
            answers = await pinger.ping_many([device.ip for device in silent], PING_SEC)
            found.update((device.device_id, UP) for device in silent if answers[device.ip] is not None)
            silent = [device for device in silent if answers[device.ip] is None]
            if not silent:
                return found
        states = await asyncio.gather(*(self._ask(device) for device in silent))
        found.update((device.device_id, state) for device, state in zip(silent, states, strict=True))
        return found

    async def _ask(self, device: Watched) -> str:
        if device.type == "ICMP":
            return DOWN if self._runtime.pinger.possible else UNKNOWN
        async with self._slots:
            try:
                target = await self._runtime.db.run_read(lambda session: load_target(session, self._runtime, device.device_id))
                probe = replace(target.target, timeout_sec=min(SNMP_SEC, target.target.timeout_sec), repeats=2)
                await self._runtime.hub.session(probe, Priority.PERSON).get(SYS_UPTIME)
            except DeviceUnreachable:
                return DOWN
            except (NotFound, ConfigurationError):
                return UNKNOWN
            except DeviceError:
                return UP  # an answer that is no use is an answer
        return UP
