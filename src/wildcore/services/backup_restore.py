"""Putting an archive back: checked whole in a staging directory first, then put in place by renames.

What was there before is kept: files in `before-restore-<time>` of the data directory, a PostgreSQL database as a dump there.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import time
import zlib
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import func, inspect, select, text

from wildcore.errors import ConfigurationError
from wildcore.services.backup import (
    ATTACHMENTS,
    FORMAT,
    MANIFEST,
    METRICS,
    POSTGRES,
    SQLITE,
    Manifest,
    Member,
    Say,
    digest,
    row_counts,
    staging,
)
from wildcore.services.secretbox import KEY_FILE, SecretBox
from wildcore.store.copies import check_sqlite, dump_postgres, load_postgres, sqlite_file
from wildcore.store.db import Database
from wildcore.store.metrics.duckdb import DuckMetrics
from wildcore.store.migrate import of_revision, state
from wildcore.store.tables import DeviceAccess

KEPT = "before-restore-"
_LARGEST_MANIFEST = 64 * 1024 * 1024
_DAMAGED = "The archive is damaged, nothing was restored"


def read_manifest(archive: Path) -> Manifest:
    """What an archive says of itself. ConfigurationError when it is no backup, damaged or of an unknown form."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST or first.size > _LARGEST_MANIFEST:
                raise ConfigurationError(f"{archive} is no backup of Wildcore")
            content = tar.extractfile(first)
            manifest = json.loads(content.read()) if content is not None else {}
    except OSError as error:
        raise ConfigurationError(f"Cannot read {archive}: {error.strerror or error}") from None
    except (tarfile.TarError, EOFError, zlib.error, ValueError):
        raise ConfigurationError(f"{archive} is no backup of Wildcore, or it is damaged") from None
    if manifest.get("format") != FORMAT:
        raise ConfigurationError(f"{archive} is of a form that this version does not know: update the program")
    try:
        return _manifest(manifest)
    except (KeyError, TypeError):
        raise ConfigurationError(f"{_DAMAGED}: {MANIFEST} lacks something") from None


def restore(archive: Path, data_dir: Path, url: str, *, force: bool, say: Say) -> tuple[Manifest, Path | None]:
    """Put an archive's state in place; returns its manifest and where the old state is kept (None: there was none).

    The caller makes sure that no server runs. Raises ConfigurationError; whatever fails, the old state is as it was.
    """
    manifest = read_manifest(archive)
    file = sqlite_file(url)
    _refuse(manifest, file, url)
    _refuse_occupied(data_dir, file, url, force=force)
    with staging(data_dir) as stage:
        say(f"Unpacking {archive} of {manifest.created_at} ({manifest.size / 1e6:.1f} MB)")
        _unpack(archive, manifest, stage)
        say("Checking what was unpacked")
        _check_files(manifest, stage)
        say("Putting it in place")
        kept = _replace(manifest, stage, data_dir, file, url)
    return manifest, kept


def verify(manifest: Manifest, data_dir: Path, url: str) -> None:
    """Compare what is in place with the manifest: revision, rows of each table, secrets, history. ConfigurationError tells."""
    db = Database(url, threads=1)
    try:
        found = state(db)
        if found.current != manifest.schema:
            raise ConfigurationError(f"The schema is {found.current} and should be {manifest.schema}")
        rows = row_counts(url)
        if rows != manifest.rows:
            table = next(name for name in {**rows, **manifest.rows} if rows.get(name) != manifest.rows.get(name))
            raise ConfigurationError(f"Table {table} has {rows.get(table, 0)} rows and should have {manifest.rows.get(table, 0)}")
        _open_secrets(db, data_dir)
    finally:
        db.close()
    if (data_dir / METRICS).is_dir():
        with closing(DuckMetrics(data_dir / METRICS)) as metrics:
            metrics.flush()


def _manifest(values: dict[str, Any]) -> Manifest:
    members = tuple(Member(one["name"], int(one["size"]), one["sha256"]) for one in values["members"])
    names = ("version", "created_at", "database", "schema", "rows", "environment")
    return Manifest(**{name: values[name] for name in names}, members=members)


def _refuse(manifest: Manifest, file: Path | None, url: str) -> None:
    here = "sqlite" if file is not None else "postgresql"
    if manifest.database != here:
        raise ConfigurationError(
            f"The backup is of {manifest.database}, and WILDCORE_DATABASE_URL names {here}: set it to the same engine"
        )
    known = of_revision(manifest.schema)
    if not known.known:
        raise ConfigurationError(
            f"The backup is of a newer version ({manifest.version}, schema {manifest.schema}; this program knows {known.head}): "
            "update the program"
        )
    if here == "postgresql":
        _refuse_busy(url)


def _refuse_busy(url: str) -> None:
    db = Database(url, threads=1)
    try:
        with db.read() as session:
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            others = session.scalar(text(query)) or 0
    finally:
        db.close()
    if others:
        raise ConfigurationError(f"{others} other connections use the database: stop every server and console command first")


def _refuse_occupied(data_dir: Path, file: Path | None, url: str, *, force: bool) -> None:
    there = [path.name for path in _places(data_dir, file) if path.exists()]
    if file is None and _has_tables(url):
        there.append("tables in the PostgreSQL database")
    if there and not force:
        raise ConfigurationError(
            f"{data_dir} is not empty ({', '.join(there)}): choose another WILDCORE_DATA, or use --force, "
            "which keeps the old state"
        )


def _has_tables(url: str) -> bool:
    db = Database(url, threads=1)
    try:
        return bool(inspect(db.engine).get_table_names())
    finally:
        db.close()


def _places(data_dir: Path, file: Path | None) -> list[Path]:
    parts = [data_dir / name for name in (KEY_FILE, METRICS, ATTACHMENTS)]
    return parts if file is None else [file, *(Path(f"{file}{end}") for end in ("-wal", "-shm")), *parts]


def _unpack(archive: Path, manifest: Manifest, stage: Path) -> None:
    wanted = {one.name: one for one in manifest.members}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for entry in tar:
                if entry.name == MANIFEST:
                    continue
                member = wanted.pop(entry.name, None)
                if member is None or not entry.isreg() or entry.size != member.size or not _stays_inside(entry.name):
                    raise ConfigurationError(f"{_DAMAGED}: {entry.name} is not what the manifest says")
                _write_out(tar, entry, stage / entry.name)
                if digest(stage / entry.name) != member.sha256:
                    raise ConfigurationError(f"{_DAMAGED}: the checksum of {entry.name} is wrong")
    except (tarfile.TarError, EOFError, zlib.error):
        raise ConfigurationError(f"{_DAMAGED}: it is cut off or changed") from None
    except OSError as error:
        raise ConfigurationError(f"Cannot unpack {archive}: {error.strerror or error}") from None
    if wanted:
        raise ConfigurationError(f"{_DAMAGED}: {min(wanted)} is missing")


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and bool(path.parts)


def _write_out(tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    """By hand: `TarFile.extract` has its safe filters only since 3.11.4, and Debian 12 has 3.11.2."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = tar.extractfile(entry)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        if content is not None:
            shutil.copyfileobj(content, file, 1024 * 1024)


def _check_files(manifest: Manifest, stage: Path) -> None:
    if not (stage / KEY_FILE).is_file() or not (stage / (SQLITE if manifest.database == "sqlite" else POSTGRES)).is_file():
        raise ConfigurationError(f"{_DAMAGED}: the database or the key file is missing")
    if manifest.database == "sqlite":
        damage = check_sqlite(stage / SQLITE)
        if damage != "ok":
            raise ConfigurationError(f"{_DAMAGED}: {damage}")
        try:
            verify(manifest, stage, f"sqlite:///{stage / SQLITE}")
        except ConfigurationError as error:
            raise ConfigurationError(f"{_DAMAGED}: {error.description}") from None


def _replace(manifest: Manifest, stage: Path, data_dir: Path, file: Path | None, url: str) -> Path | None:
    kept = data_dir / time.strftime(f"{KEPT}%Y%m%d-%H%M%S")
    moved: list[tuple[Path, Path]] = []
    try:
        old = [path for path in _places(data_dir, file) if path.exists()]
        loads = file is None and _has_tables(url)
        if old or loads:
            kept.mkdir(mode=0o700)
        if loads:
            dump_postgres(url, kept / POSTGRES)
        for path in old:
            _move(path, kept / path.name, moved)
        for name in (KEY_FILE, METRICS, ATTACHMENTS):
            if (stage / name).exists():
                _move(stage / name, data_dir / name, moved)
        if file is not None:
            _move(stage / SQLITE, file, moved)
        else:
            load_postgres(url, stage / POSTGRES, stage / "load.sql")  # the only step that cannot be moved back: it is last
    except (OSError, ConfigurationError) as error:
        for source, target in reversed(moved):
            shutil.move(target, source)
        if kept.is_dir() and not any(kept.iterdir()):
            kept.rmdir()
        cause = error.description if isinstance(error, ConfigurationError) else error.strerror or str(error)
        raise ConfigurationError(f"Nothing was restored, the old state is in place: {cause}") from None
    _give_to_owner(data_dir, [data_dir / KEY_FILE, data_dir / METRICS, data_dir / ATTACHMENTS, *([file] if file else []), kept])
    return kept if kept.is_dir() else None


def _move(source: Path, target: Path, moved: list[tuple[Path, Path]]) -> None:
    shutil.move(source, target)
    moved.append((source, target))


def _give_to_owner(data_dir: Path, paths: list[Path]) -> None:
    """A restore by root must not leave files that the server's own user cannot open."""
    owner = data_dir.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for path in paths:
        for one in [path, *path.rglob("*")] if path.is_dir() else [path] if path.exists() else []:
            os.chown(one, owner.st_uid, owner.st_gid)


def _open_secrets(db: Database, directory: Path) -> None:
    """Decrypt every access's secrets with the restored key."""
    box = SecretBox((directory / KEY_FILE).read_bytes().strip())
    with db.read() as session:
        count = session.scalar(select(func.count(DeviceAccess.id))) or 0
        for sealed in session.scalars(select(DeviceAccess.secrets)) if count else ():
            box.open(sealed)
