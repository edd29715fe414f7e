"""The first changes of a sync, for people to read: who came, went, or is told of differently.

The form is that of `subscriber_syncs.changes`: objects with `what` (added, changed, removed), `uid`, `agreement`, `login`, and
for changed ones `fields`: name -> [old, new], where `place` is what billing claims in words that need no translation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wildcore.model.ident import ident_text, mac_text

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
FIELDS = ("agreement", "login", "billing_link", "address_full", "settlement", "lane", "house", "app")
"""Texts of a subscriber besides its uid, in the order of rows."""

MOST = 200
_MOST_TEXT = 300

Change = dict[str, Any]


class Changes:
    """Collects the first changes of each kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, list[Change]] = {REMOVED: [], CHANGED: [], ADDED: []}

    def add(
        self,
        what: str,
        uid: str,
        row: tuple[str, ...],
        claims: Iterable[tuple[str, ...]],
        old: tuple[str, ...] = (),
        old_claims: Iterable[tuple[str, ...]] = (),
    ) -> None:
        """Note one change, as long as there are few of its kind."""
        kind = self._kinds[what]
        if len(kind) >= MOST:
            return
        change: Change = {"what": what, "uid": uid, "agreement": row[0], "login": row[1]}
        if what == CHANGED:
            fields = {
                name: [before[:_MOST_TEXT], after[:_MOST_TEXT]]
                for name, before, after in zip(FIELDS, old, row, strict=True)
                if before != after
            }
            places = [place_text(old_claims), place_text(claims)]
            if places[0] != places[1]:
                fields["place"] = places
            change["fields"] = fields
        kind.append(change)

    def first(self, most: int = MOST) -> list[Change]:
        """At most so many changes; each kind has its share, so that many new subscribers do not hide the one that went."""
        share = most // len(self._kinds)
        taken = {what: min(len(found), share) for what, found in self._kinds.items()}
        for what, found in self._kinds.items():
            taken[what] += min(len(found) - taken[what], most - sum(taken.values()))
        return [change for what, found in self._kinds.items() for change in found[: taken[what]]]


def place_text(claims: Iterable[tuple[str, ...]]) -> str:
    """Where billing says that a subscriber is, e.g. `ONU ZTEGC69EF036, 192.0.2.2 Gi0/3`."""
    return "; ".join(filter(None, map(_claim_text, claims)))[:_MOST_TEXT]


def _claim_text(claim: tuple[str, ...]) -> str:
    ident, switch_ip, port, mac = claim
    parts = [
        f"ONU {ident_text(ident)}" if ident else "",
        f"{switch_ip} {port}".strip(),
        f"MAC {mac_text(mac)}" if mac else "",
    ]
    return ", ".join(part for part in parts if part)
