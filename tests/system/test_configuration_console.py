"""Components, settings and schedules by the console: the same with a running server and without one."""

from __future__ import annotations

import asyncio
import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from tests.system.product import running
from wildcore.app.program import run
from wildcore.lab.billing import Billing, BillingServer, Fault
from wildcore.lab.district import district

pytestmark = pytest.mark.system
KEY = "cd1f08c0-dcea-4603-934d-471deb7c9387"
SYNC = "mikbill_sync_clients"


def called(data: Path, arguments: tuple[str, ...], typed: str) -> tuple[int, str, str]:
    """A command within this process, which saves its start-up: exit code, output, errors."""
    out, errors = io.StringIO(), io.StringIO()
    environment = {"WILDCORE_DATA": str(data), "TZ": "Europe/Kyiv"}
    patched = mock.patch.dict(os.environ, environment), mock.patch("sys.stdin", io.StringIO(typed))
    with patched[0], patched[1], redirect_stdout(out), redirect_stderr(errors):
        code = run(list(arguments))
    return code, out.getvalue(), errors.getvalue()


async def configure(data: Path, billing: BillingServer) -> None:
    """Everything once, by the console alone."""

    async def wca(*arguments: str, typed: str = "", code: int = 0) -> str:
        found, out, errors = await asyncio.to_thread(called, data, arguments, typed)
        assert found == code, (arguments, out, errors)
        assert KEY not in out + errors
        assert "Traceback" not in errors
        return out + errors

    listed = {one["key"]: one for one in json.loads(await wca("component:list", "-o", "json"))}
    assert {key: listed["mikbill_integration"][key] for key in ("enabled", "installed", "has_installer", "has_controller")} == {
        "enabled": False, "installed": True, "has_installer": False, "has_controller": True,
    }  # fmt: skip
    head = (await wca("component:list")).splitlines()[1]
    assert [part.strip() for part in head.strip("|").split("|")] == [
        "Key", "Description", "Enabled", "Installed", "Has installer", "Has controller",
    ]  # fmt: skip
    (control,) = [one for one in json.loads(await wca("component:dependencies", "-o", "json")) if one["key"] == "olts_control"]
    assert control["needs"] == ["olts"]

    assert "component is off" in await wca("system:configuration", "get", "MIKBILL_API_ADDR", code=1)
    assert "is on" in await wca("component:control", "mikbill_integration", "install")
    assert "is saved" in await wca("system:configuration", "set", "MIKBILL_API_ADDR", billing.url)
    assert "is saved" in await wca("system:configuration", "set", "MIKBILL_AUTH_KEY", typed=KEY + "\n")
    assert (await wca("system:configuration", "get", "mikbill_auth_key")).strip() == "stored"
    assert (await wca("system:configuration", "get", "MIKBILL_API_ADDR")).strip() == billing.url
    changed = json.loads(await wca("system:configuration", "--changed", "-o", "json"))
    assert {one["key"]: one["value"] for one in changed} == {"MIKBILL_API_ADDR": billing.url, "MIKBILL_AUTH_KEY": None}
    assert "WEB_ZOOM_IFRAME" in await wca("system:configuration", "list", "zoom")
    assert "from 0.3 to 3" in await wca("system:configuration", "set", "WEB_ZOOM_IFRAME", "50", code=1)
    assert "There is no setting" in await wca("system:configuration", "set", "NO_SUCH", "1", code=1)

    assert "Check the connection to billing" in await wca("system:check")
    assert "It works: " in await wca("system:check", "mikbill")
    billing.billing.fault = Fault.UNAUTHORIZED
    assert "Wrong key" in await wca("system:check", "mikbill", code=1)
    assert "refused the API key" in await wca("schedule:run", SYNC, code=1)
    billing.billing.fault = Fault.NONE

    said = await wca("schedule:set", SYNC, "30 5 * * *")
    assert f"{SYNC}: 30 5 * * *, off" in said
    assert said.count(" 05:30 ") == 5
    assert "61 is no minute" in await wca("schedule:set", SYNC, "61 5 * * *", code=1)
    assert "on, next run" in await wca("schedule:enable", SYNC)
    assert f"added {len(billing.billing.subscribers)}" in (said := await wca("schedule:run", SYNC)) or "unchanged" in said
    (row,) = [one for one in json.loads(await wca("schedule:list", "-o", "json")) if one["key"] == SYNC]
    assert (row["enabled"], row["result"], row["crontab"], row["component"]) == (True, "ok", "30 5 * * *", "mikbill_integration")
    assert f"{SYNC}: 30 5 * * *, off" in await wca("schedule:disable", SYNC)
    assert "There is no schedule" in await wca("schedule:run", "no_such", code=1)

    assert "back to its default" in await wca("system:configuration", "reset", "MIKBILL_AUTH_KEY")
    assert (await wca("system:configuration", "get", "MIKBILL_AUTH_KEY")).strip() == "not set"
    await wca("schedule:enable", SYNC)
    gone = await wca("component:control", "mikbill_integration", "disable")
    assert "schedules Sync of MikBill's subscribers" in gone
    assert "wca mikbill_integration:sync-clients" in gone


async def test_the_console_configures_without_a_server_and_beside_one(tmp_path: Path) -> None:
    async with BillingServer(Billing(list(district().subscribers), api_key=KEY)) as billing:
        await configure(tmp_path / "alone", billing)
        async with running(tmp_path / "served"):
            await configure(tmp_path / "served", billing)
