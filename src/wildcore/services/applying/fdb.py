"""`fdb`: which addresses are behind which interface now, and since when.

An address that an answer does not name is inactive only after a complete one. What stays as it is writes nothing for up to
`REFRESH_SEC`; when it ends, `last_seen_at` becomes the time of the complete answer before.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from wildcore.model.interface import FdbEntry
from wildcore.services.applying.work import FDB, REFRESH_SEC, Work
from wildcore.store.bulk import among, insert_rows, update_rows

OWN = frozenset({"SELF", "INVALID", "MGMT"})
_NEW = ("device_id", "interface_id", "mac", "vlan_id", "first_seen_at", "last_seen_at", "active")

Place = tuple[int, str, int]
"""Interface id, MAC key, VLAN (0: not told)."""


def apply_fdb(work: Work) -> None:
    """Bring the history to what the table says; the device's own addresses and interfaces without `save_fdb` are left out."""
    query = select(FDB.c.id, FDB.c.interface_id, FDB.c.mac, FDB.c.vlan_id, FDB.c.last_seen_at)
    query = query.where(FDB.c.device_id == work.device_id, FDB.c.active)
    if work.bind_key is not None:
        query = query.where(among(work.session, FDB.c.interface_id, [one.id for one in work.known.values()]))
    stored = {(row[1], row[2], row[3]): (row[0], row[4]) for row in work.session.execute(query).all()}
    seen = _places(work)
    at = work.at
    new = [(work.device_id, *place, at, at, True) for place in seen if place not in stored]
    insert_rows(
        work.session, FDB, _NEW, new, key=("interface_id", "mac", "vlan_id"), update=("last_seen_at", "active", "device_id")
    )
    partial = not work.answer.complete
    refresh = [stored[place][0] for place in seen if place in stored and (partial or at - stored[place][1] >= REFRESH_SEC)]
    if refresh:
        work.session.execute(update(FDB).where(among(work.session, FDB.c.id, refresh)).values(last_seen_at=at))
    vanished: list[Place] = []
    if work.answer.complete and work.answer.rows:
        vanished = [place for place in stored if place not in seen]
        until = min(work.seen_before, at)
        rows: list[tuple[Any, ...]] = [(False, max(stored[place][1], until), stored[place][0]) for place in vanished]
        update_rows(work.session, FDB, ("active", "last_seen_at"), rows)
    work.changed += len(new) + len(vanished)
    work.touched_macs.update(row[2] for row in new)
    work.touched_macs.update(place[1] for place in vanished)


def _places(work: Work) -> set[Place]:
    known = work.known
    by_index = {one.if_index: one for one in known.values() if one.if_index is not None}
    places: set[Place] = set()
    row: FdbEntry
    for row in work.answer.rows:
        if row.status in OWN:
            continue
        one = known.get(row.bind_key) if row.bind_key is not None else by_index.get(row.if_index or 0)
        if one is None:
            work.unknown += 1
        elif one.save_fdb and one.gone_at is None:
            places.add((one.id, row.mac[:12], row.vlan_id or 0))
    return places
