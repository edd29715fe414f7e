"""What a page costs: the number of SQL statements of each view, which must not grow with the rows it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from wildcore.services.actor import Actor, system_actor
from wildcore.services.devices import DeviceFilter
from wildcore.services.pages_device import device_page, ports_page
from wildcore.services.pages_devices import dashboard, device_list
from wildcore.services.pages_interface import interface_page
from wildcore.services.pages_olt import OnuFilter, onu_tree, onus_of_port, slot_of
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, DeviceAccess, DeviceModel, FdbHistory, Interface, InterfaceHistory, OnuValues, Poll

PON = "1000"


@contextmanager
def counted(runtime: Runtime) -> Iterator[list[str]]:
    """Statements that are executed within the block."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "ROLLBACK")):
            seen.append(statement)

    event.listen(runtime.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(runtime.db.engine, "before_cursor_execute", note)


def fill(runtime: Runtime, onus: int, ports: int = 4) -> int:
    """An OLT with ONUs on its first PON port, each with values and an address behind it; its id."""
    with runtime.db.write() as session:
        model = session.query(DeviceModel).filter_by(key="zte_c320").one_or_none()
        if model is None:
            model = DeviceModel(key="zte_c320", name="ZTE C320", vendor="ZTE", model="C320", type="OLT", family="zte_c3xx")
            session.add_all([model, DeviceAccess(name="any", created_at=0, updated_at=0)])
            session.flush()
        access = session.query(DeviceAccess).first()
        assert access is not None
        number = session.query(Device).count() + 1
        olt = Device(ip=f"192.0.2.{number}", model_id=model.id, access_id=access.id, created_at=0, updated_at=0, status="Up")
        session.add(olt)
        session.flush()
        for index in range(ports):
            key = PON if index == 0 else f"{2000 + index}"
            session.add(_interface(olt.id, key, f"gpon-olt_1/{index // 2 + 1}/{index + 1}", "GPON", "Up"))
        for index in range(onus):
            onu = _interface(olt.id, f"{PON}{index:05}", f"gpon-onu_1/1/1:{index + 1}", "ONU", "Online", PON, index + 1)
            onu.ident, onu.ident_type = f"ZTEG{index:08X}", "SN"
            onu.description = f"вулиця Шевченка {index + 1}"
            session.add(onu)
            session.flush()
            session.add(OnuValues(interface_id=onu.id, device_id=olt.id, rx_dbm=-20.0 - index % 12, olt_rx_dbm=-21.0))
            session.add(FdbHistory(device_id=olt.id, interface_id=onu.id, mac=f"{index:012X}", first_seen_at=1, last_seen_at=2))
        return olt.id


def _interface(
    device: int, key: str, name: str, kind: str, status: str, parent: str = "", number: int | None = None
) -> Interface:
    return Interface(
        device_id=device, bind_key=key, parent_bind_key=parent, name=name, port_num=number, type=kind, status=status,
        created_at=0, updated_at=0,
    )  # fmt: skip


View = Callable[[Session, Runtime, Actor, int], Any]
VIEWS: dict[str, tuple[int, View]] = {
    "device list": (6, lambda s, _r, a, _d: device_list(s, a, DeviceFilter(status="Up"))),
    "dashboard": (8, lambda s, r, a, _d: dashboard(s, r, a)),
    "device": (6, lambda s, _r, a, d: device_page(s, a, d)),
    "ports": (6, lambda s, r, a, d: ports_page(s, r, a, d)),
    "tree": (6, lambda s, r, a, d: onu_tree(s, r, a, d, OnuFilter())),
    "tree found": (9, lambda s, r, a, d: onu_tree(s, r, a, d, OnuFilter(text="Шевч", bad_signal=True))),
    "ONUs of a port": (5, lambda s, r, a, d: onus_of_port(s, r, a, d, PON)),
    "ONU": (13, lambda s, r, a, d: interface_page(s, r, a, _first(s, d))),
}


def _first(session: Session, device: int) -> int:
    return session.query(Interface.id).filter_by(device_id=device, type="ONU").order_by(Interface.id).limit(1).scalar() or 0


@pytest.mark.parametrize("name", VIEWS)
def test_statements_do_not_grow_with_rows(runtime: Runtime, name: str) -> None:
    most, view = VIEWS[name]
    spent = []
    for onus in (3, 150):
        device = fill(runtime, onus)
        runtime.settings.get("APP_NAME")  # settings are read once in a while: not part of a page's cost
        with runtime.db.read() as session, counted(runtime) as seen:
            view(session, runtime, system_actor(), device)
        spent.append(len(seen))
    assert spent[0] == spent[1], seen
    assert spent[1] <= most, "\n".join(seen)


def test_tree_keeps_onus_whose_port_is_unknown(runtime: Runtime) -> None:
    device = fill(runtime, 2)
    with runtime.db.write() as session:
        session.add(_interface(device, "77", "gpon-onu_1/9/9:1", "ONU", "LOS", "9999", 1))
    with runtime.db.read() as session:
        tree = onu_tree(session, runtime, system_actor(), device, OnuFilter())
    assert {one.bind_key: one.total for one in tree.branches if one.total} == {PON: 2, "9999": 1}
    assert tree.states == {"Online": 2, "LOS": 1}


def test_tree_finds_by_text_ident_mac_and_signal(runtime: Runtime) -> None:
    device = fill(runtime, 40)
    with runtime.db.read() as session:

        def found(**wanted: Any) -> list[str]:
            tree = onu_tree(session, runtime, system_actor(), device, OnuFilter(**wanted))
            return [row.name for branch in tree.branches for row in branch.found]

        assert len(found(text="ШЕВЧЕНКА")) == 40
        assert found(text="1/1/1:17") == ["gpon-onu_1/1/1:17"]
        assert found(text="zteg:0000000A") == ["gpon-onu_1/1/1:11"]
        assert found(text="00:00:00:00:00:0c") == ["gpon-onu_1/1/1:13"]
        assert found(text="nothing like it") == []
        assert len(found(bad_signal=True)) == sum(-20.0 - index % 12 < -28 for index in range(40))
        assert found(status="down") == []


def test_pages_of_a_large_port(runtime: Runtime) -> None:
    device = fill(runtime, 300, ports=1)
    with runtime.db.read() as session:
        first = onus_of_port(session, runtime, system_actor(), device, PON)
        last = onus_of_port(session, runtime, system_actor(), device, PON, page=99)
    assert (first.total, first.pages, len(first.rows)) == (300, 2, 256)
    assert (last.page, last.rows[-1].name) == (2, "gpon-onu_1/1/1:300")


@pytest.mark.parametrize(
    ("name", "slot"), [("gpon-olt_1/2/1", "1/2"), ("epon-olt_1/11/8", "1/11"), ("epon0/1", "0"), ("EPON0/4", "0"), ("pon 5", "")]
)
def test_slot_is_read_from_the_port_name(name: str, slot: str) -> None:
    assert slot_of(name) == slot


def test_a_device_whose_snmp_is_silent_does_not_look_healthy(runtime: Runtime) -> None:
    device = fill(runtime, 3)

    def poll(poller: str, result: str, last_at: int, error: str = "") -> Poll:
        return Poll(
            device_id=device, poller=poller, interval_sec=60, next_at=0, last_at=last_at, result=result, error=error or None
        )

    with runtime.db.write() as session:
        session.add_all([poll("system", "error", 900, "no answer"), poll("counters", "error", 950, "no answer")])
        session.add(poll("interfaces_list", "ok", 300))
    with runtime.db.read() as session:
        page = device_page(session, system_actor(), device)
        listed = device_list(session, system_actor(), DeviceFilter())
    assert (page.silence, page.polled_at) == ("no answer", 300)
    assert {listed.state(one) for one in listed.devices if one.id == device} == {"Silent"}


def test_online_since_is_the_olts_word_until_we_saw_it_change(runtime: Runtime) -> None:
    device = fill(runtime, 3)
    told, seen = 1_700_000_000, 1_800_000_000
    with runtime.db.write() as session:
        onu = _first(session, device)
        session.execute(update(Interface).where(Interface.id == onu).values(status="Online", status_changed_at=seen))
        session.execute(update(OnuValues).where(OnuValues.interface_id == onu).values(last_reg_at=told))
        session.add(InterfaceHistory(interface_id=onu, device_id=device, at=seen, status="Online"))

    def since() -> int | None:
        with runtime.db.read() as session:
            return interface_page(session, runtime, system_actor(), onu).since

    assert since() == told
    with runtime.db.write() as session:
        session.execute(update(OnuValues).where(OnuValues.interface_id == onu).values(last_reg_at=86_400))
    assert since() == seen, "an OLT that lives in 1970"
    with runtime.db.write() as session:
        session.execute(update(OnuValues).where(OnuValues.interface_id == onu).values(last_reg_at=told))
        session.add(InterfaceHistory(interface_id=onu, device_id=device, at=seen - 60, status="Offline"))
    assert since() == seen
