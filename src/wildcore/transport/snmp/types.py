"""The words of SNMP in Python: identifiers, values, targets and the result of a walk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

Oid: TypeAlias = tuple[int, ...]
Index: TypeAlias = tuple[int, ...]
Value: TypeAlias = int | bytes | Oid | None
"""INTEGER and all counters: int. Strings, addresses, Opaque: bytes as they came. OIDs: tuple. NULL: None."""

Version: TypeAlias = Literal["1", "2c", "3"]
AuthProtocol: TypeAlias = Literal["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"]
PrivProtocol: TypeAlias = Literal["DES", "AES", "AES192", "AES256"]

MAX_SUB_ID = 0xFFFF_FFFF
MAX_SUB_IDS = 128


class Tag(IntEnum):
    """BER tags of SNMP values (RFC 2578, RFC 3416) and of the three per-variable exceptions."""

    INTEGER = 2
    OCTET_STRING = 4
    NULL = 5
    OID = 6
    IP = 64
    COUNTER32 = 65
    GAUGE32 = 66
    TIMETICKS = 67
    OPAQUE = 68
    COUNTER64 = 70
    NO_SUCH_OBJECT = 128
    NO_SUCH_INSTANCE = 129
    END_OF_MIB_VIEW = 130


EXCEPTIONS = frozenset((Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW))
UNSIGNED = frozenset((Tag.COUNTER32, Tag.GAUGE32, Tag.TIMETICKS, Tag.COUNTER64))


@lru_cache(maxsize=8192)
def oid(text: str) -> Oid:
    """`"1.3.6.1"` or `".1.3.6.1"` as a tuple. Raises ValueError for anything that is no OID."""
    parts = text.strip().lstrip(".").split(".")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{text!r} is not an object identifier")
    numbers = tuple(map(int, parts))
    if len(numbers) > MAX_SUB_IDS or max(numbers) > MAX_SUB_ID:
        raise ValueError(f"{text!r} is not an object identifier: too long, or a number over 32 bits")
    if numbers[0] > 2 or (numbers[0] < 2 and len(numbers) > 1 and numbers[1] > 39):
        raise ValueError(f"{text!r} is not an object identifier: it must begin with 0.0-0.39, 1.0-1.39 or 2")
    return numbers


def oid_text(value: Iterable[int]) -> str:
    """`(1, 3, 6, 1)` as `"1.3.6.1"`."""
    return ".".join(map(str, value))


def as_oid(value: Oid | str) -> Oid:
    """Either notation as a tuple."""
    return oid(value) if isinstance(value, str) else value


class Varbind(NamedTuple):
    """One variable as the device sent it; `tag` is a `Tag`, or a number the device made up."""

    oid: Oid
    tag: int
    value: Value


class Varbinds(list[Varbind]):
    """What a walk read, with its tags; `complete` and `problem` mean what they mean in `Walk`."""

    complete: bool = True
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """The rows of one subtree, in the device's order; an index is relative to the walked OID.

    `complete` is True only if the device itself left the subtree or said endOfMibView. Anything else (cut off, refused,
    looping, silent half-way, over a limit) leaves what came until then, `complete=False`, and `problem` says why in words:
    the absence of a row then means nothing.
    """

    rows: list[tuple[Index, Value]]
    complete: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a walk is cut: rows, bytes received, seconds by the wall clock from its first request on."""

    rows: int = 200_000
    bytes: int = 64 * 1024 * 1024
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class V3User:
    """A USM user (RFC 3414); the security level follows from which passwords are set."""

    name: str
    auth_protocol: AuthProtocol = "SHA"
    auth_password: str = field(default="", repr=False)
    priv_protocol: PrivProtocol = "AES"
    priv_password: str = field(default="", repr=False)
    context: str = ""


@dataclass(frozen=True, slots=True)
class SnmpTarget:
    """How to reach one device. `timeout_sec` is per try, `repeats` the number of tries; repr hides secrets."""

    host: str
    port: int = 161
    version: Version = "2c"
    read_community: str = field(default="public", repr=False)
    write_community: str = field(default="", repr=False)
    user: V3User | None = None
    timeout_sec: float = 4.0
    repeats: int = 3
    max_repetitions: int = 25

    def __post_init__(self) -> None:
        if self.version not in ("1", "2c", "3"):
            raise ValueError(f"SNMP version {self.version!r} is none of 1, 2c, 3")
        if self.version == "3" and self.user is None:
            raise ValueError("SNMP version 3 needs a user")
        if self.timeout_sec <= 0 or self.repeats < 1 or not 1 <= self.max_repetitions <= 10_000:
            raise ValueError("timeout_sec, repeats and max_repetitions must be positive")


@dataclass(slots=True)
class SessionStats:
    """What a session has cost so far; requests count every datagram sent, bytes those received."""

    requests: int = 0
    varbinds: int = 0
    bytes: int = 0
