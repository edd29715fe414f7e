"""What `wca doctor` finds of the database: schema, writable, size, damage, clock; and whether its secrets can be read."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select, text

from wildcore.errors import ConfigurationError, WildcoreError
from wildcore.services.doctor import FAIL, OK, WARN, Finding, drift
from wildcore.services.secretbox import KEY_FILE, SecretBox
from wildcore.services.settings import Setting
from wildcore.store.copies import check_sqlite, missing_tools, sqlite_file
from wildcore.store.db import Database
from wildcore.store.migrate import state
from wildcore.store.tables import DeviceAccess, SettingRow, User

WAL_WARN_BYTES = 512_000_000


def database(url: str) -> list[Finding]:
    """Revision, writable, size, write-ahead log, damage."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return [Finding("database", WARN, f"There is no database {file} yet", "the first start of `wca run` makes it")]
    db = Database(url, threads=1)
    try:
        found = [_revision(db), _writable(db)]
        found += _sqlite(file) if file is not None else _postgres(db)
    except WildcoreError as error:
        return [Finding("database", FAIL, error.description, "start the database server, check WILDCORE_DATABASE_URL")]
    finally:
        db.close()
    return found


def database_clock(url: str) -> list[Finding]:
    """Our clock beside the PostgreSQL server's."""
    if sqlite_file(url) is not None:
        return []
    db = Database(url, threads=1)
    try:
        with db.read() as session:
            theirs = float(session.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
            return [drift("the database server", theirs, time.time())]
    finally:
        db.close()


def secrets(url: str, data_dir: Path, specs: Iterable[Setting]) -> Finding:
    """Whether everything encrypted can be read with the key file."""
    fix = f"put back the {KEY_FILE} that belongs to this database, or enter these secrets again"
    try:
        box = SecretBox((data_dir / KEY_FILE).read_bytes().strip())
    except (OSError, ValueError):
        return Finding("secrets", FAIL, f"No {KEY_FILE} to read them with", fix)
    secret = {one.key for one in specs if one.secret}
    db = Database(url, threads=1)
    try:
        with db.read() as session:
            sealed = [
                (f"access {name}", value) for name, value in session.execute(select(DeviceAccess.name, DeviceAccess.secrets))
            ]
            seconds = session.execute(select(User.login, User.totp_secret).where(User.totp_secret != ""))
            sealed += [(f"second factor of {login}", str(value)) for login, value in seconds]
            rows = session.execute(select(SettingRow.key, SettingRow.value).where(SettingRow.key.in_(sorted(secret))))
            sealed += [(str(key), str(value)) for key, value in rows]
    finally:
        db.close()
    bad = [name for name, value in sealed if not _opens(box, value)]
    if bad:
        return Finding("secrets", FAIL, f"{len(bad)} of {len(sealed)} cannot be read: {', '.join(bad[:5])}", fix)
    return Finding("secrets", OK, f"All {len(sealed)} can be read")


def _revision(db: Database) -> Finding:
    found = state(db)
    if not found.known:
        text_ = f"The database is of a newer version (schema {found.current}, this program knows {found.head})"
        return Finding("database schema", FAIL, text_, "update the program: git pull, make setup")
    if not found.up_to_date:
        text_ = f"Schema {found.current or 'none'}, this program has {found.head}"
        return Finding("database schema", WARN, text_, "restart the server: it brings the database up to date")
    return Finding("database schema", OK, f"Schema {found.current}, up to date")


def _writable(db: Database) -> Finding:
    """By a table that is made and rolled back."""
    try:
        with db.engine.execution_options(wildcore_write=True).connect() as connection:
            connection.execute(text("CREATE TABLE wildcore_doctor (id INTEGER)"))
            connection.rollback()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        cause = (str(getattr(error, "orig", error)).splitlines() or ["?"])[0]
        return Finding(
            "database writable",
            FAIL,
            f"The database cannot be written: {cause}",
            "give the file or the schema to the server's user",
        )
    return Finding("database writable", OK, "The database can be written")


def _sqlite(file: Path) -> list[Finding]:
    wal = Path(f"{file}-wal")
    size, log = file.stat().st_size, wal.stat().st_size if wal.exists() else 0
    found = [Finding("database size", OK, f"{file}: {size / 1e6:.1f} MB, write-ahead log {log / 1e6:.1f} MB")]
    if log > WAL_WARN_BYTES:
        found = [
            Finding("database size", WARN, f"The write-ahead log has {log / 1e6:.0f} MB", "end long readers, restart the server")
        ]
    damage = check_sqlite(file)
    if damage != "ok":
        fix = "stop the server and restore the last backup: wca backup:restore FILE --force"
        return [*found, Finding("database integrity", FAIL, f"The database is damaged: {damage}", fix)]
    return [*found, Finding("database integrity", OK, "quick_check finds no damage")]


def _postgres(db: Database) -> list[Finding]:
    with db.read() as session:
        size = session.scalar(text("SELECT pg_database_size(current_database())")) or 0
        version = session.scalar(text("SHOW server_version")) or "?"
    found = [Finding("database size", OK, f"PostgreSQL {version}: {size / 1e6:.1f} MB")]
    missing = missing_tools("pg_dump", "pg_restore", "psql")
    if missing:
        fix = "apt install postgresql-client, of the server's version"
        found.append(Finding("database tools", WARN, f"No backup can be made: {', '.join(missing)} not installed", fix))
    return found


def _opens(box: SecretBox, value: str) -> bool:
    try:
        box.open(value)
    except ConfigurationError:
        return False
    return True
