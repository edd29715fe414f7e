"""The hot loop: one GETBULK answer of a column's walk, decoded in one pass.

A column's variables share the OID's leading bytes, so these are compared as bytes and cut off; what is left is the row's
index, and the same few thousand indexes come back in every column of a device: a dict from index bytes to tuple, shared by
all walks of a session, decodes each once.
"""

from __future__ import annotations

from wildcore.transport.snmp.ber import SEQUENCE, decode_oid, decode_sub_ids, decode_value, read_header
from wildcore.transport.snmp.problems import Malformed, OutOfOrder
from wildcore.transport.snmp.types import EXCEPTIONS, Index, Oid, Tag, Value, oid_text

INDEX_CACHE_SIZE = 100_000


class Column:
    """A walk under way: what is asked, what came, where it stands."""

    __slots__ = ("base", "cache", "done", "last", "last_bytes", "prefix", "rows")

    def __init__(self, base: Oid, prefix: bytes, cache: dict[bytes, Index]) -> None:
        self.base = base
        self.prefix = prefix
        self.cache = cache
        self.rows: list[tuple[Index, Value]] = []
        self.last: Index = ()
        self.last_bytes = b""
        self.done = False

    def feed(self, data: bytes, at: int, end: int) -> None:  # noqa: C901 - one loop, no calls: it is the hot one
        """Takes the variables between two offsets; sets `done` when the subtree ends.

        Raises OutOfOrder if an OID is not greater than the one before, Malformed if the bytes do not add up; rows decoded
        before that are kept.
        """
        prefix = self.prefix
        prefix_length = len(prefix)
        cache = self.cache
        rows = self.rows
        last = self.last
        last_bytes = self.last_bytes
        to_int = int.from_bytes
        try:
            while at < end:
                # The short form of all three lengths, which nearly every variable has.
                name = at + 4
                tag_at = name + data[at + 3]
                value_at = tag_at + 2
                stop = at + 2 + data[at + 1]
                length = data[tag_at + 1]
                if data[at] != SEQUENCE or data[at + 2] != 6 or length > 0x7F or value_at + length != stop or stop > end:
                    name, tag_at, value_at, stop = _long_form(data, at, end)
                if not data.startswith(prefix, name) or (here := name + prefix_length) >= tag_at:
                    self._leave(data, name, tag_at, last)
                    return
                tag = data[tag_at]
                if tag >= 0x80:
                    self._exception(tag)
                    return
                suffix = data[here:tag_at]
                index = cache.get(suffix)
                if index is None:
                    index = cache[suffix] = decode_sub_ids(suffix)
                if index <= last:
                    raise OutOfOrder(f"after {oid_text(self.base + last)} came {oid_text(self.base + index)}: the device loops")
                if tag == 4:
                    value: Value = data[value_at:stop]
                elif tag == 2:
                    if stop - value_at == 1:
                        byte = data[value_at]
                        value = byte if byte < 0x80 else byte - 0x100
                    elif 0 < stop - value_at <= 8:
                        value = to_int(data[value_at:stop], "big", signed=True)
                    else:
                        value = decode_value(tag, data[value_at:stop])
                else:
                    value = decode_value(tag, data[value_at:stop])
                rows.append((index, value))
                last = index
                last_bytes = suffix
                at = stop
        except IndexError:
            raise Malformed("the answer is cut off") from None
        finally:
            self.last = last
            self.last_bytes = last_bytes
            if len(cache) > INDEX_CACHE_SIZE:
                cache.clear()

    def _leave(self, data: bytes, start: int, stop: int, last: Index) -> None:
        name = decode_oid(data[start:stop])
        base = self.base
        if data[stop] == Tag.END_OF_MIB_VIEW:
            self.done = True
        elif data[stop] in EXCEPTIONS:
            self._exception(data[stop])
        elif name <= base + last:
            raise OutOfOrder(f"after {oid_text(base + last)} came {oid_text(name)}: the device loops")
        elif name[: len(base)] == base:
            raise Malformed(f"{oid_text(name)} is encoded in a way SNMP does not allow")
        else:
            self.done = True

    def _exception(self, tag: int) -> None:
        if tag not in EXCEPTIONS:
            raise Malformed(f"a value has the unknown tag {tag}")
        if tag != Tag.END_OF_MIB_VIEW:
            raise Malformed(f"{Tag(tag).name.replace('_', ' ').lower()} came where only the end of the MIB may come")
        self.done = True


def _long_form(data: bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """Start and end of the name, start and end of the value, for a variable with long lengths; checks every one of them."""
    tag, start, stop = read_header(data, at, end)
    if tag != SEQUENCE:
        raise Malformed(f"a variable starts with tag {tag}")
    tag, name, name_stop = read_header(data, start, stop)
    if tag != Tag.OID:
        raise Malformed(f"a variable's name has tag {tag}")
    _, value, value_stop = read_header(data, name_stop, stop)
    if value_stop != stop:
        raise Malformed("bytes are left over inside a variable")
    return name, name_stop, value, stop
