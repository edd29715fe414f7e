"""Single sign-on: whose account a person is at the OpenID provider, and the role that its groups gave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New columns of users."""
    op.add_column("users", sa.Column("sso_subject", sa.String(length=500), nullable=False, server_default=""))
    op.add_column("users", sa.Column("sso_role_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_users_sso_subject"), "users", ["sso_subject"])


def downgrade() -> None:
    """Forget the provider's accounts."""
    op.drop_index(op.f("ix_users_sso_subject"), "users")
    op.drop_column("users", "sso_role_id")
    op.drop_column("users", "sso_subject")
