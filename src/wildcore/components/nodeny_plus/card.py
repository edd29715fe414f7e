"""The diagnosis of a subscriber as NoDeny shows it in its subscriber card.

NoDeny's module puts whatever comes into its page as it is, whatever the status (source: `create.ajWildcoreData.pl` of
meklis/wildcore-nodeny-module, which waits 60 s). So every outcome is a readable piece of HTML, also "nobody" and "nowhere".
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from wildcore.components.nodeny_plus.billing import SOURCE, TITLE, NodenyBilling
from wildcore.components.nodeny_plus.last_seen import LastPlace, last_places, stored_macs
from wildcore.errors import BillingError, NotFound
from wildcore.i18n import gettext
from wildcore.kit import Html
from wildcore.model.ident import ident_text, mac_text
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services import presenting_card as cards
from wildcore.services import subscribers
from wildcore.services.actor import Actor
from wildcore.services.calls import Source
from wildcore.services.diagnosis import Diagnosis, diagnose
from wildcore.services.presenting_card import Row
from wildcore.services.runtime import Runtime
from wildcore.services.subscribers import SubscriberPlaces
from wildcore.services.times import ago, time_text

LOOK_UP_SEC = 6.0
MOST_PLACES = 4
"""More interfaces of one subscriber are named, not asked."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Who it is as billing says now (None: not asked, or not known there), where, and why billing could not be asked.

    `last_seen` says of places where the equipment was, and is not now, when that was.
    """

    known: bool
    interface_ids: tuple[int, ...] = ()
    record: SubscriberRecord | None = None
    failure: str = ""
    last_seen: Mapping[int, int] = field(default_factory=dict)


async def subscriber_card(runtime: Runtime, actor: Actor, uid: int, source: Source, base_url: str) -> Html:
    """The card of the subscriber with NoDeny's `uid`, in the current language.

    The places are those of the last sync. Somebody who has none is looked up in billing at once, so that a new subscriber is
    diagnosed before the next sync, and without any; then where the equipment was last. An actor with a limit who may see none
    of the places cannot tell that from an unknown uid.
    """
    found = await _look(runtime, actor, uid, source)
    shown = [one for one in await _diagnose(runtime, actor, found.interface_ids[:MOST_PLACES], source) if one is not None]
    failure = [cards.notice(found.failure, cards.BAD)] if found.failure else []
    if shown:
        places = [part for one in shown for part in _place(runtime, found, one, base_url)]
        return Html(cards.card(*failure, *_several(found), *places, *_rest(found, base_url)))
    if actor.group_ids is not None or not found.known:
        return Html(cards.card(*_nobody(actor, uid), *failure), status=404)
    return Html(cards.card(*_nowhere(uid, found.record), *failure))


async def _look(runtime: Runtime, actor: Actor, uid: int, source: Source) -> _Found:
    db, billing = runtime.db, NodenyBilling(runtime)
    stored = await db.run_quick(lambda session: subscribers.by_uid(session, runtime, actor, SOURCE, str(uid)))
    if stored is not None and stored.interface_ids:
        return _Found(True, stored.interface_ids)
    record, failure = (None, "") if source == "store" else await _ask(billing, uid)
    if record is not None:
        known = record
        places = await db.run_read(
            lambda session: subscribers.places_of(session, runtime, actor, billing.claimed(session, [known])[0])
        )
        if places:
            return _Found(True, places, record)
    elif stored is None or (source != "store" and not failure):
        return _Found(False, failure=failure)
    last = await db.run_read(lambda session: _last(session, actor, billing, stored, record))
    return _Found(True, tuple(one.interface_id for one in last), record, failure, {one.interface_id: one.at for one in last})


async def _ask(billing: NodenyBilling, uid: int) -> tuple[SubscriberRecord | None, str]:
    """What billing says now, and why it said nothing."""
    try:
        return await asyncio.wait_for(billing.subscriber(uid), LOOK_UP_SEC), ""
    except TimeoutError:
        return None, gettext("NoDeny's database is too slow to answer")
    except BillingError as error:
        return None, error.description


def _last(
    session: Session,
    actor: Actor,
    billing: NodenyBilling,
    stored: SubscriberPlaces | None,
    record: SubscriberRecord | None,
) -> list[LastPlace]:
    if record is not None:
        macs, login = {one.mac for one in record.claims if one.mac}, record.login
    elif stored is not None:
        macs, login = stored_macs(session, stored.subscriber.id), stored.subscriber.login
    else:
        return []
    return last_places(session, actor, macs, login if billing.by_description else "") if macs else []


async def _diagnose(runtime: Runtime, actor: Actor, ids: Sequence[int], source: Source) -> list[Diagnosis | None]:
    async def one(interface_id: int) -> Diagnosis | None:
        try:
            return await diagnose(runtime, actor, interface_id, source)
        except NotFound:  # deleted since
            return None

    return list(await asyncio.gather(*map(one, ids)))


def _place(runtime: Runtime, found: _Found, one: Diagnosis, base_url: str) -> list[str]:
    at = found.last_seen.get(one.interface.id)
    said = []
    if at is not None:
        text = gettext(
            "The subscriber's MAC address is nowhere now. It was last seen here: {age} ({time})",
            age=ago(at, one.at),
            time=time_text(at),
        )
        said = [cards.notice(text, cards.WARN)]
    return [*said, cards.place(one, runtime.settings, f"{base_url}/interface/{one.interface.id}")]


def _several(found: _Found) -> list[str]:
    count = len(found.interface_ids)
    return [cards.notice(gettext("This subscriber is seen at {count} places", count=count))] if count > 1 else []


def _rest(found: _Found, base_url: str) -> list[str]:
    return [
        cards.link(f"{base_url}/interface/{interface_id}", gettext("One more place: open it in Wildcore"))
        for interface_id in found.interface_ids[MOST_PLACES:]
    ]


def _nobody(actor: Actor, uid: int) -> list[str]:
    if actor.group_ids is not None:
        text = gettext("There is no subscriber {uid} at a port or ONU that you may see", uid=uid)
    else:
        text = gettext("{billing} has no subscriber {uid}", billing=TITLE, uid=uid)
    return [cards.heading(gettext("Subscriber {uid}", uid=uid)), cards.notice(text)]


def _nowhere(uid: int, record: SubscriberRecord | None) -> list[str]:
    names = [part for part in (record.login, record.agreement, record.address_full) if part] if record is not None else []
    parts = [
        cards.heading(gettext("Subscriber {uid}", uid=uid), " · ".join(names)),
        cards.notice(gettext("Wildcore sees this subscriber at no port and no ONU")),
    ]
    if record is None:
        return parts
    claims = record.claims
    rows: list[Row] = [
        (gettext("ONU"), ", ".join(dict.fromkeys(ident_text(one.ident) for one in claims if one.ident)), ""),
        (gettext("Switch and port"), ", ".join(dict.fromkeys(f"{c.switch_ip} {c.port}" for c in claims if c.switch_ip)), ""),
        (gettext("MAC addresses"), ", ".join(mac_text(one.mac) for one in claims if one.mac), ""),
    ]
    if not claims:
        advice = gettext("Billing knows no MAC address of this subscriber's equipment: enter it there")
    else:
        advice = gettext(
            "Is the equipment switched on? Is the switch or OLT in Wildcore, and did it poll the MAC addresses since?"
        )
    return [*parts, cards.facts(gettext("What billing says"), rows), cards.notice(advice)]
