"""Questions to devices tell who asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of older questions nobody knows it."""
    op.add_column("device_calls", sa.Column("user_id", sa.Integer(), nullable=True))
    op.create_index("ix_device_calls_user_id", "device_calls", ["user_id"])


def downgrade() -> None:
    """Forget who asked."""
    op.drop_index("ix_device_calls_user_id", "device_calls")
    op.drop_column("device_calls", "user_id")
