"""`pon_onts_status` and `link_info`: statuses, their history on change only, and who is online.

A status that stays as it is writes nothing for up to `REFRESH_SEC`: when it ends, `last_online_at` becomes the time of the
complete answer before, which is when it was last seen working.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import case, select, update

from wildcore.model.interface import InterfaceType, LinkInfo
from wildcore.model.onu import OnuState, OnuStatus
from wildcore.services.applying.work import HISTORY, INTERFACES, REFRESH_SEC, VALUES, Known, Work, clean
from wildcore.store.bulk import among, insert_rows, update_rows

WORKING = ("Online", "Up")
_METRIC = {state: None if state.metric is None else float(state.metric) for state in OnuState}
_STATUS = ("status", "status_changed_at", "last_seen_at", "last_online_at", "updated_at")
_HISTORY = ("interface_id", "device_id", "at", "status", "reason")
_VALUES = ("interface_id", "device_id", "admin", "bind_raw", "status_at", "last_down_reason")


class Transitions:
    """Collects statuses and writes them in at most three statements."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._changed: list[tuple[Any, ...]] = []
        self._history: list[tuple[Any, ...]] = []
        self._refresh: list[int] = []

    def set(self, one: Known, status: str, reason: str = "") -> bool:
        """This interface has this status now; returns whether that is a change."""
        work, at = self._work, self._work.at
        if status == one.status:
            if not work.answer.complete or at - (one.last_seen_at or 0) >= REFRESH_SEC:
                self._refresh.append(one.id)
            return False
        online = one.last_online_at
        if status in WORKING:
            online = at
        elif one.status in WORKING:
            online = max(online or 0, min(work.seen_before, at)) or None
        self._changed.append((status, at, at, online, at, one.id))
        self._history.append((one.id, work.device_id, at, status, "" if reason == status else clean(reason, 64)))
        if one.ident:
            work.flipped_idents.add(one.ident)
        return True

    def write(self) -> None:
        """All of it, in bulk."""
        work, session = self._work, self._work.session
        update_rows(session, INTERFACES, _STATUS, self._changed)
        insert_rows(session, HISTORY, _HISTORY, self._history)
        if self._refresh:
            table = INTERFACES.c
            online = case((table.status.in_(WORKING), work.at), else_=table.last_online_at)
            where = among(session, table.id, self._refresh)
            session.execute(update(INTERFACES).where(where).values(last_seen_at=work.at, last_online_at=online))
        work.changed += len(self._changed)


def apply_onu_status(work: Work) -> None:
    """ONU states. An ONU that a complete answer does not name has a state nobody knows."""
    query = select(VALUES.c.interface_id, VALUES.c.admin, VALUES.c.bind_raw).where(VALUES.c.device_id == work.device_id)
    if work.bind_key is not None:
        query = query.where(among(work.session, VALUES.c.interface_id, [one.id for one in work.known.values()]))
    stored = {row[0]: (row[1], row[2]) for row in work.session.execute(query).all()}
    transitions = Transitions(work)
    values: list[tuple[Any, ...]] = []
    ids: list[int] = []
    states: list[float] = []
    named = set()
    row: OnuStatus
    fresh_after = work.at - REFRESH_SEC if work.answer.complete else work.at
    for row, one in work.pairs(work.known):
        one_id = one.id
        if one_id in named:
            continue
        named.add(one_id)
        number = _METRIC[row.state]
        if number is not None:
            ids.append(one_id)
            states.append(number)
        as_before = row.state == one.status and stored.get(one_id) == (row.admin, row.bind_raw)
        if as_before and (one.last_seen_at or 0) > fresh_after:
            continue  # most ONUs, most of the time
        raw = clean(row.bind_raw, 40)
        admin = row.admin.value
        flipped = transitions.set(one, row.state.value, raw)
        if flipped or not work.answer.complete or stored.get(one_id) != (admin, raw):
            values.append((one_id, work.device_id, admin, raw, work.at, ""))
    if work.whole and named:
        for one in work.known.values():
            if one.type == InterfaceType.ONU and one.gone_at is None and one.id not in named and one.status != "Unknown":
                transitions.set(one, OnuState.UNKNOWN.value)
                values.append((one.id, work.device_id, "Unknown", "", work.at, ""))
    transitions.write()
    insert_rows(work.session, VALUES, _VALUES, values, key=("interface_id",), update=("admin", "bind_raw", "status_at"))
    work.put("onu_state", ids, states)
    if work.whole:
        _count_online(work, dict(zip(ids, states, strict=True)))


def _count_online(work: Work, states: dict[int, float]) -> None:
    total: Counter[str] = Counter()
    online: Counter[str] = Counter()
    for one in work.known.values():
        if one.type == InterfaceType.ONU and one.gone_at is None:
            total[one.parent_bind_key] += 1
            online[one.parent_bind_key] += states.get(one.id) == 1.0
    ports = [(one.id, key) for key, one in work.known.items() if one.type != InterfaceType.ONU and key in total]
    ids = [port_id for port_id, _key in ports]
    work.put("pon_onus_total", ids, [float(total[key]) for _id, key in ports])
    work.put("pon_onus_online", ids, [float(online[key]) for _id, key in ports])
    work.put("device_onus_total", [work.device_id], [float(total.total())])
    work.put("device_onus_online", [work.device_id], [float(online.total())])


def apply_link_info(work: Work) -> None:
    """Operational states of ports, and their descriptions where the device tells any. An ONU's state is its OLT's to tell."""
    transitions = Transitions(work)
    described = any(row.description for row in work.answer.rows)
    descriptions = []
    row: LinkInfo
    for row, one in work.pairs(work.known):
        if one.type == InterfaceType.ONU:
            continue
        transitions.set(one, row.oper.value)
        description = clean(row.description, 2000)
        if described and description != one.description:
            descriptions.append((description, work.at, one.id))
    transitions.write()
    update_rows(work.session, INTERFACES, ("description", "updated_at"), descriptions)
    work.changed += len(descriptions)
