"""Run by test_contributing.py with the package in which the recipes were carried out, in one process since starts are slow.

Arguments: a data directory, and a JSON list of command lines of `wca`. Makes two devices that are down (one of a foreign group),
a user with the permission and one without; asks the web shell; then runs the commands. Prints a JSON object: `web` (name of the
question -> [status, body]) and `wca` (for each command [exit code, what it printed, what it complained]).
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import update

from wildcore.app.build import Installation, build
from wildcore.app.config import Config
from wildcore.app.main import main as wca
from wildcore.services import device_accesses, device_groups, device_models, devices, keys, passwords, roles, users
from wildcore.services.actor import system_actor
from wildcore.services.times import time_text
from wildcore.store.tables import Device
from wildcore.web.app import create_app

SINCE = {"127.0.0.2": 1_700_000_000, "127.0.0.3": 1_600_000_000}
PATHS = {"api": "/api/v1/component/outages/down", "page": "/outages"}


def fill(installation: Installation) -> dict[str, str]:
    """Make devices and users; returns an API key by login."""
    runtime = installation.runtime
    sys_actor = system_actor()
    hashed = passwords.hash_password("correct horse battery")
    made: dict[str, str] = {}
    with runtime.db.write() as session:
        roles.ensure_builtin_roles(session, runtime.now())
        groups = {name: device_groups.add_group(session, runtime, name).id for name in ("own", "foreign")}
        access = device_accesses.add_access(session, runtime, device_accesses.AccessInput(name="lab", params={}, secrets={}))
        model = device_models.model_by_key(session, "generic_switch")
        for ip, group in (("127.0.0.2", "own"), ("127.0.0.3", "foreign")):
            wanted = devices.DeviceInput(ip=ip, name=ip, model_id=model.id, access_id=access.id, group_ids=(groups[group],))
            devices.add_device(session, runtime, sys_actor, wanted)
            session.execute(update(Device).where(Device.ip == ip).values(status="Down", status_changed_at=SINCE[ip]))
        for login, permissions in (("may", ["outages_show"]), ("may-not", [])):
            role = roles.role_create(session, runtime, sys_actor, login, permissions)
            fields = users.UserFields(login=login, role_id=role.id, password_hash=hashed, group_ids=[groups["own"]])
            users.user_create(session, runtime, sys_actor, fields)
            made[login] = keys.generate_key(session, runtime, sys_actor, login, "1h").key
    return made


async def ask(installation: Installation, made: dict[str, str]) -> dict[str, Any]:
    """Every question's status and body."""
    runtime = installation.runtime
    transport = httpx.ASGITransport(create_app(runtime, installation.components))
    found: dict[str, Any] = {"since": time_text(SINCE["127.0.0.2"])}

    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

        async def question(name: str, path: str, login: str = "") -> None:
            answer = await client.get(path, headers={"X-Auth-Key": made[login]} if login else {})
            found[name] = [answer.status_code, answer.json() if path.startswith("/api/") else answer.text]

        for kind, path in PATHS.items():
            await question(kind, path, "may")
            await question(f"{kind}_without_permission", path, "may-not")
            await question(f"{kind}_without_key", path)
        switch(installation, on=False)
        for kind, path in PATHS.items():
            await question(f"{kind}_while_off", path, "may")
        switch(installation, on=True)
    return found


def switch(installation: Installation, *, on: bool) -> None:
    """Switch the component."""
    runtime = installation.runtime
    with runtime.db.write() as session:
        runtime.catalogue.switch(session, "outages", on)
    runtime.catalogue.forget()


def typed(line: list[str]) -> tuple[int, str, str]:
    """Exit code and output of one command line."""
    printed, complained = StringIO(), StringIO()
    sys.argv = ["wca", *line]
    code: object = None
    with redirect_stdout(printed), redirect_stderr(complained):
        try:
            wca()
        except SystemExit as end:
            code = end.code
    return int(str(code or 0)), printed.getvalue(), complained.getvalue()


def main() -> None:
    """Print what was found."""
    installation = build(Config(data=Path(sys.argv[1])))
    try:
        made = fill(installation)
        web = asyncio.run(ask(installation, made))
    finally:
        installation.close()
    lines = json.loads(sys.argv[2])
    sys.stdout.write(json.dumps({"web": web, "wca": [typed(line) for line in lines]}))


main()
