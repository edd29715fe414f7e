"""The manifest of the management pages."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.management import (
    pages_accesses,
    pages_devices,
    pages_groups,
    pages_import,
    pages_models,
    pages_roles,
    pages_users,
)
from wildcore.kit import Component, MenuItem, _
from wildcore.kit.permissions import DEVICE_ACCESS_MANAGEMENT, DEVICE_GROUPS_MANAGEMENT, DEVICE_MANAGEMENT, USER_DISPLAY

component = Component(
    key="management",
    title=_("Management"),
    description=_("Pages for users, roles, devices, their groups, accesses and models"),
    pages=(
        *pages_devices.PAGES,
        *pages_import.PAGES,
        *pages_accesses.PAGES,
        *pages_models.PAGES,
        *pages_groups.PAGES,
        *pages_users.PAGES,
        *pages_roles.PAGES,
    ),
    menu=(
        MenuItem(_("Manage devices"), pages_devices.LIST, "adjustments", DEVICE_MANAGEMENT, "management", 10),
        MenuItem(_("Device accesses"), pages_accesses.LIST, "key", DEVICE_ACCESS_MANAGEMENT, "management", 20),
        MenuItem(_("Device models"), pages_models.LIST, "components", DEVICE_MANAGEMENT, "management", 30),
        MenuItem(_("Device groups"), pages_groups.LIST, "folder", DEVICE_GROUPS_MANAGEMENT, "management", 40),
        MenuItem(_("Users"), pages_users.LIST, "users", USER_DISPLAY, "management", 60),
        MenuItem(_("Roles"), pages_roles.LIST, "shield-lock", USER_DISPLAY, "management", 70),
    ),
    templates=str(Path(__file__).parent / "templates"),
)
