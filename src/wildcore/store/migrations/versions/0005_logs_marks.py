"""Logs of pollers and of questions to devices, marks on interfaces, the action log by user and action."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables and indexes."""
    op.create_table(
        "poll_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("poller", sa.String(length=40), nullable=False),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_runs")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_poll_runs_at", "poll_runs", ["at"])
    op.create_index("ix_poll_runs_device_id_at", "poll_runs", ["device_id", "at"])
    op.create_table(
        "device_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("interface_id", sa.Integer(), nullable=True),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_calls")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_device_calls_at", "device_calls", ["at"])
    op.create_index("ix_device_calls_device_id_at", "device_calls", ["device_id", "at"])
    op.create_table(
        "interface_marks",
        sa.Column("interface_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interface_id"], ["interfaces.id"], name=op.f("fk_interface_marks_interface_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("interface_id", "tag", name=op.f("pk_interface_marks")),
    )
    op.create_index(op.f("ix_interface_marks_tag"), "interface_marks", ["tag"])
    op.create_index("ix_action_log_user_id", "action_log", ["user_id"])
    op.create_index("ix_action_log_action", "action_log", ["action"])


def downgrade() -> None:
    """Forget the logs and the marks."""
    op.drop_index("ix_action_log_action", "action_log")
    op.drop_index("ix_action_log_user_id", "action_log")
    for name in ("interface_marks", "device_calls", "poll_runs"):
        op.drop_table(name)
