"""The likely fix of a claim that leads nowhere: what comes near is found, a neighbour's is not offered, and it stays cheap."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from tests.services.support import (
    ADMIN,
    add_device,
    add_fdb,
    add_group,
    add_interface,
    add_subscriber,
    counted_statements,
    in_groups,
)
from wildcore.services import likely_fixes, similar_idents
from wildcore.services.actor import Actor
from wildcore.services.likely_fixes import Fix
from wildcore.services.presenting_subscribers import fix_text, place_words
from wildcore.services.runtime import Runtime
from wildcore.services.subscriber_lists import ClaimView
from wildcore.store.tables import Device, Interface

HEX = "0123456789ABCDEF"


def claim(reason: str, claim_id: int = 1, **said: str) -> ClaimView:
    return ClaimView(**{"id": claim_id, "ident": "", "switch_ip": "", "port": "", "mac": "", "unmatched": reason, **said})  # type: ignore[arg-type]


def fixes(runtime: Runtime, *claims: ClaimView, actor: Actor = ADMIN) -> dict[int, tuple[Fix, ...]]:
    with runtime.db.read() as session:
        return likely_fixes.of_claims(session, actor, claims)


@pytest.mark.parametrize(
    ("wrong", "how"),
    [
        ("ZTEGC69EFO36", "alike"),
        ("ZTE6C69EFO36", "alike"),
        ("ZTEGC69FE036", "swapped"),
        ("ZTEGC69E0F36", "swapped"),
        ("TZEGC69EF036", "swapped"),
        ("HWTCC69EF036", "same_end"),
        ("C69EF036", "same_end"),
        ("ZTEGC69EF03", "missing"),
        ("ZTEGC69F036", "missing"),
        ("ZTEGC69EF0366", "missing"),
        ("ZTEGGC69EF036", "missing"),
        ("ZTEGC69EF037", "one"),
        ("ZTEGC79EF036", "one"),
        ("ZTEXC79EF036", "two"),
        ("ZTEGC79EF037", "two"),
        ("ZTEGC69EF0", None),
        ("ZTEGAAAAAAAA", None),
        ("ZTEGC69EF036", None),
        ("", None),
        ("036", None),
    ],
)
def test_how_a_serial_was_typed_wrong(wrong: str, how: str | None) -> None:
    seen = "ZTEGC69EF036"
    assert similar_idents.slip(wrong, seen) == how
    if how is not None:
        assert seen[-4:] in similar_idents.tails(wrong), "by its end it is found"


SERIAL = st.builds(
    lambda vendor, end: vendor + end, st.sampled_from(["ZTEG", "HWTC", "AABB"]), st.text(HEX, min_size=8, max_size=8)
)


@given(SERIAL, st.integers(0, 11), st.sampled_from(HEX), st.sampled_from(["put", "drop", "add", "swap"]))
def test_every_single_slip_is_found_by_its_end(serial: str, at: int, one: str, slip: str) -> None:
    wrong = {
        "put": serial[:at] + one + serial[at + 1 :],
        "drop": serial[:at] + serial[at + 1 :],
        "add": serial[:at] + one + serial[at:],
        "swap": serial[: at - 1] + serial[at] + serial[at - 1] + serial[at + 1 :] if at else serial,
    }[slip]
    if wrong != serial:
        assert serial[-4:] in similar_idents.tails(wrong)
        assert similar_idents.slip(wrong, serial) is not None
    assert len(similar_idents.tails(wrong)) < 200


def test_a_serial_that_comes_near(runtime: Runtime) -> None:
    olt = add_device(runtime.db, "192.0.2.10")
    with runtime.db.write() as session:
        add_onu(session, olt, "ZTEGC69EF036", "gpon-onu_1/1/1:1")
        add_onu(session, olt, "ZTEGC69E1036", "gpon-onu_1/1/1:2", gone_at=5)
        add_onu(session, olt, "ZTEG00000000", "gpon-onu_1/1/1:3")
    (near, gone) = fixes(runtime, claim("ident_unseen", ident="ZTEGC69EFO36"))[1]
    assert (near.value, near.how, near.interface, near.gone) == ("ZTEGC69EF036", "alike", "gpon-onu_1/1/1:1", False)
    assert (gone.value, gone.how, gone.gone) == ("ZTEGC69E1036", "two", True)
    assert (fix_text(near), place_words(near)) == ("ZTEGC69EF036, look-alike characters", "gpon-onu_1/1/1:1, 192.0.2.10")
    assert fix_text(gone).endswith(", gone from its OLT")
    assert fixes(runtime, claim("ident_unseen", ident="HWTCFFFFFFFF")) == {}


def add_onu(session: Session, device: int, ident: str, name: str, **facts: Any) -> int:
    return add_interface(session, device, f"k{ident}", name, "ONU", ident=ident, ident_type="SN", **facts)


def test_a_neighbour_of_the_same_delivery_is_not_offered(runtime: Runtime) -> None:
    olt = add_device(runtime.db, "192.0.2.10")
    with runtime.db.write() as session:
        for number in range(8):
            add_onu(session, olt, f"ZTEGC69EF03{number}", f"onu {number}")
            add_subscriber(session, str(number), str(number), "", ident=f"ZTEGC69EF03{number}")
        add_onu(session, olt, "ZTEGC69EF0A3", "free")
    assert [one.interface for one in fixes(runtime, claim("ident_unseen", ident="ZTEGC69EF03A"))[1]] == ["free"]
    (only,) = fixes(runtime, claim("ident_unseen", ident="ZTEGC69EFF33"))[1]
    assert (only.taken, "has a subscriber" in fix_text(only)) == (True, True)


def test_of_several_places_of_a_similar_serial_the_current_one_is_named(runtime: Runtime) -> None:
    olt, other = add_device(runtime.db, "192.0.2.10"), add_device(runtime.db, "192.0.2.11")
    with runtime.db.write() as session:
        add_onu(session, olt, "ZTEGC69EF036", "online", status="Online", last_online_at=900)
        add_onu(session, other, "ZTEGC69EF036", "gone", gone_at=500, last_online_at=999)
    assert [one.interface for one in fixes(runtime, claim("ident_unseen", ident="ZTEGC69EF037"))[1]] == ["online"]


def test_a_switch_with_a_similar_address_or_name(runtime: Runtime) -> None:
    names = {"10.1.2.30": "sw-a", "10.1.3.30": "sw-b", "10.9.2.3": "sw-c", "10.1.2.200": "", "192.0.2.77": "sw-d"}
    for ip, name in names.items():
        device = add_device(runtime.db, ip, kind="SWITCH")
        with runtime.db.write() as session:
            session.get_one(Device, device).name = name

    def near(ip: str) -> list[str]:
        return [one.value for one in fixes(runtime, claim("no_switch", switch_ip=ip, port="1")).get(1, ())]

    assert near("10.1.2.3") == ["10.1.2.30", "10.9.2.3"]
    assert near("10.1.2.20") == ["10.1.2.200", "10.1.2.30"]
    assert near("10.1.2.31") == ["10.1.2.30"]
    assert near("10.2.1.30")[0] == "10.1.2.30", "swapped octets"
    assert near("192.0.2.7") == ["192.0.2.77"]
    assert near("SW-B") == ["10.1.3.30"]
    assert near("172.16.0.1") == []
    (fix,) = fixes(runtime, claim("no_switch", switch_ip="10.1.2.31", port="1"))[1]
    assert (fix_text(fix), place_words(fix)) == ("switch 10.1.2.30", "sw-a")


def test_the_right_switch_with_another_port(runtime: Runtime) -> None:
    switch = add_device(runtime.db, "192.0.2.20", kind="SWITCH")
    with runtime.db.write() as session:
        for number in (*range(1, 25), 27):
            add_interface(session, switch, str(1000 + number), f"GigabitEthernet0/{number}x", port_num=number)
        add_interface(session, switch, "99", "was 77", port_num=77, gone_at=5)
        add_interface(session, switch, "98", "onu 66", "ONU", port_num=66)

    def near(port: str) -> list[str]:
        return [
            f"{one.kind} {one.value}" for one in fixes(runtime, claim("no_port", switch_ip="192.0.2.20", port=port)).get(1, ())
        ]

    assert near("77") == ["ports 1–24, 27"]
    assert near("1013") == ["port GigabitEthernet0/13x"]
    assert near("GigabitEthernet0/7y")[0] == "port GigabitEthernet0/7x"
    assert near("66") == ["ports 1–24, 27"]
    assert near("?") == ["ports 1–24, 27"]


def test_where_an_address_was_seen(runtime: Runtime) -> None:
    switch = add_device(runtime.db, "192.0.2.20", kind="SWITCH")
    with runtime.db.write() as session:
        small, large = add_interface(session, switch, "1", "Gi0/25"), add_interface(session, switch, "2", "Gi0/26")
        port = add_interface(session, switch, "3", "Gi0/3")
        for number in range(30):
            add_fdb(session, switch, large, f"0200000000{number:02}")
        for number in range(12):
            add_fdb(session, switch, small, f"0200000000{number:02}")
        add_fdb(session, switch, port, "0A0000000001", active=False)
    found = fixes(
        runtime,
        claim("mac_uplink", 1, mac="020000000001"),
        claim("mac_unseen", 2, mac="0A0000000001"),
        claim("mac_unseen", 3, mac="0A0000000002"),
    )
    assert [(one.kind, one.interface, one.count) for one in found[1]] == [("uplink", "Gi0/25", 12), ("uplink", "Gi0/26", 30)]
    assert [(one.kind, one.interface, one.at) for one in found[2]] == [("seen", "Gi0/3", 2)]
    assert 3 not in found
    assert fix_text(found[1][0]) == "an uplink with 12 addresses"


def test_foreign_devices_give_no_hint(runtime: Runtime) -> None:
    ours, theirs = add_device(runtime.db, "192.0.2.10"), add_device(runtime.db, "192.0.2.20", kind="SWITCH")
    with runtime.db.write() as session:
        group = add_group(session, "ours", [ours])
        add_onu(session, theirs, "ZTEGC69EF036", "onu")
        uplink = add_interface(session, theirs, "1", "Gi0/1")
        add_fdb(session, theirs, uplink, "020000000001")
    claims = (
        claim("ident_unseen", 1, ident="ZTEGC69EF037"),
        claim("no_switch", 2, switch_ip="192.0.2.21", port="1"),
        claim("no_port", 3, switch_ip="192.0.2.20", port="99"),
        claim("mac_uplink", 4, mac="020000000001"),
        claim("mac_unseen", 5, mac="020000000001"),
        claim("no_claim", 6),
    )
    assert set(fixes(runtime, *claims)) == {1, 2, 3, 4, 5}
    assert fixes(runtime, *claims, actor=in_groups(group)) == {}


def test_the_cost_of_similar_serials_grows_slowly(runtime: Runtime) -> None:
    """A page of wrong serials among ten times as many ONUs: the same statements, a few comparisons more."""
    olt, dice = add_device(runtime.db, "192.0.2.10"), random.Random(7)
    compared: list[int] = []
    slip = similar_idents.slip

    def counting(wrong: str, seen: str) -> str | None:
        compared[-1] += 1
        return slip(wrong, seen)

    for total in (2_000, 18_000):
        with runtime.db.write() as session:
            rows = [{"ident": f"ZTEG{dice.getrandbits(32):08X}"} for _ in range(total)]
            common = {"device_id": olt, "type": "ONU", "ident_type": "SN", "params": {}, "created_at": 1, "updated_at": 1}
            session.execute(
                insert(Interface), [{**common, **row, "bind_key": row["ident"], "name": row["ident"]} for row in rows]
            )
        claims = [claim("ident_unseen", at, ident=f"ZTEG{dice.getrandbits(32):08X}") for at in range(50)]
        compared.append(0)
        similar_idents.slip = counting
        try:
            with counted_statements(runtime.db) as statements:
                fixes(runtime, *claims)
        finally:
            similar_idents.slip = slip
        assert len(statements) <= 3
    assert compared[1] < 50 * 20_000 / 100, "not everything with everything"
    assert compared[1] < 50 * (80 * 20_000 / 65_536) * 2


def test_idents_are_looked_up_by_the_index(runtime: Runtime) -> None:
    olt = add_device(runtime.db, "192.0.2.10")
    with runtime.db.write() as session:
        common = {"device_id": olt, "type": "ONU", "ident_type": "SN", "params": {}, "created_at": 1, "updated_at": 1}
        idents = [f"ZTEG{number * 7919:08X}" for number in range(5000)]
        session.execute(insert(Interface), [{**common, "ident": one, "bind_key": one, "name": one} for one in idents])
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        asked.append((statement, parameters))

    event.listen(runtime.db.engine, "before_cursor_execute", note)
    fixes(runtime, claim("ident_unseen", ident="ZTEGC69EF037"))
    event.remove(runtime.db.engine, "before_cursor_execute", note)
    ((lookup, values),) = [one for one in asked if "substr" in one[0]]
    with runtime.db.engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN"
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("ANALYZE interfaces")
            connection.exec_driver_sql("SET enable_seqscan = off")  # which of so few rows is as cheap
            explain = "EXPLAIN"
        plan = str(connection.exec_driver_sql(f"{explain} {lookup}", values).all())
    assert "ix_search_interfaces_ident_tail" in plan
