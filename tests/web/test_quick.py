"""What a request costs besides its answer: SQL statements, threads, looks at files."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.services.support import ADMIN, add_device, add_group, add_interface, counted_statements, in_groups, with_billing
from wildcore.services import interface_search, search
from wildcore.services.actor import Actor
from wildcore.services.interface_search import InterfaceQuery, asks_for_one
from wildcore.services.runtime import Runtime
from wildcore.web.templating import ASSET_CHECK_SEC, Assets


async def test_quick_reads_take_no_thread_on_sqlite(runtime: Runtime) -> None:
    here = threading.current_thread()

    def where(_session: Session) -> threading.Thread:
        return threading.current_thread()

    assert (await runtime.db.run_quick(where) is here) == runtime.db.is_sqlite
    assert await runtime.db.run_read(where) is not here


@pytest.mark.parametrize(
    ("query", "quick"),
    [
        ({"ont_ident": "ZTEGC69EF036"}, True),
        ({"device_ip": "192.0.2.1", "interface_name": "3"}, True),
        ({"device_id": "1", "interface_bind_key": "3"}, True),
        ({"device_ip": "192.0.2.1"}, False),
        ({"interface_name": "3"}, False),
        ({"ont_ident": ""}, False),
        ({"mac_address": "001122AABBCC"}, False),
        ({}, False),
    ],
)
def test_only_questions_for_one_place_are_quick(query: dict[str, str], quick: bool) -> None:
    assert asks_for_one(query) is quick


@pytest.mark.parametrize(
    "wanted", [InterfaceQuery(ont_ident="ZTEGC69EF036"), InterfaceQuery(device_ip="192.0.2.10", interface_name="7")]
)
def test_a_search_is_four_statements_for_everybody(runtime: Runtime, wanted: InterfaceQuery) -> None:
    with_billing(runtime)
    device = add_device(runtime.db, "192.0.2.10")
    with runtime.db.write() as session:
        add_interface(session, device, "88", "gpon-onu_1/1/11:88", "ONU", ident="ZTEGC69EF036", ident_type="SN")
        add_interface(session, device, "7", "port 7")
        mine, other = add_group(session, "mine", [device]), add_group(session, "other")

    def found(actor: Actor) -> int:
        with runtime.db.read() as session:
            return len(interface_search.search(session, runtime, actor, wanted).rows)

    # A statement is built once for everybody: whose groups it asks for must still be the asker's.
    assert [found(actor) for actor in (in_groups(mine), in_groups(other), ADMIN, in_groups(other, mine))] == [1, 0, 1, 1]
    runtime.settings.get("APP_NAME")
    with counted_statements(runtime.db) as statements:
        found(in_groups(mine))
    assert len(statements) <= 4, statements


def test_texts_of_one_shape_are_told_apart(runtime: Runtime) -> None:
    with_billing(runtime)
    device = add_device(runtime.db, "192.0.2.10")
    with runtime.db.write() as session:
        for number, ident in enumerate(("ZTEGC69EF036", "HWTCA1B2C3D4")):
            add_interface(session, device, f"{number}", f"onu {ident[:4]} {number}", "ONU", ident=ident, ident_type="SN")
    for text in ("ZTEGC69EF036", "HWTCA1B2C3D4", "ZTEGC69EF036", "C69EF0", "A1B2C3"):
        with runtime.db.read() as session, counted_statements(runtime.db) as statements:
            groups = search.find(session, runtime, ADMIN, text)
        (hit,) = [hit for group in groups if group.kind == "onu" for hit in group.hits]
        assert text in hit.title
        assert len(statements) <= 15, statements


def test_a_file_is_looked_at_once_a_second(tmp_path: Path) -> None:
    now = [0.0]
    assets = Assets(tmp_path, lambda: now[0])
    assert assets.url("a.js") == "/static/a.js"
    (tmp_path / "a.js").write_text("one")
    assert assets.url("a.js") == "/static/a.js"
    now[0] += ASSET_CHECK_SEC + 0.1
    assert assets.url("a.js").startswith("/static/a.js?v=")
