r"""The snmprec form: `OID|TAG|VALUE`, one variable per line, as snmpsim and LibreNMS record devices.

TAG is the decimal BER tag, with `x` behind it if the value is in hex, `e` if it has backslash escapes (`\x00`, `\n`, `\\`).
Real files have leading dots, are not always sorted, repeat OIDs (the first row counts) and have hex of an odd number of digits
(the recorder lost the last one: read as 0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from wildcore.transport.snmp.ber import BYTES_TAGS
from wildcore.transport.snmp.types import UNSIGNED, Oid, Tag, Value, Varbind, oid, oid_text

ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.DOTALL)
SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
PLAIN = re.compile(rb"[\x20-\x7e\x80-\xff]*")
TAG_FIELD = re.compile(r"(\d+)([xe]?)")


def parse_snmprec(source: bytes | str) -> list[Varbind]:
    """All rows, sorted by OID, each OID once. Raises ValueError naming the line if one cannot be understood."""
    data = source.encode() if isinstance(source, str) else source
    rows: dict[Oid, Varbind] = {}
    for number, raw in enumerate(data.split(b"\n"), 1):
        line = raw.removesuffix(b"\r")
        if not line.strip() or line.startswith(b"#"):
            continue
        try:
            row = _row(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        rows.setdefault(row.oid, row)
    return sorted(rows.values(), key=lambda row: row.oid)


def read_snmprec(path: str | Path) -> list[Varbind]:
    """The rows of a file. Raises OSError, or ValueError naming file and line."""
    try:
        return parse_snmprec(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _row(line: bytes) -> Varbind:
    fields = line.split(b"|", 2)
    if len(fields) != 3:
        raise ValueError("not of the form OID|TAG|VALUE")
    match = TAG_FIELD.fullmatch(fields[1].decode("latin-1"))
    if match is None or int(match[1]) not in Tag.__members__.values():
        raise ValueError(f"unknown tag {fields[1].decode('latin-1')!r}")
    tag = Tag(int(match[1]))
    value = fields[2]
    if match[2] == "x":
        digits = value.strip()
        value = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("latin-1"))
    elif match[2] == "e":
        value = ESCAPE.sub(_unescape, value)
    return Varbind(oid(fields[0].decode("latin-1")), tag, _value(tag, value, coded=bool(match[2])))


def _unescape(match: re.Match[bytes]) -> bytes:
    code: bytes = match[1]
    if code[:1] == b"x":
        return bytes((int(code[1:], 16),))
    if code.isdigit():
        return bytes((int(code, 8) & 0xFF,))
    return SIMPLE.get(code, code)


def _value(tag: Tag, text: bytes, *, coded: bool) -> Value:
    if tag == Tag.INTEGER or tag in UNSIGNED:
        return int(text)
    if tag == Tag.OID:
        value = oid(text.decode("latin-1"))
        return value if len(value) > 1 else (*value, 0)  # the wire cannot tell 0 from 0.0
    if tag == Tag.IP and not coded:
        parts = [int(part) for part in text.split(b".")]
        if len(parts) != 4:
            raise ValueError("an IP address has four parts")
        return bytes(parts)
    if tag in BYTES_TAGS:
        return text
    return None


def write_snmprec(rows: Iterable[Varbind]) -> str:
    """Rows as snmprec text, sorted; strings are hex as soon as they are not printable ASCII."""
    return "".join(_line(row) for row in sorted(rows, key=lambda row: row.oid))


def _line(row: Varbind) -> str:
    value = row.value
    tag = str(int(row.tag))
    if isinstance(value, tuple):
        text = oid_text(value)
    elif isinstance(value, int):
        text = str(value)
    elif value is None:
        text = ""
    elif row.tag == Tag.IP and len(value) == 4:
        text = oid_text(value)
    elif row.tag == Tag.OCTET_STRING and value.isascii() and PLAIN.fullmatch(value):
        text = value.decode("ascii")
    else:
        tag, text = f"{tag}x", value.hex()
    return f"{oid_text(row.oid)}|{tag}|{text}\n"
