"""The demo's district has what its tour promises."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from wildcore.lab.captures import SimOnu
from wildcore.lab.district import HOUSE_PORT, SHOWCASE_SERIAL, District, district
from wildcore.model.ident import ident_key
from wildcore.model.onu import OnuState
from wildcore.transport.snmp.types import oid

NOW = 1_772_439_630.0


@pytest.fixture(scope="module")
def place() -> District:
    return district(clock=lambda: NOW)


def onus_by_ident(place: District) -> dict[str, list[tuple[str, SimOnu]]]:
    found: dict[str, list[tuple[str, SimOnu]]] = defaultdict(list)
    for site in place.sites:
        for onu in site.device.onus:
            found[onu.ident].append((site.host, onu))
    return found


def test_devices(place: District) -> None:
    olts = [site for site in place.sites if site.device.onus]
    assert all(len(site.device.onus) >= 64 for site in olts)
    descriptions = {str(row[2]) for site in olts for row in site.device.list()[:1]}
    assert len(descriptions) == 3
    assert len(place.sites) - len(olts) == 3


def test_one_seed_makes_one_district(place: District) -> None:
    again = district(clock=lambda: NOW)
    assert again.subscribers == place.subscribers
    assert [site.device.snmprec() for site in again.sites] == [site.device.snmprec() for site in place.sites]
    later = district(clock=lambda: NOW + 3600, since=NOW)
    assert later.subscribers == place.subscribers
    agg, agg_later = (each.sites[-1].device.mib() for each in (place, later))
    for name in ("1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.31.1.1.1.6.25"):
        before, after = agg.get(oid(name)), agg_later.get(oid(name))
        assert before is not None
        assert after is not None
        assert int(after.read()) > int(before.read())  # type: ignore[arg-type]
    assert district(8, clock=lambda: NOW).subscribers != place.subscribers


def test_an_ident_stands_on_two_olts_and_works_on_one(place: District) -> None:
    twice = {ident: places for ident, places in onus_by_ident(place).items() if len(places) > 1}
    assert len(twice) == 2
    for places in twice.values():
        assert len({host for host, _ in places}) == 2
        assert Counter(onu.state for _, onu in places) == {OnuState.ONLINE: 1, OnuState.OFFLINE: 1}
    assert ident_key(place.moved.ident) in twice


def test_lines_of_every_kind(place: District) -> None:
    for site in place.sites:
        onus = site.device.onus
        if onus:
            assert {OnuState.ONLINE, OnuState.LOS, OnuState.POWER_OFF, OnuState.OFFLINE} <= {onu.state for onu in onus}
            assert any(onu.online and onu.rx_dbm < -28 for onu in onus)
            assert any(onu.flap_sec for onu in onus)
            assert {onu.cp1251 for onu in onus if onu.description} == {True, False}


def test_subscribers(place: District) -> None:
    assert len({one.uid for one in place.subscribers}) == len(place.subscribers) > 300
    assert len({one.login for one in place.subscribers}) > len(place.subscribers) * 0.95
    assert place.showcase.ident == SHOWCASE_SERIAL
    onus = onus_by_ident(place)
    claimed = [one for one in place.subscribers if one.ident]
    assert sum(ident_key(one.ident) in onus for one in claimed) == len(claimed) - 2
    assert sum(len(places) for places in onus.values()) * 0.85 < len(claimed)
    hosts = {site.host for site in place.sites}
    in_house = [one for one in place.subscribers if (one.switch, one.port) == (place.house.switch, HOUSE_PORT)]
    assert len(in_house) == 3
    assert len({one.address.lane for one in in_house}) == 1
    assert any(one.switch and one.switch not in hosts for one in place.subscribers)
    assert any(one.mac and not one.switch for one in place.subscribers)
