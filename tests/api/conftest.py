"""The whole web shell over a real runtime: users of several kinds, and clients that speak to it in process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from wildcore.app.components import all_components, info
from wildcore.components.logs.component import component as logs
from wildcore.components.system.component import component as system
from wildcore.components.users.component import component as users
from wildcore.kit import Component
from wildcore.services import keys, roles
from wildcore.services.catalogue import Catalogue, ComponentInfo
from wildcore.services.passwords import hash_password
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OWNER_ROLE_ID, AuthKey, Role, User, UserGroup
from wildcore.web.app import create_app

from .sample import sample

PASSWORD = "Correct horse battery 9!"
COMPONENTS: tuple[Component, ...] = (system, users, logs, sample)


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.started = int(time.time())
        self.ahead = 0

    def __call__(self) -> int:
        return self.started + self.ahead

    async def pause(self, seconds: float) -> None:
        """Let a pause pass at once."""
        self.ahead += int(seconds)


@dataclass
class World:
    """An application with its runtime, and makers of users and keys."""

    app: FastAPI
    runtime: Runtime
    clock: Clock
    password_hash: str

    def client(
        self, key: str = "", *, peer: str = "203.0.113.7", base: str = "http://dms.test", **headers: str
    ) -> httpx.AsyncClient:
        """A client from the address `peer`, with a key in its header unless it is empty."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            given["X-Auth-Key"] = key
        transport = httpx.ASGITransport(self.app, client=(peer, 40000), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base, headers=given)

    def role(self, name: str, permissions: Iterable[str]) -> int:
        """A role with these permissions."""
        with self.runtime.db.write() as session:
            role = Role(name=name, permissions=sorted(permissions), created_at=0, updated_at=0)
            session.add(role)
            session.flush()
            return role.id

    def user(self, login: str, role_id: int = OWNER_ROLE_ID, groups: Iterable[int] = (), **fields: Any) -> int:
        """A user with the password PASSWORD."""
        with self.runtime.db.write() as session:
            roles.ensure_builtin_roles(session, 0)
            row = User(
                login=login,
                name=login.title(),
                role_id=role_id,
                password_hash=self.password_hash,
                created_at=0,
                updated_at=0,
                **fields,
            )
            session.add(row)
            session.flush()
            session.add_all(UserGroup(user_id=row.id, group_id=group) for group in groups)
            return row.id

    def key(self, user_id: int, *, life_sec: int = 3600, kind: str = "api", **fields: Any) -> str:
        """A key of a user."""
        with self.runtime.db.write() as session:
            issued = keys.issue(session, self.runtime, session.get_one(User, user_id), kind=kind, life_sec=life_sec, **fields)
        return issued.key

    def member(self, login: str, *permissions: str, groups: Iterable[int] = ()) -> str:
        """A key of a new user with a role of exactly these permissions."""
        with self.runtime.db.write() as session:
            roles.ensure_builtin_roles(session, 0)
        return self.key(self.user(login, self.role(f"role of {login}", permissions), groups))

    def stored_key(self, key: str) -> AuthKey:
        """The row of a key."""
        with self.runtime.db.read() as session:
            row = session.query(AuthKey).filter_by(key_hash=keys.key_hash(key)).one()
            session.expunge(row)
            return row


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


MakeWorld = Callable[..., World]


@pytest_asyncio.fixture
async def world(runtime: Runtime, password_hash: str) -> AsyncIterator[World]:
    """System and user components and a sample one over an empty database."""
    clock = Clock()
    full = replace(runtime, catalogue=Catalogue(runtime.db, map(component_info, COMPONENTS)), now=clock)
    full.auth.pause = clock.pause
    for one in COMPONENTS:
        full.settings.declare(one.settings)
    yield World(create_app(full, COMPONENTS), full, clock, password_hash)


def component_info(one: Component) -> ComponentInfo:
    """What the catalogue needs of a manifest."""
    return ComponentInfo(
        one.key,
        one.title,
        one.description,
        one.core,
        one.enabled,
        one.depends,
        one.permissions,
        one.schedules,
        settings=tuple(s.key for s in one.settings),
    )


@pytest_asyncio.fixture
async def whole(runtime: Runtime, password_hash: str) -> AsyncIterator[World]:
    """All installed components, all of them on."""
    clock = Clock()
    components = all_components()
    catalogue = Catalogue(runtime.db, [replace(info(one), enabled=True) for one in components])
    full = replace(runtime, catalogue=catalogue, now=clock)
    for one in components:
        full.settings.declare(one.settings)
    yield World(create_app(full, components), full, clock, password_hash)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A small OpenID provider in a process of its own."""
    command = [sys.executable, str(Path(__file__).parents[1] / "auth/provider.py")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()
