"""The part of BER that SNMP uses: lengths, integers, object identifiers, one variable at a time.

Tolerated because devices do it and nothing is lost: long-form lengths where the short form would do, unsigned numbers without
their leading zero byte. A number of no bytes at all has no value: it reads as None.
"""

from __future__ import annotations

from functools import lru_cache

from wildcore.transport.snmp.problems import Malformed
from wildcore.transport.snmp.types import EXCEPTIONS, UNSIGNED, Oid, Tag, Value, Varbind, oid_text

SEQUENCE = 0x30
MAX_INTEGER_BYTES = 9  # a Counter64 with its leading zero
BYTES_TAGS = frozenset((Tag.OCTET_STRING, Tag.IP, Tag.OPAQUE))


def encode_length(length: int) -> bytes:
    """The BER length in its shortest form."""
    if length < 0x80:
        return bytes((length,))
    if length < 0x100:
        return bytes((0x81, length))
    if length < 0x10000:
        return bytes((0x82, length >> 8, length & 0xFF))
    return bytes((0x83, length >> 16, length >> 8 & 0xFF, length & 0xFF))


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, body."""
    return bytes((tag,)) + encode_length(len(body)) + body


def encode_integer(value: int) -> bytes:
    """The body of an INTEGER; unsigned values get the leading zero byte that they need by the same rule."""
    bits = (value if value >= 0 else -value - 1).bit_length()
    return value.to_bytes(bits // 8 + 1, "big", signed=True)


def encode_sub_ids(numbers: Oid) -> bytes:
    """Sub-identifiers in base 128, as in the tail of an OID."""
    out = bytearray()
    for number in numbers:
        if number < 0x80:
            out.append(number)
            continue
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return bytes(out)


@lru_cache(maxsize=8192)
def encode_oid(value: Oid) -> bytes:
    """The body of an OID; one of less than two numbers stands for the start of its subtree."""
    first, second, *rest = (*value, 0, 0)[: max(2, len(value))]
    return encode_sub_ids((first * 40 + second, *rest))


def decode_sub_ids(body: bytes) -> Oid:
    """Base-128 numbers. Raises Malformed if the last is cut or one is over 32 bits."""
    if not body:
        return ()
    if body[-1] & 0x80:
        raise Malformed("an object identifier is cut off")
    if max(body) < 0x80:
        return tuple(body)
    numbers = []
    number = 0
    for byte in body:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            if number > 0xFFFF_FFFF:
                raise Malformed("a number of an object identifier is over 32 bits")
            numbers.append(number)
            number = 0
    return tuple(numbers)


def decode_oid(body: bytes) -> Oid:
    """The body of an OID; an empty body, which some agents send for 0.0, is (0, 0)."""
    numbers = decode_sub_ids(body)
    if not numbers:
        return (0, 0)
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - first * 40, *numbers[1:])


def read_header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, start and end of the element at `at`. Raises Malformed if it does not fit before `end`."""
    if at + 2 > end:
        raise Malformed("the answer is cut off")
    tag = data[at]
    length = data[at + 1]
    start = at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise Malformed("a length is encoded in a way SNMP does not allow")
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + length > end:
        raise Malformed("the answer is cut off")
    return tag, start, start + length


def decode_value(tag: int, body: bytes) -> Value:
    """The value of a variable. Raises Malformed for numbers longer than any SNMP number; unknown tags give bytes."""
    if tag == Tag.INTEGER or tag in UNSIGNED:
        if len(body) > MAX_INTEGER_BYTES or (len(body) == MAX_INTEGER_BYTES and body[0]):
            raise Malformed(f"a number of {len(body)} bytes")
        if not body:
            return None
        return int.from_bytes(body, "big", signed=tag == Tag.INTEGER)
    if tag in BYTES_TAGS:
        return body
    if tag == Tag.OID:
        return decode_oid(body)
    if tag == Tag.NULL or tag in EXCEPTIONS:
        return None
    return body


def encode_value(tag: int, value: Value) -> bytes:
    """A whole value element. Raises ValueError if the value does not suit the tag."""
    if isinstance(value, int) and (tag == Tag.INTEGER or tag in UNSIGNED):
        if value < 0 and tag != Tag.INTEGER:
            raise ValueError(f"{value} is negative, which {Tag(tag).name} cannot be")
        body = encode_integer(value)
        if len(body) > (MAX_INTEGER_BYTES if tag == Tag.COUNTER64 else 8):
            raise ValueError(f"{value} is too large")
    elif isinstance(value, bytes) and tag in BYTES_TAGS:
        body = value
    elif isinstance(value, tuple) and tag == Tag.OID:
        body = encode_oid(value)
    elif value is None and (tag == Tag.NULL or tag in EXCEPTIONS):
        body = b""
    else:
        raise ValueError(f"{value!r} does not suit the SNMP type {tag}")
    return tlv(tag, body)


def encode_varbind(name: Oid, tag: int = Tag.NULL, value: Value = None) -> bytes:
    """One variable; with NULL in requests."""
    return tlv(SEQUENCE, tlv(Tag.OID, encode_oid(name)) + encode_value(tag, value))


def decode_varbinds(data: bytes, at: int, end: int) -> list[Varbind]:
    """Every variable between two offsets. Raises Malformed on anything that does not fit exactly."""
    found = []
    while at < end:
        tag, start, stop = read_header(data, at, end)
        if tag != SEQUENCE:
            raise Malformed(f"a variable starts with tag {tag}")
        name_tag, name_start, name_stop = read_header(data, start, stop)
        if name_tag != Tag.OID:
            raise Malformed(f"a variable's name has tag {name_tag}")
        value_tag, value_start, value_stop = read_header(data, name_stop, stop)
        if value_stop != stop:
            raise Malformed("bytes are left over inside a variable")
        name = decode_oid(data[name_start:name_stop])
        try:
            value = decode_value(value_tag, data[value_start:value_stop])
        except Malformed as error:
            raise Malformed(f"{oid_text(name)}: {error}") from None
        found.append(Varbind(name, value_tag, value))
        at = stop
    return found
