"""Translation: gettext catalogues `locale/<language>/LC_MESSAGES/wildcore.mo`, English message ids.

`_()` marks a text at import time and is translated when it is shown; `gettext()` translates at once. The language is a context
variable that a shell sets for the request or command it serves; the API speaks English whatever the person's language is.
"""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

LANGUAGES: dict[str, str] = {"uk": "Українська", "en": "English"}
LOCALE_DIR = Path(__file__).parent / "locale"

MOST_SPOKEN = 1000

Spoken = dict[str, tuple[str, dict[str, object]]]
_language: ContextVar[str] = ContextVar("wildcore_language", default="en")
_spoken: ContextVar[Spoken | None] = ContextVar("wildcore_spoken", default=None)


@lru_cache(maxsize=8)
def translations(language: str) -> _gettext.NullTranslations:
    """The catalogue of a language; unknown languages read as English."""
    return _gettext.translation("wildcore", LOCALE_DIR, languages=[language], fallback=True)


def current_language() -> str:
    """Language of the request or command that runs now: `uk` or `en`."""
    return _language.get()


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Show texts in this language within the block."""
    token = _language.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _language.reset(token)


@contextmanager
def speaking_again() -> Iterator[Spoken]:
    """Keep what is said within the block, for `said_in`: what one person reads here may be stored for others."""
    spoken: Spoken = {}
    token = _spoken.set(spoken)
    try:
        yield spoken
    finally:
        _spoken.reset(token)


def said_in(language: str, text: str, spoken: Spoken) -> str:
    """A text that was said, in another language; one of other origin as it is."""
    if text not in spoken:
        return text
    message, values = spoken[text]
    again = {name: said_in(language, value, spoken) if isinstance(value, str) else value for name, value in values.items()}
    with use_language(language):
        return gettext(message, **again)


def gettext(message: str, **values: object) -> str:
    """The text in the current language, with `{name}` fields filled in."""
    text = translations(_language.get()).gettext(message)
    text = text.format(**values) if values else text
    spoken = _spoken.get()
    if spoken is not None and len(spoken) < MOST_SPOKEN:
        spoken[text] = message, {name: value for name, value in values.items() if value != text}
    return text


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """The text for a count, in the current language; `{n}` is the count."""
    return translations(_language.get()).ngettext(one, many, n).format(n=n, **values)


class Lazy:
    """A text that is translated when it is turned into a string."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message

    def __str__(self) -> str:
        return gettext(self.message)

    def __repr__(self) -> str:
        return f"_({self.message!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lazy) and other.message == self.message

    def __hash__(self) -> int:
        return hash(self.message)


def _(message: str) -> Lazy:
    """Mark a text for translation where the language is not known yet."""
    return Lazy(message)


Text = str | Lazy
