"""Subscribers as a billing system tells of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SubscriberClaim:
    """Where billing says that a subscriber is. `ident` and `mac` are canonical keys (`model.ident`), "" where it does not say."""

    ident: str = ""
    switch_ip: str = ""
    port: str = ""
    mac: str = ""


@dataclass(frozen=True, slots=True)
class SubscriberRecord:
    """One subscriber: who it is and all places that billing claims for it. `billing_link` is a path of billing's site."""

    uid: str
    agreement: str = ""
    login: str = ""
    billing_link: str = ""
    address_full: str = ""
    settlement: str = ""
    lane: str = ""
    house: str = ""
    app: str = ""
    claims: tuple[SubscriberClaim, ...] = ()
