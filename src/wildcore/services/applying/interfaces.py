"""`interfaces_list`: new, changed, returned and gone interfaces. An interface that comes back keeps its id and its history."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update

from wildcore.model.interface import Interface, InterfaceType
from wildcore.services.applying.work import HISTORY, INTERFACES, REFRESH_SEC, Known, Work, clean
from wildcore.services.bindings import port_number
from wildcore.store.bulk import among, insert_rows, update_rows

_NEW = (
    "device_id", "bind_key", "parent_bind_key", "name", "port_num", "type", "if_index", "status", "description", "comment",
    "ident_type", "params", "poll_enabled", "save_fdb", "last_seen_at", "created_at", "updated_at",
)  # fmt: skip
_CHANGED = (
    "parent_bind_key", "name", "port_num", "type", "if_index", "description", "last_seen_at", "gone_at", "updated_at",
)  # fmt: skip
GONE_REASON = "gone"


def apply_interfaces(work: Work) -> None:
    """Reconcile the stored interfaces with the list. Gone only after a complete, non-empty list without them."""
    known = work.known
    listed = _unique(work)
    described = any(row.description for row in listed.values())
    new, changed, refresh = [], [], []
    for key, row in listed.items():
        one = known.get(key)
        if one is not None and one.gone_at is None and _same(row, one):
            if work.at - (one.last_seen_at or 0) >= REFRESH_SEC:
                refresh.append(one.id)
            continue
        name, parent = clean(row.name, 200), clean(row.parent_bind_key, 64)
        description, at = clean(row.description, 2000), work.at
        if one is None:
            head = (work.device_id, key, parent, name, port_number(name), row.type.value, row.if_index)
            new.append((*head, "Unknown", description, "", "", "{}", True, True, at, at, at))
            continue
        if not description and (row.type is InterfaceType.ONU or not described):
            description = one.description  # not asked for here, rather than emptied
        facts = (parent, name, row.type.value, row.if_index, description)
        if facts != (one.parent_bind_key, one.name, one.type, one.if_index, one.description) or one.gone_at is not None:
            changed.append((parent, name, port_number(name), *facts[2:], at, None, at, one.id))
            _note_change(work, one, name)
        elif at - (one.last_seen_at or 0) >= REFRESH_SEC:
            refresh.append(one.id)
    insert_rows(work.session, INTERFACES, _NEW, new)
    update_rows(work.session, INTERFACES, _CHANGED, changed)
    seen(work, refresh)
    gone = [one for key, one in known.items() if key not in listed and one.gone_at is None] if work.whole else []
    _mark_gone(work, gone)
    work.changed += len(new) + len(changed) + len(gone)
    work.places_changed = work.places_changed or bool(new or gone)


def _same(row: Interface, one: Known) -> bool:
    """Whether the row says what is stored; most do. A text that had to be cleaned is compared again by the caller."""
    return (
        row.name == one.name
        and row.type == one.type
        and row.parent_bind_key == one.parent_bind_key
        and row.if_index == one.if_index
        and row.description == one.description
    )


def seen(work: Work, ids: list[int]) -> None:
    """Write that these interfaces were there now."""
    if ids:
        where = among(work.session, INTERFACES.c.id, ids)
        work.session.execute(update(INTERFACES).where(where).values(last_seen_at=work.at))


def _unique(work: Work) -> dict[str, Interface]:
    rows: Iterable[Interface] = work.answer.rows
    listed: dict[str, Interface] = {}
    for row in rows:
        if not row.bind_key or clean(row.bind_key, 64) != row.bind_key:
            work.problems.append(f"{row.name}: bind key {row.bind_key!r} cannot be stored")
        else:
            listed.setdefault(row.bind_key, row)
    return listed


def _note_change(work: Work, one: Known, name: str) -> None:
    if one.gone_at is not None or one.name != name:
        work.places_changed = True
        if one.ident:
            work.touched_idents.add(one.ident)


def _mark_gone(work: Work, gone: list[Known]) -> None:
    """What is gone is no longer working: an ONU is Offline, a port Unknown; that it was working until now is kept."""
    if not gone:
        return
    rows, history = [], []
    for one in gone:
        status = "Offline" if one.type == InterfaceType.ONU else "Unknown"
        online = one.last_online_at
        if one.status in ("Online", "Up"):
            online = max(online or 0, min(work.seen_before, work.at)) or None
        changed_at = one.status_changed_at
        if one.status != status:
            changed_at = work.at
            history.append((one.id, work.device_id, work.at, status, GONE_REASON))
        if one.ident:
            work.touched_idents.add(one.ident)
        seen_at = max(one.last_seen_at or 0, min(work.seen_before, work.at)) or None
        rows.append((status, changed_at, seen_at, online, work.at, one.id))
    columns = ("status", "status_changed_at", "last_seen_at", "last_online_at", "gone_at")
    update_rows(work.session, INTERFACES, columns, rows)
    insert_rows(work.session, HISTORY, ("interface_id", "device_id", "at", "status", "reason"), history)
    if len(gone) * 2 > len(work.known) > 10:
        work.problems.append(f"{len(gone)} of {len(work.known)} interfaces are gone")
