"""The page of a role: every permission as a tick box, by group and component, with what may be changed and what may not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from wildcore.services import roles
from wildcore.services.actor import Actor
from wildcore.services.roles import RoleInfo
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OWNER_ROLE_ID

# What most roles need comes first; groups that other components bring follow in their order.
_FIRST = ("web_portal", "system", "users", "devices", "olts", "switches", "diagnostic")


@dataclass(frozen=True, slots=True)
class Box:
    """One tick box. `why` says why it cannot be changed: basic, owner, lacking, or "" when it can."""

    key: str
    label: str
    help: str
    on: bool
    why: str


@dataclass(frozen=True, slots=True)
class BoxGroup:
    """Tick boxes that stand together. `free` counts those that can be changed."""

    key: str
    title: str
    boxes: tuple[Box, ...]

    @property
    def free(self) -> int:
        """How many can be changed."""
        return sum(not box.why for box in self.boxes)

    @property
    def on(self) -> int:
        """How many are ticked."""
        return sum(box.on for box in self.boxes)


@dataclass(frozen=True, slots=True)
class RolePage:
    """One role (None: a new one) with its tick boxes. `away` are rights of components that are off: they stay."""

    role: RoleInfo | None
    groups: tuple[BoxGroup, ...]
    away: tuple[str, ...]


def role_page(
    session: Session, runtime: Runtime, actor: Actor, role_id: int | None, typed: Collection[str] | None = None
) -> RolePage:
    """The page of a role; `typed` are the ticks of a form that was refused. NotFound when there is no such role."""
    role = roles.role_get(session, role_id) if role_id is not None else None
    owner = role is not None and role.id == OWNER_ROLE_ID
    stored = set(role.permissions) if role is not None else set()
    ticked = stored if typed is None else set(typed)
    found: dict[str, tuple[str, list[Box]]] = {}
    known = roles.permission_list(runtime)
    for one in known:
        why = "basic" if one.basic else "owner" if owner else "" if actor.may(one.key) else "lacking"
        on = one.basic or owner or one.key in (stored if why else ticked)
        _title, boxes = found.setdefault(one.group, (one.group_title, []))
        boxes.append(Box(one.key, one.label, one.help, on, why))
    order = sorted(found, key=lambda key: _FIRST.index(key) if key in _FIRST else len(_FIRST))
    return RolePage(
        role,
        tuple(BoxGroup(key, found[key][0], tuple(found[key][1])) for key in order),
        tuple(sorted(stored - {one.key for one in known})),
    )


def permissions_of(page: RolePage, ticked: Collection[str]) -> list[str]:
    """What a role is to have after its form was sent: the ticks, and what the actor could not take away."""
    locked = {box.key for group in page.groups for box in group.boxes if box.on and box.why == "lacking"}
    return sorted({*ticked, *locked, *page.away})
