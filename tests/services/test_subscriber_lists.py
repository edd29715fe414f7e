"""The list of subscribers: what it finds, whom it shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.poller.support import insert_row
from tests.services.billing_network import SERIAL, build, id_of
from tests.services.support import (
    ADMIN,
    in_groups,
)
from wildcore.errors import NotFound
from wildcore.services import bindings, subscriber_lists
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.services.search_index import catch_up
from wildcore.services.subscriber_lists import SubscriberFilter
from wildcore.store.tables import SubscriberClaim


@pytest.fixture
def network(runtime: Runtime) -> dict[str, int]:
    return build(runtime)


def listed(runtime: Runtime, wanted: SubscriberFilter, actor: Actor = ADMIN, **page: int) -> list[str]:
    with runtime.db.read() as session:
        ids, total = subscriber_lists.ids(session, runtime, actor, wanted, **page)
        rows = subscriber_lists.rows(session, runtime, actor, ids)
    assert page or total == len(rows)
    return [one.view.uid for one in rows]


NARROWED: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "123456"),
    ({"uid": "2"}, "2"),
    ({"agreement": "00003"}, "3"),
    ({"login": "first"}, "1"),
    ({"text": "Київська"}, "12"),
    ({"text": "Київська вулиця 1/15"}, "1"),
    ({"text": "0000"}, "123456"),
    ({"text": "fi"}, "15"),
    ({"text": "%"}, ""),
    ({"matched": True}, "1235"),
    ({"matched": False}, "46"),
    ({"source": "mikbill", "text": "Рівне"}, "123"),
    ({"source": "other"}, ""),
    ({"updated_since": 2}, ""),
)


async def test_the_list_is_narrowed(runtime: Runtime, network: dict[str, int]) -> None:
    for indexed in (False, True):
        for wanted, uids in NARROWED:
            assert listed(runtime, SubscriberFilter(**wanted)) == list(uids), (wanted, indexed)
        await catch_up(runtime)
    assert listed(runtime, SubscriberFilter(text="київська")) == ["1", "2"], "in any case"


def test_a_page_of_the_list_knows_how_many_there_are(runtime: Runtime, network: dict[str, int]) -> None:
    with runtime.db.read() as session:
        ids, total = subscriber_lists.ids(session, runtime, ADMIN, SubscriberFilter(), limit=2, offset=2)
        rows = subscriber_lists.rows(session, runtime, ADMIN, ids)
    assert ([one.view.uid for one in rows], total) == (["3", "4"], 6)
    assert [(one.name, one.device_ip) for one in rows[0].places] == [("Gi0/3", "192.0.2.20")]
    assert [one.unmatched for one in rows[1].claims] == ["ident_unseen"]


def test_a_row_has_its_place_state_and_signal(runtime: Runtime, network: dict[str, int]) -> None:
    with runtime.db.read() as session:
        ids, _total = subscriber_lists.ids(session, runtime, ADMIN, SubscriberFilter(interface_id=network["onu"]))
        (row,) = subscriber_lists.rows(session, runtime, ADMIN, ids)
        blind = replace(in_groups(network["ours"]), permissions=frozenset({"subscribers_show"}))
        (dim,) = subscriber_lists.rows(session, runtime, blind, ids)
    place = row.places[0]
    assert (row.view.uid, place.status, place.rx_dbm, place.strength) == ("1", "Online", -21.5, 1)
    assert row.view.link == "https://billing.example/#clientcard/1"
    assert dim.places[0].rx_dbm is None, "levels need the right to see into OLTs"


def test_of_foreign_groups_nobody_is_known(runtime: Runtime, network: dict[str, int]) -> None:
    limited = replace(in_groups(network["ours"]), permissions=frozenset())
    everything = SubscriberFilter()
    assert listed(runtime, everything, limited) == ["1", "3", "5"]
    assert listed(runtime, everything, in_groups()) == ["4", "6"], "nothing but those without a place"
    unplaced = replace(limited, permissions=frozenset({"subscribers_unplaced"}))
    assert listed(runtime, everything, unplaced) == ["1", "3", "4", "5", "6"]
    assert listed(runtime, SubscriberFilter(uid="2"), limited) == []
    assert listed(runtime, SubscriberFilter(text="Київська"), limited) == ["1"]
    assert listed(runtime, SubscriberFilter(interface_id=network["foreign"]), limited) == []
    with runtime.db.read() as session, pytest.raises(NotFound):
        subscriber_lists.get(session, runtime, limited, id_of(session, "2"))


def test_of_several_places_only_ones_own_are_shown(runtime: Runtime, network: dict[str, int]) -> None:
    with runtime.db.write() as session:
        insert_row(session, SubscriberClaim, subscriber_id=id_of(session, "2"), ident=SERIAL)
        bindings.rebind(session, everything=True)
    with runtime.db.read() as session:
        (row,) = subscriber_lists.rows(session, runtime, in_groups(network["ours"]), [id_of(session, "2")])
    assert [one.name for one in row.places] == ["gpon-onu_1/1/3:1"]
    limited = in_groups(network["ours"])
    assert listed(runtime, SubscriberFilter(interface_id=network["foreign"]), limited) == []
