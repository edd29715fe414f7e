"""Coordinates of ONUs by the addresses in billing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a geocoder said, and whose coordinates came from there."""
    op.create_table(
        "geocoded_addresses",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_geocoded_addresses")),
    )
    op.create_table(
        "geocoded_interfaces",
        sa.Column("interface_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["interface_id"], ["interfaces.id"], name=op.f("fk_geocoded_interfaces_interface_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("interface_id", name=op.f("pk_geocoded_interfaces")),
    )


def downgrade() -> None:
    """Forget where the coordinates came from; they stay."""
    op.drop_table("geocoded_interfaces")
    op.drop_table("geocoded_addresses")
