"""Permissions as components declare them."""

from __future__ import annotations

from dataclasses import dataclass

from wildcore.i18n import Text


@dataclass(frozen=True, slots=True)
class PermissionGroup:
    """How permissions are grouped on the role page."""

    key: str
    title: Text


@dataclass(frozen=True, slots=True)
class Permission:
    """One right. `label` is its tick box, `help` one line of explanation; `basic` ones everybody who signs in has."""

    key: str
    label: Text
    group: PermissionGroup
    help: Text = ""
    basic: bool = False
