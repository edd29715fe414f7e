"""Indexes by which the subscribers without a place are found, and serials that come near to theirs."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the last four characters of idents, and the claims that lead nowhere. Both engines know these expressions."""
    op.execute("CREATE INDEX ix_search_interfaces_ident_tail ON interfaces (substr(ident, 9)) WHERE ident IS NOT NULL")
    op.execute("CREATE INDEX ix_search_claims_unmatched ON subscriber_claims (unmatched) WHERE unmatched <> ''")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP INDEX IF EXISTS ix_search_claims_unmatched")
    op.execute("DROP INDEX IF EXISTS ix_search_interfaces_ident_tail")
