"""The data of the demo: one district of an invented provider, its devices and its subscribers, all from one seed.

Among the many ordinary lines stand the cases that operators meet: a strong and a weak signal, a cut fibre, an ONU without
power, one ident on two OLTs (working on the second), a switch port that serves a whole house, and subscribers whose data in
billing leads nowhere.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from wildcore.lab.captures import FAMILIES, switches
from wildcore.lab.captures.device import Device, Spec
from wildcore.lab.captures.mibs import Heard
from wildcore.lab.captures.onu import Clock, SimOnu, make_onus
from wildcore.lab.captures.switches import PortUse
from wildcore.lab.names import LANES, SETTLEMENTS, Address, Person, latin, person
from wildcore.model.ident import IdentType, ident_key, mac_text
from wildcore.model.onu import OnuState

SEED = 7
SHOWCASE_SERIAL = "ZTEGC69EF036"
"""Serial of the ONU that the demo's examples ask for: online, with a good signal."""

HOUSE_PORT = 13
"""Port of the first switch that serves several flats."""


@dataclass(frozen=True, slots=True)
class Site:
    """One device of the district: where it answers, what it is."""

    host: str
    title: str
    device: Device


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One contract as billing keeps it. `ident`, `switch` + `port` and `mac` are what billing believes; any may be empty."""

    uid: int
    agreement: str
    login: str
    person: Person
    address: Address
    ident: str = ""
    switch: str = ""
    port: int | None = None
    mac: str = ""
    tariff: str = "Домашній 300"
    balance: float = 0.0


@dataclass(frozen=True, slots=True)
class District:
    """Everything: devices and subscribers. `showcase` is the first subscriber, `moved` the one whose ONU stands on two OLTs."""

    sites: list[Site]
    subscribers: list[Subscriber]
    showcase: Subscriber
    house: Subscriber
    moved: Subscriber


_OLTS = (
    # host, family, model, name, street of the head-end, PON ports, ONUs on each
    ("127.10.0.11", "zte_c3xx", "", "olt-hoshcha-1", 0, 4, 32),
    ("127.10.0.12", "bdcom_epon", "P3616", "olt-babyn-1", 2, 4, 24),
    ("127.10.0.13", "vsol_v1600d", "V1600D", "olt-tuchyn-1", 3, 4, 20),
    ("127.10.0.14", "zte_c3xx", "", "olt-syniv-1", 1, 2, 32),
)
_SWITCHES = (
    ("127.10.1.1", "des_1228_me", "sw-nezalezhnosti-12"),
    ("127.10.1.2", "ecs4100_28t", "sw-franka-8"),
    ("127.10.1.3", "s2990x_24fq", "agg-hoshcha-1"),
)


_MOVED = 5
"""Which ONU of an OLT's list has the ident that stands on two OLTs."""


def district(seed: int = SEED, clock: Clock = time.time, since: float | None = None) -> District:
    """The whole district; the same seed makes the same devices, names and contracts.

    `since` is when its story begins (now, if not given): with the same one, uptimes and counters go on where they were.
    """
    since = clock() if since is None else since
    dice = random.Random(f"district {seed}")
    homes = [_homes(dice, settlement) for settlement in SETTLEMENTS]
    onus: dict[str, list[SimOnu]] = {}
    for at, (host, family, _model, _name, _place, pons, count) in enumerate(_OLTS):
        onus[host] = make_onus(FAMILIES[family][1], pons, count, seed=seed * 100 + at, clock=clock, now=since)
        _cases(onus[host], since)
    showcase, *_ = onus["127.10.0.11"]
    showcase.ident, showcase.vendor, showcase.model = SHOWCASE_SERIAL, "ZTEG", "F601"
    left = [
        _duplicate(onus[old], onus[new], since) for old, new in (("127.10.0.11", "127.10.0.14"), ("127.10.0.12", "127.10.0.13"))
    ]
    uids = iter(range(1001, 100_000))
    subscribers = [
        _pon_subscriber(dice, next(uids), next(homes[place]), onu)
        for host, _family, _model, _name, place, _pons, _count in _OLTS
        for onu in onus[host]
        if onu not in left and (dice.random() < 0.93 or onu is showcase or onu.number == _MOVED + 1)
    ]
    moved_at = onus["127.10.0.14"][_MOVED].ident
    moved = next(one for one in subscribers if ident_key(one.ident) == moved_at)
    first, second, in_house = _switch_subscribers(dice, uids, homes[0])
    subscribers += [*in_house, *_lost(dice, uids, homes[1])]
    sites = [_olt(entry, onus[entry[0]], seed * 100 + at, clock, since) for at, entry in enumerate(_OLTS)]
    sites += _switch_sites(first, second, seed, clock, since)
    house = next(one for one in in_house if one.port == HOUSE_PORT)
    return District(sites, subscribers, subscribers[0], house, moved)


def _homes(dice: random.Random, settlement: str) -> Iterator[Address]:
    """Addresses of a settlement, no two alike: houses of one's own, and every third a block of flats."""
    houses = [(lane, house) for lane in LANES for house in range(1, 61)]
    dice.shuffle(houses)
    for lane, house in houses:
        if house % 3:
            yield Address(settlement, lane, f"{house}{dice.choice(('', '', '', 'А'))}")
        else:
            yield from (Address(settlement, lane, str(house), str(app)) for app in sorted(dice.sample(range(1, 61), 4)))


def _cases(onus: Sequence[SimOnu], now: float) -> None:
    """On the first PON port of every OLT: one good line, one with a weak signal, one dark, one without power, one with drops."""
    states = (OnuState.ONLINE, OnuState.ONLINE, OnuState.LOS, OnuState.POWER_OFF, OnuState.ONLINE, OnuState.ONLINE)
    for at, (onu, state) in enumerate(zip(onus, states, strict=False)):
        onu.at_start, onu.flap_sec = state, 600.0 if at == 4 else 0.0
        onu.rx_dbm, onu.olt_rx_dbm = (-29.6, -31.2) if at == 1 else (-19.4 - at / 2, -21.7 - at / 2)
        onu.last_reg = now - (at + 2) * 86400
        onu.last_dereg = now - 7200 * at if state is not OnuState.ONLINE else onu.last_reg - 300


def _duplicate(old: Sequence[SimOnu], new: Sequence[SimOnu], now: float) -> SimOnu:
    """Somebody moved house with the ONU: the old OLT keeps the ident, long offline. Returns the place that was left."""
    left = old[_MOVED]
    left.ident, left.vendor, left.model = new[_MOVED].ident, new[_MOVED].vendor, new[_MOVED].model
    left.at_start, left.flap_sec, left.last_reg, left.last_dereg = OnuState.OFFLINE, 0.0, now - 200 * 86400, now - 35 * 86400
    left.description = "переїхав"
    return left


def _contract(dice: random.Random, uid: int, home: Address) -> Subscriber:
    who = person(dice)
    place = latin(home.settlement.split(". ")[-1].removeprefix("смт "))
    return Subscriber(
        uid=uid,
        agreement=f"{uid - 700:05}",
        login=f"{place}{uid}" if uid % 5 else f"{latin(who.surname)}{uid % 100}",
        person=who,
        address=home,
        tariff=dice.choice(("Домашній 100", "Домашній 300", "Гігабіт", "Село 50")),
        balance=round(dice.uniform(-180, 420), 2),
    )


def _pon_subscriber(dice: random.Random, uid: int, home: Address, onu: SimOnu) -> Subscriber:
    one = _contract(dice, uid, home)
    onu.description = (
        f"{home.short} {one.person.surname}" if dice.random() < 0.8 else one.agreement if dice.random() < 0.6 else ""
    )
    return replace(one, ident=_written(dice, onu) if onu.ident != SHOWCASE_SERIAL else SHOWCASE_SERIAL)


def _written(dice: random.Random, onu: SimOnu) -> str:
    """An ident as it gets into billing: typed from the sticker, pasted from the OLT, in any notation."""
    if onu.type is IdentType.MAC:
        mac = mac_text(onu.ident)
        return dice.choice((mac, mac.lower(), onu.ident.lower(), mac.replace(":", "-"), dotted(onu.ident)))
    prefix, number = onu.ident[:4], onu.ident[4:]
    return dice.choice((onu.ident, onu.ident.lower(), f"{prefix}:{number}", prefix.encode().hex().upper() + number))


def dotted(mac: str) -> str:
    """A MAC as Cisco writes it: `aabb.ccdd.eeff`."""
    return ".".join(mac[at : at + 4] for at in (0, 4, 8)).lower()


def _switch_subscribers(
    dice: random.Random, uids: Iterator[int], homes: Iterator[Address]
) -> tuple[list[PortUse], list[PortUse], list[Subscriber]]:
    """What is on the ports of the two access switches, and whose it is: two thirds of the ports, one with a whole house."""
    subscribers: list[Subscriber] = []
    tables: list[list[PortUse]] = []
    for host, vlan_id in ((_SWITCHES[0][0], 210), (_SWITCHES[1][0], 211)):
        uses: list[PortUse] = []
        for port in range(1, 25):
            use = PortUse(up=dice.random() < 0.8, vlan_id=vlan_id)
            flats = 3 if host == _SWITCHES[0][0] and port == HOUSE_PORT else 1 if dice.random() < 0.7 else 0
            use.up = use.up or flats == 3
            home = next(homes)
            for flat in range(flats):
                at = replace(home, app=str(4 + 3 * flat)) if flats > 1 else home
                one = _contract(dice, next(uids), at)
                mac = f"50C7BF{dice.getrandbits(24):06X}"
                by_mac = dice.random() < 0.12 and flats == 1 and use.up
                subscribers.append(
                    replace(one, mac=dotted(mac))
                    if by_mac
                    else replace(one, switch=host, port=port, mac=mac_text(mac) if port % 2 else "")
                )
                use.alias = f"{one.address.short} {one.person.surname}" if flats == 1 else "Будинок, ОСББ «Затишок»"
                use.macs += [mac] if use.up else []
            uses.append(use)
        uses[4].errors, uses[10].speed_mbps = 4123, 10
        tables.append(uses)
    return tables[0], tables[1], subscribers


def _lost(dice: random.Random, uids: Iterator[int], homes: Iterator[Address]) -> list[Subscriber]:
    """Subscribers whose data in billing leads nowhere: an ident never seen, a switch that is gone, a port that is not there."""
    nowhere = [_contract(dice, next(uids), next(homes)) for _ in range(6)]
    return [
        replace(nowhere[0], ident="HWTC5E0FF1CE"),
        replace(nowhere[1], ident="00:25:90:AB:CD:EF"),
        replace(nowhere[2], switch="10.171.8.136", port=3),
        replace(nowhere[3], switch=_SWITCHES[0][0], port=99),
        replace(nowhere[4], mac="dead.beef.0001"),
        nowhere[5],
    ]


def _olt(entry: tuple[str, str, str, str, int, int, int], onus: list[SimOnu], seed: int, clock: Clock, since: float) -> Site:
    host, family, model, name, place, pons, _count = entry
    location = f"{SETTLEMENTS[place]}, {LANES[place]} {10 + place}, вузол зв'язку"
    spec = Spec(model, pons, onus, name, location, seed, clock, since=since)
    return Site(host, name, FAMILIES[family][0].build(spec))


def _switch_sites(first: list[PortUse], second: list[PortUse], seed: int, clock: Clock, since: float) -> list[Site]:
    """Two houses' switches below an aggregation switch, which hears them and the OLTs."""
    specs = [
        Spec(
            model,
            0,
            [],
            name,
            f"{SETTLEMENTS[0]}, {LANES[at]} {12 - 4 * at if at < 2 else 10}",
            seed * 10 + at,
            clock,
            since=since,
        )
        for at, (_host, model, name) in enumerate(_SWITCHES)
    ]
    up = Heard(25, specs[2].mac(0), "Ethernet1/0/", "uplink", specs[2].name)
    sites = [
        Site(
            host,
            spec.name,
            switches.build(spec, uses, heard=[replace(up, port_id=f"Ethernet1/0/{at}")], uplink_macs={25: ["00E0FC1A2B3C"]}),
        )
        for at, ((host, _model, _name), spec, uses) in enumerate(zip(_SWITCHES[:2], specs[:2], (first, second), strict=True), 1)
    ]
    below = [(1, specs[0], "1/25", first), (2, specs[1], "Port25", second)]
    uses = [PortUse(up=n <= 6, alias=_OLTS[n - 3][3] if 3 <= n <= 6 else "", vlan_id=95) for n in range(1, 25)]
    for port, spec, _name, under in below:
        uses[port - 1].alias = spec.name
        uses[port - 1].macs = [mac for use in under for mac in use.macs]
    heard = [Heard(port, spec.mac(0), name, name, spec.name) for port, spec, name, _under in below]
    sites.append(
        Site(_SWITCHES[2][0], specs[2].name, switches.build(specs[2], uses, heard=heard, uplink_macs={25: ["00E0FC1A2B3C"]}))
    )
    return sites
