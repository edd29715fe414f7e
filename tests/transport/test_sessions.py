"""Sessions of every version do the same things, over real UDP."""

from __future__ import annotations

import asyncio
from typing import get_args

import pytest

from tests.transport.helpers import AUTH, COLUMN, NO_AUTH, OLD, PRIV, ROWS, TABLE, USERS, capture, quick, small_table, until
from wildcore.errors import DeviceRefused, DeviceUnreachable, ValidationFailed
from wildcore.transport import hub as hub_module
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import ReplayAgent, StaticMib, read_snmprec
from wildcore.transport.snmp import SnmpTarget, Tag, V3User, Varbind, oid
from wildcore.transport.snmp.types import AuthProtocol, PrivProtocol, Version

NAME = oid("1.3.6.1.2.1.1.5.0")
DESCR = oid("1.3.6.1.2.1.1.1.0")
NOTHING = oid("1.3.6.1.2.1.99.1.0")
VERSIONS = [("1", None), ("2c", None), ("3", NO_AUTH), ("3", AUTH), ("3", PRIV), ("3", OLD)]
every_version = pytest.mark.parametrize(
    ("version", "user"), VERSIONS, ids=["v1", "v2c", "v3 noAuth", "v3 SHA", "v3 SHA256 AES", "v3 MD5 DES"]
)


@every_version
async def test_reads(hub: DeviceHub, version: Version, user: V3User | None) -> None:
    async with ReplayAgent(small_table(), users=USERS) as agent:
        session = hub.session(quick(agent, version, user, timeout_sec=2), Priority.PERSON)
        assert await session.get(NAME, NOTHING, "1.3.6.1.2.1.1.1.0") == {NAME: b"name", DESCR: b"a small device"}
        assert await session.get() == {}
        assert await session.get(NOTHING) == {}
        assert await session.get(*((*COLUMN, 100 + row) for row in range(60)), NOTHING) == {
            (*COLUMN, 100 + row): -row for row in range(60)
        }
        column = await session.column(COLUMN)
        assert (column.complete, column.problem) == (True, None)
        assert column.rows == [((100 + row,), -row) for row in range(ROWS)]
        assert (await session.walk(TABLE)).rows[ROWS] == ((27, 100), b"onu 0")
        for absent in ("1.3.6.1.2.1.99", "1.3.6.1.9"):
            nothing = await session.column(absent)
            assert (nothing.rows, nothing.complete) == ([], True)
        system = await session.varbinds("1.3.6.1.2.1.1")
        assert system[1] == Varbind(oid("1.3.6.1.2.1.1.2.0"), Tag.OID, oid("1.3.6.1.4.1.3320.1.1"))
        assert system[2] == Varbind(oid("1.3.6.1.2.1.1.3.0"), Tag.TIMETICKS, 12345)
        assert system.complete
        assert await session.varbinds(NAME) == [Varbind(NAME, Tag.OCTET_STRING, b"name")]
        assert await session.varbinds(NOTHING) == []
        assert session.stats.requests > 10
        assert session.stats.varbinds > ROWS


@every_version
async def test_writes_and_reads_back(hub: DeviceHub, version: Version, user: V3User | None) -> None:
    told: list[Varbind] = []
    agent = ReplayAgent(small_table(), users=USERS, writable=lambda row: row.oid != DESCR, written=told.append)
    async with agent:
        session = hub.session(quick(agent, version, user, timeout_sec=2), Priority.PERSON)
        number = (*COLUMN, 100)
        await session.set((NAME, Tag.OCTET_STRING, b"\xd0\x96"), (number, Tag.INTEGER, -70000))
        assert await session.get(NAME, number) == {NAME: b"\xd0\x96", number: -70000}
        assert [row.value for row in told] == [b"\xd0\x96", -70000]
        address = (1, 3, 6, 1, 2, 1, 77, 1)
        await session.set((address, Tag.IP, bytes((10, 0, 0, 1))), ((*address, 1), Tag.OID, NAME))
        assert await session.get(address, (*address, 1)) == {address: bytes((10, 0, 0, 1)), (*address, 1): NAME}
        with pytest.raises(DeviceRefused, match=r"1\.3\.6\.1\.2\.1\.1\.1\.0"):
            await session.set((NAME, Tag.OCTET_STRING, b"x"), (DESCR, Tag.OCTET_STRING, b"y"))
        with pytest.raises(DeviceRefused):
            await session.set((NAME, Tag.INTEGER, 1))
        with pytest.raises(ValidationFailed):
            await session.set((NAME, Tag.INTEGER, b"no number"))
        assert await session.get(NAME) == {NAME: b"\xd0\x96"}


async def test_writing_needs_the_write_community(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), writable=lambda _: True) as agent:
        with pytest.raises(DeviceRefused, match="no write community"):
            await hub.session(quick(agent, write_community=""), Priority.PERSON).set((NAME, Tag.OCTET_STRING, b"x"))
        with pytest.raises(DeviceRefused, match="no access"):
            await hub.session(quick(agent, write_community="public"), Priority.PERSON).set((NAME, Tag.OCTET_STRING, b"x"))
        with pytest.raises(DeviceUnreachable):
            await hub.session(quick(agent, write_community="wrong"), Priority.PERSON).set((NAME, Tag.OCTET_STRING, b"x"))


async def test_a_refusal_after_a_lost_answer_says_that_it_may_be_done(hub: DeviceHub) -> None:
    """createAndGo twice: the first is done but its answer is lost, the second is refused."""

    class Forgetful(ReplayAgent):
        answered = 0

        def _send(self, answer: bytes, sender: tuple[str, int]) -> None:
            self.answered += 1
            if self.answered > 1:
                super()._send(answer, sender)

    new = (*TABLE, 99, 1)
    agent = Forgetful(small_table(), writable=lambda row: agent.mib.get(row.oid) is None)
    async with agent:
        session = hub.session(quick(agent), Priority.PERSON)
        with pytest.raises(DeviceRefused, match="may have been applied"):
            await session.set((new, Tag.INTEGER, 4))
        assert await session.get(new) == {new: 4}


async def test_versions_agree_on_a_real_capture(hub: DeviceHub) -> None:
    rows = read_snmprec(capture("vsolution_v1600d"))
    async with ReplayAgent(rows, users=USERS) as agent:
        walks = {}
        for version, user in VERSIONS:
            session = hub.session(quick(agent, version, user, timeout_sec=2), Priority.POLL)  # type: ignore[arg-type]
            walks[version, user] = await session.varbinds("1.3.6.1")
            assert walks[version, user].complete
    v2c = walks.pop(("2c", None))
    assert len(v2c) > 1000
    without_64 = [row for row in v2c if row.tag != Tag.COUNTER64]
    assert walks.pop(("1", None)) == without_64
    for found in walks.values():
        assert found == v2c


@pytest.mark.parametrize("auth", get_args(AuthProtocol))
@pytest.mark.parametrize("priv", get_args(PrivProtocol))
async def test_every_pair_of_protocols(hub: DeviceHub, auth: AuthProtocol, priv: PrivProtocol) -> None:
    user = V3User("someone", auth, "a-password", priv, "another-password")
    async with ReplayAgent(small_table(), users=[user]) as agent:
        session = hub.session(quick(agent, "3", user, timeout_sec=2), Priority.POLL)
        assert await session.get(NAME) == {NAME: b"name"}


@pytest.mark.parametrize(
    "user",
    [
        V3User("nobody"),
        V3User("reader", "SHA", "wrong-password"),
        V3User("reader", "MD5", "reader-password"),
        V3User("owner", "SHA256", "owner-password", "AES", "wrong-secret-key"),
        V3User("owner", "SHA256", "owner-password"),
        V3User("guest", "SHA", "guest-password"),
    ],
    ids=["user", "password", "protocol", "privacy", "level too low", "level too high"],
)
async def test_v3_says_what_is_wrong_with_the_user(hub: DeviceHub, user: V3User) -> None:
    async with ReplayAgent(small_table(), users=USERS) as agent:
        session = hub.session(quick(agent, "3", user), Priority.POLL)
        with pytest.raises(DeviceRefused, match=user.name):
            await session.get(NAME)
        with pytest.raises(DeviceRefused, match=user.name) as caught:
            await session.column(COLUMN)
        assert "password" not in caught.value.description


async def test_v3_survives_a_reboot_of_the_agent(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table(), users=USERS) as agent:
        session = hub.session(quick(agent, "3", PRIV, timeout_sec=2), Priority.POLL)
        assert await session.get(NAME) == {NAME: b"name"}
        for _ in range(3):
            agent.reboot()
            assert await session.get(NAME) == {NAME: b"name"}


async def test_contexts_are_other_views(hub: DeviceHub) -> None:
    other = StaticMib([Varbind(NAME, Tag.OCTET_STRING, b"vlan 100")])
    async with ReplayAgent(small_table(), contexts={"100": other}, users=USERS) as agent:
        v2c = hub.session(quick(agent, read_community="public@100"), Priority.POLL)
        assert await v2c.get(NAME) == {NAME: b"vlan 100"}
        context = V3User("reader", "SHA", "reader-password", context="vlan-100")
        assert await hub.session(quick(agent, "3", context), Priority.POLL).get(NAME) == {NAME: b"vlan 100"}
        with pytest.raises(DeviceUnreachable):
            await hub.session(quick(agent, read_community="public@7"), Priority.POLL).get(NAME)


async def test_names_of_hosts_are_resolved(hub: DeviceHub) -> None:
    async with ReplayAgent(small_table()) as agent:
        for version in ("1", "2c"):
            target = SnmpTarget("localhost", agent.port, version)
            assert await hub.session(target, Priority.POLL).get(NAME) == {NAME: b"name"}


def test_secrets_do_not_show() -> None:
    user = V3User("admin", auth_password="auth-secret", priv_password="priv-secret")
    target = SnmpTarget("192.0.2.1", version="3", user=user, read_community="reads", write_community="writes")
    shown = repr(target) + str(target)
    assert "admin" in shown
    assert not any(secret in shown for secret in ("auth-secret", "priv-secret", "reads", "writes"))


@pytest.mark.parametrize(
    "wrong", [{"version": "2"}, {"version": "3"}, {"timeout_sec": 0}, {"repeats": 0}, {"max_repetitions": 0}]
)
def test_impossible_targets_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"SNMP version|must be positive"):
        SnmpTarget("192.0.2.1", **wrong)  # type: ignore[arg-type]


async def test_idle_sockets_are_closed_and_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "IDLE_SEC", 0.05)
    async with DeviceHub() as hub, ReplayAgent(small_table(), users=USERS) as agent:
        for version, user in VERSIONS[1:4]:
            target = quick(agent, version, user, timeout_sec=2)  # type: ignore[arg-type]
            session = hub.session(target, Priority.POLL)
            assert await session.get(NAME)
            state = hub.device(*agent.address)
            assert state.open
            await until(lambda: not state.open)  # noqa: B023 - called before the loop goes on
            assert await session.get(NAME)


async def test_closing_the_hub_ends_what_waits() -> None:
    async with DeviceHub() as hub, ReplayAgent(small_table()) as agent:
        agent.behaviour.silent = True
        session = hub.session(quick(agent, timeout_sec=60), Priority.POLL)
        waiting = asyncio.create_task(session.get(NAME))
        await until(lambda: hub.device(*agent.address).open)
        await asyncio.sleep(0)
        await hub.aclose()
        async with asyncio.timeout(5):
            with pytest.raises(DeviceUnreachable):
                await waiting
        with pytest.raises(RuntimeError, match="closed"):
            hub.session(session.target, Priority.POLL)
