"""What commands on users and roles take: options that several of them share, and names turned into ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from wildcore.services import roles

Name = Annotated[str | None, typer.Option("-n", "--name", help="Name of the person")]
Email = Annotated[str | None, typer.Option("-e", "--email", help="E-mail")]
Groups = Annotated[list[int] | None, typer.Option("-g", "--group", help="Id of a device group; again for more, 0 for none")]
AllGroups = Annotated[bool | None, typer.Option("--all-groups/--own-groups", help="See all devices, or those of the groups")]
Language = Annotated[str | None, typer.Option("--language", help="uk, en")]
Networks = Annotated[
    list[str] | None, typer.Option("--network", help="Address or network to work from; again or by commas for more, '' for any")
]


def role_id(session: Session, role: str) -> int:
    """Id of a role by its name or id."""
    if role.lstrip("-").isdigit():
        return roles.require_role(session, int(role)).id
    return roles.role_by_name(session, role).id


def listed(texts: Iterable[str] | None) -> list[str] | None:
    """Values of an option that may be repeated or hold several by commas; None when it was not given."""
    if not texts:
        return None
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def group_ids(ids: Iterable[int] | None) -> list[int] | None:
    """Device groups; 0 alone stands for none of them, None for leaving them as they are."""
    return [one for one in ids if one] if ids else None
