"""Devices, their groups, accesses and models; interfaces and what is known of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wildcore.store.tables.base import Base, Epoch


class DeviceGroup(Base):
    """A set of devices; users see the devices of their groups."""

    __tablename__ = "device_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    description: Mapped[str] = mapped_column(default="")
    created_at: Mapped[int] = mapped_column(Epoch)


class DeviceAccess(Base):
    """How devices are spoken to. `params` is open (versions, ports, timeouts); `secrets` is encrypted JSON, write-only."""

    __tablename__ = "device_accesses"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    secrets: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[int] = mapped_column(Epoch)
    updated_at: Mapped[int] = mapped_column(Epoch)


class DeviceModel(Base):
    """A model of the catalogue; `pollers` overrides the family's intervals (seconds, 0 = off), `params` the system's."""

    __tablename__ = "device_models"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    vendor: Mapped[str] = mapped_column(String(100))
    model: Mapped[str] = mapped_column(String(100))
    type: Mapped[str] = mapped_column(String(16))
    family: Mapped[str] = mapped_column(String(64))
    pollers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Device(Base):
    """An OLT, a switch ... `status` is Up, Down or Unknown by ping and polls; disabled devices are kept, not polled."""

    __tablename__ = "devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    ip: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    model_id: Mapped[int] = mapped_column(ForeignKey("device_models.id"))
    access_id: Mapped[int] = mapped_column(ForeignKey("device_accesses.id"))
    enabled: Mapped[bool] = mapped_column(default=True)
    location: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    mac: Mapped[str] = mapped_column(String(17), default="")
    serial: Mapped[str] = mapped_column(String(100), default="")
    latitude: Mapped[float | None] = mapped_column()
    longitude: Mapped[float | None] = mapped_column()
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pollers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(10), default="Unknown")
    status_at: Mapped[int | None] = mapped_column(Epoch)
    status_changed_at: Mapped[int | None] = mapped_column(Epoch)
    created_at: Mapped[int] = mapped_column(Epoch)
    updated_at: Mapped[int] = mapped_column(Epoch)


class DeviceGroupLink(Base):
    """Devices of groups, many to many."""

    __tablename__ = "device_group_links"

    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("device_groups.id", ondelete="CASCADE"), primary_key=True, index=True)


class Interface(Base):
    """A port, a PON port or an ONU, keyed on its device by `bind_key`.

    `ident` is the canonical key of an ONU's MAC or serial (`model.ident`); `port_num` the trailing number of the name.
    `status`: ONUs Online, Offline, LOS, PowerOff, Unknown; ports Up, Down, Unknown. `gone_at` is set only after a complete
    walk without it; the row and its history stay for INTERFACE_RETENTION_DAYS. `last_online_at` is the last time it was seen
    working, which decides among duplicates of one ident.
    """

    __tablename__ = "interfaces"
    __table_args__ = (
        UniqueConstraint("device_id", "bind_key"),
        Index("ix_interfaces_device_id_port_num", "device_id", "port_num"),
        Index("ix_interfaces_device_id_parent_bind_key", "device_id", "parent_bind_key"),
        Index("ix_interfaces_ident", "ident"),
        Index("ix_interfaces_name", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    bind_key: Mapped[str] = mapped_column(String(64))
    parent_bind_key: Mapped[str] = mapped_column(String(64), default="")
    name: Mapped[str] = mapped_column(String(200))
    port_num: Mapped[int | None] = mapped_column()
    type: Mapped[str] = mapped_column(String(16))
    if_index: Mapped[int | None] = mapped_column(Epoch)
    status: Mapped[str] = mapped_column(String(10), default="Unknown")
    status_changed_at: Mapped[int | None] = mapped_column(Epoch)
    description: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    ident: Mapped[str | None] = mapped_column(String(64))
    ident_type: Mapped[str] = mapped_column(String(4), default="")
    latitude: Mapped[float | None] = mapped_column()
    longitude: Mapped[float | None] = mapped_column()
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    poll_enabled: Mapped[bool] = mapped_column(default=True)
    save_fdb: Mapped[bool] = mapped_column(default=True)
    last_seen_at: Mapped[int | None] = mapped_column(Epoch)
    last_online_at: Mapped[int | None] = mapped_column(Epoch)
    gone_at: Mapped[int | None] = mapped_column(Epoch)
    created_at: Mapped[int] = mapped_column(Epoch)
    updated_at: Mapped[int] = mapped_column(Epoch)


class OnuValues(Base):
    """Last known values of an ONU, one row per ONU interface, written in bulk by polls.

    dBm, °C, V, metres; NULL unknown. `*_at` is when the group of values was read for this ONU; a whole-OLT poll that found
    nothing changed writes only its row in `module_answers`, so the age of a status is the younger of the two.
    """

    __tablename__ = "onu_values"

    interface_id: Mapped[int] = mapped_column(
        ForeignKey("interfaces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    device_id: Mapped[int] = mapped_column(index=True)
    admin: Mapped[str] = mapped_column(String(10), default="Unknown")
    bind_raw: Mapped[str] = mapped_column(String(40), default="")
    status_at: Mapped[int | None] = mapped_column(Epoch)
    rx_dbm: Mapped[float | None] = mapped_column()
    tx_dbm: Mapped[float | None] = mapped_column()
    olt_rx_dbm: Mapped[float | None] = mapped_column()
    olt_tx_dbm: Mapped[float | None] = mapped_column()
    temperature_c: Mapped[float | None] = mapped_column()
    voltage_v: Mapped[float | None] = mapped_column()
    distance_m: Mapped[int | None] = mapped_column()
    optical_at: Mapped[int | None] = mapped_column(Epoch)
    last_down_reason: Mapped[str] = mapped_column(String(40), default="")
    last_reg_at: Mapped[int | None] = mapped_column(Epoch)
    last_dereg_at: Mapped[int | None] = mapped_column(Epoch)
    reasons_at: Mapped[int | None] = mapped_column(Epoch)


class ModuleAnswer(Base):
    """The last answer of one module of a device (`interface_id` 0) or of one interface, as JSON text, with its last error."""

    __tablename__ = "module_answers"

    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    interface_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=0)
    module: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[str | None] = mapped_column(Text)
    at: Mapped[int | None] = mapped_column(Epoch)
    complete: Mapped[bool] = mapped_column(default=True)
    error: Mapped[str | None] = mapped_column(Text)
    error_at: Mapped[int | None] = mapped_column(Epoch)
    duration_ms: Mapped[int | None] = mapped_column()


class InterfaceHistory(Base):
    """Up and down history: one row for each change of an interface's status."""

    __tablename__ = "interface_history"
    __table_args__ = (
        Index("ix_interface_history_interface_id_at", "interface_id", "at"),
        Index("ix_interface_history_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    interface_id: Mapped[int] = mapped_column(ForeignKey("interfaces.id", ondelete="CASCADE"))
    device_id: Mapped[int] = mapped_column()
    at: Mapped[int] = mapped_column(Epoch)
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(64), default="")


class FdbHistory(Base):
    """MAC addresses seen behind an interface. `mac` is 12 hex digits; `vlan_id` 0 when the device does not tell it."""

    __tablename__ = "fdb_history"
    __table_args__ = (
        UniqueConstraint("interface_id", "mac", "vlan_id"),
        Index("ix_fdb_history_mac", "mac"),
        Index("ix_fdb_history_device_id_active", "device_id", "active"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column()
    interface_id: Mapped[int] = mapped_column(ForeignKey("interfaces.id", ondelete="CASCADE"))
    mac: Mapped[str] = mapped_column(String(12))
    vlan_id: Mapped[int] = mapped_column(default=0)
    first_seen_at: Mapped[int] = mapped_column(Epoch)
    last_seen_at: Mapped[int] = mapped_column(Epoch)
    active: Mapped[bool] = mapped_column(default=True)
