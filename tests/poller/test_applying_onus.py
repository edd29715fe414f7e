"""Statuses with their history, idents, optics, reasons; duplicates; and how many SQL statements that takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.poller.support import (
    add_device,
    counted_statements,
    district,
    idents,
    insert_row,
    interface,
    keys,
    optics,
    statuses,
)
from wildcore.errors import NotFound
from wildcore.model.answer import Answer
from wildcore.model.onu import OnuDescription, OnuOptical, OnuReasons, OnuState, OnuStatus
from wildcore.services.applying import Applied, apply, record_failure
from wildcore.store.db import Database
from wildcore.store.tables import Binding, Interface, InterfaceHistory, ModuleAnswer, OnuValues, Subscriber, SubscriberClaim

T0 = 1_700_000_000


@pytest.fixture
def olt(db: Database) -> int:
    """An OLT with one PON port and the ONUs o1.1, o1.2 and o1.3."""
    device_id = add_device(db)
    with db.write() as session:
        apply(session, device_id, "interfaces_list", Answer(district(1, 3)), at=T0)
    return device_id


ONUS = ["o1.1", "o1.2", "o1.3"]


def values(db: Database, device_id: int, bind_key: str) -> OnuValues:
    with db.read() as session:
        row = session.get(OnuValues, interface(session, device_id, bind_key).id)
        assert row is not None
        session.expunge(row)
        return row


def history(db: Database, device_id: int, bind_key: str) -> list[tuple[int, str, str]]:
    with db.read() as session:
        one = interface(session, device_id, bind_key).id
        query = select(InterfaceHistory.at, InterfaceHistory.status, InterfaceHistory.reason)
        return [
            (at, status, reason)
            for at, status, reason in session.execute(query.where(InterfaceHistory.interface_id == one).order_by("id"))
        ]


def test_history_has_one_row_for_each_change(db: Database, olt: int) -> None:
    down = Answer([OnuStatus("o1.1", OnuState.POWER_OFF, bind_raw="DyingGasp"), *statuses(ONUS[1:]).rows])
    with db.write() as session:
        for at, answer in ((T0, statuses(ONUS)), (T0 + 60, statuses(ONUS)), (T0 + 120, down), (T0 + 180, down)):
            apply(session, olt, "pon_onts_status", answer, at=at)
    assert history(db, olt, "o1.1") == [(T0, "Online", "auth-success"), (T0 + 120, "PowerOff", "DyingGasp")]
    assert history(db, olt, "o1.2") == [(T0, "Online", "auth-success")]
    with db.read() as session:
        row = interface(session, olt, "o1.1")
    assert (row.status, row.status_changed_at) == ("PowerOff", T0 + 120)
    assert row.last_online_at == T0 + 60, "the last complete answer that saw it working"
    assert (values(db, olt, "o1.1").bind_raw, values(db, olt, "o1.1").status_at) == ("DyingGasp", T0 + 120)


def test_an_unchanged_status_writes_only_its_answer(db: Database, olt: int) -> None:
    with db.write() as session:
        apply(session, olt, "pon_onts_status", statuses(ONUS), at=T0)
    with db.write() as session, counted_statements(db) as statements:
        assert apply(session, olt, "pon_onts_status", statuses(ONUS), at=T0 + 60).changed == 0
    writes = [statement for statement in statements if not statement.startswith("SELECT")]
    assert len(writes) == 1
    assert "module_answers" in writes[0]


def test_idents_of_changed_places_are_told(db: Database, olt: int) -> None:
    with db.write() as session:
        first = apply(session, olt, "pon_onts_mac_addr", idents(ONUS), at=T0)
        again = apply(session, olt, "pon_onts_mac_addr", idents(ONUS), at=T0 + 60)
        swapped = apply(session, olt, "pon_onts_mac_addr", idents(["o1.2", "o1.1"]), at=T0 + 120)
        assert interface(session, olt, "o1.1").ident == "AABB00000001"
        assert interface(session, olt, "o1.3").ident == "AABB00000002", "an ident that is not named stays"
    assert first.touched_idents == {"AABB00000000", "AABB00000001", "AABB00000002"}
    assert (again.touched_idents, again.changed) == (set(), 0)
    assert swapped.touched_idents == {"AABB00000000", "AABB00000001"}


def test_an_onu_without_a_reading_keeps_its_last_values_and_their_time(db: Database, olt: int) -> None:
    with db.write() as session:
        apply(session, olt, "pon_onts_optical", optics(ONUS), at=T0)
        off = Answer([OnuOptical("o1.1", distance_m=777), OnuOptical("o1.2")])
        apply(session, olt, "pon_onts_optical", off, at=T0 + 60)
    one, two = values(db, olt, "o1.1"), values(db, olt, "o1.2")
    assert (one.rx_dbm, one.temperature_c, one.optical_at, one.distance_m) == (-20.5, 41.0, T0, 777)
    assert (two.rx_dbm, two.optical_at, two.distance_m) == (-20.5, T0, 1200)


def test_a_cut_answer_erases_no_value(db: Database, olt: int) -> None:
    half = Answer([OnuOptical("o1.1", olt_rx_dbm=-25.0)], complete=False)
    with db.write() as session:
        apply(session, olt, "pon_onts_optical", optics(ONUS), at=T0)
        apply(session, olt, "pon_onts_optical", half, at=T0 + 60)
    row = values(db, olt, "o1.1")
    assert (row.rx_dbm, row.olt_rx_dbm, row.optical_at) == (-20.5, -25.0, T0 + 60)
    with db.write() as session:
        apply(session, olt, "pon_onts_optical", replace(half, complete=True), at=T0 + 120)
    assert values(db, olt, "o1.1").rx_dbm is None


def test_reasons_and_descriptions(db: Database, olt: int) -> None:
    when = datetime(2026, 2, 1, 12, tzinfo=UTC)
    reasons = Answer([OnuReasons("o1.1", "x" * 99, when, datetime(1, 1, 1)), OnuReasons("o1.2", "LOS")])  # noqa: DTZ001
    with db.write() as session:
        apply(session, olt, "pon_onts_reasons", reasons, at=T0)
        apply(session, olt, "pon_onts_descr", Answer([OnuDescription("o1.1", "Шевченка 7"), OnuDescription("o1.2", "")]), at=T0)
    row = values(db, olt, "o1.1")
    assert (len(row.last_down_reason), row.last_reg_at, row.last_dereg_at) == (40, int(when.timestamp()), None)
    with db.read() as session:
        assert interface(session, olt, "o1.1").description == "Шевченка 7"


def test_one_onu_asked_alone_touches_only_itself(db: Database, olt: int) -> None:
    with db.write() as session:
        apply(session, olt, "pon_onts_status", statuses(ONUS), at=T0)
        alone = statuses(["o1.1"], OnuState.LOS, "los")
        applied = apply(session, olt, "pon_onts_status", alone, at=T0 + 9, bind_key="o1.1", duration_ms=3)
        assert applied.changed == 1
        assert [interface(session, olt, key).status for key in ONUS] == ["LOS", "Online", "Online"]
        one = interface(session, olt, "o1.1").id
        stored = session.get(ModuleAnswer, (olt, one, "pon_onts_status"))
        whole = session.get(ModuleAnswer, (olt, 0, "pon_onts_status"))
        assert stored is not None
        assert whole is not None
        assert (stored.at, stored.duration_ms, whole.at) == (T0 + 9, 3, T0)
        with pytest.raises(NotFound):
            apply(session, olt, "pon_onts_status", alone, at=T0 + 9, bind_key="nowhere")


def test_a_failure_keeps_what_was_known(db: Database, olt: int) -> None:
    with db.write() as session:
        apply(session, olt, "pon_onts_status", statuses(ONUS), at=T0)
        record_failure(session, olt, "pon_onts_status", "no answer in 12 s", at=T0 + 60)
        apply(session, olt, "pon_onts_status", Answer([], complete=False, problems=["cut"]), at=T0 + 120)
        record_failure(session, olt, "vlans", "no answer", at=T0 + 60)
        row, never = session.get(ModuleAnswer, (olt, 0, "pon_onts_status")), session.get(ModuleAnswer, (olt, 0, "vlans"))
        assert row is not None
        assert never is not None
        assert (row.at, row.complete, row.error, row.error_at) == (T0, True, "cut", T0 + 120)
        assert (never.at, never.data, never.error) == (None, None, "no answer")
        assert interface(session, olt, "o1.1").status == "Online"
        apply(session, olt, "pon_onts_status", statuses(ONUS), at=T0 + 180)
    with db.read() as session:
        row = session.get(ModuleAnswer, (olt, 0, "pon_onts_status"))
        assert row is not None
        assert (row.error, row.error_at) == (None, None)


def test_who_is_online_goes_to_the_metric_store(db: Database, olt: int) -> None:
    answer = Answer([*statuses(ONUS[:2]).rows, OnuStatus("o1.3", OnuState.LOS)])
    with db.write() as session:
        applied = apply(session, olt, "pon_onts_status", answer, at=T0)
        port = interface(session, olt, "p1").id
        onus = [interface(session, olt, key).id for key in ONUS]
    numbers = {batch.metric: dict(zip(batch.object_ids, batch.values, strict=True)) for batch in applied.batches}
    assert numbers == {
        "onu_state": dict(zip(onus, (1.0, 1.0, -2.0), strict=True)),
        "pon_onus_total": {port: 3.0},
        "pon_onus_online": {port: 2.0},
        "device_onus_total": {olt: 3.0},
        "device_onus_online": {olt: 2.0},
    }
    with db.write() as session:
        applied = apply(session, olt, "pon_onts_optical", Answer([OnuOptical("o1.1", rx_dbm=-20.5), OnuOptical("o1.2")]), at=T0)
    assert [(batch.metric, batch.at, list(batch.object_ids), list(batch.values)) for batch in applied.batches] == [
        ("onu_rx_dbm", T0, [onus[0]], [-20.5])
    ]


def bound_to(db: Database) -> tuple[int, str]:
    with db.read() as session:
        query = select(Interface.device_id, Interface.bind_key).join(Binding, Binding.interface_id == Interface.id)
        device_id, bind_key = session.execute(query).one()
        return device_id, bind_key


def test_a_subscriber_follows_the_onu_to_where_it_is_online(db: Database, olt: int) -> None:
    other = add_device(db, "127.0.0.2")
    with db.write() as session:
        subscriber = insert_row(session, Subscriber, source="mikbill", uid="7", updated_at=T0)
        insert_row(session, SubscriberClaim, subscriber_id=subscriber, ident="AABB00000000")
        apply(session, olt, "pon_onts_mac_addr", idents(["o1.1"]), at=T0)
        apply(session, olt, "pon_onts_status", statuses(ONUS), at=T0)
    assert bound_to(db) == (olt, "o1.1")
    with db.write() as session:  # the same ONU appears elsewhere, and is online there once it is offline here
        apply(session, other, "interfaces_list", Answer(district(1, 3)), at=T0 + 60)
        apply(session, other, "pon_onts_mac_addr", idents(["o1.2"]), at=T0 + 60)
        apply(session, olt, "pon_onts_status", statuses(ONUS, OnuState.LOS), at=T0 + 70)
        apply(session, other, "pon_onts_status", statuses(["o1.2"]), at=T0 + 80)
    assert bound_to(db) == (other, "o1.2")
    with db.write() as session:
        apply(session, other, "interfaces_list", Answer(district(1, 1)), at=T0 + 90)
    assert bound_to(db) == (olt, "o1.1")


def statement_counts(db: Database, device_id: int, onus: int) -> dict[str, int]:
    rows = district(onus // 64, 64)
    bind_keys = keys(rows)
    counts = {}

    def run(name: str, module: str, answer: Answer[Any], at: int) -> Applied:
        with counted_statements(db) as statements, db.write() as session:
            applied = apply(session, device_id, module, answer, at=at)
        counts[name] = len(statements)
        return applied

    run("new interfaces", "interfaces_list", Answer(rows), T0)
    run("first status", "pon_onts_status", statuses(bind_keys), T0)
    run("first idents", "pon_onts_mac_addr", idents(bind_keys, f"{device_id:04X}"), T0)
    assert run("optics", "pon_onts_optical", optics(bind_keys), T0).rows == onus
    run("reasons", "pon_onts_reasons", Answer([OnuReasons(key, "LOS") for key in bind_keys]), T0)
    run("same interfaces", "interfaces_list", Answer(rows), T0 + 60)
    run("same status", "pon_onts_status", statuses(bind_keys), T0 + 60)
    run("same idents", "pon_onts_mac_addr", idents(bind_keys, f"{device_id:04X}"), T0 + 60)
    run("refreshed status", "pon_onts_status", statuses(bind_keys), T0 + 1800)
    run("all lost", "pon_onts_status", statuses(bind_keys, OnuState.LOS), T0 + 1860)
    assert run("all gone", "interfaces_list", Answer(rows[:1]), T0 + 1920).changed == len(rows) - 1
    return counts


def test_statements_do_not_grow_with_onus(db: Database) -> None:
    few, many = (statement_counts(db, add_device(db, f"127.0.0.{onus % 250}"), onus) for onus in (64, 1024))
    assert many == few
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(OnuValues)) == 64 + 1024
    assert many == (ON_SQLITE if db.is_sqlite else ON_POSTGRESQL)


ON_SQLITE = {
    "new interfaces": 6,
    "first status": 9,
    "first idents": 5,
    "optics": 5,
    "reasons": 5,
    "same interfaces": 3,
    "same status": 4,
    "same idents": 3,
    "refreshed status": 5,
    "all lost": 10,
    "all gone": 8,
}
"""Many new rows are two statements: whole fifties, and the rest."""

ON_POSTGRESQL = {
    "new interfaces": 6,
    "first status": 8,
    "first idents": 6,
    "optics": 5,
    "reasons": 5,
    "same interfaces": 4,
    "same status": 5,
    "same idents": 4,
    "refreshed status": 6,
    "all lost": 9,
    "all gone": 8,
}
"""A lock for the device each time; an array is one statement however many rows it holds."""
