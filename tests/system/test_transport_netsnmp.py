"""The replay agent and our walks beside net-snmp, over real UDP."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.transport.helpers import AUTH, COLUMN, NO_AUTH, OLD, PRIV, ROWS, USERS, capture, quick, small_table
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import ReplayAgent, read_snmprec
from wildcore.transport.snmp import Tag, V3User, oid, oid_text

pytestmark = pytest.mark.skipif(shutil.which("snmpbulkwalk") is None, reason="net-snmp's programs are not installed")


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[DeviceHub]:
    """An empty hub, closed at the end."""
    async with DeviceHub() as made:
        yield made


NAME = "1.3.6.1.2.1.1.5.0"


def as_user(user: V3User) -> list[str]:
    """net-snmp's options for a user."""
    options = ["-v3", "-u", user.name, "-l", "noAuthNoPriv"]
    if user.auth_password:
        protocol = {"SHA256": "SHA-256"}.get(user.auth_protocol, user.auth_protocol)
        options[-1] = "authNoPriv"
        options += ["-a", protocol, "-A", user.auth_password]
    if user.priv_password:
        options[4] = "authPriv"
        options += ["-x", user.priv_protocol, "-X", user.priv_password]
    return options


WAYS = [["-v1", "-cpublic"], ["-v2c", "-cpublic"], *map(as_user, (NO_AUTH, AUTH, PRIV, OLD))]
WAY_NAMES = ["v1", "v2c", "v3 noAuth", "v3 SHA", "v3 SHA-256 AES", "v3 MD5 DES"]


async def run(program: str, agent: ReplayAgent, *options: str) -> list[str]:
    """Lines that a net-snmp program prints, with stderr; the options after `--` follow the address."""
    at = options.index("--")
    command = [program, *options[:at], "-m", "", "-One", "-t", "2", "-r", "1"]
    process = await asyncio.create_subprocess_exec(
        *command, f"{agent.host}:{agent.port}", *options[at + 1 :],
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=os.environ | {"MIBS": ""},
    )  # fmt: skip
    output, _ = await process.communicate()
    # on a machine where net-snmp never ran it tells of a directory that it makes
    return [line for line in output.decode().splitlines() if not line.startswith("Created directory:")]


@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
async def test_reads_and_writes(way: list[str]) -> None:
    async with ReplayAgent(small_table(), users=USERS, writable=lambda row: row.oid == oid(NAME)) as agent:
        got = await run("snmpget", agent, *way, "--", NAME, f"{oid_text(COLUMN)}.105")
        assert got == [f'.{NAME} = STRING: "name"', f".{oid_text(COLUMN)}.105 = INTEGER: -5"]
        program = "snmpwalk" if way[0] == "-v1" else "snmpbulkwalk"
        walked = await run(program, agent, *way, "--", oid_text(COLUMN))
        assert walked == [f".{oid_text(COLUMN)}.{100 + row} = INTEGER: {-row}" for row in range(ROWS)]
        writing = [option.replace("-cpublic", "-cprivate") for option in way]
        assert await run("snmpset", agent, *writing, "--", NAME, "s", "new") == [f'.{NAME} = STRING: "new"']
        assert await run("snmpget", agent, *way, "--", NAME) == [f'.{NAME} = STRING: "new"']
        refused = await run("snmpset", agent, *writing, "--", "1.3.6.1.2.1.1.1.0", "s", "new")
        assert "Error in packet." in refused[0]
        missing = await run("snmpget", agent, *way, "--", "1.3.6.1.2.1.99.1.0")
        assert "noSuchName" in missing[1] if way[0] == "-v1" else "No Such Object" in missing[0]


async def test_wrong_v3_users_are_told_so() -> None:
    async with ReplayAgent(small_table(), users=USERS) as agent:
        unknown = await run("snmpget", agent, *as_user(V3User("nobody")), "--", NAME)
        assert "Unknown user name" in unknown[0]
        wrong = await run("snmpget", agent, *as_user(V3User("reader", "SHA", "wrong-password")), "--", NAME)
        assert "Authentication failure" in wrong[0]


async def test_both_walk_a_real_capture_alike(hub: DeviceHub) -> None:
    rows = read_snmprec(capture("vsolution_v1600d"))
    async with ReplayAgent(rows) as agent:
        theirs = await run("snmpbulkwalk", agent, "-v2c", "-cpublic", "-Cr25", "--", "1.3.6.1")
        ours = await hub.session(quick(agent), Priority.POLL).varbinds("1.3.6.1")
    names = [line.split(" = ")[0] for line in theirs if line.startswith(".1.") and "No more variables" not in line]
    assert names == ["." + oid_text(row.oid) for row in ours]
    numbers = {line.split(" = ")[0]: line.rsplit(" ", 1)[1] for line in theirs if " = INTEGER: " in line}
    assert numbers == {"." + oid_text(row.oid): str(row.value) for row in ours if row.tag == Tag.INTEGER}
