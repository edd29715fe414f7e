"""BDCOM EPON OLTs (P3310B/C/D, P3608, P3616, sysObjectID 1.3.6.1.4.1.3320.1.*).

Every ONU table is indexed by the ONU's ifIndex, whose ifName or ifDescr is `EPON0/P:N`; bind key = ifIndex.
Sources: BDCOM NMS-EPON MIBs as shipped with LibreNMS, switcher-core, Ubilling's templates. No capture of such an OLT's
ONU tables is known: the driver is checked against answers generated from these sources.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final

from wildcore.drivers import decode
from wildcore.drivers.base import Identity, Match, Model
from wildcore.drivers.device import OltWithOnuInterfaces
from wildcore.drivers.if_mib import ADMIN_READ, IF, IFX, OPER_READ, IfRow
from wildcore.drivers.table import Column, Findings, Table, by_number, number_index
from wildcore.errors import DeviceKept
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
from wildcore.transport.snmp.types import Index, Tag, Value, oid

EPON: Final = "1.3.6.1.4.1.3320.101"
ONU: Final = f"{EPON}.10.1.1"
LLID: Final = f"{EPON}.11.1.1"
PON: Final = f"{EPON}.6.1.1"
UNI: Final = f"{EPON}.12.1.1"
RESET: Final = oid(f"{ONU}.29")
IF_ALIAS: Final = oid(f"{IFX}.18")

STATES: Final = {
    0: OnuState.OFFLINE, 1: OnuState.OFFLINE, 2: OnuState.OFFLINE, 3: OnuState.ONLINE, 4: OnuState.LOS,
    5: OnuState.OFFLINE,
}  # fmt: skip
STATE_WORDS: Final = {
    0: "authenticated", 1: "registered", 2: "deregistered", 3: "auto-configured", 4: "lost", 5: "standby",
}  # fmt: skip
REASONS: Final = {
    0: "unknown", 2: "normal", 3: "mpcp-down", 4: "oam-down", 5: "firmware-download", 6: "illegal-mac",
    7: "admin-down", 8: "wire-down", 9: "power-off",
}  # fmt: skip
REASON_STATES: Final = {"wire-down": OnuState.LOS, "power-off": OnuState.POWER_OFF}

# At or under -50 dBm the OLT has no reading; 0 is what it shows of an ONU that never answered.
POWER: Final = decode.scaled(0.1, -49.9, 10, none=(0,))

STATUS: Final = Table(
    OnuStatus,
    by_number,
    index=number_index,
    state=Column(f"{ONU}.26", decode.enum(STATES, OnuState.UNKNOWN), required=True),
    bind_raw=Column(f"{ONU}.26", decode.raw(STATE_WORDS)),
    admin=Column(f"{IF}.7", ADMIN_READ),
)
OPTICAL: Final = Table(
    OnuOptical,
    by_number,
    index=number_index,
    rx_dbm=Column(f"{EPON}.10.5.1.5", POWER),
    tx_dbm=Column(f"{EPON}.10.5.1.6", POWER),
    temperature_c=Column(f"{EPON}.10.5.1.2", decode.celsius_256),
    voltage_v=Column(f"{EPON}.10.5.1.3", decode.volts_100uv),
    olt_rx_dbm=Column(f"{EPON}.108.1.3", POWER),
    distance_m=Column(f"{ONU}.27", decode.distance_m),
)
OPTICAL_P3310B: Final = Table(OnuOptical, by_number, index=number_index, olt_rx_dbm=Column("1.3.6.1.4.1.3320.9.183.1.1.5", POWER))
DESCRIPTIONS: Final = Table(
    OnuDescription, by_number, index=number_index, description=Column(f"{IFX}.18", decode.text, required=True)
)


def _version(value: Value) -> str | None:
    """Printable text, or raw octets written with dots."""
    if isinstance(value, bytes) and any(octet < 32 or octet > 126 for octet in value.strip(b"\x00")):
        return ".".join(str(octet) for octet in value)
    return decode.text(value)


VENDORS: Final = Table(
    OnuVendor,
    by_number,
    index=number_index,
    vendor=Column(f"{ONU}.1", decode.text),
    model=Column(f"{ONU}.2", decode.text),
    hw_version=Column(f"{ONU}.4", _version),
    sw_version=Column(f"{ONU}.6", _version),
)
PON_COUNTS: Final = Table(
    PonPort,
    by_number,
    max_onus=Column(f"{PON}.20", decode.whole(1, 1024)),
    onus_online=Column(f"{PON}.21", decode.whole(0, 1024), required=True),
    onus_total=Column(f"{PON}.22", decode.whole(0, 1024)),  # inactive ones: summed up below
)
PON_OPTICAL: Final = Table(
    PonPort,
    by_number,
    tx_dbm=Column(f"{EPON}.107.1.3", POWER),
    temperature_c=Column(f"{EPON}.107.1.6", decode.celsius_256),
    voltage_v=Column(f"{EPON}.107.1.7", decode.volts_100uv),
)


def _mac_key(index: Index) -> dict[str, object] | None:
    return {"bind_key": str(index[0]), "type": IdentType.MAC} if len(index) == 1 else None


MACS: Final = Table(OnuIdent, _mac_key, index=number_index, ident=Column(f"{ONU}.3", decode.mac, required=True))


@dataclass(frozen=True, slots=True)
class _Llid:
    pon: int
    mac: str
    reason: str = ""
    last_reg: datetime | None = None
    last_dereg: datetime | None = None


def _llid_key(index: Index) -> dict[str, object] | None:
    mac = decode.mac_of_index(index)
    return {"pon": index[0], "mac": mac} if len(index) == 7 and mac is not None else None


LLIDS: Final = Table(
    _Llid,
    _llid_key,
    reason=Column(f"{LLID}.11", decode.raw(REASONS), required=True),
    last_reg=Column(f"{LLID}.9", decode.date_and_time),
    last_dereg=Column(f"{LLID}.10", decode.date_and_time),
)
LLID_REASONS: Final = Table(_Llid, _llid_key, reason=Column(f"{LLID}.11", decode.raw(REASONS), required=True))


@dataclass(frozen=True, slots=True)
class _Alive:
    bind_key: str
    seconds: int | None = None


ALIVE: Final = Table(_Alive, by_number, index=number_index, seconds=Column(f"{ONU}.80", decode.duration_sec))


@dataclass(frozen=True, slots=True)
class _Uni:
    bind_key: str
    num: int
    oper: LinkStatus = LinkStatus.UNKNOWN
    admin: AdminState = AdminState.UNKNOWN
    pvid: int | None = None
    duplex: str = ""
    speed: str = ""
    mode: str = ""


def _uni_key(index: Index) -> dict[str, object] | None:
    return {"bind_key": str(index[0]), "num": index[1]} if len(index) == 2 else None


UNIS: Final = Table(
    _Uni,
    _uni_key,
    index=number_index,
    many=True,
    oper=Column(f"{UNI}.8", OPER_READ, required=True),
    admin=Column(f"{UNI}.7", ADMIN_READ),
    pvid=Column(f"{UNI}.3", decode.vlan_id),
    duplex=Column(f"{UNI}.9", decode.enum({1: "Full", 2: "Half", 3: "Auto"})),
    speed=Column(f"{UNI}.10", decode.enum({1: "10", 2: "100", 3: "1000", 4: "Auto"})),
    mode=Column(
        f"{UNI}.18",
        decode.raw({0: "transparent", 1: "tag", 2: "translation", 3: "aggregation", 4: "trunk", 5: "stacking"}),
    ),
)

_NAME: Final = re.compile(r"epon(\d+/\d+)(?::(\d+))?\Z", re.IGNORECASE)
_PLATFORM: Final = "1.3.6.1.4.1.3320.9.225.1"


class BdcomEpon(OltWithOnuInterfaces):
    """P33xx and P36xx. GPON models (GP36xx) are not this family."""

    family: ClassVar[str] = "bdcom_epon"
    vendor: ClassVar[str] = "BDCOM"
    match: ClassVar[tuple[Match, ...]] = (Match("1.3.6.1.4.1.3320.1", r"\bP3[36]\d\d"),)
    models: ClassVar[tuple[Model, ...]] = (
        Model("bdcom_p3310b", "P3310B", Match(descr=r"\bP3310B")),
        Model("bdcom_p3310c", "P3310C", Match(descr=r"\bP3310C")),
        Model("bdcom_p3310d", "P3310D", Match(descr=r"\bP3310D")),
        Model("bdcom_p3310", "P3310", Match(descr=r"\bP3310")),
        Model("bdcom_p3608", "P3608", Match(descr=r"\bP3608")),
        Model("bdcom_p3612", "P3612", Match(descr=r"\bP3612")),
        Model("bdcom_p3616", "P3616", Match(descr=r"\bP3616")),
        Model("bdcom_epon", "EPON OLT"),
    )
    identity: ClassVar[Identity] = {
        "serial": (f"{_PLATFORM}.2.0", decode.filled_text),
        "hw_version": (f"{_PLATFORM}.7.0", decode.filled_text),
        "sw_version": (f"{_PLATFORM}.8.0", decode.filled_text),
        "mac": (f"{_PLATFORM}.9.0", decode.mac),
    }

    def place(self, rows: Sequence[IfRow]) -> list[Interface]:
        """ONUs `epon0/1:15` below `epon0/1`; everything by its ifIndex."""
        found = [(row, _NAME.match(row.name) or _NAME.match(row.descr)) for row in rows]
        pons = {name[1]: str(row.if_index) for row, name in found if name is not None and name[2] is None}
        placed: list[Interface] = []
        for row, name in found:
            key = str(row.if_index)
            if name is None:
                kind = row.type if row.physical else InterfaceType.UNKNOWN
                placed.append(Interface(key, row.name, kind, "", row.if_index, row.alias))
            elif name[2] is None:
                placed.append(Interface(key, f"epon{name[1]}", InterfaceType.EPON, "", row.if_index, row.alias))
            else:
                parent = pons.get(name[1], "")
                full = f"epon{name[1]}:{name[2]}"
                placed.append(Interface(key, full, InterfaceType.ONU, parent, row.if_index, row.alias))
        return placed

    async def onu_status(self, interface: str | None = None) -> Answer[OnuStatus]:
        """State of ONUs; why a deregistered one went (no light, no power) is told by the LLID table."""
        at = await self.key_of(interface)
        answer = await self.rows(STATUS, at)
        if not any(row.bind_raw == "deregistered" for row in answer.rows):
            return answer
        findings = Findings(answer.complete, answer.problems)
        whys = await self._llids(LLID_REASONS, at, findings)
        rows = [
            replace(row, state=REASON_STATES.get(whys[row.bind_key].reason, row.state))
            if row.bind_raw == "deregistered" and row.bind_key in whys
            else row
            for row in answer.rows
        ]
        return findings.answer(rows)

    async def _llids(self, table: Table[_Llid], at: str | None, findings: Findings) -> dict[str, _Llid]:
        """LLID rows by the ONU's bind key: the table is keyed by PON port and MAC."""
        macs = await self.rows(MACS, at)
        findings.add(macs.complete, macs.problems)
        onus = {onu.bind_key: onu for onu in await self.onus()}
        wanted = {(onus[row.bind_key].parent_bind_key, row.ident): row.bind_key for row in macs.rows if row.bind_key in onus}
        if at is None:
            answer = await self.rows(table)
        else:
            index = next(((int(pon), *decode.index_of_mac(mac)) for pon, mac in wanted if pon), None)
            answer = await self.rows(table.at(index), at)
        findings.add(answer.complete, answer.problems)
        return {wanted[str(row.pon), row.mac]: row for row in answer.rows if (str(row.pon), row.mac) in wanted}

    async def onu_macs(self, interface: str | None = None) -> Answer[OnuIdent]:
        """MAC addresses of ONUs."""
        return await self.rows(MACS, await self.key_of(interface))

    async def onu_optical(self, interface: str | None = None) -> Answer[OnuOptical]:
        """What ONU and OLT measure, and the distance."""
        return await self.pieced(OPTICAL, OPTICAL_P3310B, at=await self.key_of(interface))

    async def onu_descriptions(self, interface: str | None = None) -> Answer[OnuDescription]:
        """ifAlias of the ONU interfaces."""
        at = await self.key_of(interface)
        answer = await self.rows(DESCRIPTIONS, at)
        if at is not None:
            return answer
        onus = {onu.bind_key for onu in await self.onus()}
        return Answer([row for row in answer.rows if row.bind_key in onus], answer.complete, answer.problems)

    async def onu_vendors(self, interface: str | None = None) -> Answer[OnuVendor]:
        """Maker, model and versions of ONUs."""
        return await self.rows(VENDORS, await self.key_of(interface))

    async def onu_reasons(self, interface: str | None = None) -> Answer[OnuReasons]:
        """Last registration and deregistration, why it went, how long it is up."""
        at = await self.key_of(interface)
        findings = Findings()
        llids = await self._llids(LLIDS, at, findings)
        alive = await self.rows(ALIVE, at)
        seconds = {row.bind_key: row.seconds for row in alive.rows}
        return findings.answer(
            [OnuReasons(key, row.reason, row.last_reg, row.last_dereg, seconds.get(key)) for key, row in llids.items()]
        )

    async def onu_unis(self, interface: str | None = None) -> Answer[OnuUni]:
        """Subscriber-side ports of ONUs."""
        answer = await self.rows(UNIS, await self.key_of(interface))
        rows = [OnuUni(row.bind_key, row.num, row.oper, row.admin, _speed(row), row.mode, row.pvid) for row in answer.rows]
        return Answer(rows, answer.complete, answer.problems)

    async def pon_ports(self) -> Answer[PonPort]:
        """ONU counts of the PON ports."""
        answer = await self.rows(PON_COUNTS)
        rows = [replace(row, onus_total=(row.onus_total or 0) + (row.onus_online or 0)) for row in answer.rows]
        return Answer(rows, answer.complete, answer.problems)

    async def pon_ports_optical(self) -> Answer[PonPort]:
        """The PON ports' own optical modules."""
        return await self.rows(PON_OPTICAL)

    async def reboot_onu(self, interface: str) -> Answer[OnuStatus]:
        """Restart an ONU; answers its state right after."""
        key = (await self.find(interface)).bind_key
        await self.write((*RESET, int(key)), Tag.INTEGER, 0)
        return await self.onu_status(key)

    async def describe_onu(self, interface: str, description: str) -> Answer[OnuDescription]:
        """Write an ONU's description and read it back. Raises `DeviceKept` when the OLT kept another text."""
        key = (await self.find(interface)).bind_key
        await self.write((*IF_ALIAS, int(key)), Tag.OCTET_STRING, description.encode())
        answer = await self.rows(DESCRIPTIONS, key)
        kept = answer.rows[0].description if answer.rows else ""
        if kept != description.strip():
            raise DeviceKept(kept, description)
        return answer


def _speed(row: _Uni) -> str:
    if row.oper is not LinkStatus.UP:
        return ""
    return "-".join(part for part in (row.speed, row.duplex) if part)
