"""Authentication and privacy protocols of SNMPv3 (RFC 3414, 3826, 7860), by the names people know."""

from __future__ import annotations

import functools
from typing import Any

from snmp.security.usm import auth  # type: ignore[import-untyped]
from snmp.security.usm.eso.priv import EsoAesCfb192, EsoAesCfb256  # type: ignore[import-untyped]
from snmp.security.usm.priv import AesCfb128, DesCbc  # type: ignore[import-untyped]

KEY_CACHE = 512


def _quick(protocol: Any) -> Any:
    """The same protocol, deriving a password's key once per process: RFC 3414 makes that a hash of a megabyte."""

    class Quick(protocol):  # type: ignore[misc]
        @staticmethod
        @functools.lru_cache(maxsize=KEY_CACHE)
        def computeKey(secret: bytes) -> bytes:  # noqa: N802 - the package's name
            repeated = secret * ((1 << 20) // len(secret) + 1)
            return bytes(protocol.ALGORITHM(repeated[: 1 << 20]).digest())

    return Quick


AUTH: dict[str, Any] = {
    "MD5": _quick(auth.HmacMd5),
    "SHA": _quick(auth.HmacSha),
    "SHA224": _quick(auth.HmacSha224),
    "SHA256": _quick(auth.HmacSha256),
    "SHA384": _quick(auth.HmacSha384),
    "SHA512": _quick(auth.HmacSha512),
}
PRIV: dict[str, Any] = {"DES": DesCbc, "AES": AesCfb128, "AES192": EsoAesCfb192, "AES256": EsoAesCfb256}
