"""BDCOM EPON OLTs (P3616, P3608): every ONU table is indexed by the ifIndex of the ONU's interface.

Tables under enterprise 3320 as the vendor facts name them; the numbers behind `3320.1.` that tell the models apart are not
known for certain, detection rides on sysDescr.
"""

from __future__ import annotations

from wildcore.lab.captures import mibs
from wildcore.lab.captures.device import Device, Spec, drift, uni_rows, uni_up
from wildcore.lab.captures.mibs import Port, VlanPorts
from wildcore.lab.captures.onu import SimOnu
from wildcore.lab.captures.rows import COUNTER64, GAUGE, INTEGER, STRING, Live, each
from wildcore.model.onu import OnuState
from wildcore.transport.snmp.types import Oid

E = "1.3.6.1.4.1.3320"
PON, ONU, OPTICS = f"{E}.101.6.1.1", f"{E}.101.10.1.1", f"{E}.101.10.5.1"
LLID, OLT_RX, SFP = f"{E}.101.11.1.1", f"{E}.101.108.1.3", f"{E}.101.107.1"
UNI, UNI_COUNTERS = f"{E}.101.12.1.1", f"{E}.101.12.2.1"

STATUS = {OnuState.ONLINE: 3, OnuState.LOS: 4, OnuState.POWER_OFF: 2, OnuState.OFFLINE: 2}
LLID_STATUS = {OnuState.ONLINE: 5, OnuState.LOS: 4, OnuState.POWER_OFF: 2, OnuState.OFFLINE: 2}
REASON = {OnuState.LOS: 8, OnuState.POWER_OFF: 9, OnuState.OFFLINE: 3}

UPLINKS = {"P3616": 16, "P3608": 8}


def build(spec: Spec) -> Device:
    """A P3616 or P3608 with gigabit uplinks, PON ports and the ONUs behind them."""
    model = spec.model or "P3616"
    pons = max(spec.pon_ports, 1)
    device = Device(spec, descr=_descr(spec, model), object_id=f"{E}.1.{'324' if model == 'P3616' else '313'}.0")
    uplinks = UPLINKS[model]
    ports = [
        Port(n, f"g0/{n}", f"GigaEthernet0/{n}", mac=spec.mac(n), up=n == 1, in_rate=9_000_000 * (n == 1),
             out_rate=60_000_000 * (n == 1), alias="Uplink" if n == 1 else "")
        for n in range(1, uplinks + 1)
    ]  # fmt: skip
    pon_index = {pon: uplinks + pon for pon in range(1, pons + 1)}
    ports += [
        Port(i, f"EPON0/{pon}", f"EPON0/{pon}", type=1, mac=spec.mac(i), in_rate=400_000, out_rate=4_000_000)
        for pon, i in pon_index.items()
    ]
    first = uplinks + pons + 10
    at: dict[Oid, SimOnu] = {(first + n,): onu for n, onu in enumerate(spec.onus)}
    for (index, *_), onu in at.items():
        name = f"EPON0/{onu.pon}:{onu.number}"
        rate = 40_000 + onu.seed % 160_000 if onu.at_start is OnuState.ONLINE else 0
        ports.append(
            Port(index, name, name, type=1, mac=spec.mac(pon_index[onu.pon]), up=onu.is_up,
                 alias=onu.description_bytes, in_rate=rate, out_rate=rate * 8)
        )  # fmt: skip
    mibs.interfaces(device.rows, ports, spec.clock, spec.up_since, spec.since)
    _platform(device, spec)
    _pon_ports(device, pon_index)
    _onus(device, at)
    _llids(device, at, pon_index)
    _unis(device, at)
    entries = [
        (onu.vlan_id, mac, index) for (index, *_), onu in at.items() if onu.at_start is OnuState.ONLINE for mac in onu.macs
    ]
    mibs.fdb_per_vlan(device.rows, [*entries, *((100 + pon, spec.mac(0xF0), 1) for pon in pon_index)])
    mibs.bridge_ports(device.rows, ((port.if_index, port.if_index) for port in ports if port.if_index < first))
    found = [VlanPorts(1, "default", (), tuple(range(2, uplinks + 1)))]
    found += [VlanPorts(100 + pon, f"PON{pon}", (1, i)) for pon, i in pon_index.items()]
    mibs.vlans(device.rows, found, uplinks + pons)
    for (index, *_), onu in at.items():
        device.on_write(f"{ONU}.29.{index}", INTEGER, onu.restart)
        device.on_write(f"{mibs.IFX}.18.{index}", STRING, onu.describe)
    device.writable(f"{E}.20.15.1.1.0", INTEGER)
    return device


def _descr(spec: Spec, model: str) -> str:
    return (
        f"BDCOM(tm) {model}{'-2TE' if model == 'P3616' else ''} Software, Version 10.1.0F Build 69083\r\n"
        "Copyright by Shanghai Baud Data Communication CO., Ltd.\r\nCompiled: 2021-6-4 10:31:20 by SYS, Image type: 0x0\r\n"
        f"ROM: System Bootstrap, Version 0.4.4,Serial num:{spec.serial}\r\n"
    )


def _platform(device: Device, spec: Spec) -> None:
    rows = device.rows
    for column, value in ((11, drift(spec, 14, 6, 1)), (12, 41), (13, drift(spec, 47, 3, 2))):
        rows.integers(f"{E}.3.6.10.1.{column}", [((1,), value)])
    rows.integers(f"{E}.9.181.1.1.7", [((1,), drift(spec, 47, 3, 2))])
    rows.integers(f"{E}.9.187.4.1.2", [((1,), 1), ((2,), 1)])
    rows.scalar(f"{E}.9.189.1.0", INTEGER, 3)
    for column, words in ((2, spec.serial), (7, "V2.1"), (8, "10.1.0F")):
        rows.scalar(f"{E}.9.225.1.{column}.0", STRING, words.encode())
    rows.scalar(f"{E}.9.225.1.9.0", STRING, bytes.fromhex(spec.mac(0)))


def _pon_ports(device: Device, pon_index: dict[int, int]) -> None:
    spec, rows = device.spec, device.rows
    onus = device.by_pon()
    at = [((index,), pon) for pon, index in pon_index.items()]
    rows.integers(f"{PON}.9", ((i, 1) for i, _ in at))
    rows.integers(f"{PON}.20", ((i, 64) for i, _ in at))
    rows.integers(f"{PON}.21", each(at, lambda pon: sum(o.online for o in onus[pon])))
    rows.integers(f"{PON}.22", each(at, lambda pon: sum(not o.online for o in onus[pon])))
    rows.integers(f"{SFP}.2", ((i, 1) for i, _ in at))
    rows.integers(f"{SFP}.3", ((i, drift(spec, 42 + pon % 5, 2, pon)) for i, pon in at))
    rows.integers(f"{SFP}.6", ((i, drift(spec, (38 + pon % 4) * 256, 300, pon)) for i, pon in at))
    rows.integers(f"{SFP}.7", ((i, drift(spec, 32900, 100, pon)) for i, pon in at))
    rows.integers(f"{SFP}.8", ((i, drift(spec, 15000, 500, pon)) for i, pon in at))
    first = min(pon_index.values()) + len(pon_index) + 9
    numbers: dict[int, list[str]] = {pon: [] for pon in pon_index}
    for n, onu in enumerate(spec.onus, first + 1):
        numbers[onu.pon].append(str(n))
    rows.texts(f"{PON}.23", ((i, "".join(f"{n}," for n in numbers[pon])) for i, pon in at))


def _onus(device: Device, at: dict[Oid, SimOnu]) -> None:
    rows, items = device.rows, list(at.items())
    rows.texts(f"{ONU}.1", ((i, f"{o.vendor:<4}") for i, o in items))
    rows.texts(f"{ONU}.2", ((i, o.model.encode().ljust(20, b"\0")) for i, o in items))
    rows.column(f"{ONU}.3", STRING, ((i, bytes.fromhex(o.ident)) for i, o in items))
    rows.texts(f"{ONU}.4", ((i, o.hw_version) for i, o in items))
    rows.texts(f"{ONU}.6", ((i, o.sw_version) for i, o in items))
    rows.integers(f"{ONU}.12", ((i, 1 if len(o.unis) == 1 else 0) for i, o in items))
    rows.integers(f"{ONU}.14", ((i, 0 if len(o.unis) == 1 else len(o.unis)) for i, o in items))
    rows.integers(f"{ONU}.26", each(items, lambda o: STATUS[o.state]))
    rows.integers(f"{ONU}.27", each(items, lambda o: o.distance_m if o.online else 0))
    rows.integers(f"{ONU}.28", ((i, 0) for i, _ in items))
    rows.integers(f"{ONU}.29", ((i, 1) for i, _ in items))
    rows.column(f"{ONU}.80", GAUGE, each(items, lambda o: _alive(o)))
    rows.integers(f"{OPTICS}.2", each(items, lambda o: round(o.temperature() * 256) if o.online else 0))
    rows.integers(f"{OPTICS}.3", each(items, lambda o: round(o.voltage_v * 10000) if o.online else 0))
    rows.integers(f"{OPTICS}.5", ((i, _power(o, o.rx_dbm, 0, -65535)) for i, o in items))
    rows.integers(f"{OPTICS}.6", ((i, _power(o, o.tx_dbm, 7, 65535)) for i, o in items))
    rows.integers(OLT_RX, ((i, _power(o, o.olt_rx_dbm, 3, 0)) for i, o in items))


def _alive(onu: SimOnu) -> int:
    return max(0, int(onu.clock() - onu.registered_at)) if onu.online else 0


def _power(onu: SimOnu, base_dbm: float, phase: int, none: int) -> Live:
    return lambda: round(onu.power(base_dbm, phase) * 10) if onu.online else none


def _llids(device: Device, at: dict[Oid, SimOnu], pon_index: dict[int, int]) -> None:
    rows = device.rows
    items = [((pon_index[o.pon], *bytes.fromhex(o.ident)), o) for o in at.values()]
    rows.integers(f"{LLID}.2", ((i, o.number) for i, o in items))
    rows.column(f"{LLID}.3", STRING, ((i, bytes.fromhex(o.ident)) for i, o in items))
    rows.column(f"{LLID}.4", STRING, ((i, o.description_bytes) for i, o in items))
    rows.integers(f"{LLID}.5", ((i, 0) for i, _ in items))
    rows.integers(f"{LLID}.6", each(items, lambda o: LLID_STATUS[o.state]))
    rows.integers(f"{LLID}.7", each(items, lambda o: o.distance_m if o.online else 0))
    rows.integers(f"{LLID}.8", ((i, o.distance_m // 2 + 40) for i, o in items))
    rows.column(f"{LLID}.9", STRING, each(items, lambda o: mibs.date_and_time(o.registered_at)))
    rows.column(f"{LLID}.10", STRING, each(items, lambda o: mibs.date_and_time(o.deregistered_at)))
    rows.integers(f"{LLID}.11", each(items, lambda o: _reason(o)))


def _reason(onu: SimOnu) -> int:
    if onu.rebooted:
        return 4
    return REASON.get(onu.state, REASON[onu.last_down])


def _unis(device: Device, at: dict[Oid, SimOnu]) -> None:
    rows = device.rows
    items = uni_rows(at.items())
    rows.integers(f"{UNI}.3", ((i, u.pvid) for i, (_, u) in items))
    rows.integers(f"{UNI}.7", ((i, 1 if u.enabled else 2) for i, (_, u) in items))
    rows.integers(f"{UNI}.8", each(items, lambda pair: 1 if uni_up(pair) else 2))
    rows.integers(f"{UNI}.9", ((i, 1) for i, _ in items))
    rows.integers(f"{UNI}.10", ((i, {10: 1, 100: 2}.get(u.speed_mbps, 3)) for i, (_, u) in items))
    rows.integers(f"{UNI}.18", ((i, 1) for i, _ in items))
    for column, factor in ((3, 20_000), (15, 160_000)):
        rows.column(
            f"{UNI_COUNTERS}.{column}",
            COUNTER64,
            ((i, device.growing(factor + o.seed % factor if u.up else 0)) for i, (o, u) in items),
        )
    rows.column(f"{UNI_COUNTERS}.10", COUNTER64, ((i, 0) for i, _ in items))
