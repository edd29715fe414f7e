"""What an agent serves: views of a MIB, fixed or computed at the moment of reading."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from wildcore.transport.snmp.ber import encode_varbind
from wildcore.transport.snmp.types import Oid, Value, Varbind


class MibRow:
    """One variable. `value` may be a callable: it is then asked each time the variable is read (drift, counters)."""

    __slots__ = ("_wire", "oid", "tag", "value")

    def __init__(self, oid: Oid, tag: int, value: Value | Callable[[], Value]) -> None:
        self.oid = oid
        self.tag = tag
        self.value = value
        self._wire: bytes | None = None

    def read(self) -> Value:
        """The value of this moment."""
        return self.value() if callable(self.value) else self.value

    def wire(self) -> bytes:
        """The encoded variable; fixed ones are encoded once."""
        if self._wire is not None:
            return self._wire
        wire = encode_varbind(self.oid, self.tag, self.read())
        if not callable(self.value):
            self._wire = wire
        return wire


class MibView(Protocol):
    """Anything an agent can serve."""

    def get(self, oid: Oid) -> MibRow | None:
        """The variable of exactly this name."""
        ...

    def range_after(self, oid: Oid, count: int) -> Sequence[MibRow]:
        """Up to `count` variables whose names are greater, in order."""
        ...


class StaticMib:
    """A fixed set of names; several agents may share one, for nothing in it changes."""

    def __init__(self, rows: Iterable[Varbind | MibRow]) -> None:
        made = (row if isinstance(row, MibRow) else MibRow(*row) for row in rows)
        unique: dict[Oid, MibRow] = {}
        for row in made:
            unique.setdefault(row.oid, row)
        self._rows = sorted(unique.values(), key=lambda row: row.oid)
        self._oids = [row.oid for row in self._rows]
        self._position = {oid: at for at, oid in enumerate(self._oids)}

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, oid: Oid) -> MibRow | None:
        """See MibView."""
        at = self._position.get(oid)
        return None if at is None else self._rows[at]

    def range_after(self, oid: Oid, count: int) -> Sequence[MibRow]:
        """See MibView."""
        at = self._position.get(oid)
        at = bisect_right(self._oids, oid) if at is None else at + 1
        return self._rows[at : at + count]


class OverlayMib:
    """A view over another: rows put here hide those below, names hidden here do not exist. May change at any time."""

    def __init__(self, below: MibView, rows: Iterable[Varbind | MibRow] = ()) -> None:
        self._below = below
        self._rows: dict[Oid, MibRow | None] = {}
        self._oids: list[Oid] = []
        for row in rows:
            self.put(row)

    def put(self, row: Varbind | MibRow) -> None:
        """Adds or replaces one variable."""
        made = row if isinstance(row, MibRow) else MibRow(*row)
        self._enter(made.oid, made)

    def hide(self, oid: Oid) -> None:
        """Makes one variable vanish."""
        self._enter(oid, None)

    def _enter(self, oid: Oid, row: MibRow | None) -> None:
        if oid not in self._rows:
            self._oids.insert(bisect_left(self._oids, oid), oid)
        self._rows[oid] = row

    def get(self, oid: Oid) -> MibRow | None:
        """See MibView."""
        return self._rows[oid] if oid in self._rows else self._below.get(oid)

    def range_after(self, oid: Oid, count: int) -> Sequence[MibRow]:
        """See MibView."""
        at = bisect_right(self._oids, oid)
        below = self._below.range_after(oid, count)
        if at == len(self._oids) or (len(below) == count and self._oids[at] > below[-1].oid):
            return below
        found: list[MibRow] = []
        while len(found) < count:
            own = self._oids[at] if at < len(self._oids) else None
            if not below and own is None:
                break
            if own is None or (below and below[0].oid < own):
                row: MibRow | None = below[0]
                below = below[1:]
            else:
                row = self._rows[own]
                at += 1
                if below and below[0].oid == own:
                    below = below[1:]
            if row is not None:
                found.append(row)
                oid = row.oid
            elif own is not None:
                oid = own
            if not below:
                below = self._below.range_after(oid, count)
        return found
