"""Settings, components, schedules and polls: rows that workers claim by lease."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wildcore.store.tables.base import Base, Epoch


class SettingRow(Base):
    """One setting that differs from its default: JSON text, or an encrypted text for secret ones."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[int] = mapped_column(Epoch)


class ComponentRow(Base):
    """Whether a component is switched on; a missing row means its default."""

    __tablename__ = "components"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    enabled: Mapped[bool] = mapped_column()
    updated_at: Mapped[int] = mapped_column(Epoch)


class Poll(Base):
    """One poller of one device: when it is due, who runs it now, how its last run ended.

    `result`: ok, partial, error, down (skipped since the device is down), or "" before the first run.
    A lease that has passed means that its process died: the row is free again.
    """

    __tablename__ = "polls"
    __table_args__ = (UniqueConstraint("device_id", "poller"), Index("ix_polls_next_at", "next_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    poller: Mapped[str] = mapped_column(String(40))
    interval_sec: Mapped[int] = mapped_column()
    next_at: Mapped[int] = mapped_column(Epoch)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[int | None] = mapped_column(Epoch)
    last_at: Mapped[int | None] = mapped_column(Epoch)
    duration_ms: Mapped[int | None] = mapped_column()
    result: Mapped[str] = mapped_column(String(10), default="")
    rows: Mapped[int | None] = mapped_column()
    error: Mapped[str | None] = mapped_column(Text)


class ScheduleRow(Base):
    """A schedule as the operator set it. `next_at` is NULL while it is off."""

    __tablename__ = "schedules"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    crontab: Mapped[str] = mapped_column(String(100))
    enabled: Mapped[bool] = mapped_column(default=False)
    next_at: Mapped[int | None] = mapped_column(Epoch)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[int | None] = mapped_column(Epoch)


class ScheduleRun(Base):
    """One run of a schedule or a job started by hand. `result`: running, ok, error."""

    __tablename__ = "schedule_runs"
    __table_args__ = (Index("ix_schedule_runs_key_started_at", "key", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    trigger: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[int] = mapped_column(Epoch)
    finished_at: Mapped[int | None] = mapped_column(Epoch)
    result: Mapped[str] = mapped_column(String(10), default="running")
    progress: Mapped[str] = mapped_column(Text, default="")
    output: Mapped[str] = mapped_column(Text, default="")


class Lease(Base):
    """Work that may run only once at a time, in any process. A lease that has passed is free: its process died."""

    __tablename__ = "leases"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    until: Mapped[int] = mapped_column(Epoch)
