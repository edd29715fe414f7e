"""Who asks. Every service takes the actor and shows or does only what the actor may."""

from __future__ import annotations

from dataclasses import dataclass

from wildcore.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, or the built-in `sys` (console, trusted networks).

    `permissions` None means all of them (Owner, System); `group_ids` None means every device, also one without a group.
    `scope` is `billing` for cross-auth keys, which reach only routes marked for billing. `ip` is where the request came from.
    """

    user_id: int | None
    login: str
    name: str = ""
    permissions: frozenset[str] | None = None
    group_ids: frozenset[int] | None = None
    scope: str = "full"
    key_id: int | None = None
    ip: str = ""
    language: str = ""

    def may(self, permission: str) -> bool:
        """Whether the actor has this permission."""
        return self.permissions is None or permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise `Forbidden` without this permission."""
        if not self.may(permission):
            raise Forbidden(f"Permission {permission} is required")


def system_actor(ip: str = "") -> Actor:
    """The built-in user `sys`: the console on the server and trusted networks."""
    return Actor(user_id=None, login="sys", name="System", ip=ip)
