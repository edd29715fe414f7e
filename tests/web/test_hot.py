"""What billing asks most: how many SQL statements each costs, and that none of them reads the interfaces from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.orm import Session

from tests.services.support import ADMIN, add_device, add_group, add_subscriber, in_groups, with_billing
from wildcore.services import diagnosis, search
from wildcore.services.actor import Actor
from wildcore.services.bindings import rebind
from wildcore.services.interface_search import InterfaceQuery, first_id
from wildcore.services.interface_search import search as find_interfaces
from wildcore.services.pages_interface import interface_page
from wildcore.services.runtime import Runtime
from wildcore.store import search as store
from wildcore.store.tables import Interface

MANY = 20_000
Asks = Callable[[Session, Runtime, Actor], Any]


def by_ident(session: Session, runtime: Runtime, actor: Actor) -> Any:
    return find_interfaces(session, runtime, actor, InterfaceQuery(ont_ident="ZTEGC0000777")).rows


def by_port(session: Session, runtime: Runtime, actor: Actor) -> Any:
    return find_interfaces(session, runtime, actor, InterfaceQuery(device_ip="192.0.2.10", interface_bind_key="7")).rows


def diagnose(session: Session, runtime: Runtime, actor: Actor) -> Any:
    interface_id = first_id(session, actor, InterfaceQuery(ont_ident="ZTEGC0000777"))
    return diagnosis._load(session, runtime, actor, interface_id or 0)


def page(session: Session, runtime: Runtime, actor: Actor) -> Any:
    interface_id = first_id(session, actor, InterfaceQuery(ont_ident="ZTEGC0000777"))
    return interface_page(session, runtime, actor, interface_id or 0)


def global_search(words: str) -> Asks:
    return lambda session, runtime, actor: search.find(session, runtime, actor, words)


# Diagnosis: one more than a request costs, which names the interface by its id.
HOT: dict[str, tuple[Asks, int]] = {
    "search by ident": (by_ident, 1),
    "search by address and port": (by_port, 1),
    "diagnosis from cache": (diagnose, 4),
    "ONU page": (page, 8),
    "a serial": (global_search("ZTEGC0000777"), 15),
    "two characters": (global_search("zt"), 15),
    "a name that all have": (global_search("gpon"), 15),
    "a part of all names": (global_search("1/1/1"), 15),
    "a login": (global_search("petrenko"), 15),
}


def fill(runtime: Runtime, onus: int) -> None:
    """ONUs on one OLT, a port on a switch, one subscriber."""
    with_billing(runtime)
    olt, switch = add_device(runtime.db, "192.0.2.1"), add_device(runtime.db, "192.0.2.10")
    common = {"device_id": olt, "parent_bind_key": "", "type": "ONU", "ident_type": "SN", "created_at": 1, "updated_at": 1}
    rows = [
        {**common, "bind_key": f"k{at}", "name": f"gpon-onu_1/1/1:{at}", "ident": f"ZTEGC{at:07}", "port_num": at}
        for at in range(onus)
    ]
    port = {**common, "device_id": switch, "bind_key": "7", "name": "port 7", "type": "FE", "ident": None, "ident_type": ""}
    with runtime.db.write() as session:
        session.execute(insert(Interface), rows)
        session.execute(insert(Interface), [{**port, "port_num": 7}])
        add_subscriber(session, "815", "700815", "petrenko", ident="ZTEGC0000777")
        add_group(session, "both", [olt, switch])
        rebind(session, everything=True)
        store.index_queued(session)
    if not runtime.db.is_sqlite:
        with runtime.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    runtime.settings.get("APP_NAME")


@pytest.fixture
def crowded(runtime: Runtime) -> Runtime:
    fill(runtime, MANY)
    return runtime


@pytest.fixture
def small(runtime: Runtime) -> Runtime:
    fill(runtime, 10)
    return runtime


@pytest.fixture
def statements(runtime: Runtime) -> Iterator[list[tuple[str, Any]]]:
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not statement.startswith(("EXPLAIN", "BEGIN", "SET")):
            heard.append((statement, parameters))

    event.listen(runtime.db.engine, "before_cursor_execute", hear)
    yield heard
    event.remove(runtime.db.engine, "before_cursor_execute", hear)


def test_hot_requests_are_few_statements_by_indexes(crowded: Runtime, statements: list[tuple[str, Any]]) -> None:
    sqlite = crowded.db.is_sqlite
    with crowded.db.read() as session:
        groups = in_groups(session.execute(text("SELECT id FROM device_groups WHERE name = 'both'")).scalar_one())
        driver: Any = session.connection()
        for what, (asks, most) in HOT.items():
            for actor in (ADMIN, groups):
                statements.clear()
                assert asks(session, crowded, actor), what
                asked = list(statements)
                assert len(asked) <= most, (what, [one for one, _given in asked])
                for statement, given in asked:
                    plan = driver.exec_driver_sql(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement, given)
                    lines = [str(row[-1]) for row in plan]
                    if sqlite:
                        whole = [line for line in lines if line.startswith(("SCAN interfaces", "SCAN subscribers"))]
                    else:
                        whole = [line for line in lines if "Seq Scan on interfaces" in line and not _ends_early(lines)]
                    assert not whole, (what, statement, given, lines)


def _ends_early(lines: list[str]) -> bool:
    """A sequence that a LIMIT ends: the planner prefers it where every row fits."""
    return lines[0].startswith("Limit") and not any("Sort" in line for line in lines)


async def test_a_kept_session_refuses_or_forgets_what_was_written(small: Runtime) -> None:
    def write(session: Session) -> None:
        session.execute(text("UPDATE interfaces SET comment = 'no' WHERE bind_key = '7'"))

    def comment(session: Session) -> str:
        return str(session.execute(text("SELECT comment FROM interfaces WHERE bind_key = '7'")).scalar_one())

    if small.db.is_sqlite:
        await small.db.run_quick(write)
    else:
        with pytest.raises(Exception, match="read-only"):
            await small.db.run_quick(write)
    assert await small.db.run_quick(comment) == ""


async def test_a_kept_session_sees_what_was_committed_meanwhile(small: Runtime) -> None:
    def comment(session: Session) -> str:
        return str(session.execute(text("SELECT comment FROM interfaces WHERE bind_key = '7'")).scalar_one())

    assert await small.db.run_quick(comment) == ""
    with small.db.write() as session:
        session.execute(text("UPDATE interfaces SET comment = 'new' WHERE bind_key = '7'"))
    assert await small.db.run_quick(comment) == "new"
    with pytest.raises(ZeroDivisionError):
        await small.db.run_quick(lambda _session: 1 / 0)
    assert await small.db.run_quick(comment) == "new"
    if not small.db.is_sqlite:  # the server goes away and comes back
        with small.db.write() as session:
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                    " AND datname = current_database()"
                )
            )
        assert await small.db.run_quick(comment) == "new"
