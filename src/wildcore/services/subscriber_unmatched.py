"""Claims of billing that lead to no place, each with the reason and what most likely mends it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.i18n import gettext
from wildcore.model.ident import ident_text, mac_text
from wildcore.services.bindings import IDENT_UNSEEN, MAC_UNSEEN, MAC_UPLINK, NO_PORT, NO_SWITCH
from wildcore.store.bulk import among
from wildcore.store.tables import Device, Interface, Subscriber, SubscriberClaim

_PORTS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Unmatched:
    """One claim: `claim` is ONU, switch, port and MAC as billing gives them; `reason` and `fix` are sentences for people."""

    uid: str
    agreement: str
    login: str
    address: str
    claim: tuple[str, str, str, str]
    reason: str
    fix: str


def unmatched(session: Session, source: str) -> Iterator[Unmatched]:
    """All claims of a billing that lead nowhere, by subscriber. Three statements, however many there are."""
    claim = SubscriberClaim
    query = (
        select(
            *(Subscriber.uid, Subscriber.agreement, Subscriber.login, Subscriber.address_full),
            *(claim.ident, claim.switch_ip, claim.port, claim.mac, claim.unmatched),
        )
        .join(claim, claim.subscriber_id == Subscriber.id)
        .where(Subscriber.source == source, claim.unmatched != "")
        .order_by(Subscriber.id, claim.id)
    )
    ports = _ports(session, source)
    for uid, agreement, login, address, ident, ip, port, mac, why in session.execute(query.execution_options(yield_per=2000)):
        shown = (ident_text(ident) if ident else "", ip, port, mac_text(mac) if mac else "")
        yield Unmatched(uid, agreement, login, address, shown, *_words(why, ip, port, ports.get(ip, [])))


def _ports(session: Session, source: str) -> dict[str, list[str]]:
    """Names of the first ports of the switches whose ports billing names wrong."""
    wrong = (
        select(SubscriberClaim.switch_ip)
        .join(Subscriber, Subscriber.id == SubscriberClaim.subscriber_id)
        .where(Subscriber.source == source, SubscriberClaim.unmatched == NO_PORT)
        .distinct()
    )
    ips = list(session.scalars(wrong))
    if not ips:
        return {}
    query = (
        select(Device.ip, Interface.name)
        .join(Interface, Interface.device_id == Device.id)
        .where(among(session, Device.__table__.c.ip, ips), Interface.gone_at.is_(None), Interface.type != "ONU")
        .order_by(Interface.port_num.is_(None), Interface.port_num, Interface.id)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for ip, name in session.execute(query.execution_options(yield_per=5000)):
        if len(found[ip]) < _PORTS_SHOWN:
            found[ip].append(name)
    return found


def _words(why: str, ip: str, port: str, names: list[str]) -> tuple[str, str]:
    if why == IDENT_UNSEEN:
        return (
            gettext("No OLT has ever seen this ONU"),
            gettext("Compare the serial number in billing with the label on the ONU; see that its OLT is added and polled"),
        )
    if why == NO_SWITCH:
        return (
            gettext("There is no device {ip}", ip=ip),
            gettext("Add the device {ip}, or mend the address of the switch in billing", ip=ip),
        )
    if why == NO_PORT:
        known = gettext("Its ports are called {names}", names=", ".join(names)) if names else gettext("It was not polled yet")
        return (
            gettext("{ip} has no port {port}", ip=ip, port=port),
            gettext("Mend the port in billing. {known}", known=known),
        )
    if why == MAC_UNSEEN:
        return (
            gettext("This MAC is on no port"),
            gettext("See that the subscriber's device is on, and that the switch's forwarding table is polled"),
        )
    if why == MAC_UPLINK:
        return (
            gettext("This MAC is seen on uplinks only"),
            gettext("Add the switch at which the subscriber is, or enter switch and port in billing"),
        )
    return (
        gettext("Billing names neither an ONU nor a port nor a MAC"),
        gettext("Enter the ONU, or the switch and its port, in the subscriber's account"),
    )
