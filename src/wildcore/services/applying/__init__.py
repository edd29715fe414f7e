"""The one place where a driver's answer enters the store.

`apply` runs inside the caller's write transaction, which must hold nothing across network I/O. Whatever the number of rows, an
answer costs the same number of statements. Answers about one device are written one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from wildcore.drivers.capabilities import BY_NAME
from wildcore.errors import NotFound
from wildcore.i18n import gettext
from wildcore.model.answer import Answer
from wildcore.model.device import System
from wildcore.model.ident import mac_text
from wildcore.services.applying.answers import TABLED, as_rows, rows_of, store_answer, store_failure
from wildcore.services.applying.fdb import apply_fdb
from wildcore.services.applying.interfaces import apply_interfaces
from wildcore.services.applying.numbers import put_numbers
from wildcore.services.applying.onus import apply_descriptions, apply_idents, apply_optical, apply_reasons
from wildcore.services.applying.status import apply_link_info, apply_onu_status
from wildcore.services.applying.work import ANSWERS, DEVICES, INTERFACES, Applied, Previous, Work, clean
from wildcore.services.bindings import UPLINK_MACS, rebind
from wildcore.store.bulk import among, is_sqlite
from wildcore.store.tables import SubscriberClaim

__all__ = ["TABLED", "Applied", "apply", "as_rows", "record_failure", "rows_of"]

MANY = 500
_APPLY_LOCK = 0x57494C01


def apply(
    session: Session,
    device_id: int,
    module: str,
    answer: Answer[Any],
    *,
    at: int,
    bind_key: str | None = None,
    duration_ms: int | None = None,
    uplink_macs: int = UPLINK_MACS,
) -> Applied:
    """Write what a device answered at `at` (Unix seconds). With `bind_key` it was asked about that one interface only.

    `uplink_macs` is the setting's word (`services.edges`). Put `Applied.batches` into the metric store after the commit. Raises
    NotFound when the interface is not stored.
    """
    work = _work(session, device_id, module, answer, at=at, bind_key=bind_key)
    interface_id = _interface_id(work)
    writer = _WRITERS.get(work.module)
    if writer is not None:
        writer(work)
    put_numbers(work)
    store_answer(work, interface_id, duration_ms)
    _rebind(work, uplink_macs)
    return Applied(
        rows=len(answer.rows),
        complete=answer.complete,
        problems=[*answer.problems, *work.problems],
        touched_idents=work.touched_idents,
        new_idents=work.new_idents,
        changed=work.changed,
        unknown=work.unknown,
        batches=work.batches,
    )


def record_failure(
    session: Session, device_id: int, module: str, error_text: str, *, at: int, bind_key: str | None = None
) -> None:
    """Note that a module could not be asked or did not answer. What was known stays, with its time."""
    nothing: Answer[Any] = Answer([], complete=False)
    work = _work(session, device_id, module, nothing, at=at, bind_key=bind_key)
    store_failure(work, _interface_id(work), error_text)


def _work(session: Session, device_id: int, module: str, answer: Answer[Any], *, at: int, bind_key: str | None) -> Work:
    module = BY_NAME[module].name if module in BY_NAME else module  # an alias is stored under the one name
    if not is_sqlite(session):  # SQLite has one writer anyway
        session.execute(select(func.pg_advisory_xact_lock(_APPLY_LOCK, device_id)))
    query = select(ANSWERS.c.at, ANSWERS.c.complete).where(
        ANSWERS.c.device_id == device_id, ANSWERS.c.interface_id == 0, ANSWERS.c.module == module
    )
    row = session.execute(query).one_or_none()
    previous = None if row is None else Previous(row[0], row[1])
    return Work(session, device_id, module, answer, at, bind_key or None, previous)


def _interface_id(work: Work) -> int:
    if work.bind_key is None:
        return 0
    one = work.known.get(work.bind_key)
    if one is None:
        raise NotFound(gettext("There is no interface {key} on this device", key=work.bind_key), field="interface")
    return one.id


def _apply_system(work: Work) -> None:
    """The device's own address and serial number, where it tells them."""
    for row in work.answer.rows[:1]:
        system: System = row
        told = {"mac": mac_text(clean(system.mac or "", 17)), "serial": clean(system.serial, 100)}
        for name, value in told.items():
            if value:
                column = DEVICES.c[name]
                work.session.execute(update(DEVICES).where(DEVICES.c.id == work.device_id, column != value).values({name: value}))


def _rebind(work: Work, uplink_macs: int) -> None:
    """Let subscribers follow what moved. Many changes at once are handed over as the device, not one by one."""
    session = work.session
    idents = work.touched_idents | _doubled(work)
    macs = set(session.scalars(_claimed(work))) if work.touched_macs else set()
    devices = {work.device_id} if work.places_changed or len(idents) > MANY else set()
    if not (idents or macs or devices):
        return
    few = idents if len(idents) <= MANY else ()
    rebind(session, idents=few, device_ids=devices, macs=macs, uplink_macs=uplink_macs)


def _doubled(work: Work) -> set[str]:
    """Idents that went on or off line and have more than one place: which of them is current may have changed."""
    if not work.flipped_idents:
        return set()
    column = INTERFACES.c.ident
    query = select(column).where(among(work.session, column, work.flipped_idents)).group_by(column).having(func.count() > 1)
    return {str(ident) for ident in work.session.scalars(query)}


def _claimed(work: Work) -> Any:
    return select(SubscriberClaim.mac).where(among(work.session, SubscriberClaim.__table__.c.mac, work.touched_macs)).distinct()


_WRITERS: dict[str, Callable[[Work], None]] = {
    "interfaces_list": apply_interfaces,
    "link_info": apply_link_info,
    "pon_onts_status": apply_onu_status,
    "pon_onts_serial": apply_idents,
    "pon_onts_mac_addr": apply_idents,
    "pon_onts_optical": apply_optical,
    "pon_onts_descr": apply_descriptions,
    "pon_onts_reasons": apply_reasons,
    "fdb": apply_fdb,
    "system": _apply_system,
}
