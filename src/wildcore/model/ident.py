"""ONU idents and MAC addresses: one canonical key for every notation that people and programs use.

An ident is either a MAC (EPON) or a serial number of four vendor letters and eight hex digits (GPON, ITU-T G.984.3).
"""

from __future__ import annotations

import re
from enum import StrEnum

_SEPARATORS = re.compile(r"[\s:.\-]+")
_HEX = re.compile(r"[0-9A-F]+\Z")
_SERIAL = re.compile(r"[A-Z0-9]{4}[0-9A-F]{8}\Z")


class IdentType(StrEnum):
    """Kind of an ONU ident, as clients spell it."""

    MAC = "MAC"
    SN = "SN"


def ident_key(text: str) -> str:
    """Canonical key of an ident: upper case, no separators, serials as `ZTEGC69EF036`, MACs as 12 hex digits.

    >>> {ident_key(t) for t in ("ZTEGC69EF036", "ZTEG:C69EF036", "5A544547C69EF036", "zteg-c69ef036")}
    {'ZTEGC69EF036'}
    >>> ident_key("aabb.ccdd.eeff")
    'AABBCCDDEEFF'
    """
    bare = _SEPARATORS.sub("", text).upper()
    if len(bare) == 16 and _HEX.match(bare):
        vendor = bytes.fromhex(bare[:8])
        if vendor.isalnum() and vendor.isascii():
            return vendor.decode("ascii").upper() + bare[8:]
    return bare


def mac_text(key: str) -> str:
    """A MAC as people read it: `AA:BB:CC:DD:EE:FF`. Anything that is not 12 hex digits comes back as it is."""
    bare = _SEPARATORS.sub("", key).upper()
    if len(bare) != 12 or not _HEX.match(bare):
        return key
    return ":".join(bare[at : at + 2] for at in range(0, 12, 2))


def mac_key(text: str) -> str | None:
    """The 12 upper-case hex digits of a MAC in any notation, None when it is not one."""
    bare = _SEPARATORS.sub("", text).upper()
    return bare if len(bare) == 12 and _HEX.match(bare) else None


def ident_type(key: str) -> IdentType:
    """MAC or serial, by the form of a canonical key. A driver that knows better says so itself."""
    if len(key) == 12 and _HEX.match(key):
        return IdentType.MAC
    return IdentType.SN


def is_ident(text: str) -> bool:
    """Whether the text can be an ident at all (a MAC or a serial in some notation)."""
    key = ident_key(text)
    return bool(_SERIAL.match(key))


def ident_text(key: str, kind: IdentType | str | None = None) -> str:
    """An ident as people read it: MACs with colons, serials as they are."""
    return mac_text(key) if (kind or ident_type(key)) == IdentType.MAC else key
