"""Claims of polls: no device is ever held twice, whoever asks at the same time."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, update

from tests.poller.support import add_device
from wildcore.services import polling_leases
from wildcore.services.pollers import ORDER, sync_polls
from wildcore.services.polling_leases import LEASE_SEC, Claimed, Finished
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, Poll


@pytest.fixture
def devices(runtime: Runtime) -> list[int]:
    """Forty devices with all their polls due."""
    ids = [add_device(runtime.db, f"127.1.0.{number}") for number in range(1, 41)]
    with runtime.db.write() as session:
        sync_polls(session, runtime)
    return ids


def claim(runtime: Runtime, owner: str, limit: int = 100, failing: int = 0, after: int = 0) -> dict[int, list[Claimed]]:
    with runtime.db.write() as session:
        return polling_leases.claim(session, owner, runtime.now() + after, limit, failing)


async def test_a_device_comes_with_all_its_due_polls_in_order(runtime: Runtime, devices: list[int]) -> None:
    found = claim(runtime, "a", 3)
    assert len(found) == 3
    for device_id, claims in found.items():
        assert {one.device_id for one in claims} == {device_id}
        assert [one.poller for one in claims] == sorted((one.poller for one in claims), key=ORDER.__getitem__)
        assert claims[0].poller == "system"
    assert claim(runtime, "b").keys() == set(devices) - set(found)
    assert claim(runtime, "c") == {}


async def test_everyone_at_once_gets_devices_of_his_own(runtime: Runtime, devices: list[int]) -> None:
    found: dict[str, dict[int, list[Claimed]]] = {}
    start = threading.Barrier(4)

    def take(owner: str) -> None:
        mine: dict[int, list[Claimed]] = {}
        start.wait()
        while more := claim(runtime, owner, 3):
            mine.update(more)
        found[owner] = mine

    threads = [threading.Thread(target=take, args=(owner,)) for owner in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # On PostgreSQL a claim may come back empty while another holds the rows: what is left is taken by the next round.
    found["late"] = claim(runtime, "late")
    taken = [device_id for mine in found.values() for device_id in mine]
    assert sorted(taken) == devices
    with runtime.db.read() as session:
        held = {row.device_id: row.lease_owner for row in session.scalars(select(Poll))}
        owners = session.execute(select(Poll.device_id, Poll.lease_owner).distinct()).all()
    assert len(owners) == len(devices), "one owner for all polls of a device"
    assert {one: owner for owner, mine in found.items() for one in mine} == held


async def test_a_device_that_is_held_is_not_claimed_for_another_poll(runtime: Runtime, devices: list[int]) -> None:
    one = devices[0]
    with runtime.db.write() as session:
        assert len(polling_leases.claim_device(session, "a", runtime.now(), one, ["system"])) == 1
    assert one not in claim(runtime, "b")
    with runtime.db.write() as session:
        assert polling_leases.claim_device(session, "b", runtime.now(), one, ["counters"]) == []


async def test_a_lease_that_is_not_renewed_falls_to_another(runtime: Runtime, devices: list[int]) -> None:
    at = runtime.now()
    runtime.now = lambda: at  # a busy machine must not age the lease meanwhile
    claimed = claim(runtime, "dead")
    assert claim(runtime, "b", after=LEASE_SEC - 1) == {}
    with runtime.db.write() as session:
        polling_leases.renew(session, "dead", runtime.now() + LEASE_SEC - 1)
    assert claim(runtime, "b", after=LEASE_SEC + 1) == {}
    assert claim(runtime, "b", after=2 * LEASE_SEC).keys() == set(devices)
    one = claimed[devices[0]][0]
    with runtime.db.write() as session:  # the dead one was only asleep: what it writes now does not count
        assert not polling_leases.finish(session, "dead", one.poll_id, Finished("ok"), at=1, next_at=2)
        assert session.get_one(Poll, one.poll_id).lease_owner == "b"


async def test_disabled_devices_are_left_alone(runtime: Runtime, devices: list[int]) -> None:
    with runtime.db.write() as session:
        session.execute(update(Device).where(Device.id != devices[7]).values(enabled=False))
    assert claim(runtime, "a").keys() == {devices[7]}
    with runtime.db.write() as session:
        polling_leases.release(session, "a")
        session.execute(update(Device).values(enabled=False))
        assert polling_leases.next_due(session, runtime.now()) is None


async def test_failing_devices_get_only_their_share(runtime: Runtime, devices: list[int]) -> None:
    bad = set(devices[:30])
    with runtime.db.write() as session:
        session.execute(update(Poll).where(Poll.device_id.in_(bad), Poll.poller == "system").values(result="error", next_at=1))
    found = claim(runtime, "a", 8, 2)
    assert len(found) == 8
    assert len(bad.intersection(found)) == 2
    assert claim(runtime, "b", 8, 0).keys().isdisjoint(bad)
