"""The live look-up: billing is asked who has an ONU when one is shown, or found by a poller, that no subscriber claims.

What billing answers becomes a claim like those of a sync, so that search and API know the subscriber at once; a sync that does
not know it takes it away again. Answers are remembered for a while in this process, also "nobody". Equal questions share one
flight; a billing that fails is left alone for longer and longer.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from wildcore.errors import BillingError
from wildcore.i18n import gettext
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services import bindings
from wildcore.services.edges import uplink_macs
from wildcore.services.ports import Billing, BillingSource
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Subscriber, SubscriberClaim
from wildcore.transport.hub import DeviceHub

LIMIT_SEC = 5.0
FOUND_SEC, NOBODY_SEC = 3600, 900
FIRST_REST_SEC, LONGEST_REST_SEC = 30, 600
AT_ONCE = 4
MOST_REMEMBERED = 20_000
MOST_SUBSCRIBERS = 50
_COLUMNS = tuple(one.name for one in fields(SubscriberRecord) if one.name != "claims")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LookUp:
    """What the billings said: how many subscribers have the ONU, and why a billing could not tell (each text once)."""

    found: int = 0
    errors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Rest:
    """A billing that failed: not asked before `until` (Unix seconds)."""

    until: int
    length_sec: int
    error: str


@dataclass
class _State:
    """What one process knows: until when each (source, ident) need not be asked again, and what is under way."""

    until: OrderedDict[tuple[str, str], int] = field(default_factory=OrderedDict)
    flights: dict[tuple[str, str], asyncio.Task[LookUp]] = field(default_factory=dict)
    rests: dict[str, _Rest] = field(default_factory=dict)
    turns: dict[str, asyncio.Semaphore] = field(default_factory=dict)


_states: WeakKeyDictionary[DeviceHub, _State] = WeakKeyDictionary()


def _state(runtime: Runtime) -> _State:
    return _states.setdefault(runtime.hub, _State())


def due(runtime: Runtime, ident: str) -> bool:
    """Whether some billing is worth asking about this ident (a canonical key) now. Costs no SQL."""
    state, now = _state(runtime), runtime.now()
    return any(_worth(state, source, ident, now) for _billing, source in _billings(runtime))


async def look_up(runtime: Runtime, ident: str) -> LookUp:
    """Ask the billings that are worth it, `LIMIT_SEC` at most; what they find is stored before this returns."""
    state, now = _state(runtime), runtime.now()
    asked = [
        _flight(runtime, state, billing, source, ident)
        for billing, source in _billings(runtime)
        if _worth(state, source, ident, now)
    ]
    resting = [rest.error for rest in state.rests.values() if rest.until > now]
    if not asked:
        return LookUp(errors=tuple(dict.fromkeys(resting)))
    answers = await asyncio.gather(*(asyncio.shield(task) for task in asked))
    errors = [text for answer in answers for text in answer.errors]
    return LookUp(sum(answer.found for answer in answers), tuple(dict.fromkeys([*errors, *resting])))


def nobody_claims(session: Session, ident: str) -> bool:
    """Whether no subscriber of any billing has this ONU."""
    return session.scalar(select(SubscriberClaim.id).where(SubscriberClaim.ident == ident).limit(1)) is None


async def drain(runtime: Runtime) -> None:
    """Wait until no look-up is under way; for shutdown and tests."""
    while tasks := list(_state(runtime).flights.values()):
        await asyncio.wait(tasks)
        await asyncio.sleep(0)


def store(
    session: Session,
    source: str,
    ident: str,
    records: Sequence[SubscriberRecord],
    now: int,
    *,
    uplinks: int = bindings.UPLINK_MACS,
) -> int:
    """Keep that these subscribers have the ONU, within the caller's transaction; returns how many they are.

    Of a subscriber that is known already only the claim is added: the rest is the sync's. One of whom billing says that another
    ONU is theirs is left out: a billing may look for a part of the ident.
    """
    found = {record.uid: record for record in records[:MOST_SUBSCRIBERS] if _may_have(record, ident)}
    if not found:
        return 0
    bindings.lock(session)
    known = _ids(session, source, found)
    fresh = [record for uid, record in found.items() if uid not in known]
    if fresh:
        rows = [{"source": source, "updated_at": now, **{name: getattr(one, name) for name in _COLUMNS}} for one in fresh]
        session.execute(insert(Subscriber), rows)
        known = _ids(session, source, found)
    claimed = set(
        session.scalars(
            select(SubscriberClaim.subscriber_id).where(
                SubscriberClaim.ident == ident, SubscriberClaim.subscriber_id.in_(known.values())
            )
        )
    )
    claims: list[dict[str, Any]] = [
        {"subscriber_id": one, "ident": ident, "switch_ip": "", "port": "", "mac": "", "unmatched": ""}
        for one in known.values()
        if one not in claimed
    ]
    if claims:
        session.execute(insert(SubscriberClaim), claims)
        bindings.rebind(session, idents=[ident], uplink_macs=uplinks)
    return len(known)


def _billings(runtime: Runtime) -> list[tuple[Billing, BillingSource]]:
    """Billings that are switched on and have an address."""
    pairs = [(billing, billing.source()) for billing in runtime.ports.billings()]
    return [(billing, source) for billing, source in pairs if source.address]


def _worth(state: _State, source: BillingSource, ident: str, now: int) -> bool:
    rest = state.rests.get(source.key)
    return state.until.get((source.key, ident), 0) <= now and (rest is None or rest.until <= now)


def _flight(runtime: Runtime, state: _State, billing: Billing, source: BillingSource, ident: str) -> asyncio.Task[LookUp]:
    key = (source.key, ident)
    task = state.flights.get(key)
    if task is None:
        task = state.flights[key] = asyncio.create_task(_ask(runtime, state, billing, source, ident))
        task.add_done_callback(lambda _done: state.flights.pop(key, None))
    return task


async def _ask(runtime: Runtime, state: _State, billing: Billing, source: BillingSource, ident: str) -> LookUp:
    known = await runtime.db.run_read(lambda session: _claims(session, source.key, ident))
    if known:
        _remember(runtime, state, source.key, ident, FOUND_SEC)
        return LookUp(known)
    turn = state.turns.setdefault(source.key, asyncio.Semaphore(AT_ONCE))
    try:
        async with asyncio.timeout(LIMIT_SEC), turn:
            records = await billing.find(ident)
    except TimeoutError:
        return _failed(runtime, state, source, gettext("Billing did not answer within {seconds} s", seconds=f"{LIMIT_SEC:g}"))
    except BillingError as error:
        return _failed(runtime, state, source, error.description)
    except Exception:  # noqa: BLE001 - whatever a billing's code does, the page goes on
        _log.exception("the look-up in billing %s broke", source.key)
        return _failed(runtime, state, source, gettext("The look-up in billing failed; the log says why"))
    state.rests.pop(source.key, None)
    found = await runtime.db.run_write(
        lambda session: store(session, source.key, ident, records, runtime.now(), uplinks=uplink_macs(runtime))
    )
    _remember(runtime, state, source.key, ident, FOUND_SEC if found else NOBODY_SEC)
    return LookUp(found)


def _failed(runtime: Runtime, state: _State, source: BillingSource, error: str) -> LookUp:
    """Leave the billing alone, twice as long as the last time; failures of one moment count once."""
    now, last = runtime.now(), state.rests.get(source.key)
    if last is None or last.until <= now:
        length = FIRST_REST_SEC if last is None else min(LONGEST_REST_SEC, last.length_sec * 2)
        state.rests[source.key] = _Rest(now + length, length, error)
        _log.warning("billing %s is not asked for %d s: %s", source.key, length, error)
    return LookUp(errors=(error,))


def _remember(runtime: Runtime, state: _State, source: str, ident: str, seconds: int) -> None:
    state.until[source, ident] = runtime.now() + seconds
    state.until.move_to_end((source, ident))
    while len(state.until) > MOST_REMEMBERED:
        state.until.popitem(last=False)


def _may_have(record: SubscriberRecord, ident: str) -> bool:
    named = {claim.ident for claim in record.claims if claim.ident}
    return not named or ident in named


def _claims(session: Session, source: str, ident: str) -> int:
    query = select(Subscriber.id).join(SubscriberClaim, SubscriberClaim.subscriber_id == Subscriber.id)
    return len(session.scalars(query.where(SubscriberClaim.ident == ident, Subscriber.source == source)).all())


def _ids(session: Session, source: str, found: dict[str, SubscriberRecord]) -> dict[str, int]:
    query = select(Subscriber.uid, Subscriber.id).where(Subscriber.source == source, Subscriber.uid.in_(found))
    return {row.uid: row.id for row in session.execute(query)}
