"""Serials that come near to one that was typed wrong, without comparing everything with everything.

Candidates are found by an index over the last four characters of the idents on the network: of each wrong ident its own last four
and those one slip away from them are looked up, some 65 keys, 200 at most. Serials are spread evenly over their last four hex
digits, so with N idents on the network one wrong ident costs 65 index look-ups of O(log N) and about 65 N / 65536 comparisons
(100 at 100 000 ONUs), each of two texts of 12 characters.

Found is every ident that differs by one character or by two neighbours swapped, by a character missing or too many, by look-alike
characters only, by two characters unless both are hex digits among the last four, and every one with the same last eight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

TAIL = 4
WHOLE = 12
"""Length of an ident: four vendor letters and eight hex digits, or the twelve of a MAC."""
_HEX = "0123456789ABCDEF"
_ALIKE = ("0ODQ", "1IL", "2Z", "5S", "6G", "8B")
_TWINS = {one: group for group in _ALIKE for one in group}
_FOLDED = str.maketrans({one: group[0] for group in _ALIKE for one in group})

ALIKE, SAME_END, SWAPPED, MISSING, ONE, TWO = "alike", "same_end", "swapped", "missing", "one", "two"
ORDER = (ALIKE, SWAPPED, SAME_END, MISSING, ONE, TWO)
"""How two idents differ, the likelier mistake first."""


def tails(ident: str) -> set[str]:
    """The last four characters that the right ident may have, if this one is wrong."""
    end = ident[-TAIL:]
    if len(end) < TAIL:
        return set()
    found = {end, *map("".join, product(*(_twins(one) for one in end)))}
    sure = "".join(one if one in _HEX else _twins(one)[0] for one in end)  # a letter beyond F is no hex digit: it is wrong
    found.update(typed[:at] + one + typed[at + 1 :] for typed in {end, sure} for at in range(TAIL) for one in _HEX)
    found.update(end[:at] + end[at + 1] + end[at] + end[at + 2 :] for at in range(TAIL - 1))
    if len(ident) < WHOLE:
        short = ident[1 - TAIL :]
        found.update(short[:at] + one + short[at:] for at in range(TAIL) for one in _HEX)
    elif len(ident) > WHOLE:
        long = ident[-TAIL - 1 :]
        found.update(long[:at] + long[at + 1 :] for at in range(TAIL + 1))
    return found


def slip(wrong: str, seen: str) -> str | None:
    """How an ident on the network differs from the wrong one (one of `ORDER`), None when it does not come near."""
    if len(wrong) == len(seen):
        differs = [at for at in range(len(seen)) if wrong[at] != seen[at]]
        if not differs:
            return None
        if wrong.translate(_FOLDED) == seen.translate(_FOLDED):
            return ALIKE
        if len(differs) == 2 and _swapped(wrong, seen, *differs):
            return SWAPPED
        if len(differs) == 1:
            return ONE
        if wrong[-8:] == seen[-8:]:
            return SAME_END
        return TWO if len(differs) == 2 else None
    if abs(len(wrong) - len(seen)) == 1 and _one_more(*sorted((wrong, seen), key=len)):
        return MISSING
    return SAME_END if len(wrong) >= 8 and wrong[-8:] == seen[-8:] else None


def nearest(wrong: str, seen: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The idents that come near with how they differ, the likelier mistakes first."""
    found = [(kind, one) for one in seen if (kind := slip(wrong, one)) is not None]
    yield from sorted(found, key=lambda pair: (ORDER.index(pair[0]), pair[1]))


def _twins(one: str) -> str:
    return "".join(twin for twin in _TWINS.get(one, one) if twin in _HEX) or one


def _swapped(wrong: str, seen: str, first: int, second: int) -> bool:
    return second == first + 1 and wrong[first] == seen[second] and wrong[second] == seen[first]


def _one_more(short: str, long: str) -> bool:
    at = next((at for at, one in enumerate(short) if one != long[at]), len(short))
    return short[at:] == long[at + 1 :]
