"""Captures as live devices: snmprec files, and an SNMP agent that serves them over UDP."""

from wildcore.transport.replay.agent import ReplayAgent
from wildcore.transport.replay.behaviour import Behaviour, Broken
from wildcore.transport.replay.mib import MibRow, MibView, OverlayMib, StaticMib
from wildcore.transport.replay.snmprec import parse_snmprec, read_snmprec, write_snmprec

__all__ = [
    "Behaviour",
    "Broken",
    "MibRow",
    "MibView",
    "OverlayMib",
    "ReplayAgent",
    "StaticMib",
    "parse_snmprec",
    "read_snmprec",
    "write_snmprec",
]
