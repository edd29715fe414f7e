"""What `interfaces_list` does to stored interfaces: an interface that vanishes and returns is the same one."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from tests.poller.support import add_device, district, interface, keys, onu, optics, pon, statuses
from wildcore.model.answer import Answer
from wildcore.model.interface import Interface as InterfaceRecord
from wildcore.model.onu import OnuState
from wildcore.services.applying import apply
from wildcore.store.db import Database
from wildcore.store.tables import Interface, InterfaceHistory, ModuleAnswer

T0 = 1_700_000_000


def listed(db: Database, device_id: int, rows: list[InterfaceRecord], at: int = T0, *, complete: bool = True) -> None:
    with db.write() as session:
        apply(session, device_id, "interfaces_list", Answer(rows, complete), at=at)


def gone(db: Database, device_id: int) -> dict[str, int | None]:
    with db.read() as session:
        query = select(Interface.bind_key, Interface.gone_at).where(Interface.device_id == device_id)
        return {key: at for key, at in session.execute(query) if at is not None}


def test_new_interfaces_are_stored_as_listed(db: Database) -> None:
    device_id = add_device(db)
    with db.write() as session:
        applied = apply(session, device_id, "interfaces_list", Answer([pon(3), onu(3, 15)]), at=T0, duration_ms=12)
    assert (applied.rows, applied.changed, applied.problems) == (2, 2, [])
    with db.read() as session:
        row = interface(session, device_id, "o3.15")
        assert (row.name, row.type, row.parent_bind_key, row.port_num, row.if_index) == ("epon0/3:15", "ONU", "p3", 15, 3015)
        assert (row.status, row.gone_at, row.created_at, row.last_seen_at) == ("Unknown", None, T0, T0)
        assert (row.params, row.poll_enabled, row.save_fdb, row.comment) == ({}, True, True, "")
        answer = session.get(ModuleAnswer, (device_id, 0, "interfaces_list"))
        assert answer is not None
        assert (answer.at, answer.complete, answer.error, answer.duration_ms, answer.data) == (T0, True, None, 12, None)


def test_changed_facts_are_taken_and_the_id_stays(db: Database) -> None:
    device_id = add_device(db)
    listed(db, device_id, [onu(1, 1), onu(1, 2)])
    with db.read() as session:
        before = interface(session, device_id, "o1.1")
    listed(db, device_id, [replace(onu(1, 1), name="epon0/2:7", parent_bind_key="p2", if_index=9), onu(1, 2)], T0 + 60)
    with db.read() as session:
        row, other = interface(session, device_id, "o1.1"), interface(session, device_id, "o1.2")
    assert (row.id, row.name, row.port_num, row.parent_bind_key, row.if_index) == (before.id, "epon0/2:7", 7, "p2", 9)
    assert (row.updated_at, other.updated_at) == (T0 + 60, T0)


def test_gone_only_after_a_complete_list_and_back_under_the_same_id(db: Database) -> None:
    device_id = add_device(db)
    rows = [pon(1), onu(1, 1), onu(1, 2)]
    listed(db, device_id, rows)
    with db.write() as session:
        apply(session, device_id, "pon_onts_status", statuses(["o1.1", "o1.2"]), at=T0 + 10)
    with db.read() as session:
        before = interface(session, device_id, "o1.2")

    listed(db, device_id, rows[:2], T0 + 60, complete=False)
    assert gone(db, device_id) == {}
    listed(db, device_id, [], T0 + 120)
    assert gone(db, device_id) == {}, "an empty list never means that all are gone"

    listed(db, device_id, rows, T0 + 180)
    listed(db, device_id, rows[:2], T0 + 240)
    assert gone(db, device_id) == {"o1.2": T0 + 240}
    with db.read() as session:
        row = interface(session, device_id, "o1.2")
        assert (row.status, row.status_changed_at) == ("Offline", T0 + 240)
        assert (row.last_seen_at, row.last_online_at) == (T0 + 180, T0 + 180)
        history = session.execute(
            select(InterfaceHistory.status, InterfaceHistory.reason).where(InterfaceHistory.interface_id == row.id)
        ).all()
        assert [tuple(one) for one in history] == [("Online", "auth-success"), ("Offline", "gone")]

    with db.write() as session:  # a late status does not bring it back, the list does
        apply(session, device_id, "pon_onts_status", statuses(["o1.1", "o1.2"]), at=T0 + 250)
    assert gone(db, device_id) == {"o1.2": T0 + 240}
    listed(db, device_id, rows, T0 + 300)
    assert gone(db, device_id) == {}
    with db.read() as session:
        assert interface(session, device_id, "o1.2").id == before.id


def test_a_complete_list_without_most_interfaces_is_believed_and_told(db: Database) -> None:
    device_id = add_device(db)
    rows = district(2, 32)
    listed(db, device_id, rows)
    with db.write() as session:
        applied = apply(session, device_id, "interfaces_list", Answer(rows[:5]), at=T0 + 60)
    assert len(gone(db, device_id)) == len(rows) - 5
    assert applied.problems == [f"{len(rows) - 5} of {len(rows)} interfaces are gone"]


def test_other_devices_are_left_alone(db: Database) -> None:
    one, other = add_device(db, "127.0.0.1"), add_device(db, "127.0.0.2")
    listed(db, one, [pon(1), onu(1, 1)])
    listed(db, other, [pon(1), onu(1, 1)])
    listed(db, one, [pon(1)], T0 + 60)
    assert gone(db, one) == {"o1.1": T0 + 60}
    assert gone(db, other) == {}


def test_descriptions_are_emptied_only_by_who_knows_them(db: Database) -> None:
    device_id = add_device(db)
    described = [
        replace(pon(1), description="uplink"),
        replace(pon(2), description="east"),
        replace(onu(1, 1), description="flat 7"),
    ]
    listed(db, device_id, described)
    listed(db, device_id, [pon(1), pon(2), onu(1, 1)], T0 + 60)  # a list that tells no descriptions at all
    with db.read() as session:
        assert [interface(session, device_id, key).description for key in ("p1", "p2", "o1.1")] == ["uplink", "east", "flat 7"]
    listed(db, device_id, [pon(1), described[1], onu(1, 1)], T0 + 120)
    with db.read() as session:
        assert [interface(session, device_id, key).description for key in ("p1", "p2", "o1.1")] == ["", "east", "flat 7"]


def test_texts_that_a_database_cannot_hold_are_made_to_fit(db: Database) -> None:
    device_id = add_device(db)
    odd = InterfaceRecord("k", "n\0ame " + "x" * 300, description="зелена\0 \ud800")
    long = InterfaceRecord("k" * 65, "too long a key")
    with db.write() as session:
        applied = apply(session, device_id, "interfaces_list", Answer([odd, odd, long]), at=T0)
    assert applied.changed == 1
    assert len(applied.problems) == 1
    with db.read() as session:
        row = interface(session, device_id, "k")
        assert (row.name[:5], len(row.name), row.description) == ("name ", 200, "зелена ?")


def test_an_interface_seen_again_and_again_is_seldom_rewritten(db: Database) -> None:
    device_id = add_device(db)
    rows = district(1, 8)
    listed(db, device_id, rows)
    listed(db, device_id, rows, T0 + 300)
    with db.read() as session:
        assert interface(session, device_id, "o1.1").last_seen_at == T0
    listed(db, device_id, rows, T0 + 900)
    with db.read() as session:
        assert interface(session, device_id, "o1.1").last_seen_at == T0 + 900


def test_rows_of_unknown_interfaces_are_counted_not_stored(db: Database) -> None:
    device_id = add_device(db)
    rows = district(1, 2)
    listed(db, device_id, rows)
    with db.write() as session:
        for module, answer in (("pon_onts_status", statuses([*keys(rows), "new"])), ("pon_onts_optical", optics(["new"]))):
            assert apply(session, device_id, module, answer, at=T0).unknown == 1


def test_a_state_is_unknown_once_a_complete_answer_leaves_it_out(db: Database) -> None:
    device_id = add_device(db)
    rows = district(1, 3)
    listed(db, device_id, rows)
    with db.write() as session:
        apply(session, device_id, "pon_onts_status", statuses(keys(rows)), at=T0)
        apply(session, device_id, "pon_onts_status", replace(statuses(keys(rows)[:1]), complete=False), at=T0 + 60)
        assert interface(session, device_id, "o1.2").status == OnuState.ONLINE
    with db.write() as session:
        apply(session, device_id, "pon_onts_status", statuses(keys(rows)[:2]), at=T0 + 120)
    with db.read() as session:
        assert [interface(session, device_id, key).status for key in keys(rows)] == ["Online", "Online", "Unknown"]
