"""Crontab expressions in the server's zone: what is wrong with one in words, and when it comes next."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from wildcore.errors import ValidationFailed
from wildcore.i18n import Text, _, gettext

LONGEST = 100
"""How long an expression may be: that of its column."""
LOCALTIME = Path("/etc/localtime")
_FIELDS: dict[str, tuple[Text, Text]] = {
    "minute": (_("minute"), _("0 to 59")),
    "hour": (_("hour"), _("0 to 23")),
    "day-of-month": (_("day of the month"), _("1 to 31, L for the last")),
    "month": (_("month"), _("1 to 12, or JAN to DEC")),
    "day-of-week": (_("weekday"), _("0 to 7 (0 and 7 are Sunday), or SUN to SAT")),
}
_NAMES = tuple(_FIELDS)
_WEEKDAYS: tuple[Text, ...] = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


@dataclass(frozen=True, slots=True)
class Preview:
    """The next runs of an expression: Unix seconds, and how the clock on the server's wall reads then."""

    crontab: str
    zone: str
    times: tuple[int, ...]
    texts: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[int, str]]:
        """Each run with its text."""
        return list(zip(self.times, self.texts, strict=True))


def server_zone() -> tzinfo:
    """The server's time zone with its summer time: TZ, else /etc/localtime."""
    name = os.environ.get("TZ", "").lstrip(":")
    with contextlib.suppress(Exception):
        if name:
            return ZoneInfo(name)
        with LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file, key=_localtime_name())
    return datetime.now().astimezone().tzinfo or ZoneInfo("UTC")


def zone_name(zone: tzinfo | None = None) -> str:
    """The zone's name for people, Europe/Kyiv; else its abbreviation."""
    zone = zone or server_zone()
    return getattr(zone, "key", None) or datetime.now(zone).tzname() or "UTC"


def tidy(crontab: str) -> str:
    """An expression as it is stored: one space between fields."""
    return " ".join(crontab.split())


def next_run(crontab: str, after: int, zone: tzinfo | None = None) -> int:
    """The first time of an expression after this one (Unix seconds). ValidationFailed says what is wrong with it."""
    return next_runs(crontab, after, 1, zone)[0]


def next_runs(crontab: str, after: int, count: int, zone: tzinfo | None = None) -> list[int]:
    """The next times of an expression, like `next_run`."""
    _refuse_form(crontab)
    try:
        times = CronSim(crontab, datetime.fromtimestamp(after, zone or server_zone()))
        return [int(next(times).timestamp()) for _number in range(count)]
    except StopIteration:
        raise ValidationFailed(gettext("{crontab}: such a day never comes", crontab=crontab), field="crontab") from None
    except CronSimError as error:
        raise ValidationFailed(_wrong_field(crontab, str(error)), field="crontab") from None


def preview(crontab: str, after: int, count: int = 5, zone: tzinfo | None = None) -> Preview:
    """When an expression would run next."""
    zone, crontab = zone or server_zone(), tidy(crontab)
    times = next_runs(crontab, after, count, zone)
    return Preview(crontab, zone_name(zone), tuple(times), tuple(wall(at, zone) for at in times))


def wall(at: int, zone: tzinfo | None = None) -> str:
    """A time as the server's wall shows it: `Fri 2026-03-27 04:00 EET`."""
    moment = datetime.fromtimestamp(at, zone or server_zone())
    return f"{_WEEKDAYS[moment.weekday()]} {moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".rstrip()


def _refuse_form(crontab: str) -> None:
    if len(crontab) > LONGEST:
        text = gettext("Longer than {count} characters: write steps and ranges (*/5, 8-18) instead of long lists", count=LONGEST)
        raise ValidationFailed(text, field="crontab")
    given = len(crontab.split())
    if given != len(_NAMES):
        text = gettext(
            "{crontab}: five fields are needed (minute, hour, day of the month, month, weekday), not {count}",
            crontab=crontab,
            count=given,
        )
        raise ValidationFailed(text, field="crontab")


def _wrong_field(crontab: str, said: str) -> str:
    name = said.removeprefix("Bad ")
    if name not in _FIELDS:
        return gettext("{crontab}: not a crontab expression (minute hour day month weekday)", crontab=crontab)
    part = crontab.split()[_NAMES.index(name)]
    if name == "day-of-month" and _parses(f"* * {part} * *"):
        return gettext("{crontab}: such a day never comes", crontab=crontab)
    title, allowed = _FIELDS[name]
    return gettext(
        "{part} is no {field}: {range}; lists 1,2, ranges 1-5 and steps */2 of these",
        part=part,
        field=title,
        range=allowed,
    )


def _parses(crontab: str) -> bool:
    try:
        CronSim(crontab, datetime(2024, 1, 1))  # noqa: DTZ001 - only whether it can be read
    except CronSimError:
        return False
    return True


def _localtime_name() -> str:
    """The name behind /etc/localtime, Europe/Kyiv; "localtime" where it is a plain file."""
    parts = LOCALTIME.resolve().parts
    at = parts.index("zoneinfo") + 1 if "zoneinfo" in parts else len(parts)
    return "/".join(parts[at:]) or "localtime"
