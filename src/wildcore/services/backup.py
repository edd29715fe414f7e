"""One archive of everything that an installation is: database, metric history, attachments, key file.

Made while the server runs. The parts are first staged in the data directory, each of one moment: the database by the engine's
own online copy, then the history, so that every series belongs to a device or interface of the database. The archive is a
`.tar.gz` that begins with `manifest.json`: version, schema revision, counts of rows, size and SHA-256 of each member. It holds
the key file, so who has it can read the stored communities and passwords.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import socket
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, inspect, select, text

from wildcore import __version__
from wildcore.errors import ConfigurationError
from wildcore.services.secretbox import KEY_FILE
from wildcore.store.copies import check_sqlite, copy_sqlite, dump_postgres, sqlite_file
from wildcore.store.db import Database
from wildcore.store.migrate import state
from wildcore.store.tables import Base

FORMAT = 1
STAGING = ".backup-"
MANIFEST = "manifest.json"
SQLITE, POSTGRES = "database.sqlite3", "database.pgdump"
METRICS, ATTACHMENTS = "metrics", "attachments"

Say = Callable[[str], None]
TakeMetrics = Callable[[Path], None]
"""Fills an empty directory (`<staging>/metrics`) with the history."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself. `rows` counts the rows of each table; `environment` the settings that variables fixed."""

    version: str
    created_at: str
    database: str
    schema: str
    rows: dict[str, int]
    environment: dict[str, str]
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(one.size for one in self.members)

    def text(self) -> str:
        """As it stands in the archive."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1)


def create(data_dir: Path, url: str, target: Path | None, take_metrics: TakeMetrics | None, say: Say) -> tuple[Path, Manifest]:
    """Make an archive; `target` is a file, a directory, or None for `backups` in the data directory. Returns where it is.

    Raises ConfigurationError in one line; nothing is left behind then.
    """
    archive = _archive_path(data_dir, target)
    with staging(data_dir) as stage:
        manifest = _stage(data_dir, url, stage, take_metrics, say)
        say(f"Writing {archive} ({_mb(manifest.size)} before compression)")
        _write(archive, manifest, stage)
    return archive, manifest


@contextmanager
def staging(data_dir: Path) -> Iterator[Path]:
    """A directory of one's own below the data directory (mode 0700), removed at the end with all that is in it."""
    try:
        path = Path(tempfile.mkdtemp(prefix=STAGING, dir=data_dir))
    except OSError as error:
        raise ConfigurationError(f"Cannot write to {data_dir}: {error.strerror}") from None
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def row_counts(url: str) -> dict[str, int]:
    """Rows of each table that exists."""
    db = Database(url, threads=1)
    try:
        with db.engine.connect() as connection:
            return _counts(connection)
    finally:
        db.close()


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def server_runs(console_socket: Path) -> bool:
    """Whether a server answers on the console's socket."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(str(console_socket))
    except OSError:
        return False
    finally:
        probe.close()
    return True


def _stage(data_dir: Path, url: str, stage: Path, take_metrics: TakeMetrics | None, say: Say) -> Manifest:
    schema = _schema(url)
    file = sqlite_file(url)
    if file is not None:
        say(f"Copying the database {file}")
        copied = stage / SQLITE
        copy_sqlite(file, copied)
        damage = check_sqlite(copied)
        if damage != "ok":
            raise ConfigurationError(f"The database is damaged, no backup was made: {damage}. Restore the last good backup")
        schema, rows = _schema(f"sqlite:///{copied}"), row_counts(f"sqlite:///{copied}")
        for extra in stage.glob(f"{SQLITE}-*"):  # what opening it in WAL mode has made
            extra.unlink()
    else:
        say("Dumping the PostgreSQL database")
        rows = _dump(url, stage / POSTGRES)
    _copy(data_dir / KEY_FILE, stage / KEY_FILE)
    if take_metrics is not None and (data_dir / METRICS).is_dir():
        say("Copying the metric history")
        (stage / METRICS).mkdir()
        take_metrics(stage / METRICS)
    if (data_dir / ATTACHMENTS).is_dir():
        say("Copying the attachments")
        shutil.copytree(data_dir / ATTACHMENTS, stage / ATTACHMENTS)
    say("Computing checksums")
    members = tuple(
        Member(path.relative_to(stage).as_posix(), path.stat().st_size, digest(path))
        for path in sorted(stage.rglob("*"))
        if path.is_file()
    )
    return Manifest(
        version=__version__,
        created_at=time.strftime("%Y-%m-%d %H:%M:%S%z"),
        database="sqlite" if file is not None else "postgresql",
        schema=schema,
        rows=rows,
        environment=_environment(),
        members=members,
    )


def _schema(url: str) -> str:
    """The revision of a database that this program knows; ConfigurationError for another or an empty one."""
    db = Database(url, threads=1)
    try:
        found = state(db)
    finally:
        db.close()
    if found.current is None:
        raise ConfigurationError("There is no database to back up: is WILDCORE_DATA the server's directory?")
    return found.current


def _dump(url: str, target: Path) -> dict[str, int]:
    """Dump a PostgreSQL database, and count the rows of the very moment that the dump is of."""
    db = Database(url, threads=1)
    try:
        with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            snapshot = str(connection.scalar(text("SELECT pg_export_snapshot()")))
            dump_postgres(url, target, snapshot)
            return _counts(connection)
    finally:
        db.close()


def _counts(connection: Connection) -> dict[str, int]:
    names = set(inspect(connection).get_table_names())
    tables = [table for table in Base.metadata.sorted_tables if table.name in names]
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def _environment() -> dict[str, str]:
    """Variables that fix settings; never those that hold a secret."""
    secret = ("KEY", "PASSWORD", "SECRET", "TOKEN", "DATABASE_URL", "WILDCORE_DATA", "WILDCORE_TEST")
    found = {name: value for name, value in os.environ.items() if name.startswith("WILDCORE_")}
    return {name: value for name, value in sorted(found.items()) if not any(word in name for word in secret)}


def _archive_path(data_dir: Path, target: Path | None) -> Path:
    if target is None:
        target = data_dir / "backups"
        target.mkdir(mode=0o700, exist_ok=True)
    if target.is_dir():
        target = target / time.strftime("wildcore-%Y%m%d-%H%M%S.tar.gz")
    if not target.name.endswith((".tar.gz", ".tgz")):
        raise ConfigurationError(f"{target} is neither a directory nor a name that ends in .tar.gz")
    if target.exists():
        raise ConfigurationError(f"{target} exists already: choose another name")
    if not target.parent.is_dir():
        raise ConfigurationError(f"There is no directory {target.parent}")
    return target.absolute()


def _write(archive: Path, manifest: Manifest, stage: Path) -> None:
    unfinished = archive.with_name(f"{archive.name}.part")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            # Level 1: the history is compressed already, and of a database higher levels save little for much time.
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
                _add(tar, MANIFEST, io.BytesIO(manifest.text().encode()), len(manifest.text().encode()))
                for one in manifest.members:
                    with (stage / one.name).open("rb") as member:
                        _add(tar, one.name, member, one.size)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(archive)
    except OSError as error:
        raise ConfigurationError(f"Cannot write {archive}: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _add(tar: tarfile.TarFile, name: str, file: Any, size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(time.time())
    tar.addfile(entry, file)


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise ConfigurationError(f"Cannot read {source}: {error.strerror}. A backup without it would be of no use") from None
    target.chmod(0o600)


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
