"""Global search: two characters by prefix, three or more anywhere, any case, Cyrillic too; scope; what follows changes."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, text, update

from tests.services.support import (
    ADMIN,
    add_device,
    add_fdb,
    add_group,
    add_interface,
    add_subscriber,
    in_groups,
    with_billing,
)
from wildcore.services import search, search_index
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.store import search as store
from wildcore.store.tables import Device, Interface, Subscriber


def hits(runtime: Runtime, words: str, kind: str, actor: Actor = ADMIN) -> list[str]:
    with runtime.db.read() as session:
        groups = search.find(session, runtime, actor, words)
    return [hit.title for group in groups if group.kind == kind for hit in group.hits]


@pytest.fixture
def olt(runtime: Runtime) -> int:
    device = add_device(runtime.db, "192.0.2.10")
    with runtime.db.write() as session:
        session.execute(update(Device).where(Device.id == device).values(name="Вузол Центр", location="Рівне, Соборна 1"))
        onu = add_interface(
            session,
            device,
            "88",
            "gpon-onu_1/1/11:88",
            "ONU",
            status="Online",
            ident="ZTEGC69EF036",
            ident_type="SN",
            description="Будинок Їжакевича 5",
        )
        add_interface(session, device, "1", "gpon_olt-1/1/1", "GPON")
        add_fdb(session, device, onu, "001122AABBCC")
    return device


@pytest.mark.parametrize("words", ["gp", "GP", "gpon-onu", "ONU_1/1/11", "1/11:88", "їжакевича", "ЇЖАК", "будинок їжакевича 5"])
def test_interfaces_by_name_and_description(runtime: Runtime, olt: int, words: str) -> None:
    assert "gpon-onu_1/1/11:88" in hits(runtime, words, "interface")


@pytest.mark.parametrize("words", ["ZT", "zt", "ZTEGC69EF036", "ZTEG:C69EF036", "5A544547C69EF036", "c69ef0", "9EF036"])
def test_onus_by_ident(runtime: Runtime, olt: int, words: str) -> None:
    assert hits(runtime, words, "onu") == ["ZTEGC69EF036"]


@pytest.mark.parametrize("words", ["00", "0011.22aa", "00:11:22:AA:BB:CC", "001122aabbcc"])
def test_macs_by_their_beginning(runtime: Runtime, olt: int, words: str) -> None:
    assert hits(runtime, words, "mac") == ["00:11:22:AA:BB:CC"]


@pytest.mark.parametrize("words", ["Ву", "ву", "вузол", "ЦЕНТР", "соборна", "19", "192.0.2", "0.2.10"])
def test_devices_by_name_address_and_location(runtime: Runtime, olt: int, words: str) -> None:
    assert hits(runtime, words, "device") == ["Вузол Центр"]


def test_a_hit_says_where_it_is(runtime: Runtime, olt: int) -> None:
    with runtime.db.read() as session:
        groups = search.find(session, runtime, ADMIN, "ZTEGC69EF036")
    assert groups[0].hits[0].place == "gpon-onu_1/1/11:88 (ONU) on Вузол Центр, 192.0.2.10"
    assert (groups[0].kind, groups[0].hits[0].device_id, groups[0].more) == ("onu", olt, False)


@pytest.mark.parametrize("words", ["", "z", " 5 ", "%", '"', "__", "%%%", '"""', "no such thing", "' OR 1=1 --", "NEAR(", "a*"])
def test_little_or_strange_text_finds_nothing_and_breaks_nothing(runtime: Runtime, olt: int, words: str) -> None:
    with runtime.db.read() as session:
        assert search.find(session, runtime, ADMIN, words) == []


@pytest.mark.parametrize("field", ["uid", "agreement", "login"])
async def test_subscribers_by_each_field_labelled_by_the_chosen_one(runtime: Runtime, olt: int, field: str) -> None:
    with_billing(runtime, field)
    values = {"uid": "4711", "agreement": "Дог-00815", "login": "petrenko"}
    with runtime.db.write() as session:
        add_subscriber(
            session,
            values["uid"],
            values["agreement"],
            values["login"],
            "Рівне, Євгенія Борового вулиця 1/15",
            ident="ZTEGC69EF036",
        )
        add_subscriber(session, "9999", "other", "nobody")
    for state in ("waiting for the index", "indexed"):
        for words in ("47", "4711", "ДОГ-0", "до", "00815", "pe", "PETR", "trenk", "борового вулиця", "БОРОВОГО"):
            assert hits(runtime, words, "subscriber") == [values[field]], (state, words)
        await search_index.catch_up(runtime)
    with runtime.db.read() as session:
        (group,) = [one for one in search.find(session, runtime, ADMIN, "petrenko") if one.kind == "subscriber"]
    assert group.hits[0].place == "gpon-onu_1/1/11:88 (ONU) on Вузол Центр, 192.0.2.10"
    assert group.hits[0].link == "https://billing.example/#clientcard/4711"


async def test_the_search_follows_changes(runtime: Runtime, olt: int) -> None:
    with_billing(runtime)
    with runtime.db.write() as session:
        person = add_subscriber(session, "1", "11619", "before")
    await search_index.catch_up(runtime)
    with runtime.db.write() as session:
        session.execute(
            update(Interface).where(Interface.bind_key == "88").values(description="Інша адреса", ident="HWTC00000001")
        )
        session.execute(update(Device).where(Device.id == olt).values(name="Renamed"))
        session.execute(update(Subscriber).where(Subscriber.id == person).values(login="afterwards"))
    await search_index.catch_up(runtime)
    assert hits(runtime, "їжакевича", "interface") == []
    assert hits(runtime, "інша адреса", "interface") == ["gpon-onu_1/1/11:88"]
    assert hits(runtime, "C69EF036", "onu") == []
    assert hits(runtime, "hwtc00000001", "onu") == ["HWTC00000001"]
    assert (hits(runtime, "центр", "device"), hits(runtime, "renam", "device")) == ([], ["Renamed"])
    assert (hits(runtime, "before", "subscriber"), hits(runtime, "terwards", "subscriber")) == ([], ["11619"])
    with runtime.db.write() as session:
        session.execute(delete(Subscriber).where(Subscriber.id == person))
        session.execute(delete(Device).where(Device.id == olt))
    for words in ("afterwards", "hwtc00000001", "інша адреса", "renamed"):
        with runtime.db.read() as session:
            assert search.find(session, runtime, ADMIN, words) == []


async def test_what_was_written_bit_by_bit_becomes_one_part(runtime: Runtime, olt: int) -> None:
    with_billing(runtime)
    for number in range(8):
        with runtime.db.write() as session:
            add_subscriber(session, str(100 + number), f"2000{number}", f"login{number}")
        await search_index.catch_up(runtime)
    await search_index.tidy(runtime)
    if runtime.db.is_sqlite:
        with runtime.db.read() as session:
            parts = [
                session.execute(text(f"SELECT count(DISTINCT segid) FROM search_{one}_idx")).scalar_one() for one in store.INDEXES
            ]
        assert max(parts) == 1
    assert hits(runtime, "ogin7", "subscriber") == ["20007"]
    await search_index.tidy(runtime)


def test_foreign_groups_do_not_exist(runtime: Runtime, olt: int) -> None:
    with_billing(runtime)
    with runtime.db.write() as session:
        add_subscriber(session, "4711", "00815", "petrenko", ident="ZTEGC69EF036")
        add_subscriber(session, "4712", "00816", "petrenkova")
        mine = add_group(session, "mine", [olt])
        empty = add_group(session, "empty")
    for words in ("gpon-onu", "ZTEG", "001122", "вузол", "petren"):
        with runtime.db.read() as session:
            assert search.find(session, runtime, in_groups(empty), words) == []
            assert search.find(session, runtime, in_groups(mine), words) != []
    assert hits(runtime, "petren", "subscriber", in_groups(mine)) == ["00815"]
    assert len(hits(runtime, "petren", "subscriber")) == 2


def test_there_are_more_than_shown(runtime: Runtime, olt: int) -> None:
    with runtime.db.write() as session:
        for number in range(30):
            add_interface(session, olt, f"n{number}", f"gpon-onu_1/2/1:{number}", "ONU")
    with runtime.db.read() as session:
        (group,) = search.find(session, runtime, ADMIN, "onu_1/2/1", limit=5)
    assert (len(group.hits), group.more) == (5, True)


def test_every_search_goes_by_an_index(runtime: Runtime, olt: int) -> None:
    sqlite = runtime.db.is_sqlite
    with runtime.db.read() as session:
        if not sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))  # the planner reads tables this small from end to end
        queries = {
            ("search_interfaces", "ix_search_interfaces"): store.containing(session, select(Interface.id), Interface, "їжак"),
            ("ix_interfaces_name", "ix_search_interfaces_name"): select(Interface.id).where(
                store.starts_with(session, Interface.name, "gp")
            ),
            ("ix_interfaces_ident", "ix_search_interfaces_ident"): select(Interface.id).where(
                store.key_starts_with(session, Interface.ident, "ZT")
            ),
            ("ix_subscribers_login", "ix_search_subscribers_login"): select(Subscriber.id).where(
                store.starts_with(session, Subscriber.login, "pe")
            ),
        }
        for indexes, query in queries.items():
            compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
            rows = session.execute(text(explain + str(compiled).replace(":", "\\:").replace("%%", "%")))
            plan = "\n".join(str(row[-1]) for row in rows)
            assert indexes[0 if sqlite else 1] in plan, plan
