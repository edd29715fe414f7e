"""Whole copies of a database while others write to it: SQLite by its backup API, PostgreSQL by pg_dump and psql."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from wildcore.errors import ConfigurationError

Pages = Callable[[int, int], None]
"""Called with the pages copied so far and all of them."""

_STEP = 4096
_CLIENT = "install the PostgreSQL client (Debian: apt install postgresql-client)"


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite address; None for another engine or a database in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def copy_sqlite(source: Path, target: Path, pages: Pages | None = None) -> None:
    """Copy a database that others may be writing to; the copy is of one moment and has mode 0600.

    A read transaction is open all the time, so that in WAL mode writers neither wait nor make the copy start anew.
    Raises ConfigurationError in one line; no unfinished copy is left.
    """
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(handle)
    try:
        with (
            closing(sqlite3.connect(f"file:{_quoted(source)}?mode=rw", uri=True, timeout=15, isolation_level=None)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.execute("BEGIN")
            old.execute("SELECT count(*) FROM sqlite_master").fetchone()

            def progress(_status: int, remaining: int, total: int) -> None:
                if pages is not None:
                    pages(total - remaining, total)

            old.backup(new, pages=_STEP, progress=progress, sleep=0)
            old.execute("ROLLBACK")
            # The header says WAL; a copy that nobody writes to is one file without it.
            new.execute("PRAGMA journal_mode=DELETE")
    except (sqlite3.Error, OSError) as error:
        target.unlink(missing_ok=True)
        raise ConfigurationError(f"The database {source} cannot be copied to {target}: {error}") from error


def check_sqlite(path: Path) -> str:
    """`ok`, or the first thing that is wrong with the file (PRAGMA quick_check)."""
    try:
        with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=15)) as connection:
            return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)


def dump_postgres(url: str, target: Path, snapshot: str = "") -> None:
    """Dump a PostgreSQL database into a file (custom format), as of one moment: an exported `snapshot`, or now.

    ConfigurationError tells what is missing.
    """
    moment = [f"--snapshot={snapshot}"] if snapshot else []
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(handle)
    try:
        _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}", *moment], make_url(url))
    except ConfigurationError:
        target.unlink(missing_ok=True)
        raise


def load_postgres(url: str, dump: Path, script: Path) -> None:
    """Replace the database by a dump, in one transaction: what is there stays when anything fails.

    Tables and functions of the schema that belong to no extension go first. `script` is a file that is made and removed.
    """
    handle = os.open(script, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(handle)
    parsed = make_url(url)
    try:
        # pg_restore takes no part of the connection here: it writes SQL, and psql carries it out together with the removal.
        _run("pg_restore", ["--no-owner", "--no-privileges", "--no-comments", f"--file={script}", str(dump)], None)
        arguments = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--command={_REMOVE}"]
        _run("psql", [*arguments, f"--file={script}"], parsed)
    finally:
        script.unlink(missing_ok=True)


def missing_tools(*names: str) -> list[str]:
    """Which of the PostgreSQL programs are not installed."""
    return [name for name in names if shutil.which(name) is None]


_REMOVE = """DO $remove$ DECLARE one record; BEGIN
FOR one IN SELECT c.oid::regclass AS name FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace OURS LOOP
EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', one.name); END LOOP;
FOR one IN SELECT c.oid::regprocedure AS name FROM pg_proc c
WHERE c.pronamespace = current_schema()::regnamespace OURS LOOP
EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', one.name); END LOOP; END $remove$""".replace(
    "OURS", "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
)


def _run(program: str, arguments: list[str], url: URL | None) -> None:
    if missing_tools(program):
        raise ConfigurationError(f"{program} is needed and not installed: {_CLIENT}")
    environment = dict(os.environ)
    if url is not None:
        # By environment: a password in the arguments could be read by everybody on the machine.
        named = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
        options = {f"PG{key.upper()}": str(value) for key, value in url.query.items() if key in ("sslmode", "sslrootcert")}
        environment |= {key: str(value) for key, value in named.items() if value is not None} | options
        environment |= {"PGDATABASE": url.database or "", "PGCONNECT_TIMEOUT": "15", "PGCLIENTENCODING": "UTF8"}
    done = subprocess.run(  # noqa: S603 - our own programs and arguments
        [program, *arguments], env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        said = " ".join(done.stderr.split())[:400] or f"exit code {done.returncode}"
        hint = f": {_CLIENT}, of the server's version" if "version mismatch" in said else ""
        raise ConfigurationError(f"{said}{hint}")


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
