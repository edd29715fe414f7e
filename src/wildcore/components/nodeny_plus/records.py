"""NoDeny's rows turned into records: address in words, and what is known of the place."""

from __future__ import annotations

from typing import Any

from wildcore.components.nodeny_plus.schema import Row
from wildcore.model.ident import ident_key, mac_key
from wildcore.model.subscriber import SubscriberClaim, SubscriberRecord

_MOST_TEXT = 1000


def record(row: Row, link: str) -> SubscriberRecord:
    """One subscriber. `link` is the path of a card, to which the uid is appended.

    Each MAC address is a claim, with the ONU and the switch port that NoDeny may know too.
    """
    settlement, lane, house, app = (text(row.fields.get(name)) for name in ("settlement", "lane", "house", "app"))
    return SubscriberRecord(
        uid=str(row.uid),
        agreement=text(row.contract)[:200],
        login=text(row.login)[:200],
        billing_link=f"{link}{row.uid}",
        address_full=_address(settlement, lane, house, app),
        settlement=settlement,
        lane=lane,
        house=house,
        app=app,
        claims=_claims(row),
    )


def text(value: Any) -> str:
    """A value of the database as one line; "" for NULL, and for 0, which NoDeny writes where a choice was not made."""
    if value is None or value == 0:
        return ""
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode(errors="replace")
    return " ".join(str(value).replace("\x00", "").split())[:_MOST_TEXT]


def _address(settlement: str, lane: str, house: str, app: str) -> str:
    """`Рівне, Київська вулиця 1/15`."""
    door = "/".join(part for part in (house, app) if part)
    street = " ".join(part for part in (lane, door) if part)
    return ", ".join(part for part in (settlement, street) if part)


def _claims(row: Row) -> tuple[SubscriberClaim, ...]:
    ident = ident_key(text(row.fields.get("onu")))[:64]
    switch, port = text(row.fields.get("switch"))[:64], text(row.fields.get("port"))[:64]
    if not (switch and port):
        switch = port = ""
    macs = sorted({key for key in (mac_key(text(mac)) for mac in row.macs) if key})
    if not (macs or ident or switch):
        return ()
    return tuple(SubscriberClaim(ident, switch, port, mac) for mac in macs or [""])
