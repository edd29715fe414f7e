"""What is forgotten, and what is not."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, update

from tests.poller.support import add_device, district, idents, insert_row, keys, optics, statuses
from wildcore.model.answer import Answer
from wildcore.model.interface import FdbEntry
from wildcore.services.applying import apply
from wildcore.services.interfaces_retention import DAY, Forgotten, forget_old
from wildcore.services.runtime import Runtime
from wildcore.store.metrics import Batch, SeriesKey
from wildcore.store.metrics.duckdb import DuckMetrics
from wildcore.store.tables import (
    Binding,
    FdbHistory,
    Interface,
    InterfaceHistory,
    ModuleAnswer,
    OnuValues,
    ScheduleRun,
    Subscriber,
    SubscriberClaim,
)
from wildcore.worker.housekeeping import keep_house

T0 = 1_700_000_000


def fill(runtime: Runtime) -> None:
    device_id = add_device(runtime.db)
    rows = district(1, 2)
    with runtime.db.write() as session:
        subscriber = insert_row(session, Subscriber, source="mikbill", uid="7", updated_at=T0)
        insert_row(session, SubscriberClaim, subscriber_id=subscriber, ident="AABB00000001")
        for module, answer in (
            ("interfaces_list", Answer(rows)),
            ("pon_onts_mac_addr", idents(keys(rows))),
            ("pon_onts_status", statuses(keys(rows))),
            ("pon_onts_optical", optics(keys(rows))),
            ("fdb", Answer([FdbEntry("AA0000000001", 1, "o1.1"), FdbEntry("AA0000000002", 1, "o1.2")])),
        ):
            apply(session, device_id, module, answer, at=T0)
        apply(session, device_id, "pon_onts_status", statuses(["o1.2"]), at=T0, bind_key="o1.2")
        apply(session, device_id, "fdb", Answer([FdbEntry("AA0000000003", 1, "o1.1")]), at=T0 + DAY)
        apply(session, device_id, "interfaces_list", Answer(rows[:-1]), at=T0 + DAY)
        insert_row(
            session, ScheduleRun, key="x", trigger="cron", started_at=T0, finished_at=T0, result="ok", progress="", output=""
        )


async def test_gone_interfaces_go_with_all_they_had_after_their_time(runtime: Runtime, tmp_path: Path) -> None:
    fill(runtime)
    metrics = runtime.metrics = DuckMetrics(tmp_path / "metrics")
    metrics.put([Batch("onu_rx_dbm", T0, [1], [-20.0])])
    metrics.flush()
    metrics.close_days(T0 + 3 * DAY)

    runtime.now = lambda: T0 + 90 * DAY
    assert await forget_old(runtime) == Forgotten(0, 0, 0, 0, 0, 0)
    with runtime.db.read() as session:
        assert session.scalars(select(Binding.claim_id)).all()

    runtime.now = lambda: T0 + 91 * DAY + 1
    # gone: o1.2. Its history and addresses go with it; of o1.1, the change and the address that are too old.
    assert await forget_old(runtime) == Forgotten(interfaces=1, changes=1, addresses=1, answers=0, runs=1, metric_days=1)
    with runtime.db.read() as session:
        assert session.scalars(select(Interface.bind_key).order_by(Interface.id)).all() == ["p1", "o1.1"]
        assert session.scalars(select(FdbHistory.mac)).all() == ["AA0000000003"]
        assert session.scalars(select(InterfaceHistory.id)).all() == []
        assert len(session.scalars(select(OnuValues.interface_id)).all()) == 1
        assert session.scalars(select(ModuleAnswer.interface_id).where(ModuleAnswer.interface_id != 0)).all() == []
        assert session.scalars(select(Binding.claim_id)).all() == []
        assert session.scalars(select(SubscriberClaim.unmatched)).all() == ["ident_unseen"]
    assert metrics.series(SeriesKey("onu_rx_dbm", 1), 0, T0 * 2) == []
    metrics.close()


async def test_answers_of_interfaces_deleted_by_hand_are_cleared(runtime: Runtime) -> None:
    fill(runtime)
    with runtime.db.write() as session:
        session.execute(update(ModuleAnswer).where(ModuleAnswer.interface_id != 0).values(interface_id=999))
    runtime.now = lambda: T0
    assert (await forget_old(runtime)).answers == 1


async def test_once_a_day(runtime: Runtime) -> None:
    runtime.now = lambda: T0
    assert [await keep_house(runtime) for _ in range(2)] == [True, False]
    runtime.now = lambda: T0 + DAY
    assert await keep_house(runtime)
