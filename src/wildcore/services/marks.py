"""Marks on interfaces: the star of a favourite, and tags. The same for everybody who sees the interface."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from wildcore.errors import ValidationFailed
from wildcore.i18n import gettext
from wildcore.services.actor import Actor
from wildcore.services.scope import require_interface, visible_interfaces
from wildcore.store.tables import Interface, InterfaceMark

FAVOURITE = ""
MOST_TAGS, LONGEST_TAG = 30, 64
_TAG = re.compile(r"[\w][\w.:/-]*")


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one interface."""

    interface_id: int
    favorite: bool = False
    tags: tuple[str, ...] = ()


def marks_of(session: Session, actor: Actor, interface_id: int) -> Marks:
    """The marks of an interface; NotFound also when the actor may not see it."""
    require_interface(session, actor, interface_id)
    return read(session, [interface_id])[interface_id]


def read(session: Session, interface_ids: Collection[int]) -> dict[int, Marks]:
    """The marks of interfaces that were read within the actor's scope; an entry for each of them."""
    found: dict[int, list[str]] = defaultdict(list)
    query = select(InterfaceMark.interface_id, InterfaceMark.tag).where(InterfaceMark.interface_id.in_(list(interface_ids)))
    for interface_id, tag in session.execute(query.order_by(InterfaceMark.tag)):
        found[interface_id].append(tag)
    return {one: Marks(one, FAVOURITE in found[one], tuple(tag for tag in found[one] if tag)) for one in interface_ids}


def marked(
    session: Session, actor: Actor, *, favorite: bool | None = None, tag: str = "", limit: int | None = None, offset: int = 0
) -> tuple[list[int], int]:
    """Ids of the interfaces that bear a mark, and how many they are; `favorite` and `tag` narrow it."""
    where: list[ColumnElement[bool]] = [visible_interfaces(actor)]
    any_mark = select(InterfaceMark.interface_id)
    starred = any_mark.where(InterfaceMark.tag == FAVOURITE)
    where.append(Interface.id.in_(any_mark))
    if favorite is not None:
        where.append(Interface.id.in_(starred) if favorite else Interface.id.not_in(starred))
    if tag:
        where.append(Interface.id.in_(any_mark.where(InterfaceMark.tag == clean_tags([tag])[0])))
    total = session.scalar(select(func.count(Interface.id)).where(*where)) or 0
    query = select(Interface.id).where(*where).order_by(Interface.id).limit(limit).offset(offset or None)
    return list(session.scalars(query)), total


def tags(session: Session, actor: Actor) -> dict[str, int]:
    """All tags with the number of interfaces that bear them."""
    query = (
        select(InterfaceMark.tag, func.count(InterfaceMark.interface_id))
        .join(Interface, Interface.id == InterfaceMark.interface_id)
        .where(visible_interfaces(actor), InterfaceMark.tag != FAVOURITE)
        .group_by(InterfaceMark.tag)
        .order_by(InterfaceMark.tag)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def set_marks(
    session: Session, actor: Actor, interface_id: int, *, favorite: bool | None, tags: Iterable[str] | None, at: int
) -> Marks:
    """Set the star and the tags; None leaves either as it is. ValidationFailed for a tag that is none."""
    now = marks_of(session, actor, interface_id)
    wanted = set(now.tags) if tags is None else set(clean_tags(tags))
    if now.favorite if favorite is None else favorite:
        wanted.add(FAVOURITE)
    had = {*now.tags, *([FAVOURITE] if now.favorite else [])}
    gone, fresh = had - wanted, wanted - had
    if gone:
        session.execute(
            delete(InterfaceMark).where(InterfaceMark.interface_id == interface_id, InterfaceMark.tag.in_(sorted(gone)))
        )
    if fresh:
        session.execute(
            insert(InterfaceMark), [{"interface_id": interface_id, "tag": tag, "created_at": at} for tag in sorted(fresh)]
        )
    return marks_of(session, actor, interface_id)


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags as they are kept: small letters, without a leading #, each once."""
    found: dict[str, None] = {}
    for one in tags:
        tag = one.strip().lstrip("#").lower()
        if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag):
            raise ValidationFailed(
                gettext("{field}: letters, digits and . : / - _, at most {longest}", field="tags", longest=LONGEST_TAG),
                field="tags",
            )
        found[tag] = None
    if len(found) > MOST_TAGS:
        raise ValidationFailed(gettext("{field}: at most {most}", field="tags", most=MOST_TAGS), field="tags")
    return list(found)
