"""Subscribers that billing systems told of: what they claim, and which interfaces that is now."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wildcore.store.tables.base import Base, Epoch


class Subscriber(Base):
    """One subscriber of one billing system (`source`, e.g. `mikbill`). `billing_link` is as billing wrote it."""

    __tablename__ = "subscribers"
    __table_args__ = (
        UniqueConstraint("source", "uid"),
        Index("ix_subscribers_agreement", "agreement"),
        Index("ix_subscribers_login", "login"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(32))
    uid: Mapped[str] = mapped_column(String(64))
    agreement: Mapped[str] = mapped_column(String(200), default="")
    login: Mapped[str] = mapped_column(String(200), default="")
    billing_link: Mapped[str] = mapped_column(default="")
    address_full: Mapped[str] = mapped_column(default="")
    settlement: Mapped[str] = mapped_column(default="")
    lane: Mapped[str] = mapped_column(default="")
    house: Mapped[str] = mapped_column(default="")
    app: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[int] = mapped_column(Epoch)


class SubscriberClaim(Base):
    """Where billing says that a subscriber is: ONU ident key, switch IP and port, MAC key. Empty text where it does not say.

    `unmatched` holds the reason while the claim leads to no interface, "" once it does.
    """

    __tablename__ = "subscriber_claims"
    __table_args__ = (
        Index("ix_subscriber_claims_ident", "ident"),
        Index("ix_subscriber_claims_switch_ip_port", "switch_ip", "port"),
        Index("ix_subscriber_claims_mac", "mac"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    ident: Mapped[str] = mapped_column(String(64), default="")
    switch_ip: Mapped[str] = mapped_column(String(64), default="")
    port: Mapped[str] = mapped_column(String(64), default="")
    mac: Mapped[str] = mapped_column(String(12), default="")
    unmatched: Mapped[str] = mapped_column(String(40), default="")


class Binding(Base):
    """A claim resolved to the interface where the subscriber is now.

    `strength`: 1 by ONU ident, 2 by switch and port, 3 by MAC. Rebuilt for the claims that a sync or a change of place touches.
    """

    __tablename__ = "bindings"

    claim_id: Mapped[int] = mapped_column(
        ForeignKey("subscriber_claims.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    interface_id: Mapped[int] = mapped_column(ForeignKey("interfaces.id", ondelete="CASCADE"), index=True)
    strength: Mapped[int] = mapped_column()


class SubscriberSync(Base):
    """One sync of one billing system, for people to read. `result`: running, ok, error.

    `trigger`: cron, console, or a person's login. `summary` is JSON of the counts, `changes` JSON of the first changes (what
    became of whom); `error` says why nothing was changed. A dry run leaves no row.
    """

    __tablename__ = "subscriber_syncs"
    __table_args__ = (Index("ix_subscriber_syncs_source_started_at", "source", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(32))
    trigger: Mapped[str] = mapped_column(String(100))
    started_at: Mapped[int] = mapped_column(Epoch)
    finished_at: Mapped[int | None] = mapped_column(Epoch)
    result: Mapped[str] = mapped_column(String(10))
    error: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="{}")
    changes: Mapped[str] = mapped_column(Text, default="[]")


class GeocodedAddress(Base):
    """Where an address of billing is, as a geocoder said; no coordinates: it knows no such address. Asked again after `until`.

    `key` is the hash of the address as it was asked, so that any length fits.
    """

    __tablename__ = "geocoded_addresses"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column()
    longitude: Mapped[float | None] = mapped_column()
    until: Mapped[int] = mapped_column(Epoch)


class GeocodedInterface(Base):
    """An interface whose coordinates came from the address with this key; those without a row were set by hand."""

    __tablename__ = "geocoded_interfaces"

    interface_id: Mapped[int] = mapped_column(
        ForeignKey("interfaces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(String(64))
