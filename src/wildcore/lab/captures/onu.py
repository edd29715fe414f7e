"""One simulated ONU, free of any vendor: what it is, and what it does as time goes by.

Everything is a function of the seed and the clock, so two runs with one seed and one clock agree in every value.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wildcore.model.ident import IdentType
from wildcore.model.onu import OnuState

Clock = Callable[[], float]

REBOOT_SEC = 12.0
"""How long a rebooted ONU stays away: long enough to be seen, short enough to wait for."""

DRIFT_PERIOD_SEC = 1800.0
_NOISE_STEP_SEC = 10


@dataclass(slots=True)
class Uni:
    """One subscriber-side port of an ONU."""

    up: bool
    speed_mbps: int = 1000
    enabled: bool = True
    pvid: int = 1


@dataclass(slots=True, eq=False)
class SimOnu:
    """An ONU as it really is; families write it down in their own tables and encodings.

    `at_start` is its state at the beginning; `flap_sec` (0: never) is the period in which it drops for a short while.
    Powers are dBm, times seconds of the epoch.
    """

    pon: int
    number: int
    ident: str
    type: IdentType
    vendor: str
    model: str
    hw_version: str
    sw_version: str
    at_start: OnuState
    rx_dbm: float
    tx_dbm: float
    olt_rx_dbm: float
    temperature_c: float
    voltage_v: float
    bias_ma: float
    distance_m: int
    description: str
    cp1251: bool
    last_reg: float
    last_dereg: float
    vlan_id: int
    unis: list[Uni] = field(default_factory=list)
    macs: list[str] = field(default_factory=list)
    flap_sec: float = 0.0
    seed: int = 0
    clock: Clock = time.time
    away_until: float = 0.0
    away_since: float = 0.0
    raw_description: bytes | None = None

    @property
    def state(self) -> OnuState:
        """The state now."""
        now = self.clock()
        if now < self.away_until:
            return OnuState.OFFLINE
        if self.at_start is not OnuState.ONLINE:
            return self.at_start
        if self.flap_sec and self._in_flap(now) < self.flap_sec * 0.12:
            return OnuState.POWER_OFF
        return OnuState.ONLINE

    @property
    def online(self) -> bool:
        """Whether it works now."""
        return self.state is OnuState.ONLINE

    def _in_flap(self, now: float) -> float:
        return (now + self.seed % 1000) % self.flap_sec

    def reboot(self) -> None:
        """Restart: away for `REBOOT_SEC`, back if it was online before. What is off or dark hears no command."""
        if self.online:
            self.away_since = self.clock()
            self.away_until = self.away_since + REBOOT_SEC

    def restart(self, _value: int = 1) -> None:
        """As `reboot`, for whoever has a written value to hand over."""
        self.reboot()

    def is_up(self) -> bool:
        """As `online`, for whoever needs a function."""
        return self.online

    @property
    def registered_at(self) -> float:
        """When it last came online."""
        return max(self.last_reg, self.away_until) if self.clock() >= self.away_until else self.last_reg

    @property
    def deregistered_at(self) -> float:
        """When it last went away; 0 never."""
        return max(self.last_dereg, self.away_since)

    @property
    def last_down(self) -> OnuState:
        """Why it was last away, as the state it had then."""
        if self.at_start is not OnuState.ONLINE:
            return self.at_start
        return (OnuState.POWER_OFF, OnuState.POWER_OFF, OnuState.LOS, OnuState.OFFLINE)[self.seed % 4]

    @property
    def rebooted(self) -> bool:
        """Whether the last time it went away was a restart by command."""
        return self.away_since > self.last_dereg

    def power(self, base_dbm: float, phase: int) -> float:
        """A power now: a slow sine of 0.3 dB and 0.1 dB of noise around its base."""
        now = self.clock()
        slow = 0.3 * math.sin(2 * math.pi * now / DRIFT_PERIOD_SEC + (self.seed + phase) % 628 / 100)
        return base_dbm + slow + 0.1 * noise(self.seed + phase, now)

    def temperature(self) -> float:
        """Temperature of the optics now."""
        return self.temperature_c + 1.5 * math.sin(2 * math.pi * self.clock() / 86400 + self.seed % 628 / 100)

    def describe(self, raw: bytes) -> None:
        """Take over a description that was written over SNMP, byte by byte."""
        self.raw_description = raw

    def description_bytes(self) -> bytes:
        """The description as the OLT keeps it: what somebody's terminal sent, UTF-8 or Windows-1251."""
        if self.raw_description is not None:
            return self.raw_description
        return self.description.encode("cp1251" if self.cp1251 else "utf-8", errors="replace")


def noise(seed: int, now: float) -> float:
    """A number from -1 to 1 that changes every ten seconds."""
    mixed = (int(now / _NOISE_STEP_SEC) * 2654435761 ^ seed * 40503) & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 15) * 2246822519 & 0xFFFFFFFF
    return (mixed >> 8 & 0xFFFF) / 32768 - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of ONU that providers buy: vendor, model, versions; `prefix` are the serial's letters or the MAC's OUI."""

    prefix: str
    vendor: str
    model: str
    hw_version: str
    sw_version: str
    unis: int = 1


EPON_KINDS = (
    Kind("FCFA12", "BDCM", "1501D", "V1.0", "10.0.26B.554"),
    Kind("8479AA", "BDCM", "P1501C1", "V2.1", "10.0.28C.1240"),
    Kind("006D61", "VSOL", "D101", "V1.2", "V1.3.01"),
    Kind("C4700B", "STLS", "FD511G", "V3.1", "V4.0.2"),
    Kind("E067B3", "CDTC", "FD702XW", "V1.1", "V2.2.14", 4),
)
GPON_KINDS = (
    Kind("ZTEG", "ZTEG", "F601", "V7.0", "V7.0.10P6T1"),
    Kind("ZTEG", "ZTEG", "F660", "V6.0", "V6.0.10P12T3", 4),
    Kind("HWTC", "HWTC", "HG8310M", "9B0.A", "V3R017C10S100"),
    Kind("BDCM", "BDCM", "GP1501", "V1.0", "10.0.40B.38"),
    Kind("STLS", "STLS", "FD511G-X", "V3.0", "V3.0.7"),
)


def make_onus(
    kinds: Sequence[Kind],
    pon_ports: int,
    onus_per_pon: int,
    *,
    seed: int,
    clock: Clock = time.time,
    now: float | None = None,
) -> list[SimOnu]:
    """ONUs numbered from 1 on every PON port: about 86 % online, the rest dark, without power or just gone.

    `now` (the clock's time, if not given) is the moment before which all that happened to them lies.
    """
    dice = random.Random(f"onus {seed}")
    now = clock() if now is None else now
    onus: list[SimOnu] = []
    used: set[str] = set()
    for pon in range(1, pon_ports + 1):
        reach = dice.randrange(300, 9000)
        for number in range(1, onus_per_pon + 1):
            onus.append(_make(dice, dice.choice(kinds), pon, number, reach, now, used, clock))
            onus[-1].description = _house_number(dice, pon, number)
    return onus


def _house_number(dice: random.Random, pon: int, number: int) -> str:
    return f"Порт {pon}, будинок {number}" if dice.random() < 0.8 else ""


def _make(dice: random.Random, kind: Kind, pon: int, number: int, reach: int, now: float, used: set[str], clock: Clock) -> SimOnu:
    while True:
        tail = f"{dice.getrandbits(32 if len(kind.prefix) == 4 else 24):0{8 if len(kind.prefix) == 4 else 6}X}"
        if kind.prefix + tail not in used:
            used.add(kind.prefix + tail)
            break
    luck = dice.random()
    state = OnuState.ONLINE
    if luck > 0.96:
        state = OnuState.LOS
    elif luck > 0.90:
        state = OnuState.POWER_OFF
    elif luck > 0.87:
        state = OnuState.OFFLINE
    distance = min(19_500, reach + dice.randrange(0, 2500))
    rx = -15.5 - distance / 1000 * 0.35 - dice.random() * 6
    if dice.random() < 0.05:
        rx = -28.6 - dice.random() * 2.5
    registered = now - dice.randrange(3600, 40 * 86400)
    return SimOnu(
        pon=pon,
        number=number,
        ident=kind.prefix + tail,
        type=IdentType.SN if len(kind.prefix) == 4 else IdentType.MAC,
        vendor=kind.vendor,
        model=kind.model,
        hw_version=kind.hw_version,
        sw_version=kind.sw_version,
        at_start=state,
        rx_dbm=round(rx, 2),
        tx_dbm=round(2.0 + dice.random() * 1.6, 2),
        olt_rx_dbm=round(rx - 1.2 - dice.random() * 1.5, 2),
        temperature_c=round(32 + dice.random() * 18, 1),
        voltage_v=round(3.22 + dice.random() * 0.15, 2),
        bias_ma=round(8 + dice.random() * 8, 2),
        distance_m=distance,
        description="",
        cp1251=dice.random() < 0.25,
        last_reg=registered,
        last_dereg=(
            registered - dice.randrange(30, 7200)
            if state is OnuState.ONLINE
            else now - dice.randrange(600, min(20 * 86400, int(now - registered)))
        ),
        vlan_id=100 + pon,
        unis=[Uni(up=dice.random() < (0.9 if at == 0 else 0.3), pvid=100 + pon) for at in range(kind.unis)],
        macs=[f"{dice.choice(_ROUTERS)}{dice.getrandbits(24):06X}" for _ in range(1 if dice.random() < 0.92 else 2)],
        flap_sec=dice.choice((300.0, 420.0, 900.0)) if state is OnuState.ONLINE and dice.random() < 0.02 else 0.0,
        seed=dice.getrandbits(30),
        clock=clock,
    )


_ROUTERS = ("50C7BF", "C025E9", "D46E0E", "04D590", "B0487A", "E8DE27", "1C3BF3", "784476", "4C5E0C")
