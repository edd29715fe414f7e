"""What is written about the work itself: runs of pollers, questions to devices; and people's marks on interfaces."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wildcore.store.tables.base import Base, Epoch


class PollRun(Base):
    """One run of one poller, as it ended. `result`: ok, partial, error. Kept for LOG_POLLER_DAYS."""

    __tablename__ = "poll_runs"
    __table_args__ = (Index("ix_poll_runs_at", "at"), Index("ix_poll_runs_device_id_at", "device_id", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int] = mapped_column(Epoch)
    device_id: Mapped[int] = mapped_column()
    poller: Mapped[str] = mapped_column(String(40))
    result: Mapped[str] = mapped_column(String(10))
    rows: Mapped[int | None] = mapped_column()
    duration_ms: Mapped[int | None] = mapped_column()
    error: Mapped[str | None] = mapped_column(Text)


class DeviceCall(Base):
    """One question to a device. `source`: person (a page, the API, billing), control (something was changed), poller (only
    failures: what went well stands in `poll_runs`). `user_id`: who asked; nobody for pollers, the console and trusted networks.
    Kept for LOG_DEVICE_CALLS_DAYS."""

    __tablename__ = "device_calls"
    __table_args__ = (
        Index("ix_device_calls_at", "at"),
        Index("ix_device_calls_device_id_at", "device_id", "at"),
        Index("ix_device_calls_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int] = mapped_column(Epoch)
    device_id: Mapped[int] = mapped_column()
    interface_id: Mapped[int | None] = mapped_column()
    user_id: Mapped[int | None] = mapped_column()
    module: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(10))
    duration_ms: Mapped[int | None] = mapped_column()
    rows: Mapped[int | None] = mapped_column()
    error: Mapped[str | None] = mapped_column(Text)


class InterfaceMark(Base):
    """A tag on an interface; the empty tag is the star of a favourite. The same for everybody."""

    __tablename__ = "interface_marks"

    interface_id: Mapped[int] = mapped_column(
        ForeignKey("interfaces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    tag: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    created_at: Mapped[int] = mapped_column(Epoch)
