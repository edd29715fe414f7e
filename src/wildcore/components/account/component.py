"""The manifest of the account's page."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.account import pages
from wildcore.kit import Component, _

component = Component(
    key="account",
    title=_("Account"),
    description=_("One's own name, password, second factor, sessions and keys"),
    pages=pages.PAGES,
    templates=str(Path(__file__).parent / "templates"),
)
