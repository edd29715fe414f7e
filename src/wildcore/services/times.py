"""Times and lengths of time as people and clients read them."""

from __future__ import annotations

import time

from wildcore.i18n import gettext

DASH = "–"
NBSP = "\u00a0"
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
MINUTE, HOUR, DAY = 60, 3600, 86400


def time_text(at: float | None) -> str | None:
    """`YYYY-MM-DD HH:MM:SS` in the server's zone of Unix seconds; None stays None."""
    return None if at is None else time.strftime(TIME_FORMAT, time.localtime(at))


def span(seconds: float | None) -> str:
    """A length of time in its two largest units: `2 h 14 min`; a dash without a value."""
    if seconds is None:
        return DASH
    left = max(0, int(seconds))
    parts = (
        (left // DAY, gettext("d")),
        (left % DAY // HOUR, gettext("h")),
        (left % HOUR // MINUTE, gettext("min")),
        (left % MINUTE, gettext("s")),
    )
    first = next((at for at, (count, _unit) in enumerate(parts) if count), len(parts) - 1)
    shown = [part for part in parts[first : first + 2] if part[0]] or [parts[-1]]
    return " ".join(f"{count}{NBSP}{unit}" for count, unit in shown)


def ago(at: int | None, now: int | None = None) -> str:
    """How long ago: `2 h 14 min ago`, `just now`, `never`."""
    if at is None:
        return gettext("never")
    passed = (now if now is not None else int(time.time())) - at
    if passed < 0:
        return gettext("in {span}", span=span(-passed))
    return gettext("just now") if passed < 5 else gettext("{span} ago", span=span(passed))
