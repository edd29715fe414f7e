"""What the transport's tests share: captures, a small table, targets with short timeouts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from wildcore.transport.replay import ReplayAgent
from wildcore.transport.snmp import SnmpTarget, Tag, V3User, Varbind, oid
from wildcore.transport.snmp.types import Version

CAPTURES = Path(__file__).resolve().parents[3] / "shared" / "captures"
TABLE = oid("1.3.6.1.4.1.3320.101.10.1.1")
COLUMN = (*TABLE, 26)
ROWS = 200

NO_AUTH = V3User("guest")
AUTH = V3User("reader", "SHA", "reader-password")
PRIV = V3User("owner", "SHA256", "owner-password", "AES", "owner-secret-key")
OLD = V3User("veteran", "MD5", "veteran-password", "DES", "veteran-secret")
USERS = (NO_AUTH, AUTH, PRIV, OLD)


def capture_files() -> list[object]:
    """Every real capture as a parameter; without the shared folder, one that skips with the reason."""
    files = sorted(CAPTURES.glob("*.snmprec"))
    if not files:
        return [pytest.param(None, marks=pytest.mark.skip(reason="no captures: ../shared is not here"))]
    return [pytest.param(path, id=path.stem) for path in files]


def capture(name: str) -> Path:
    """One real capture; skips if it is not here."""
    path = CAPTURES / f"{name}.snmprec"
    if not path.exists():
        pytest.skip(f"no capture {name}: ../shared is not here")
    return path


def small_table() -> list[Varbind]:
    """A system group, two columns of 200 rows, and a row behind them."""
    rows = [
        Varbind(oid("1.3.6.1.2.1.1.1.0"), Tag.OCTET_STRING, b"a small device"),
        Varbind(oid("1.3.6.1.2.1.1.2.0"), Tag.OID, oid("1.3.6.1.4.1.3320.1.1")),
        Varbind(oid("1.3.6.1.2.1.1.3.0"), Tag.TIMETICKS, 12345),
        Varbind(oid("1.3.6.1.2.1.1.5.0"), Tag.OCTET_STRING, b"name"),
    ]
    rows += [Varbind((*COLUMN, 100 + row), Tag.INTEGER, -row) for row in range(ROWS)]
    rows += [Varbind((*TABLE, 27, 100 + row), Tag.OCTET_STRING, b"onu %d" % row) for row in range(ROWS)]
    rows.append(Varbind(oid("1.3.6.1.6.3.1"), Tag.INTEGER, 1))
    return rows


def quick(agent: ReplayAgent, version: Version = "2c", user: V3User | None = None, **changes: object) -> SnmpTarget:
    """A target that gives up soon."""
    options: dict[str, object] = {"write_community": "private", "timeout_sec": 0.1, "repeats": 2} | changes
    return SnmpTarget(agent.host, agent.port, version, user=user, **options)  # type: ignore[arg-type]


async def until(condition: Callable[[], bool]) -> None:
    """Lets the event loop run until something holds; fails after five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for is a state that signals nothing
            await asyncio.sleep(0)
