"""What an agent answers to one PDU, whatever message it came in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wildcore.transport.replay.behaviour import Behaviour, Broken
from wildcore.transport.replay.mib import MibRow, MibView, OverlayMib
from wildcore.transport.snmp.ber import (
    SEQUENCE,
    decode_varbinds,
    encode_integer,
    encode_varbind,
    read_header,
    tlv,
)
from wildcore.transport.snmp.codec import RESPONSE, Pdu
from wildcore.transport.snmp.problems import Malformed
from wildcore.transport.snmp.types import EXCEPTIONS, Oid, Tag, Varbind

NO_SUCH_NAME, TOO_BIG, GEN_ERR, WRONG_TYPE, NO_CREATION, NOT_WRITABLE = 2, 1, 5, 7, 11, 17
NO_ACCESS, READ_ONLY = 6, 4
REPORT = 0xA8
PDU_HEAD = 40  # the most that tags, lengths, ids and counts around the variables take
Writable = Callable[[Varbind], bool]
Written = Callable[[Varbind], None]


class Request(NamedTuple):
    """One PDU. `first` and `second` are error-status and -index, or GETBULK's non-repeaters and max-repetitions."""

    version: int
    kind: int
    request_id: int
    first: int
    second: int
    varbinds: list[Varbind]


def parse_pdu(version: int, data: bytes, at: int, end: int) -> Request:
    """Raises Malformed."""
    kind, at, stop = read_header(data, at, end)
    numbers = []
    for _ in range(3):
        tag, start, at = read_header(data, at, stop)
        if tag != Tag.INTEGER:
            raise Malformed("a number is missing")
        numbers.append(int.from_bytes(data[start:at], "big", signed=True))
    tag, start, end = read_header(data, at, stop)
    if tag != SEQUENCE or end != stop:
        raise Malformed("the list of variables does not fit")
    return Request(version, kind, numbers[0], numbers[1], numbers[2], decode_varbinds(data, start, end))


def build_pdu(request_id: int, status: int, index: int, varbinds: bytes, kind: int = RESPONSE) -> bytes:
    """An answer."""
    numbers = b"".join(tlv(Tag.INTEGER, encode_integer(number)) for number in (request_id, status, index))
    return tlv(kind, numbers + tlv(SEQUENCE, varbinds))


@dataclass(slots=True)
class Responder:
    """Answers PDUs from a view. `budget` is how many bytes the variables of an answer may take."""

    writable: Writable | None
    written: Written | None
    behaviour: Behaviour

    def answer(self, request: Request, view: OverlayMib, budget: int, fault: Broken | None, *, may_write: bool) -> bytes | None:
        """The answer's PDU, or None for silence."""
        if request.kind == Pdu.GETBULK:
            repetitions = request.second
            over = self.behaviour
            if over.hang_over is not None and repetitions > over.hang_over:
                return None
            if over.too_big_over is not None and repetitions > over.too_big_over:
                return build_pdu(request.request_id, TOO_BIG, 0, b"")
        if fault is not None:
            broken = self._broken(request, view, fault)
            if broken is not None:
                return broken
        if request.kind == Pdu.GETBULK:
            return self._bulk(request, view, budget)
        if request.kind == Pdu.SET:
            return self._set(request, view, may_write=may_write)
        return self._read(request, view, budget)

    def _echo(self, request: Request, status: int, index: int) -> bytes:
        shown = b"".join(encode_varbind(*row) for row in request.varbinds)
        return build_pdu(request.request_id, status, index, shown)

    def _read(self, request: Request, view: MibView, budget: int) -> bytes:
        found = []
        for index, (name, _, _) in enumerate(request.varbinds, 1):
            row = view.get(name) if request.kind == Pdu.GET else _next(view, name, request.version)
            if row is not None and request.version == 0 and row.tag == Tag.COUNTER64:
                row = None  # SNMPv1 has no such type
            if row is not None:
                found.append(row.wire())
            elif request.version == 0:
                return self._echo(request, NO_SUCH_NAME, index)
            elif request.kind == Pdu.GETNEXT:
                found.append(encode_varbind(name, Tag.END_OF_MIB_VIEW))
            else:
                found.append(encode_varbind(name, _missing(view, name)))
        body = b"".join(found)
        if len(body) > budget:
            return build_pdu(request.request_id, TOO_BIG, 0, b"")
        return build_pdu(request.request_id, 0, 0, body)

    def _bulk(self, request: Request, view: MibView, budget: int) -> bytes:
        fixed = max(0, request.first)
        names = [row.oid for row in request.varbinds]
        parts: list[bytes] = []
        for name in names[:fixed]:
            parts += _wires(view.range_after(name, 1), name, 1)
        count = max(0, request.second)
        columns = [_wires(view.range_after(name, count), name, count) for name in names[fixed:]]
        if len(columns) == 1:
            parts += columns[0]
        elif columns:
            longest = max(map(len, columns))
            columns = [column + column[-1:] * (longest - len(column)) for column in columns]
            parts += [part for row in zip(*columns, strict=True) for part in row]
        body = b"".join(parts)
        while len(body) > budget and parts:
            keep = 0
            size = 0
            for part in parts:
                size += len(part)
                if size > budget:
                    break
                keep += 1
            parts = parts[:keep]
            body = b"".join(parts)
        if not parts and names and count:
            return build_pdu(request.request_id, TOO_BIG, 0, b"")
        return build_pdu(request.request_id, 0, 0, body)

    def _set(self, request: Request, view: OverlayMib, *, may_write: bool) -> bytes:
        v1 = request.version == 0
        for index, row in enumerate(request.varbinds, 1):
            status = 0
            present = view.get(row.oid)
            if not may_write:
                status = NO_SUCH_NAME if v1 else NO_ACCESS
            elif self.writable is None or not self.writable(row):
                status = NO_SUCH_NAME if v1 else NOT_WRITABLE if present else NO_CREATION
            elif present is not None and present.tag != row.tag:
                status = 3 if v1 else WRONG_TYPE
            if status:
                return self._echo(request, status, index)
        for row in request.varbinds:
            view.put(row)
            if self.written is not None:
                self.written(row)
        return self._echo(request, 0, 0)

    def _broken(self, request: Request, view: MibView, fault: Broken) -> bytes | None:
        name = request.varbinds[0].oid if request.varbinds else (1, 3)
        if fault is Broken.GEN_ERR:
            return self._echo(request, GEN_ERR, 1)
        if fault is Broken.EMPTY:
            return build_pdu(request.request_id, 0, 0, b"")
        if request.kind not in (Pdu.GETBULK, Pdu.GETNEXT):
            return None
        count = request.second if request.kind == Pdu.GETBULK else 1
        if fault is Broken.NO_SUCH_INSTANCE:
            return build_pdu(request.request_id, 0, 0, encode_varbind(name, Tag.NO_SUCH_INSTANCE))
        if fault is Broken.ENDLESS:
            made = [encode_varbind(_plus(name, step), Tag.INTEGER, 1) for step in range(1, count + 1)]
            return build_pdu(request.request_id, 0, 0, b"".join(made))
        if fault is Broken.NON_INCREASING:
            again = encode_varbind(name, Tag.INTEGER, 0)
            wires = [again] if count == 1 else _wires(view.range_after(name, 1), name, 1) * 2
            return build_pdu(request.request_id, 0, 0, b"".join(wires))
        if fault is Broken.LOOP:
            start = view.range_after(name[:-1] or name, max(1, count))
            return build_pdu(request.request_id, 0, 0, b"".join(row.wire() for row in start))
        return None


def _plus(name: Oid, step: int) -> Oid:
    deep = name if len(name) > 12 else (*name, *(0,) * (13 - len(name)))
    return (*deep[:-1], deep[-1] + step)


def _next(view: MibView, name: Oid, version: int) -> MibRow | None:
    while rows := view.range_after(name, 1):
        if version or rows[0].tag != Tag.COUNTER64:
            return rows[0]
        name = rows[0].oid
    return None


def _missing(view: MibView, name: Oid) -> Tag:
    """RFC 3416: noSuchInstance where the object has other instances; told by a neighbour of the same column."""
    near = view.range_after(name[:-1], 1)
    same = bool(near) and near[0].tag not in EXCEPTIONS and near[0].oid[: len(name) - 1] == name[:-1]
    return Tag.NO_SUCH_INSTANCE if same else Tag.NO_SUCH_OBJECT


def _wires(rows: Sequence[MibRow], name: Oid, count: int) -> list[bytes]:
    wires = [row.wire() for row in rows]
    if len(wires) < count:
        wires.append(encode_varbind(rows[-1].oid if rows else name, Tag.END_OF_MIB_VIEW))
    return wires
