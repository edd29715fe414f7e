"""The diagnosis of a subscriber as NoDeny shows it in its subscriber card.

NoDeny's module puts whatever comes into its page as it is, whatever the status (source: `create.ajWildcoreData.pl` of
meklis/wildcore-nodeny-module, which waits 60 s). So every outcome is a readable piece of HTML, also "nobody" and "nowhere".
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from wildcore.components.nodeny_plus.billing import SOURCE, TITLE, NodenyBilling
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

LOOK_UP_SEC = 6.0
MOST_PLACES = 4
"""More interfaces of one subscriber are named, not asked."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Found:
    """Who it is as billing says now (None: not asked, or not known there), where, and why billing could not be asked."""

    known: bool
    interface_ids: tuple[int, ...] = ()
    record: SubscriberRecord | None = None
    failure: str = ""


async def subscriber_card(runtime: Runtime, actor: Actor, uid: int, source: Source, base_url: str) -> Html:
    """The card of the subscriber with NoDeny's `uid`, in the current language.

    The places are those of the last sync. Somebody who has none is looked up in billing at once, so that a new subscriber is
    diagnosed before the next sync, and without any. An actor with a limit who may see none of the places cannot tell that from
    an unknown uid.
    """
    found = await _look(runtime, actor, uid, source)
    shown = [one for one in await _diagnose(runtime, actor, found.interface_ids[:MOST_PLACES], source) if one is not None]
    if shown:
        return Html(cards.card(*_several(found), *(_place(runtime, one, base_url) for one in shown), *_rest(found, base_url)))
    failure = [cards.notice(found.failure, failed=True)] if found.failure else []
    if actor.group_ids is not None or not found.known:
        return Html(cards.card(*_nobody(actor, uid), *failure), status=404)
    return Html(cards.card(*_nowhere(uid, found.record), *failure))


async def _look(runtime: Runtime, actor: Actor, uid: int, source: Source) -> _Found:
    stored = await runtime.db.run_quick(lambda session: subscribers.by_uid(session, runtime, actor, SOURCE, str(uid)))
    if stored is not None and stored.interface_ids:
        return _Found(True, stored.interface_ids)
    if source == "store":
        return _Found(stored is not None)
    try:
        record = await asyncio.wait_for(NodenyBilling(runtime).subscriber(uid), LOOK_UP_SEC)
    except TimeoutError:
        return _Found(stored is not None, failure=gettext("NoDeny's database is too slow to answer"))
    except BillingError as error:
        return _Found(stored is not None, failure=error.description)
    if record is None:
        return _Found(False)
    places = await runtime.db.run_read(lambda session: subscribers.places_of(session, runtime, actor, record))
    return _Found(True, places, record)


async def _diagnose(runtime: Runtime, actor: Actor, ids: Sequence[int], source: Source) -> list[Diagnosis | None]:
    async def one(interface_id: int) -> Diagnosis | None:
        try:
            return await diagnose(runtime, actor, interface_id, source)
        except NotFound:  # deleted since
            return None

    return list(await asyncio.gather(*map(one, ids)))


def _place(runtime: Runtime, found: Diagnosis, base_url: str) -> str:
    return cards.place(found, runtime.settings, f"{base_url}/interface/{found.interface.id}")


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
