"""Archives: what is in them, what comes back, and every reason for which one is refused."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import postgres_database
from tests.operating.support import START, fill, installation, signs_in, state_of, wca
from wildcore.services import backup
from wildcore.store.metrics import SeriesKey


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def urls(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Addresses of two databases, the first to back up and an empty one to restore into; "" is SQLite in the data directory."""
    if request.param == "sqlite":
        yield "", ""
        return
    if shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump: apt-get install postgresql-client")
    server = request.getfixturevalue("postgres_server")
    with postgres_database(server) as one, postgres_database(server) as two:
        yield one.render_as_string(hide_password=False), two.render_as_string(hide_password=False)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A backup of a filled installation on SQLite; the installation is `tmp_path / "data"`."""
    with installation(tmp_path / "data") as built:
        fill(built.runtime)
    done = wca(tmp_path / "data", "backup:create", str(tmp_path / "all.tar.gz"))
    assert done.returncode == 0, done.stderr
    return tmp_path / "all.tar.gz"


async def test_a_backup_restored_into_an_empty_directory_is_the_same(tmp_path: Path, urls: tuple[str, str]) -> None:
    first, second = urls
    data, copy = tmp_path / "data", tmp_path / "copy"
    with installation(data, first) as built:
        fill(built.runtime)
        before = state_of(built.runtime)
    (data / "attachments" / "7").mkdir(parents=True)
    (data / "attachments" / "7" / ".план.txt").write_text("here", encoding="utf-8")

    made = wca(data, "backup:create", WILDCORE_DATABASE_URL=first, WILDCORE_LOG_LEVEL="INFO", WILDCORE_MIKBILL_AUTH_KEY="hidden")
    assert made.returncode == 0, made.stderr
    assert "secret.key" in made.stdout, "it says that the archive holds the key"
    assert len(made.stderr.splitlines()) >= 4, "progress"
    (made_file,) = (data / "backups").iterdir()
    assert made_file.stat().st_mode & 0o777 == 0o600
    assert not list(data.glob(".backup-*"))

    restored = wca(copy, "backup:restore", str(made_file), WILDCORE_DATABASE_URL=second)
    assert restored.returncode == 0, restored.stderr
    assert "1 devices, 50 interfaces" in restored.stdout
    assert "WILDCORE_LOG_LEVEL=INFO" in restored.stdout
    assert "hidden" not in restored.stdout
    assert (copy / "attachments" / "7" / ".план.txt").read_text(encoding="utf-8") == "here"
    assert (copy / "secret.key").stat().st_mode & 0o777 == 0o600
    with installation(copy, second) as built:
        after = state_of(built.runtime)
        assert after == before
        assert len(after.interfaces) == 50
        assert after.secrets["default"]["password"] == "ключ"
        assert await signs_in(built.runtime)
        series = built.runtime.metrics.series(SeriesKey("iface_in_octets", 7), START - 1, START + 10 * 86400)
        assert [tuple(point) for point in series] == [(START, 7.0), (START + 86400, 7.0)]
    with installation(data, first) as built:
        assert state_of(built.runtime) == before, "a backup changes nothing"


async def test_force_replaces_the_state_and_keeps_the_old_one(tmp_path: Path, urls: tuple[str, str]) -> None:
    first, _second = urls
    data, archive = tmp_path / "data", tmp_path / "one.tar.gz"
    with installation(data, first) as built:
        fill(built.runtime, interfaces=3)
        before = state_of(built.runtime)
    assert wca(data, "backup:create", str(archive), WILDCORE_DATABASE_URL=first).returncode == 0
    assert wca(data, "device:delete", "127.0.0.9", WILDCORE_DATABASE_URL=first).returncode == 0

    refused = wca(data, "backup:restore", str(archive), WILDCORE_DATABASE_URL=first)
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    assert "--force" in refused.stderr
    done = wca(data, "backup:restore", str(archive), "--force", WILDCORE_DATABASE_URL=first)
    assert done.returncode == 0, done.stderr
    (kept,) = data.glob("before-restore-*")
    assert str(kept) in done.stdout
    with installation(data, first) as built:
        assert state_of(built.runtime) == before
    if first:
        assert (kept / backup.POSTGRES).stat().st_size > 1000
    else:
        for name in ("secret.key", "metrics"):
            assert (kept / name).exists()
        with installation(kept) as built:
            assert state_of(built.runtime).devices == [], "the old state is whole"


def test_the_manifest_says_what_is_inside(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        content = tar.extractfile(names[0])
        assert content is not None
        manifest = json.loads(content.read())
    assert names[0] == "manifest.json"
    assert set(names[1:]) == {member["name"] for member in manifest["members"]}
    assert {"database.sqlite3", "secret.key", "metrics/live.duckdb"} <= set(names)
    assert manifest["rows"]["interfaces"] == 50
    assert manifest["schema"]
    assert manifest["version"]
    assert all(len(member["sha256"]) == 64 for member in manifest["members"])


def rewritten(archive: Path, target: Path, change: Any) -> Path:
    """A copy of the archive, each member's name and content passed through `change(name, content)`; None drops it."""
    with tarfile.open(archive) as old, tarfile.open(target, "w:gz", compresslevel=1) as new:
        for entry in old:
            stream = old.extractfile(entry)
            assert stream is not None
            made = change(entry.name, stream.read())
            if made is not None:
                entry.name, content = made
                entry.size = len(content)
                new.addfile(entry, io.BytesIO(content))
    return target


def manifest_with(**values: Any) -> Any:
    def change(name: str, content: bytes) -> tuple[str, bytes]:
        return name, json.dumps({**json.loads(content), **values}).encode() if name == "manifest.json" else content

    return change


def flipped(name: str, content: bytes) -> tuple[str, bytes]:
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    return name, changed if name == "database.sqlite3" else content


def climbing(name: str, content: bytes) -> tuple[str, bytes]:
    return ("../outside" if name == "secret.key" else name), content.replace(b'"secret.key"', b'"../outside"')


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flipped, "the checksum of database.sqlite3 is wrong"),
        (lambda name, content: None if name == "secret.key" else (name, content), "secret.key is missing"),
        (lambda name, content: None if name == "manifest.json" else (name, content), "is no backup of Wildcore"),
        (climbing, "../outside is not what the manifest says"),
        (manifest_with(schema="9999", version="9.9"), "is of a newer version (9.9, schema 9999"),
        (manifest_with(format=2), "update the program"),
        (manifest_with(database="postgresql"), "names sqlite"),
        (manifest_with(rows={"devices": 5}), "nothing was restored"),
    ],
)
def test_a_damaged_newer_or_foreign_archive_changes_nothing(tmp_path: Path, archive: Path, change: Any, said: str) -> None:
    bad = rewritten(archive, tmp_path / "bad.tar.gz", change)
    done = wca(tmp_path / "new", "backup:restore", str(bad))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists() or not any((tmp_path / "new").iterdir())
    assert not (tmp_path / "outside").exists()


def test_a_cut_archive_and_other_files_are_refused(tmp_path: Path, archive: Path) -> None:
    whole = archive.read_bytes()
    files = {"cut": whole[: len(whole) * 2 // 3], "text": b"hello", "empty": b"", "gzip": gzip.compress(b"hello" * 200)}
    for name, content in files.items():
        path = tmp_path / f"{name}.tar.gz"
        path.write_bytes(content)
        done = wca(tmp_path / "new", "backup:restore", str(path))
        assert done.returncode == 1, name
        assert "damaged" in done.stderr or "no backup" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
    missing = wca(tmp_path / "new", "backup:restore", str(tmp_path / "nothing.tar.gz"))
    assert (missing.returncode, "No such file" in missing.stderr) == (1, True)


def test_a_restore_that_fails_in_the_middle_puts_the_old_state_back(tmp_path: Path, archive: Path) -> None:
    """The place of the database is a directory that cannot be written: everything else had been moved by then."""
    if os.geteuid() == 0 and shutil.which("chattr") is None:
        pytest.skip("root writes anywhere, and there is no chattr")
    data = tmp_path / "data"
    before = sorted(path.name for path in data.iterdir())
    missing = f"sqlite:///{tmp_path}/nowhere/db.sqlite3"
    done = wca(data, "backup:restore", str(archive), "--force", WILDCORE_DATABASE_URL=missing)
    assert done.returncode == 1
    assert "the old state is in place" in done.stderr
    assert sorted(path.name for path in data.iterdir()) == before


def test_a_damaged_database_is_not_backed_up_as_if_it_were_good(tmp_path: Path) -> None:
    with installation(tmp_path / "data") as built:
        fill(built.runtime, interfaces=2000)
    file = tmp_path / "data" / "wildcore.sqlite3"
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 30_000] = b"\xff" * 30_000
    file.write_bytes(content)
    done = wca(tmp_path / "data", "backup:create", str(tmp_path / "x.tar.gz"))
    assert done.returncode == 1
    assert "damaged" in done.stderr or "malformed" in done.stderr
    assert list(tmp_path.glob("x.tar.gz*")) == []
    assert not list((tmp_path / "data").glob(".backup-*"))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, archive: Path) -> None:
    data = tmp_path / "data"
    for target, said in (
        (str(archive), "exists already"),
        (str(tmp_path / "no" / "x.tar.gz"), "There is no directory"),
        (str(tmp_path / "x.zip"), "ends in .tar.gz"),
    ):
        done = wca(data, "backup:create", target)
        assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert "There is no data directory" in wca(tmp_path / "none", "backup:create").stderr


@pytest.mark.postgres
def test_without_pg_dump_the_package_is_named(postgres_server: Any, tmp_path: Path) -> None:
    with postgres_database(postgres_server) as url:
        address = url.render_as_string(hide_password=False)
        with installation(tmp_path / "data", address):
            pass
        done = wca(tmp_path / "data", "backup:create", WILDCORE_DATABASE_URL=address, PATH=str(tmp_path))
    assert done.returncode == 1
    assert "pg_dump is needed and not installed" in done.stderr
    assert "postgresql-client" in done.stderr
