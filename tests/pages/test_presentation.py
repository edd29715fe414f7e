"""How values look: units, ages, tones."""

from __future__ import annotations

import pytest

from wildcore.i18n import use_language
from wildcore.services import times
from wildcore.services.pages_history import rates
from wildcore.store.metrics import Point
from wildcore.web import presentation as p


@pytest.mark.parametrize(
    ("level", "tone"),
    [
        (-19.0, "ok"),
        (-26.0, "ok"),
        (-26.1, "warn"),
        (-28.0, "warn"),
        (-28.01, "bad"),
        (-11.0, "warn"),
        (-9.9, "bad"),
        (None, "off"),
    ],
)
def test_tone_of_a_level(level: float | None, tone: str) -> None:
    assert p.signal_tone(level, -28.0, -10.0) == tone


@pytest.mark.parametrize(("level", "text"), [(-21.4, "-21.4"), (-21.43, "-21.43"), (-20.0, "-20.0"), (0.0, "0.0"), (None, "–")])
def test_levels_have_one_decimal_or_two(level: float | None, text: str) -> None:
    assert p.dbm(level) == text


def test_spans_in_two_units_of_the_persons_language() -> None:
    with use_language("en"):
        assert times.span(8040).replace(times.NBSP, " ") == "2 h 14 min"
        assert times.span(0).replace(times.NBSP, " ") == "0 s"
        assert times.span(86400 * 3 + 59).replace(times.NBSP, " ") == "3 d"
        assert times.span(None) == "–"
        assert times.ago(1000, 1001) == "just now"
        assert times.ago(None) == "never"
    with use_language("uk"):
        assert times.ago(0, 8040).replace(times.NBSP, " ") == "2 год 14 хв тому"


def test_prefixes() -> None:
    assert p.short(12_345_678, "bit/s").replace(times.NBSP, " ") == "12.3 Mbit/s"
    assert p.short(999, "B").replace(times.NBSP, " ") == "999 B"
    assert p.short(None, "B") == "–"


def test_gone_wins_over_the_last_state() -> None:
    assert p.state_look("Online", "ONU", gone=True) is p.GONE
    assert p.state_look("Nonsense").tone == "off"


def test_rates_skip_a_counter_that_fell() -> None:
    points = [Point(0, 0), Point(10, 1000), Point(20, 10), Point(30, 510)]
    assert rates(points) == {10: 800.0, 30: 400.0}
