"""A browser's way to the provider and back, and what became of it."""

from __future__ import annotations

from typing import Any

import httpx
from sqlalchemy import select

from wildcore.services import throttle
from wildcore.store.tables import ActionLog, AuthKey, User

from .auth_support import setting
from .conftest import World

ANN = {"email": "ann@isp.test", "preferred_username": "ann", "name": "Ann", "groups": ["noc", "staff"]}


async def control(address: str, /, **wanted: Any) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{address}/control", json=wanted)).status_code == 200


async def asked(issuer: str) -> list[str]:
    async with httpx.AsyncClient() as client:
        return list((await client.get(f"{issuer}/control")).json()["asked"])


async def at_provider(client: httpx.AsyncClient, place: str = "") -> str:
    """Begin in a browser and let the provider send it back: the path with its query."""
    started = await client.get("/sign-in/sso" + (f"?next={place}" if place else ""))
    assert started.status_code == 303
    async with httpx.AsyncClient() as browser:
        back = (await browser.get(started.headers["location"])).headers["location"]
    assert back.startswith("http://dms.test/api/v1/auth/oidc/callback?")
    return back.removeprefix("http://dms.test")


async def enter(world: World, client: httpx.AsyncClient | None = None, place: str = "") -> httpx.Response:
    """The whole way, in a browser of its own unless one is given."""
    if client is not None:
        return await client.get(await at_provider(client, place))
    async with world.client() as own:
        return await own.get(await at_provider(own, place))


def entered(answer: httpx.Response) -> bool:
    """Whether the answer begins a session."""
    return answer.status_code == 303 and "wildcore_session=" in answer.headers.get("set-cookie", "")


def refused(world: World, answer: httpx.Response) -> str:
    """The reason in the log of a sign-in that came to nothing."""
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?sso=failed"
    assert "wildcore_session=" not in answer.headers.get("set-cookie", "")
    with world.runtime.db.read() as session:
        assert session.scalar(select(AuthKey.id).where(AuthKey.kind == "session")) is None
        where = (ActionLog.action == throttle.ACTION, ActionLog.success.is_(False))
        return str(session.scalars(select(ActionLog.message).where(*where).order_by(ActionLog.id.desc())).first())


def user(world: World, login: str) -> User:
    with world.runtime.db.read() as session:
        row = session.scalars(select(User).where(User.login == login)).one()
        session.expunge(row)
        return row


async def configured(world: World, issuer: str) -> None:
    """Take the provider into the settings; roles `noc` and `guest`, an owner."""
    world.role("noc", ["sample_read", "sample_write"])
    world.role("guest", ["sample_read"])
    world.user("boss", email="boss@isp.test")
    setting(world, AUTH_METHODS=["internal", "oidc"], OIDC_ISSUER=issuer, OIDC_CLIENT_ID="dms", OIDC_CLIENT_SECRET="s3cret:/ü")
    setting(world, OIDC_NAME="Keycloak")
    await control(issuer, user=ANN)
