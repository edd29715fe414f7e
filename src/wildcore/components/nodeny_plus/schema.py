"""NoDeny Plus' tables, as far as they are known in public, and what is asked of them.

Sources: (a) `bill.sql` and `docs/develop/Db_tables.html` of NoDeny Plus' own code, published as sanya-antr/nodeny-plus;
(b) the RADIUS helper of NoDeny's users, meklis/all-ok-radius-nodeny-lib (its SQL); (c) Wildcore's public wiki, page nodeny_plus.

- `users` (a): `id` is the uid, `name` the login ("the account's name"), `contract` the contract number.
- `data0` (a): one row for each user, `uid`, and a column for each field that the operator added in NoDeny's pages; the names of
  address fields begin with `_adr_`, and `_adr_street` is there from the start. `_adr_house` is named in NoDeny's code.
- `datasetup` (a): what the columns of `data0` are: `name`, `type`, `param`. Type 8 is a choice: the column holds a key of
  `dictionary`, whose `type` is this field's `param`.
- `dictionary` (a): `type`, `k`, `v`.
- `mac_uid` (b, c): `uid` (0: nobody's), `mac` as 12 upper-case hex digits. It is not in (a), which is older. Whether it has an
  index on `uid` is not known, so it is never joined.

Passwords, balances and names of people are never read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from wildcore.components.nodeny_plus.database import NodenyDatabase
from wildcore.errors import BillingError
from wildcore.i18n import gettext

PAGE: Final = 2000
_CHOICE: Final = 8
_NAME: Final = re.compile(r"\w{1,64}\Z", re.ASCII)  # NoDeny allows no other names of fields (o_datasetup.pl)


@dataclass(frozen=True, slots=True)
class Row:
    """One subscriber as NoDeny has it; `fields` by what they mean here (`settings.FIELDS`), choices already in words."""

    uid: int
    login: Any
    contract: Any
    fields: Mapping[str, Any]
    macs: tuple[Any, ...]


class Reader:
    """Asks NoDeny's tables over one connection. `fields`: what a column means -> (its name, whether a person chose it)."""

    def __init__(self, database: NodenyDatabase, fields: Mapping[str, tuple[str, bool]]) -> None:
        self._database = database
        self._columns = self._existing(fields)
        self._words = self._dictionaries()

    def page(self, after: int) -> list[Row]:
        """Subscribers with a greater uid, at most PAGE of them in the order of their uids."""
        return self._subscribers("u.id > %s", (after,))

    def one(self, uid: int) -> Row | None:
        """The subscriber with this uid."""
        return next(iter(self._subscribers("u.id = %s", (uid,))), None)

    def with_ident(self, notations: Iterable[str]) -> list[Row]:
        """Who has one of these texts as MAC address or as ONU. The notations are compared as they are: an index can be used."""
        texts = tuple(notations)
        marks = ", ".join(["%s"] * len(texts))
        uids = {uid for (uid,) in self._database.rows(f"SELECT uid FROM mac_uid WHERE mac IN ({marks}) AND uid <> 0", texts)}  # noqa: S608
        if "onu" in self._columns:
            found = self._database.rows(f"SELECT uid FROM data0 WHERE `{self._columns['onu']}` IN ({marks})", texts)  # noqa: S608
            uids |= {uid for (uid,) in found}
        if not uids:
            return []
        return self._subscribers(f"u.id IN ({', '.join(['%s'] * len(uids))})", sorted(uids))

    def _subscribers(self, condition: str, values: Iterable[Any]) -> list[Row]:
        columns = "".join(f", d.`{name}`" for name in self._columns.values())
        rows = self._database.rows(
            f"SELECT u.id, u.name, u.contract{columns} FROM users u LEFT JOIN data0 d ON d.uid = u.id "  # noqa: S608
            f"WHERE {condition} ORDER BY u.id LIMIT {PAGE}",
            tuple(values),
        )
        macs = self._macs([row[0] for row in rows])
        return [Row(uid, login, contract, self._in_words(values), macs.get(uid, ())) for uid, login, contract, *values in rows]

    def _macs(self, uids: list[int]) -> dict[int, tuple[Any, ...]]:
        if not uids:
            return {}
        found: dict[int, list[Any]] = defaultdict(list)
        marks = ", ".join(["%s"] * len(uids))
        for uid, mac in self._database.rows(f"SELECT uid, mac FROM mac_uid WHERE uid IN ({marks})", uids):  # noqa: S608
            found[uid].append(mac)
        return {uid: tuple(macs) for uid, macs in found.items()}

    def _in_words(self, values: Iterable[Any]) -> dict[str, Any]:
        return {
            meaning: self._words[name].get(str(value), value or None) if name in self._words else value
            for (meaning, name), value in zip(self._columns.items(), values, strict=True)
        }

    def _existing(self, fields: Mapping[str, tuple[str, bool]]) -> dict[str, str]:
        """Columns that `data0` has; one that a person chose must be there."""
        known = {
            str(name).lower(): str(name)
            for (name,) in self._database.rows(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'data0'"
            )
        }
        found = {}
        for meaning, (name, chosen) in fields.items():
            real = known.get(name.lower()) if _NAME.match(name) else None
            if real is not None:
                found[meaning] = real
            elif chosen and name:
                raise BillingError(
                    gettext(
                        "NoDeny's table data0 has no column {name} that this user may read: check the fields in the settings of "
                        "NoDeny Plus",
                        name=name[:64],
                    )
                )
        return found

    def _dictionaries(self) -> dict[str, dict[str, Any]]:
        """Words of the columns that hold keys of a dictionary."""
        if not self._columns:
            return {}
        names = list(self._columns.values())
        marks = ", ".join(["%s"] * len(names))
        setup = self._database.rows(
            f"SELECT name, param FROM datasetup WHERE type = {_CHOICE} AND name IN ({marks})",  # noqa: S608
            names,
        )
        return {str(name): self._dictionary(str(param)) for name, param in setup}

    def _dictionary(self, kind: str) -> dict[str, Any]:
        return {str(key): word for key, word in self._database.rows("SELECT k, v FROM dictionary WHERE type = %s", (kind,))}
