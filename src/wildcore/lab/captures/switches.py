"""Access and aggregation switches that speak standard MIBs: a fast one, a gigabit one and one with ten-gigabit ports.

Names, numbering and ifTypes as in captures of the same makers' switches (DES-3526, ECS4100-28T, S2990X-24FQ).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from wildcore.lab.captures import mibs
from wildcore.lab.captures.device import Device, Spec, drift
from wildcore.lab.captures.mibs import Heard, Port, VlanPorts
from wildcore.lab.captures.rows import INTEGER, STRING

E = "1.3.6.1.4.1"


@dataclass(frozen=True, slots=True)
class SwitchModel:
    """How a model looks over SNMP: access ports first, then uplinks."""

    descr: str
    object_id: str
    vendor: str
    product: str
    access: int
    access_mbps: int
    uplinks: int
    uplink_mbps: int
    name: Callable[[int], str]
    port_descr: Callable[[int], str]
    uplink_type: int = 6
    down: int = 2
    platform: Callable[[Device], None] = field(default=lambda _device: None)


@dataclass(slots=True)
class PortUse:
    """What hangs on one access port: whose it is (the description), whether there is link, addresses behind it."""

    up: bool = True
    alias: str = ""
    macs: list[str] = field(default_factory=list)
    vlan_id: int = 200
    speed_mbps: int = 0
    enabled: bool = True
    errors: int = 0


def _host(device: Device) -> None:
    mibs.host(device.rows, drift(device.spec, 18, 9, 1), 65_536, drift(device.spec, 31_000, 400, 2))


def _edge_core(device: Device) -> None:
    base, spec = f"{E}.259.10.1.46.1", device.spec
    device.rows.scalar(f"{base}.39.2.1.0", INTEGER, drift(spec, 22, 8, 1))
    device.rows.scalar(f"{base}.39.3.4.0", INTEGER, drift(spec, 55, 3, 2))
    device.rows.integers(f"{base}.1.11.1.3", [((1, 1), drift(spec, 44, 3, 3))])


def _ten_gigabit(device: Device) -> None:
    _host(device)
    spec = device.spec
    found = [(1001, "Board temperature", 8, 9, 0, drift(spec, 46, 4, 1))]
    found += [
        (2000 + port, f"Ethernet1/0/{port} Rx power", 14, 9, 2, drift(spec, -650 - port * 5, 20, port)) for port in range(25, 29)
    ]
    mibs.sensors(device.rows, found)


def _slash(n: int) -> str:
    return f"1/{n}"


def _unit(n: int) -> str:
    return f"Ethernet1/0/{n}"


MODELS: Mapping[str, SwitchModel] = {
    "des_1228_me": SwitchModel(
        "DES-1228/ME Metro Ethernet Switch", f"{E}.171.10.116.2", "D-Link", "DES-1228/ME", 24, 100, 4, 1000,
        _slash, lambda n: f"RMON Port {n:2} on Unit 1", uplink_type=117, platform=_host,
    ),
    "ecs4100_28t": SwitchModel(
        "ECS4100-28T", f"{E}.259.10.1.46.104", "Edge-core", "ECS4100-28T", 24, 1000, 4, 1000,
        lambda n: f"Port{n}", lambda n: f"Ethernet Port on unit 1, port {n}", down=7, platform=_edge_core,
    ),
    "s2990x_24fq": SwitchModel(
        "SNR-S2990X-24FQ Device, Compiled Jan 10 13:47:05 2019", f"{E}.40418.7.53", "NAG LLC", "SNR-S2990X-24FQ", 24, 1000,
        4, 10_000, _unit, _unit, platform=_ten_gigabit,
    ),
}  # fmt: skip


def build(
    spec: Spec, uses: Sequence[PortUse], *, heard: Sequence[Heard] = (), uplink_macs: Mapping[int, Sequence[str]] | None = None,
) -> Device:  # fmt: skip
    """A switch of `spec.model` (a key of `MODELS`) with what is on its access ports, neighbours and addresses on uplinks.

    `uplink_macs` maps a port number to the addresses behind it in every VLAN in use; the first uplink is up by itself.
    """
    model = MODELS[spec.model]
    device = Device(spec, descr=model.descr, object_id=model.object_id)
    rows, total = device.rows, model.access + model.uplinks
    upward = dict(uplink_macs or {})
    live = {model.access + 1, *upward, *(one.local_port for one in heard)}
    ports = [_access_port(spec, model, n, use) for n, use in enumerate(uses[: model.access], 1)]
    ports += [_uplink(spec, model, n, up=n in live) for n in range(model.access + 1, total + 1)]
    mibs.interfaces(rows, ports, spec.clock, spec.up_since, spec.since)
    mibs.duplex(rows, ports)
    mibs.bridge_ports(rows, ((n, n) for n in range(1, total + 1)))
    trunk = tuple(sorted(live))
    members: dict[int, list[int]] = {}
    for n, use in enumerate(uses[: model.access], 1):
        members.setdefault(use.vlan_id, []).append(n)
    names = {vlan: f"users-{vlan}" for vlan in members}
    found = [VlanPorts(1, "default"), VlanPorts(95, "mgmt", trunk)]
    found += [VlanPorts(vlan, names[vlan], trunk, tuple(ns)) for vlan, ns in sorted(members.items())]
    mibs.vlans(rows, found, total, static=model.vendor != "Edge-core")
    entries = [(use.vlan_id, mac, n) for n, use in enumerate(uses, 1) if use.up for mac in use.macs]
    entries += [(vlan, mac, port) for port, macs in upward.items() for vlan in sorted(members) for mac in macs]
    entries.append((95, spec.mac(0xF0), model.access + 1))
    mibs.fdb_per_vlan(rows, entries)
    if model.vendor == "D-Link":
        mibs.fdb_flat(rows, ((mac, port) for _, mac, port in entries))
    mibs.lldp(rows, ((n, model.name(n)) for n in range(1, total + 1)), heard)
    mibs.chassis(
        rows, descr=model.descr, vendor=model.vendor, model=model.product, serial=f"SW{spec.serial}", hw="A1", sw="R1.22"
    )
    model.platform(device)
    _controls(device, total)
    return device


def _access_port(spec: Spec, model: SwitchModel, n: int, use: PortUse) -> Port:
    rate = 30_000 + n * 7919 % 90_000 if use.up and use.macs else 0
    return Port(
        n, model.name(n), model.port_descr(n), speed_mbps=use.speed_mbps or model.access_mbps, up=use.up, enabled=use.enabled,
        alias=use.alias, mac=spec.mac(n), in_rate=rate, out_rate=rate * 7, errors=use.errors, full_duplex=use.speed_mbps != 10,
    )  # fmt: skip


def _uplink(spec: Spec, model: SwitchModel, n: int, *, up: bool) -> Port:
    return Port(
        n, model.name(n), model.port_descr(n), type=model.uplink_type, speed_mbps=model.uplink_mbps, up=up, mac=spec.mac(n),
        alias="Uplink" if n == model.access + 1 else "", in_rate=11_000_000 * up, out_rate=1_300_000 * up,
    )  # fmt: skip


def _controls(device: Device, total: int) -> None:
    for n in range(1, total + 1):
        device.writable(f"{mibs.IF}.7.{n}", INTEGER)
        device.writable(f"{mibs.IFX}.18.{n}", STRING)


def some_uses(ports: int, seed: int) -> list[PortUse]:
    """Access ports of a house as they are anywhere: most in use, a few dark, one with two routers behind a hub."""
    dice = random.Random(f"ports {seed}")
    uses = []
    for n in range(1, ports + 1):
        up = dice.random() < 0.7
        macs = [f"50C7BF{dice.getrandbits(24):06X}" for _ in range(2 if n == 7 else 1)] if up or n == 7 else []
        uses.append(PortUse(up=up or n == 7, macs=macs, alias=f"кв. {n * 2}" if n % 4 else "", vlan_id=200 + n % 2,
                            speed_mbps=10 if n % 11 == 0 else 0, errors=312 if n == 5 else 0))  # fmt: skip
    return uses
