"""The one decoder layer: SNMP values into the model's values.

A decoder takes whatever a device sent (int, bytes, OID or None) and returns the value, or None when it is missing,
a sentinel or physically impossible. No decoder ever raises. Facts: RFC 2579 (DateAndTime), ITU-T G.984.3 (serial
numbers), vendors' conventions as named at each decoder.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final, TypeAlias, TypeVar

from wildcore.model.ident import ident_key, mac_key
from wildcore.transport.snmp.types import Value

T = TypeVar("T")
Decoder: TypeAlias = Callable[[Value], T | None]

DBM: Final = (-50.0, 10.0)
CELSIUS: Final = (-60.0, 150.0)
VOLTS: Final = (0.0, 10.0)
PERCENT: Final = (0.0, 100.0)
MILLIAMPS: Final = (0.0, 500.0)
MAX_DISTANCE_M: Final = 120_000

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_DBM_TEXT = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*dBm", re.IGNORECASE)
_MW_TEXT = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*mW", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff]+")
_SERIAL = re.compile(r"[A-Z0-9]{4}[0-9A-F]{8}\Z")
_HEX16 = re.compile(r"[0-9A-F]{16}\Z")
_TIME_TEXT = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})[\sT]+(\d{1,2}):(\d{1,2}):(\d{1,2})")
_DAYS = re.compile(r"(\d+)\s*d", re.IGNORECASE)
_CLOCK = re.compile(r"(\d+):(\d{1,2}):(\d{1,2})")
_SPELLED = re.compile(r"(\d+)\s*(day|hour|min|sec|d|h|m|s)", re.IGNORECASE)
_SECONDS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def text(value: Value) -> str | None:
    """A string as people read it: UTF-8, else Windows-1251 (what Ukrainian technicians type), padding and control
    characters gone. Numbers and OIDs become their text. None only when there is no value at all."""
    if value is None:
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 64 else None
    if isinstance(value, tuple):
        return ".".join(map(str, value))
    raw = value.strip(b"\x00\xff")
    if raw.isascii() and raw.isalnum():
        return raw.decode("ascii")
    try:
        found = raw.decode("utf-8")
    except UnicodeDecodeError:
        found = raw.decode("cp1251", errors="replace")
    return _CONTROL.sub(" ", found).strip()


def filled_text(value: Value) -> str | None:
    """As `text`, but an empty string is no value."""
    return text(value) or None


def integer(value: Value) -> int | None:
    """A whole number, also when it comes as text (`12`, `12 %`)."""
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 64 else None
    found = number(value)
    return int(found) if found is not None else None


def counter(value: Value) -> int | None:
    """A counter or size: never negative, at most 64 bits."""
    return value if isinstance(value, int) and 0 <= value < 1 << 64 else None


def whole(low: int, high: int) -> Decoder[int]:
    """A whole number inside limits, else None."""

    def decode(value: Value) -> int | None:
        found = integer(value)
        return found if found is not None and low <= found <= high else None

    return decode


distance_m: Decoder[int] = whole(1, MAX_DISTANCE_M)
vlan_id: Decoder[int] = whole(1, 4094)


def number(value: Value) -> float | None:
    """A number from an integer or from the first number in a text (`30.67 C`, `-10.47`, `27.84 .C`)."""
    if isinstance(value, int):
        return float(value) if -(1 << 63) <= value < 1 << 64 else None
    if not isinstance(value, bytes) or len(value) > 256:
        return None
    found = _NUMBER.search(value.decode("latin-1"))
    result = float(found[0]) if found else math.nan
    return result if math.isfinite(result) and abs(result) < 1 << 64 else None


def scaled(factor: float, low: float, high: float, none: Collection[float] = ()) -> Decoder[float]:
    """Raw number times `factor`, rounded to 3 digits, None outside [low, high] or when the raw value is in `none`.

    Negative numbers that an agent sends as Gauge32 two's complement (values near 4294967295) are taken as negative.
    """
    sentinels = frozenset(none)

    def decode(value: Value) -> float | None:
        raw: float | None = value if type(value) is int else number(value)
        if raw is None or raw in sentinels:
            return None
        if raw >= 1 << 31:
            raw -= 1 << 32
            if raw in sentinels:
                return None
        if raw > 1 << 40 or raw < -(1 << 40):
            return None
        result = raw * factor
        return round(result, 3) if low <= result <= high else None

    return decode


def tenths(limits: tuple[float, float], none: Collection[float] = ()) -> Decoder[float]:
    """Raw value in tenths of the unit."""
    return scaled(0.1, *limits, none=none)


def hundredths(limits: tuple[float, float], none: Collection[float] = ()) -> Decoder[float]:
    """Raw value in hundredths of the unit."""
    return scaled(0.01, *limits, none=none)


def thousandths(limits: tuple[float, float], none: Collection[float] = ()) -> Decoder[float]:
    """Raw value in thousandths of the unit."""
    return scaled(0.001, *limits, none=none)


def units(limits: tuple[float, float], none: Collection[float] = ()) -> Decoder[float]:
    """Raw value in the unit itself, integer or text with a number in it."""
    return scaled(1.0, *limits, none=none)


celsius_256: Decoder[float] = scaled(1 / 256, *CELSIUS, none=(-65535,))
"""SFF-8472 temperature: 1/256 °C."""

volts_100uv: Decoder[float] = scaled(0.0001, 0.5, VOLTS[1])
"""SFF-8472 voltage: 100 µV. No module works under half a volt."""


def dbm_text(value: Value) -> float | None:
    """`0.03 mW (-14.61 dBm)`, `6.56 dbm`, `-10.47`: the dBm where they are written (the mW are rounded)."""
    if not isinstance(value, bytes) or not value or len(value) > 256:
        return None
    written = value.decode("latin-1")
    if (found := _DBM_TEXT.search(written)) is not None:
        result = float(found[1])
    elif (found := _MW_TEXT.search(written)) is not None:
        return milliwatts(float(found[1]))
    elif (plain := _NUMBER.fullmatch(written.strip())) is not None:
        result = float(plain[0])
    else:
        return None
    return result if DBM[0] <= result <= DBM[1] else None


def milliwatts(power_mw: float) -> float | None:
    """dBm of a power in mW; no light and impossible values are None."""
    if not 1e-5 <= power_mw <= 10:
        return None
    return round(10 * math.log10(power_mw), 3)


def zte_onu_power(value: Value) -> float | None:
    """Optical power that ZTE passes on from the ONU: 0.002 dB steps from -30 dBm, 65535 means none."""
    if not isinstance(value, int) or not 0 <= value < 65535:
        return None
    result = ((value - 65536) if value > 30000 else value) * 0.002 - 30
    return round(result, 3) if DBM[0] <= result <= DBM[1] else None


def mac(value: Value) -> str | None:
    """MAC as 12 upper-case hex digits: 6 octets, text with `:` `-` `.` or none, or hex text of such text (C-Data).
    All zeros and broadcast are nobody's address."""
    if not isinstance(value, bytes):
        return None
    found = value.hex().upper() if len(value) == 6 else _mac_of_text(value)
    return None if found in (None, "000000000000", "FFFFFFFFFFFF") else found


def _mac_of_text(value: bytes) -> str | None:
    written = value.strip(b'\x00 "').decode("latin-1")
    if (found := mac_key(written)) is not None:
        return found
    bare = re.sub(r"[\s:.\-]", "", written)
    if 24 <= len(bare) <= 36 and len(bare) % 2 == 0 and re.fullmatch(r"[0-9A-Fa-f]+", bare):
        return mac_key(bytes.fromhex(bare).decode("latin-1").strip("\x00 "))
    return None


def serial(value: Value) -> str | None:
    """GPON serial as `ZTEGC69EF036`: 8 octets, or text of 12 or 16 characters, with or without separators, alone or
    behind a mode (`1,ZTEGC69EF036`)."""
    if not isinstance(value, bytes):
        return None
    if len(value) == 8:
        return ident_key(value.hex()) if value.strip(b"\x00 \xff") else None
    key = ident_key((text(value) or "").rsplit(",", 1)[-1])
    if set(key) <= {"0"}:
        return None
    return key if _SERIAL.match(key) or _HEX16.match(key) else None


def enum(words: Mapping[int, T], default: T | None = None) -> Decoder[T]:
    """The word for a number; an unknown number gives `default`. Pair it with `raw` to keep unknown numbers visible."""

    def decode(value: Value) -> T | None:
        found = integer(value)
        return None if found is None else words.get(found, default)

    return decode


def raw(words: Mapping[int, str]) -> Decoder[str]:
    """The vendor's own word for a number, the number itself when it is unknown."""

    def decode(value: Value) -> str | None:
        found = integer(value)
        return None if found is None else words.get(found, str(found))

    return decode


def date_and_time(value: Value) -> datetime | None:
    """RFC 2579 DateAndTime (8 or 11 octets) or a written date and time, as the device's own wall clock (no zone).
    All zeros, years outside 2000..2099 and impossible dates are None."""
    if not isinstance(value, bytes):
        return None
    if len(value) in (8, 11) and value[0] == 0x07:
        year, month, day, hour, minute, second = (value[0] << 8) + value[1], *value[2:7]
    else:
        found = _TIME_TEXT.search(value[:64].decode("latin-1"))
        if found is None:
            return None
        year, month, day, hour, minute, second = map(int, found.groups())
    try:
        # The device's clock has no known zone; 60 is a leap second.
        when = datetime(year, month, day, hour, minute, min(second, 59) if second <= 60 else second)  # noqa: DTZ001
    except ValueError:
        return None
    return when if 2000 <= when.year <= 2099 else None


def ticks_sec(value: Value) -> int | None:
    """TimeTicks (hundredths of a second) as whole seconds."""
    return value // 100 if isinstance(value, int) and 0 <= value < 1 << 64 else None


def duration_sec(value: Value) -> int | None:
    """Seconds from a number or from a text: `9 Days 10 Hours 13 Minutes 51 Seconds`, `2d 23:51:13`, `08:38:43`."""
    if isinstance(value, int):
        return value if 0 <= value < 1 << 40 else None
    if not isinstance(value, bytes):
        return None
    written = value[:64].decode("latin-1")
    if (clock := _CLOCK.search(written)) is not None:
        days = _DAYS.search(written)
        hours, minutes, seconds = (int(part[:9]) for part in clock.groups())
        return int(days[1][:6] if days else 0) * 86400 + hours * 3600 + minutes * 60 + seconds
    parts = _SPELLED.findall(written)
    return sum(int(count[:9]) * _SECONDS[unit[0].lower()] for count, unit in parts) if parts else None


def ports(value: Value) -> tuple[int, ...]:
    """Port numbers of a PortList (RFC 4363): the first octet's most significant bit is port 1."""
    if not isinstance(value, bytes):
        return ()
    found: list[int] = []
    for at, octet in enumerate(value):
        if octet:
            found += [at * 8 + bit + 1 for bit in range(8) if octet & (0x80 >> bit)]
    return tuple(found)


def mac_of_index(index: tuple[int, ...]) -> str | None:
    """MAC written as the last six numbers of a table index."""
    tail = index[-6:]
    return bytes(tail).hex().upper() if len(tail) == 6 and all(0 <= part <= 255 for part in tail) else None


def index_of_mac(key: str) -> tuple[int, ...]:
    """Six numbers of an index from 12 hex digits."""
    return tuple(bytes.fromhex(key))
