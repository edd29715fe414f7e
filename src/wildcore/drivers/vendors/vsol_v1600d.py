"""V-Solution V1600D EPON OLTs (sysObjectID 1.3.6.1.4.1.37950.1.1.5.10.14.1 for every model; the model is in sysDescr).

ONUs are IF-MIB rows `EPON0/1:5` (older: `EPON01ONU5`) and rows `pon.onu` of the vendor's tables; bind key `pon.onu`.
Sources: a capture of a V1600D2 (IF-MIB, 12.2.1.8, 10.13, Q-BRIDGE), V1600D MIB as shipped with LibreNMS, switcher-core.
The OLT lists ONU interfaces with the ONU's own MAC as ifPhysAddress (capture: equal or next to the MACs in the FDB).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final

from wildcore.drivers import decode
from wildcore.drivers.base import Identity, Match, Model
from wildcore.drivers.device import OltWithOnuInterfaces
from wildcore.drivers.if_mib import IF, OPER_READ, IfRow
from wildcore.drivers.table import Column, Findings, Table
from wildcore.model.answer import Answer
from wildcore.model.ident import IdentType
from wildcore.model.interface import AdminState, Interface, InterfaceType, LinkStatus
from wildcore.model.onu import (
    OnuDescription,
    OnuIdent,
    OnuOptical,
    OnuReasons,
    OnuState,
    OnuStatus,
    OnuUni,
    OnuVendor,
    PonPort,
)
from wildcore.transport.snmp.types import Index, oid

V: Final = "1.3.6.1.4.1.37950.1.1.5"
ALL_ONUS: Final = f"{V}.12.1.25.1"
OPER: Final = oid(f"{IF}.8")
PHYS_ADDRESS: Final = oid(f"{IF}.6")


def _onu_key(index: Index) -> dict[str, object] | None:
    return {"bind_key": f"{index[0]}.{index[1]}"} if len(index) == 2 else None


def _pon_key(index: Index) -> dict[str, object] | None:
    return {"bind_key": str(index[0])} if len(index) == 1 else None


def _mac_key(index: Index) -> dict[str, object] | None:
    return {"bind_key": f"{index[0]}.{index[1]}", "type": IdentType.MAC} if len(index) == 2 else None


def _uni_key(index: Index) -> dict[str, object] | None:
    return {"bind_key": f"{index[0]}.{index[1]}", "num": index[2]} if len(index) == 3 else None


def _onu_index(bind_key: str) -> Index | None:
    pon, _, onu = bind_key.partition(".")
    return (int(pon), int(onu)) if pon.isdigit() and onu.isdigit() else None


CELSIUS: Final = decode.units(decode.CELSIUS)
VOLTS: Final = decode.units((0.5, 10))

OPTICAL: Final = Table(
    OnuOptical,
    _onu_key,
    index=_onu_index,
    rx_dbm=Column(f"{V}.12.2.1.8.1.7", decode.dbm_text),
    tx_dbm=Column(f"{V}.12.2.1.8.1.6", decode.dbm_text),
    temperature_c=Column(f"{V}.12.2.1.8.1.3", CELSIUS),
    voltage_v=Column(f"{V}.12.2.1.8.1.4", VOLTS),
    olt_rx_dbm=Column(f"{V}.12.1.28.1.3", decode.dbm_text),
    distance_m=Column(f"{ALL_ONUS}.17", decode.distance_m),
)
OPTICAL_NEWER: Final = Table(
    OnuOptical,
    _onu_key,
    index=_onu_index,
    rx_dbm=Column(f"{V}.12.2.1.14.1.3", decode.dbm_text),
    tx_dbm=Column(f"{V}.12.2.1.14.1.4", decode.dbm_text),
)
MACS: Final = Table(OnuIdent, _mac_key, index=_onu_index, ident=Column(f"{ALL_ONUS}.5", decode.mac, required=True))
DESCRIPTIONS: Final = Table(
    OnuDescription, _onu_key, index=_onu_index, description=Column(f"{ALL_ONUS}.9", decode.text, required=True)
)
VENDORS: Final = Table(
    OnuVendor,
    _onu_key,
    index=_onu_index,
    vendor=Column(f"{V}.12.2.1.2.1.3", decode.text),
    model=Column(f"{V}.12.2.1.2.1.4", decode.text),
    equipment_id=Column(f"{V}.12.2.1.2.1.5", decode.text),
    hw_version=Column(f"{V}.12.2.1.2.1.6", decode.text),
    sw_version=Column(f"{V}.12.2.1.2.1.7", decode.text),
)
UNIS: Final = Table(
    OnuUni,
    _uni_key,
    index=_onu_index,
    many=True,
    oper=Column(f"{V}.12.5.1.13.1.4", decode.enum({0: LinkStatus.DOWN, 1: LinkStatus.UP}, LinkStatus.UNKNOWN), required=True),
    admin=Column(f"{V}.12.5.1.13.1.5", decode.enum({0: AdminState.DISABLED, 1: AdminState.ENABLED}, AdminState.UNKNOWN)),
)
PON_COUNTS: Final = Table(
    PonPort,
    _pon_key,
    onus_total=Column(f"{V}.12.1.27.1.2", decode.whole(0, 1024), required=True),
    onus_online=Column(f"{V}.12.1.27.1.3", decode.whole(0, 1024)),
)
PON_OPTICAL: Final = Table(
    PonPort,
    _pon_key,
    temperature_c=Column(f"{V}.10.13.1.1.2", CELSIUS),
    voltage_v=Column(f"{V}.10.13.1.1.3", VOLTS),
    bias_ma=Column(f"{V}.10.13.1.1.4", decode.units(decode.MILLIAMPS)),
    tx_dbm=Column(f"{V}.10.13.1.1.5", decode.dbm_text),
)

REASONS: Final = {0: "wire-down", 1: "power-off"}
REASON_STATES: Final = {"wire-down": OnuState.LOS, "power-off": OnuState.POWER_OFF}
STATE: Final = decode.enum({0: OnuState.OFFLINE, 1: OnuState.ONLINE}, OnuState.UNKNOWN)
LINK_STATES: Final = {LinkStatus.UP: OnuState.ONLINE, LinkStatus.DOWN: OnuState.OFFLINE}


@dataclass(frozen=True, slots=True)
class _Listed:
    bind_key: str
    state: OnuState | None = None
    reason: str = ""
    last_reg: datetime | None = None
    last_dereg: datetime | None = None
    online_sec: int | None = None


STATES: Final = Table(
    _Listed,
    _onu_key,
    index=_onu_index,
    state=Column(f"{ALL_ONUS}.4", STATE),
    reason=Column(f"{ALL_ONUS}.15", decode.raw(REASONS)),
)
HISTORY: Final = Table(
    _Listed,
    _onu_key,
    index=_onu_index,
    state=Column(f"{ALL_ONUS}.4", STATE),
    reason=Column(f"{ALL_ONUS}.15", decode.raw(REASONS)),
    last_reg=Column(f"{ALL_ONUS}.18", decode.date_and_time),
    last_dereg=Column(f"{ALL_ONUS}.19", decode.date_and_time),
    online_sec=Column(f"{ALL_ONUS}.20", decode.duration_sec),
)


@dataclass(frozen=True, slots=True)
class _Running:
    pon: int | None = None
    onu: int | None = None
    mac: str | None = None


# The same ONUs under a running index, on firmwares without 12.1.25: columns pon, onu, MAC.
RUNNING: Final = tuple(
    Table(
        _Running,
        lambda _: {},
        pon=Column(f"{V}.12.1.{table}.1.2", decode.whole(1, 64), required=True),
        onu=Column(f"{V}.12.1.{table}.1.3", decode.whole(1, 256), required=True),
        mac=Column(f"{V}.12.1.{table}.1.{mac}", decode.mac, required=True),
    )
    for table, mac in ((12, 6), (9, 5))
)

_NAME: Final = re.compile(r"EPON(?:0/(\d+)(?::(\d+))?|0(\d+)(?:ONU(\d+))?)\b", re.IGNORECASE)


class VsolV1600d(OltWithOnuInterfaces):
    """V1600D2, D4, D8, D16 and their relabels."""

    family: ClassVar[str] = "vsol_v1600d"
    vendor: ClassVar[str] = "V-Solution"
    match: ClassVar[tuple[Match, ...]] = (Match("1.3.6.1.4.1.37950.1.1.5.10.14", r"V16\d\dD|EPON"),)
    models: ClassVar[tuple[Model, ...]] = (
        Model("vsol_v1600d2", "V1600D2", Match(descr=r"V1600D-?2")),
        Model("vsol_v1600d4", "V1600D4", Match(descr=r"V1600D-?4")),
        Model("vsol_v1600d8", "V1600D8", Match(descr=r"V1600D-?8")),
        Model("vsol_v1600d16", "V1600D16", Match(descr=r"V1600D-?16")),
        Model("vsol_v1600d", "V1600D"),
    )
    model_oid: ClassVar[str] = f"{V}.10.14.5.0"
    identity: ClassVar[Identity] = {
        "sw_version": (f"{V}.10.12.5.4.0", decode.filled_text),
        "hw_version": (f"{V}.10.12.5.5.0", decode.filled_text),
        "mac": (f"{V}.10.12.5.7.0", decode.mac),
        "serial": (f"{V}.10.12.5.11.0", decode.filled_text),
    }

    def is_bind_key(self, text: str) -> bool:
        """`pon.onu`, or a PON port's number."""
        return text.isdigit() or _onu_index(text) is not None

    def place(self, rows: Sequence[IfRow]) -> list[Interface]:
        """ONUs `EPON0/1:5` (bind key `1.5`) below `EPON0/1` (`1`); other ports by name."""
        placed: dict[str, Interface] = {}
        for row in rows:
            name = _NAME.match(row.name)
            if name is None:
                kind = row.type if row.physical else InterfaceType.UNKNOWN
                found = Interface(row.name, row.name, kind, "", row.if_index, row.alias)
            else:
                pon, onu = name[1] or name[3], name[2] or name[4]
                alias = "" if row.alias == row.name else row.alias
                found = _onu(int(pon), int(onu), row.if_index, alias) if onu else _pon(int(pon), row.if_index, alias)
            if found.bind_key in placed:
                found = replace(found, bind_key=f"if:{row.if_index}")
            placed[found.bind_key] = found
        return list(placed.values())

    async def interfaces(self) -> Answer[Interface]:
        """IF-MIB's rows and those ONUs that only the vendor's table lists; names people gave are the descriptions."""
        answer = await super().interfaces()
        findings = Findings(answer.complete, answer.problems)
        rows = {row.bind_key: row for row in answer.rows}
        walk = await self.walk(oid(f"{ALL_ONUS}.9"), findings, needed=False)
        for index, value in walk.rows:
            if len(index) != 2:
                continue
            key, description = f"{index[0]}.{index[1]}", decode.text(value) or ""
            found = rows.get(key) or _onu(index[0], index[1], None, "")
            rows[key] = replace(found, description=description or found.description)
        self.know(rows.values())
        return findings.answer(list(rows.values()))

    async def onu_status(self, interface: str | None = None) -> Answer[OnuStatus]:
        """ifOperStatus of the ONU's interface, else the vendor's status; why an offline one went, where told."""
        findings = Findings()
        at = await self.key_of(interface)
        onus = [onu for onu in await self.onus() if at in (None, onu.bind_key)]
        links = await self._links(onus, at, findings)
        listed: Mapping[str, _Listed] = {}
        if any(links.get(onu.bind_key) is not LinkStatus.UP for onu in onus):
            extra = await self.rows(STATES, at)
            listed = {row.bind_key: row for row in extra.rows}
            if extra.rows:
                findings.add(extra.complete, extra.problems)
        rows = []
        for onu in onus:
            more = listed.get(onu.bind_key)
            link = links.get(onu.bind_key)
            if link is None and (more is None or more.state is None):
                findings.add(False, ["an ONU has no status"])
                continue
            state = LINK_STATES.get(link, OnuState.UNKNOWN) if link is not None else (more and more.state)
            reason = more.reason if more is not None and state is OnuState.OFFLINE else ""
            rows.append(
                OnuStatus(
                    onu.bind_key,
                    REASON_STATES.get(reason, state or OnuState.UNKNOWN),
                    bind_raw=reason or str(link or state).lower(),
                )
            )
        if not rows:
            findings.add(False, ["no row"])
        return findings.answer(rows)

    async def _links(self, onus: Sequence[Interface], at: str | None, findings: Findings) -> dict[str, LinkStatus]:
        keys = {onu.if_index: onu.bind_key for onu in onus if onu.if_index is not None}
        if at is not None:
            got = await self.session.get(*((*OPER, index) for index in keys))
            values = [(where[-1], value) for where, value in got.items()]
        else:
            walk = await self.walk(OPER, findings)
            values = [(index[0], value) for index, value in walk.rows if len(index) == 1]
        read = {keys[index]: OPER_READ(value) for index, value in values if index in keys}
        return {key: link for key, link in read.items() if link is not None}

    async def onu_macs(self, interface: str | None = None) -> Answer[OnuIdent]:
        """MAC addresses: the ONU list, on older firmwares its running form, else the interface's own address."""
        at = await self.key_of(interface)
        answer = await self.rows(MACS, at)
        if answer.rows:
            return answer
        findings = Findings()
        rows: dict[str, OnuIdent] = {}
        for table in RUNNING:
            running = await self.rows(table)
            for row in running.rows:
                key = f"{row.pon}.{row.onu}"
                if row.mac is not None and at in (None, key):
                    rows[key] = OnuIdent(key, row.mac, IdentType.MAC)
            if rows:
                findings.add(running.complete, running.problems)
                return findings.answer(list(rows.values()))
        return await self._interface_macs(at)

    async def _interface_macs(self, at: str | None) -> Answer[OnuIdent]:
        findings = Findings()
        walk = await self.walk(PHYS_ADDRESS, findings)
        found = {index[0]: decode.mac(value) for index, value in walk.rows if len(index) == 1}
        onus = await self.onus()
        indexes = {onu.if_index for onu in onus}
        own = {mac for index, mac in found.items() if index not in indexes}
        rows = [
            OnuIdent(onu.bind_key, mac, IdentType.MAC)
            for onu in onus
            if at in (None, onu.bind_key)
            and onu.if_index is not None
            and (mac := found.get(onu.if_index)) is not None
            and mac not in own
        ]
        if not rows:
            findings.add(False, ["no row"])
        return findings.answer(rows)

    async def onu_optical(self, interface: str | None = None) -> Answer[OnuOptical]:
        """What ONU and OLT measure, and the distance."""
        return await self.pieced(OPTICAL, OPTICAL_NEWER, at=await self.key_of(interface))

    async def onu_descriptions(self, interface: str | None = None) -> Answer[OnuDescription]:
        """Names given to ONUs."""
        return await self.rows(DESCRIPTIONS, await self.key_of(interface))

    async def onu_vendors(self, interface: str | None = None) -> Answer[OnuVendor]:
        """Maker, model and versions."""
        return await self.rows(VENDORS, await self.key_of(interface))

    async def onu_reasons(self, interface: str | None = None) -> Answer[OnuReasons]:
        """Last registration and deregistration, why it went, how long it is up."""
        answer = await self.rows(HISTORY, await self.key_of(interface))
        rows = [OnuReasons(row.bind_key, _why(row), row.last_reg, row.last_dereg, row.online_sec) for row in answer.rows]
        return Answer(rows, answer.complete, answer.problems)

    async def onu_unis(self, interface: str | None = None) -> Answer[OnuUni]:
        """Subscriber-side ports of ONUs."""
        return await self.rows(UNIS, await self.key_of(interface))

    async def pon_ports(self) -> Answer[PonPort]:
        """ONU counts of the PON ports."""
        return await self.rows(PON_COUNTS)

    async def pon_ports_optical(self) -> Answer[PonPort]:
        """The PON ports' own optical modules."""
        return await self.rows(PON_OPTICAL)


def _why(row: _Listed) -> str:
    """0 means wire down, and also that nothing ever happened to an ONU that is online."""
    return "" if row.state is OnuState.ONLINE and row.last_dereg is None else row.reason


def _pon(pon: int, if_index: int | None, alias: str) -> Interface:
    return Interface(str(pon), f"EPON0/{pon}", InterfaceType.EPON, "", if_index, alias)


def _onu(pon: int, onu: int, if_index: int | None, alias: str) -> Interface:
    return Interface(f"{pon}.{onu}", f"EPON0/{pon}:{onu}", InterfaceType.ONU, str(pon), if_index, alias)
