"""The manifest of the management pages."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.management import pages_roles, pages_users
from wildcore.kit import Component, MenuItem, _
from wildcore.kit.permissions import USER_DISPLAY

component = Component(
    key="management",
    title=_("Management"),
    description=_("Pages for users, roles, devices, their groups, accesses and models"),
    pages=(*pages_users.PAGES, *pages_roles.PAGES),
    menu=(
        MenuItem(_("Users"), pages_users.LIST, "users", USER_DISPLAY, "management", 60),
        MenuItem(_("Roles"), pages_roles.LIST, "shield-lock", USER_DISPLAY, "management", 70),
    ),
    templates=str(Path(__file__).parent / "templates"),
)
