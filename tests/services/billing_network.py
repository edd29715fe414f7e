"""Two OLTs in two groups and a switch, with subscribers of all kinds: what lists and reports of subscribers are tested on."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tests.services.support import add_device, add_group, add_interface, add_subscriber, with_billing
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OnuValues, Subscriber

SERIAL = "ZTEGC69EF036"


def build(runtime: Runtime) -> dict[str, int]:
    """Two OLTs in two groups and a switch in the first; subscribers of all kinds."""
    first, second = add_device(runtime.db, "192.0.2.10"), add_device(runtime.db, "192.0.2.11")
    switch = add_device(runtime.db, "192.0.2.20", model="sw", family="generic_switch", kind="SWITCH")
    with_billing(runtime)
    with runtime.db.write() as session:
        ours, theirs = add_group(session, "ours", [first, switch]), add_group(session, "theirs", [second])
        add_interface(session, first, "p3", "gpon-olt_1/1/3", "GPON")
        onu = add_interface(
            session,
            first,
            "p3.1",
            "gpon-onu_1/1/3:1",
            "ONU",
            ident=SERIAL,
            ident_type="SN",
            status="Online",
            parent_bind_key="p3",
        )
        session.execute(insert(OnuValues).values(interface_id=onu, device_id=first, rx_dbm=-21.5))
        foreign = add_interface(session, second, "1", "gpon-onu_1/1/1:1", "ONU", ident="HWTC0000AB12", ident_type="SN")
        for number in range(1, 25):
            add_interface(session, switch, str(number), f"Gi0/{number}")
        add_subscriber(session, "1", "00001", "first", "Рівне, Київська вулиця 1/15", ident=SERIAL)
        add_subscriber(session, "2", "00002", "second", "Рівне, Київська вулиця 2", ident="HWTC0000AB12")
        add_subscriber(session, "3", "00003", "third", "Рівне, Соборна вулиця 3", switch_ip="192.0.2.20", port="3")
        add_subscriber(session, "4", "00004", "fourth", "Здолбунів", ident="ZTEGC69EFO36")
        add_subscriber(session, "5", "00005", "fifth", "Здолбунів", switch_ip="192.0.2.20", port="Gi0/3")
        add_subscriber(session, "6", "00006", "sixth", "Здолбунів")
    return {"ours": ours, "theirs": theirs, "onu": onu, "foreign": foreign, "first": first, "switch": switch}


def id_of(session: Session, uid: str) -> int:
    """The subscriber with this UID in billing."""
    return session.query(Subscriber.id).filter_by(uid=uid).scalar() or 0
