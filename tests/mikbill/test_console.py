"""`wca mikbill_integration:sync-clients` as it is typed."""

from __future__ import annotations

import asyncio
import csv
import subprocess
from pathlib import Path

from tests.operating.support import wca

from .conftest import ONUS, SWITCH, Site, client


async def typed(db_url: str, data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command on the database of the test, beside the billing that answers here."""
    command = "mikbill_integration:sync-clients"
    return await asyncio.to_thread(lambda: wca(data, command, *options, WILDCORE_DATABASE_URL=db_url))


async def test_a_dry_run_shows_what_would_change(site: Site, db_url: str, tmp_path: Path) -> None:
    await site.sync()
    before = site.state()
    site.billing.subscribers = [client(1, switch=SWITCH, port=3), *site.billing.subscribers[1:9], client(11, ident=ONUS[9])]
    done = await typed(db_url, tmp_path, "--dry-run")
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if line.startswith("|")]
    assert rows[0] == ["Would be", "UID", "Contract", "Login", "Changes"]
    assert rows[1:4] == [
        ["removed", "10", "00010", "login10", ""],
        ["changed", "1", "00001", "login1", f"place: ONU {ONUS[0]} -> {SWITCH} 3"],
        ["added", "11", "00011", "login11", ""],
    ]
    assert ["Unchanged", "8"] in rows
    assert done.stdout.endswith("Nothing was changed: this was a dry run\n")
    assert "Receiving the list from billing" in done.stderr
    assert site.state() == before


async def test_unmatched_are_written_with_reason_and_fix_and_no_formulas(site: Site, db_url: str, tmp_path: Path) -> None:
    site.billing.extra = [
        {"data": {"uid": 21, "login": '=HYPERLINK("http://x")', "agreement": "+1", "address": {"full": "@SUM(A1)"}}},
        {"data": {"uid": 22, "login": "-2"}, "search": {"switch": SWITCH, "port": 77}},
        {"data": {"uid": 23}, "search": {"switch": "192.0.2.99", "port": 1}},
        {"data": {"uid": 24}, "search": {"onu_ident": "HWTC00000001"}},
        {"data": {"uid": 25}, "search": {"client_mac": "aa-bb-cc-00-00-01"}},
        7,
    ]
    file = tmp_path / "unmatched.csv"
    done = await typed(db_url, tmp_path, "--unmatched", str(file))
    assert done.returncode == 0, done.stderr
    assert "left out: 1." in done.stdout
    assert done.stdout.endswith(f"Sync finished\n{file}: 5 claims without a place\n")
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = {row["uid"]: row for row in csv.DictReader(text)}
    assert sorted(rows) == ["21", "22", "23", "24", "25"]
    assert [rows["21"][name] for name in ("contract", "login", "address")] == ["'+1", '\'=HYPERLINK("http://x")', "'@SUM(A1)"]
    assert (rows["22"]["login"], rows["22"]["reason"]) == ("'-2", "the switch has no such port")
    assert rows["22"]["likely fix"] == f"{SWITCH}: there are the ports 1–8"
    assert rows["23"]["likely fix"] == "Correct the switch's address in billing, or add the switch to the devices."
    assert (rows["24"]["onu"], rows["24"]["reason"]) == ("HWTC00000001", "the ONU was never seen")
    assert (rows["25"]["mac"], rows["25"]["reason"]) == ("AA:BB:CC:00:00:01", "the address was not seen")


async def test_a_failure_is_one_line_and_the_file_that_cannot_be_written_is_told(site: Site, db_url: str, tmp_path: Path) -> None:
    done = await typed(db_url, tmp_path, "--unmatched", str(tmp_path / "no such folder" / "x.csv"))
    assert done.returncode == 1
    assert "no such folder" in done.stderr
    assert site.state() == []
    site.billing.subscribers = []
    done = await typed(db_url, tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Billing sent an empty list of subscribers. Nothing was changed"
    assert site.last().error == "Білінг надіслав порожній список абонентів. Нічого не змінено"
