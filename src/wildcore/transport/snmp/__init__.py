"""SNMP v1, v2c and v3: what drivers and tools need to talk to one device."""

from wildcore.transport.snmp.session import SnmpSession
from wildcore.transport.snmp.types import (
    Index,
    Limits,
    Oid,
    SessionStats,
    SnmpTarget,
    Tag,
    V3User,
    Value,
    Varbind,
    Varbinds,
    Walk,
    oid,
    oid_text,
)

__all__ = [
    "Index",
    "Limits",
    "Oid",
    "SessionStats",
    "SnmpSession",
    "SnmpTarget",
    "Tag",
    "V3User",
    "Value",
    "Varbind",
    "Varbinds",
    "Walk",
    "oid",
    "oid_text",
]
