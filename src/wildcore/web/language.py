"""In which language a page answers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from wildcore.i18n import LANGUAGES

_WEIGHTED = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*")
_ALIASES = {"ua": "uk"}


def choose(*wishes: str, accept: str = "", default: str = "uk") -> str:
    """The first wish that is a language we have (the user's, the cookie's), else the browser's best, else the default."""
    for wish in (*wishes, *accepted(accept), default):
        code = _ALIASES.get(wish, wish)
        if code in LANGUAGES:
            return code
    return "en"


def accepted(header: str) -> Iterable[str]:
    """Languages of an Accept-Language header, the most wanted first."""
    found = []
    for part in header[:500].split(","):
        match = _WEIGHTED.fullmatch(part)
        if match and float(match[2] or 1) > 0:
            found.append((-float(match[2] or 1), match[1].lower()))
    return [code for _weight, code in sorted(found, key=lambda one: one[0])]
