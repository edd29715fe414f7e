"""A NoDeny Plus database on a real MariaDB, made for one test and dropped after it.

Tables and columns are those that `components/nodeny_plus/schema.py` names with their sources; only what is read is there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.nodeny.server import Server
from wildcore.components.nodeny_plus.component import component
from wildcore.services.runtime import Runtime

PASSWORD = "Geheim' und %s lang"
TABLES = """
CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(64) NOT NULL UNIQUE, contract TINYTEXT NOT NULL,
    passwd VARCHAR(64) NOT NULL DEFAULT 'never read', balance FLOAT(10, 2) NOT NULL DEFAULT 0);
CREATE TABLE data0 (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, uid INT UNSIGNED NOT NULL, KEY (uid),
    _adr_street VARCHAR(255) NOT NULL DEFAULT '', _adr_house VARCHAR(255) NOT NULL DEFAULT '',
    _adr_flat VARCHAR(255) NOT NULL DEFAULT '', _onu VARCHAR(64) NOT NULL DEFAULT '', _sw VARCHAR(64), _port INT);
CREATE TABLE datasetup (type TINYINT UNSIGNED NOT NULL, name VARCHAR(100) NOT NULL UNIQUE, param TEXT NOT NULL);
CREATE TABLE dictionary (type TEXT NOT NULL, k TEXT NOT NULL, v TEXT NOT NULL);
CREATE TABLE mac_uid (id INT AUTO_INCREMENT PRIMARY KEY, uid INT NOT NULL, mac CHAR(17) NOT NULL);
INSERT INTO datasetup (type, name, param) VALUES (8, '_adr_street', 'street'), (4, '_adr_house', '');
INSERT INTO dictionary (type, k, v) VALUES ('street', '14', 'Київська вулиця'), ('street', '15', 'Соборна вулиця');
INSERT INTO dictionary (type, k, v) VALUES ('other', '14', 'Інше')
"""


@dataclass
class Nodeny:
    """A database of NoDeny Plus; `admin` is a connection that may do everything in it."""

    name: str
    host: str
    port: int
    user: str
    admin: Any

    @property
    def dsn(self) -> str:
        """In PDO's form."""
        return f"mysql:host={self.host};port={self.port};dbname={self.name};charset=utf8"

    def run(self, statement: str, values: Iterable[Any] = ()) -> Any:
        """Carry a statement out as the administrator."""
        with self.admin.cursor() as cursor:
            cursor.execute(statement, tuple(values) or None)
            return cursor.fetchall()

    def add(
        self, uid: int, login: str, contract: str = "", *macs: str, street: str = "14", house: str = "1", **data: Any
    ) -> None:
        """A subscriber with MAC addresses; `data` are further columns of data0."""
        self.run("INSERT INTO users (id, name, contract) VALUES (%s, %s, %s)", (uid, login, contract))
        columns = {"uid": uid, "_adr_street": street, "_adr_house": house, **data}
        marks = ", ".join(["%s"] * len(columns))
        self.run(f"INSERT INTO data0 ({', '.join(columns)}) VALUES ({marks})", columns.values())
        for mac in macs:
            self.run("INSERT INTO mac_uid (uid, mac) VALUES (%s, %s)", (uid, mac))

    def add_many(self, count: int, first: int = 1) -> None:
        """Subscribers with one MAC each, made by the server."""
        numbers = f"seq_{first}_to_{first + count - 1}"
        self.run(f"INSERT INTO users (id, name, contract) SELECT seq, CONCAT('u', seq), LPAD(seq, 6, '0') FROM {numbers}")
        self.run(f"INSERT INTO data0 (uid, _adr_street, _adr_house) SELECT seq, '14', seq FROM {numbers}")
        self.run(f"INSERT INTO mac_uid (uid, mac) SELECT seq, CONCAT('02', LPAD(HEX(seq), 10, '0')) FROM {numbers}")

    def kill_readers(self) -> int:
        """End the reader's connections, as an administrator or a restart does; how many there were."""
        rows = self.run("SELECT id FROM information_schema.processlist WHERE user = %s", (self.user,))
        for (number,) in rows:
            self.run(f"KILL {number}")
        return len(rows)

    def configure(self, runtime: Runtime, **settings: Any) -> None:
        """Point the component's settings here."""
        runtime.settings.declare(component.settings)
        given = {
            "NODENY_URL": "https://billing.example/cgi-bin/stat.pl",
            "NODENY_DATABASE_DSN": self.dsn,
            "NODENY_DATABASE_USERNAME": self.user,
            "NODENY_DATABASE_PASSWORD": PASSWORD,
            **settings,
        }
        with runtime.db.write() as session:
            runtime.settings.set(session, given)
        runtime.settings.forget()


@contextmanager
def nodeny_database(server: Server, charset: str = "utf8mb4") -> Iterator[Nodeny]:
    """A database with its tables, and a user who may only read."""
    admin = server.connect()
    name = f"nodeny_{os.getpid()}_{secrets.token_hex(4)}"
    reader = f"r_{secrets.token_hex(6)}"
    made = Nodeny(name, server.host, server.port, reader, admin)
    try:
        made.run(f"CREATE DATABASE {name} CHARACTER SET {charset}")
        admin.select_db(name)
        made.run("SET default_storage_engine = MyISAM")  # made in no time; NoDeny's own tables are of both kinds
        for statement in TABLES.strip().rstrip(";").split(";\n"):
            made.run(statement)
        made.run(f"CREATE USER {reader}@'127.0.0.1' IDENTIFIED BY %s", (PASSWORD,))
        made.run(f"GRANT SELECT ON {name}.* TO {reader}@'127.0.0.1'")
        yield made
    finally:
        made.run(f"DROP DATABASE IF EXISTS {name}")
        made.run(f"DROP USER IF EXISTS {reader}@'127.0.0.1'")
        admin.close()
