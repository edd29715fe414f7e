"""Reading from a real server: what is read, and what each failure tells people to do."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.nodeny.server import Server
from tests.nodeny.support import PASSWORD, Nodeny, nodeny_database
from tests.services.support import add_device, add_interface
from wildcore.components.nodeny_plus import schema
from wildcore.components.nodeny_plus.billing import NodenyBilling
from wildcore.components.nodeny_plus.database import NodenyDatabase
from wildcore.components.nodeny_plus.dsn import parse
from wildcore.errors import BillingError
from wildcore.model.subscriber import SubscriberClaim, SubscriberRecord
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Interface

DOCUMENT = Path(__file__).parents[2] / "docs/nodeny.md"


@pytest.fixture
def db_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Our own database only holds the settings here: one engine is enough."""
    path = tmp_path / "wildcore.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


async def all_of(parts: AsyncIterator[list[SubscriberRecord]]) -> list[SubscriberRecord]:
    return [one async for part in parts for one in part]


async def refusal(billing: NodenyBilling) -> str:
    with pytest.raises(BillingError) as caught:
        await all_of(billing.records())
    assert PASSWORD not in caught.value.description
    return caught.value.description


@contextmanager
def listener(say: bytes) -> Iterator[int]:
    """A server that says this to whoever connects, and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    client, _address = server.accept()
                except OSError:
                    return
                kept.append(client)
                if say:
                    client.sendall(say)

        worker = threading.Thread(target=serve, daemon=True)
        worker.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        worker.join()
        for one in kept:
            one.close()


async def test_subscribers_as_they_are_kept_there(runtime: Runtime, nodeny: Nodeny) -> None:
    nodeny.add(7, "ivanov", "00007", "0200000000B1", "0200000000A1", _adr_flat="15")
    nodeny.add(8, "o'neil", "", street="99", house="")
    nodeny.add(
        9, "onu", "Д-9", "02:00:00:00:00:c1", _onu="zteg:c69ef036", _sw=" 192.0.2.10 ", _port=4, street="15", house=" 2 б "
    )
    nodeny.run("INSERT INTO users (id, name, contract) VALUES (10, 'no data', '10')")
    nodeny.run("INSERT INTO mac_uid (uid, mac) VALUES (0, '0200000000FF'), (10, 'rubbish')")
    nodeny.configure(runtime, NODENY_FIELD_ONU="_onu", NODENY_FIELD_SWITCH="_sw", NODENY_FIELD_PORT="_port")
    ivanov, neil, onu, bare = await all_of(NodenyBilling(runtime).records())
    assert ivanov == SubscriberRecord(
        uid="7",
        agreement="00007",
        login="ivanov",
        billing_link="/stat.pl?a=user&uid=7",
        address_full="Київська вулиця 1/15",
        lane="Київська вулиця",
        house="1",
        app="15",
        claims=(SubscriberClaim(mac="0200000000A1"), SubscriberClaim(mac="0200000000B1")),
    )
    assert (neil.login, neil.address_full, neil.claims) == ("o'neil", "99", ())
    assert (onu.address_full, onu.agreement) == ("Соборна вулиця 2 б", "Д-9")
    assert onu.claims == (SubscriberClaim("ZTEGC69EF036", "192.0.2.10", "4", "0200000000C1"),)
    assert (bare.login, bare.address_full, bare.claims) == ("no data", "", ())


async def test_who_has_an_ident_and_who_has_a_uid(runtime: Runtime, nodeny: Nodeny) -> None:
    nodeny.add(7, "ivanov", "00007", "02-00-00-00-00-a1", _onu="ztegc69ef036")
    nodeny.add(8, "petrov", "00008", "0200000000A2", _onu="ZTEG00000001")
    billing = NodenyBilling(runtime)
    nodeny.configure(runtime)
    assert [one.uid for one in await billing.find("0200000000A1")] == ["7"]
    assert [one.uid for one in await billing.find("0200000000A2")] == ["8"]
    assert await billing.find("ZTEGC69EF036") == []
    nodeny.configure(runtime, NODENY_FIELD_ONU="_onu")
    assert [one.uid for one in await billing.find("ZTEGC69EF036")] == ["7"]
    assert await billing.find("ZTEG'; --") == []
    found = await billing.subscriber(8)
    assert found is not None
    assert found.login == "petrov"
    assert await billing.subscriber(9) is None


@pytest.mark.parametrize("charset", ["cp1251", "utf8"])
async def test_texts_of_old_databases(runtime: Runtime, mariadb: Server, charset: str) -> None:
    with nodeny_database(mariadb, charset="cp1251") as nodeny:
        nodeny.add(7, "іваненко", "Д-7")
        nodeny.configure(runtime, NODENY_DATABASE_DSN=nodeny.dsn.replace("charset=utf8", f"charset={charset}"))
        (one,) = await all_of(NodenyBilling(runtime).records())
        assert (one.login, one.agreement, one.lane) == ("іваненко", "Д-7", "Київська вулиця")


async def test_pages_are_whole_and_hold_nobody_twice(runtime: Runtime, nodeny: Nodeny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "PAGE", 7)
    nodeny.add_many(50, first=100)
    nodeny.run("INSERT INTO data0 (uid, _adr_street) SELECT uid, 'again' FROM data0 WHERE uid % 5 = 0")
    nodeny.configure(runtime)
    parts = [part async for part in NodenyBilling(runtime).records()]
    assert max(map(len, parts)) == 7
    assert sorted({int(one.uid) for part in parts for one in part}) == list(range(100, 150))


async def test_the_reader_cannot_write(nodeny: Nodeny) -> None:
    nodeny.run(f"GRANT ALL ON {nodeny.name}.* TO {nodeny.user}@'127.0.0.1'")

    def attempt() -> None:
        with NodenyDatabase(parse(nodeny.dsn), nodeny.user, PASSWORD) as database:
            database.rows("DELETE FROM mac_uid")

    with pytest.raises(BillingError, match="READ ONLY"):
        await asyncio.to_thread(attempt)


async def test_rights_on_the_columns_that_are_read_are_enough(runtime: Runtime, nodeny: Nodeny) -> None:
    """The documents' GRANTs: passwords and balances are not even readable."""
    nodeny.add(7, "ivanov", "00007", "0200000000A1")
    nodeny.run(f"REVOKE SELECT ON {nodeny.name}.* FROM {nodeny.user}@'127.0.0.1'")
    nodeny.configure(runtime)
    assert "GRANT SELECT there" in await refusal(NodenyBilling(runtime))
    for line in re.findall("^GRANT .*(?=;$)", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE):
        grant = line.replace("ON nodeny.", f"ON {nodeny.name}.").replace("'wildcore'@'192.0.2.9'", f"{nodeny.user}@'127.0.0.1'")
        nodeny.run(grant)
    (one,) = await all_of(NodenyBilling(runtime).records())
    assert (one.login, one.lane, len(one.claims)) == ("ivanov", "Київська вулиця", 1)
    nodeny.run(f"REVOKE SELECT (uid, mac) ON {nodeny.name}.mac_uid FROM {nodeny.user}@'127.0.0.1'")
    assert "may not read all that is needed" in await refusal(NodenyBilling(runtime))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"NODENY_DATABASE_DSN": ""}, "Set NODENY_DATABASE_DSN"),
        ({"NODENY_DATABASE_USERNAME": ""}, "Set NODENY_DATABASE_USERNAME"),
        ({"NODENY_DATABASE_PASSWORD": "another"}, "check NODENY_DATABASE_USERNAME and NODENY_DATABASE_PASSWORD"),
        ({"NODENY_DATABASE_DSN": "mysql:host={host};port={port};dbname=no_such"}, "database no_such"),
        ({"NODENY_DATABASE_DSN": "mysql:host=127.0.0.1;port={closed};dbname=n"}, "does it run, does it listen there"),
        ({"NODENY_DATABASE_DSN": "{dsn};ssl=yes"}, "does not speak TLS"),
        ({"NODENY_FIELD_ONU": "_serial"}, "no column _serial"),
        ({"NODENY_FIELD_STREET": "a` FROM users; --"}, "no column a`"),
    ],
)
async def test_a_failure_says_what_to_do(
    runtime: Runtime, nodeny: Nodeny, caplog: pytest.LogCaptureFixture, settings: dict[str, Any], said: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        closed = gone.getsockname()[1]
    facts = {"host": nodeny.host, "port": nodeny.port, "dsn": nodeny.dsn, "closed": closed}
    nodeny.configure(runtime, **{key: value.format(**facts) for key, value in settings.items()})
    with caplog.at_level(0):
        assert said in await refusal(NodenyBilling(runtime))
    assert PASSWORD not in caplog.text
    assert "another" not in caplog.text


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE mac_uid", "lacks a table"),
        ("DROP TABLE users", "lacks a table"),
        ("ALTER TABLE users DROP COLUMN contract", "lacks a column"),
        ("DROP TABLE dictionary", "lacks a table"),
    ],
)
async def test_another_schema_is_told(runtime: Runtime, nodeny: Nodeny, statement: str, said: str) -> None:
    nodeny.add(7, "ivanov", "00007")
    nodeny.run(statement)
    nodeny.configure(runtime)
    assert said in await refusal(NodenyBilling(runtime))


@pytest.mark.parametrize(
    ("say", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no MySQL"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no MySQL"),
        (b"", "does not answer in time"),
    ],
)
async def test_something_else_answers(say: bytes, said: str) -> None:
    with listener(say) as port, pytest.raises(BillingError, match=said):
        await asyncio.to_thread(NodenyDatabase, parse(f"mysql:host=127.0.0.1;port={port};dbname=n"), "u", PASSWORD, read_sec=0.5)


async def test_without_a_column_for_the_address_there_is_none(runtime: Runtime, nodeny: Nodeny) -> None:
    nodeny.add(7, "ivanov", "00007")
    nodeny.run("DROP TABLE data0")
    nodeny.run("CREATE TABLE data0 (id INT AUTO_INCREMENT PRIMARY KEY, uid INT NOT NULL, _phone TEXT)")
    nodeny.configure(runtime)
    (one,) = await all_of(NodenyBilling(runtime).records())
    assert (one.login, one.address_full) == ("ivanov", "")


async def test_who_is_named_by_the_onu_has_it_where_the_description_decides(runtime: Runtime, nodeny: Nodeny) -> None:
    mac = "0200000000A1"
    nodeny.add(7, "ivanov", "00007", mac)
    nodeny.add(8, "petrov", "00008", mac, _onu=mac)
    nodeny.configure(runtime, NODENY_COMPARISON_DESCRIPTION_REQUIRED=True)
    billing, olt = NodenyBilling(runtime), add_device(runtime.db, "192.0.2.1")
    with runtime.db.write() as session:
        onu = add_interface(session, olt, "1", "epon0/1:1", "ONU", ident=mac, ident_type="MAC", description="ivanova, flat 3")
    assert await billing.find(mac) == []
    with runtime.db.write() as session:
        session.execute(update(Interface).where(Interface.id == onu).values(description="kv.15 IVANOV"))
    assert [one.uid for one in await billing.find(mac)] == ["7"]
    nodeny.configure(runtime, NODENY_COMPARISON_DESCRIPTION_REQUIRED=True, NODENY_FIELD_ONU="_onu")
    assert [one.uid for one in await billing.find(mac)] == ["7", "8"]


async def test_a_database_that_hangs_holds_up_nothing_else(runtime: Runtime, nodeny: Nodeny) -> None:
    with listener(b"") as port:
        nodeny.configure(runtime, NODENY_DATABASE_DSN=f"mysql:host=127.0.0.1;port={port};dbname=n")
        billing = NodenyBilling(runtime)
        asked = [asyncio.create_task(billing.subscriber(uid)) for uid in range(64)]
        await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.to_thread(int), 2)  # pages and answers are made in these threads
        for one in asked:
            one.cancel()
        assert all(isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*asked, return_exceptions=True))
