"""Signing in safely: second factor, allowed networks, failures that outlive a restart, changes seen by other processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New columns of users and keys, new tables."""
    op.add_column("users", sa.Column("allowed_networks", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("users", sa.Column("totp_secret", sa.String(), nullable=False, server_default=""))
    op.add_column("users", sa.Column("totp_confirmed_at", sa.BigInteger(), nullable=True))
    op.add_column("users", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
    op.add_column("auth_keys", sa.Column("user_ip", sa.String(length=64), nullable=False, server_default=""))
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_codes_user_id_code_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("ip", "login", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_last_at"), "sign_in_failures", ["last_at"])
    op.create_table(
        "generations",
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_generations")),
    )


def downgrade() -> None:
    """Forget second factors, allowed networks and failures."""
    op.drop_table("generations")
    op.drop_table("sign_in_failures")
    op.drop_table("recovery_codes")
    op.drop_column("auth_keys", "user_ip")
    for name in ("totp_last_step", "totp_confirmed_at", "totp_secret", "allowed_networks"):
        op.drop_column("users", name)
