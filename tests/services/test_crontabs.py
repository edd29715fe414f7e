"""Crontab expressions: what is wrong with one is said in words, and the clock on the wall decides when the next run is."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wildcore.errors import ValidationFailed
from wildcore.i18n import use_language
from wildcore.services import crontabs

KYIV = ZoneInfo("Europe/Kyiv")


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=KYIV).timestamp())  # type: ignore[misc,arg-type]


def test_the_next_five_runs_by_the_servers_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Kyiv")
    found = crontabs.preview("  0  4,12 * * * ", at(2026, 3, 27, 20, 0))
    assert (found.crontab, found.zone) == ("0 4,12 * * *", "Europe/Kyiv")
    assert found.texts == (
        "Sat 2026-03-28 04:00 EET",
        "Sat 2026-03-28 12:00 EET",
        "Sun 2026-03-29 04:00 EEST",
        "Sun 2026-03-29 12:00 EEST",
        "Mon 2026-03-30 04:00 EEST",
    )
    assert found.times[2] - found.times[0] == 23 * 3600
    with use_language("uk"):
        assert crontabs.preview("0 4 * * *", at(2026, 3, 27, 20, 0)).texts[0] == "сб 2026-03-28 04:00 EET"


@pytest.mark.parametrize(
    ("crontab", "after", "texts"),
    [
        ("30 3 * * *", (2026, 3, 28, 12, 0), ["Sun 2026-03-29 04:00 EEST", "Mon 2026-03-30 03:30 EEST"]),  # there is no 03:30
        ("30 3 * * *", (2026, 10, 24, 12, 0), ["Sun 2026-10-25 03:30 EEST", "Mon 2026-10-26 03:30 EET"]),  # there are two
    ],
)
def test_summer_time_neither_loses_nor_doubles_a_run(crontab: str, after: tuple[int, ...], texts: list[str]) -> None:
    assert [crontabs.wall(one, KYIV) for one in crontabs.next_runs(crontab, at(*after), 2, KYIV)] == texts


@pytest.mark.parametrize(
    ("crontab", "said"),
    [
        ("", "five fields are needed (minute, hour, day of the month, month, weekday), not 0"),
        ("every day", "five fields are needed"),
        ("0 4 * * * *", "not 6"),
        ("61 4 * * *", "61 is no minute: 0 to 59"),
        ("0 24 * * *", "24 is no hour: 0 to 23"),
        ("0 4 32 * *", "32 is no day of the month"),
        ("0 4 * SOON *", "SOON is no month"),
        ("0 4 * * 8", "8 is no weekday"),
        ("*/0 4 * * *", "*/0 is no minute"),
        ("0 4 31 2 *", "such a day never comes"),
        (",".join(map(str, range(60))) + " 4 * * *", "Longer than 100 characters"),
        ("<b> 4 * * *", "<b> is no minute"),
    ],
)
def test_what_is_wrong_is_said(crontab: str, said: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        crontabs.next_run(crontab, at(2026, 3, 1, 0, 0), KYIV)
    assert said in refused.value.description
    assert refused.value.field == "crontab"


def test_the_zone_has_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TZ", raising=False)
    zones = tmp_path / "zoneinfo/Europe"
    zones.mkdir(parents=True)
    (zones / "Kyiv").write_bytes(resources.files("tzdata.zoneinfo.Europe").joinpath("Kyiv").read_bytes())
    (tmp_path / "localtime").symlink_to(zones / "Kyiv")
    monkeypatch.setattr(crontabs, "LOCALTIME", tmp_path / "localtime")
    assert crontabs.zone_name() == "Europe/Kyiv"
    monkeypatch.setenv("TZ", "Europe/Lisbon")
    assert crontabs.zone_name() == "Europe/Lisbon"
