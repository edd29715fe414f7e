"""The console command as a process of its own, and that nothing else of the product knows of NoDeny."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

from tests.nodeny.support import PASSWORD, Nodeny
from tests.system.product import WCA

SOURCE = Path(__file__).resolve().parents[2] / "src/wildcore"


def test_the_command_takes_the_subscribers(nodeny: Nodeny, tmp_path: Path) -> None:
    nodeny.add(7, "ivanov", "00007", "0200000000A1")
    nodeny.add(8, "petrov", "00008")
    given = {
        "WILDCORE_DATA": str(tmp_path / "data"),
        "WILDCORE_NODENY_DATABASE_DSN": nodeny.dsn,
        "WILDCORE_NODENY_DATABASE_USERNAME": nodeny.user,
        "WILDCORE_NODENY_DATABASE_PASSWORD": PASSWORD,
    }

    def wca(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*WCA, *arguments], env={**os.environ, **given, **more}, capture_output=True, text=True, check=False
        )

    assert wca("component:control", "nodeny_plus", "enable").returncode == 0
    done = wca("nodeny_plus:sync-clients", "--unmatched", str(tmp_path / "unmatched.csv"))
    assert done.returncode == 0, done.stderr
    assert "Sync finished" in done.stdout
    rows = (tmp_path / "unmatched.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[1].startswith("7,00007,ivanov")
    assert stat.S_IMODE((tmp_path / "unmatched.csv").stat().st_mode) == 0o600, "where people live is nobody else's to read"
    wrong = wca("nodeny_plus:sync-clients", WILDCORE_NODENY_DATABASE_PASSWORD="another-secret")
    assert wrong.returncode == 1
    assert "check NODENY_DATABASE_USERNAME and NODENY_DATABASE_PASSWORD" in wrong.stderr
    assert "another-secret" not in wrong.stdout + wrong.stderr


def test_nothing_else_knows_of_it() -> None:
    """Taking the folder away takes everything away: neither the core nor MikBill names it."""
    named = [
        str(path.relative_to(SOURCE))
        for suffix in ("py", "html", "js", "css")
        for path in SOURCE.rglob(f"*.{suffix}")
        if "nodeny_plus" not in path.parts and "nodeny" in path.read_text(encoding="utf-8").lower()
    ]
    assert named == []
