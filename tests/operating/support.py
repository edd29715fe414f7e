"""Installations that tests of operating are made of: data of every kind, and the same data read back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from wildcore.app.build import Installation, build
from wildcore.app.config import Config
from wildcore.app.program import run
from wildcore.services import device_accesses, device_models, devices, passwords, roles, users
from wildcore.services.actor import system_actor
from wildcore.services.runtime import Runtime
from wildcore.services.sign_in import sign_in
from wildcore.store.metrics import Batch
from wildcore.store.tables import OWNER_ROLE_ID, Device, DeviceAccess, Interface, User

PASSWORD = "correct horse battery"
SECRETS = {"public_community": "r-5ecret", "private_community": "w-5ecret", "password": "ключ"}
START = 1_700_000_000


@dataclass(frozen=True, slots=True)
class State:
    """What must be the same after a restore."""

    devices: list[tuple[Any, ...]]
    interfaces: list[tuple[Any, ...]]
    users: list[tuple[Any, ...]]
    secrets: dict[str, dict[str, str]]
    billing_key: Any


@contextmanager
def installation(data: Path, url: str = "") -> Iterator[Installation]:
    """An installation in a directory, built as `wca` builds it."""
    built = build(Config(data=data, database_url=url))
    try:
        yield built
    finally:
        built.close()


def fill(runtime: Runtime, interfaces: int = 50) -> None:
    """A device with interfaces, a user, secrets of both kinds, and two days of history."""
    hashed = passwords.hash_password(PASSWORD)
    actor = system_actor()
    with runtime.db.write() as session:
        roles.ensure_builtin_roles(session, 1)
        access = device_accesses.add_access(session, runtime, device_accesses.AccessInput("default", {}, SECRETS))
        model = device_models.model_by_key(session, "generic_switch")
        wanted = devices.DeviceInput(ip="127.0.0.9", name="sw", model_id=model.id, access_id=access.id, group_ids=(1,))
        device = devices.add_device(session, runtime, actor, wanted)
        session.add_all(
            Interface(device_id=device.id, bind_key=str(number), name=f"1/{number}", type="FE", created_at=1, updated_at=1)
            for number in range(1, interfaces + 1)
        )
        fields = users.UserFields(login="ivan", role_id=OWNER_ROLE_ID, password_hash=hashed, all_groups=True)
        users.user_create(session, runtime, actor, fields)
        runtime.settings.set(session, {"MIKBILL_AUTH_KEY": "billing's key"})
    runtime.settings.forget()
    for day in range(2):
        at = START + day * 86400
        ids = list(range(1, interfaces + 1))
        runtime.metrics.put([Batch("iface_in_octets", at, ids, [float(one) for one in ids])])
    runtime.metrics.flush()


def state_of(runtime: Runtime) -> State:
    """The state of an installation."""
    with runtime.db.read() as session:
        return State(
            devices=[tuple(row) for row in session.execute(select(Device.id, Device.ip, Device.name).order_by(Device.id))],
            interfaces=[
                tuple(row)
                for row in session.execute(
                    select(Interface.id, Interface.device_id, Interface.bind_key, Interface.name, Interface.ident).order_by(
                        Interface.id
                    )
                )
            ],
            users=[tuple(row) for row in session.execute(select(User.id, User.login, User.role_id).order_by(User.id))],
            secrets={
                str(name): device_accesses.read_secrets(runtime, sealed)
                for name, sealed in session.execute(select(DeviceAccess.name, DeviceAccess.secrets))
            },
            billing_key=runtime.settings.get("MIKBILL_AUTH_KEY"),
        )


async def signs_in(runtime: Runtime, login: str = "ivan", password: str = PASSWORD) -> bool:
    """Whether the user can sign in with the password."""
    issued = await sign_in(runtime, login, password)
    return issued.login == login


def wca(data: Path, *arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """A console command on a data directory, in a thread of this process: starts are slow."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_typed, data, arguments, given, environment).result(100)


def _typed(
    data: Path, arguments: tuple[str, ...], given: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    said, complained = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(complained):
        patch.setattr(sys, "stdin", StringIO(given))
        for name, value in {"WILDCORE_DATA": str(data), **environment}.items():
            patch.setenv(name, value)
        code = run(list(arguments))
    return subprocess.CompletedProcess(arguments, code, said.getvalue(), complained.getvalue())
