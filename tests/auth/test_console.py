"""Users, roles, blocks and the provider by the console, on a server that runs meanwhile."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pyotp
import pytest
import pytest_asyncio

from tests.system.product import WCA, Product, running
from wildcore.app.build import build
from wildcore.app.config import Config
from wildcore.app.program import run
from wildcore.services import device_accesses, rekey
from wildcore.services.actor import system_actor
from wildcore.services.configuration import change
from wildcore.services.secretbox import KEY_FILE, SecretBox
from wildcore.services.users import ensure_owner
from wildcore.store.tables import User

pytestmark = pytest.mark.system
PASSWORD = "Right-horse-9"


@pytest_asyncio.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    async with running(tmp_path / "data") as one:
        yield one


@pytest.fixture
def issuer() -> Iterator[str]:
    command = [sys.executable, str(Path(__file__).with_name("provider.py"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def called(product: Product, arguments: tuple[str, ...]) -> tuple[int, str, str]:
    """A command within this process, which saves its start-up: exit code, output, errors."""
    out, errors = io.StringIO(), io.StringIO()
    with mock.patch.dict(os.environ, product.environment), redirect_stdout(out), redirect_stderr(errors):
        code = run(list(arguments))
    return code, out.getvalue(), errors.getvalue()


async def wca(product: Product, *arguments: str) -> str:
    code, out, errors = await asyncio.to_thread(called, product, arguments)
    assert code == 0, (arguments, out, errors)
    return out


async def told(product: Product, *arguments: str) -> str:
    """The one line of a command that refuses."""
    code, _out, errors = await asyncio.to_thread(called, product, arguments)
    assert code == 1, (arguments, errors)
    assert "Traceback" not in errors
    assert len(errors.strip().splitlines()) == 1
    return errors


async def works(product: Product, key: str) -> int:
    return (await product.raw("GET", "/user/self", key=key)).status_code


async def test_people_by_the_console(product: Product) -> None:
    assert "was added" in await wca(product, "user-role:add", "noc", "-p", "olts_info,user_self_control", "-d", "Night shift")
    made = await wca(product, "user:add", "ann", "-r", "noc", "-n", "Анна", "-g", "1", "-p", PASSWORD)
    assert "User 2 was added" in made
    assert "lacks" in await told(product, "user:add", "weak", "-r", "noc", "-p", "password")
    assert "no role" in await told(product, "user:add", "other", "-r", "nothing")
    (ann,) = [one for one in json.loads(await wca(product, "user:list", "-o", "json")) if one["login"] == "ann"]
    assert (ann["name"], ann["role"], ann["groups"], ann["enabled"]) == ("Анна", "noc", "1", True)
    groups = json.loads(await wca(product, "user-group:list", "-o", "json"))
    assert groups == [{"id": 1, "name": "All", "users": "admin, ann"}]

    key = (await product.api("POST", "/auth", {"login": "ann", "password": PASSWORD}))["key"]
    assert await works(product, key) == 200
    assert "olts_ctrl_reboot" in await wca(product, "user-role:edit", "noc", "--add", "olts_ctrl_reboot")
    assert "olts_ctrl_reboot" in (await product.api("GET", "/user/self", key=key))["permissions"]
    roles = json.loads(await wca(product, "user-role:list", "-o", "json"))
    assert [one["name"] for one in roles] == ["Owner", "noc"]
    assert "olts_ctrl_dereg" in await wca(product, "user-role:list", "--permissions")

    await wca(product, "user:edit", "ann", "--network", "192.0.2.0/24,198.51.100.1", "--language", "uk")
    assert await works(product, key) == 401
    await wca(product, "user:reset-ip-strict", "ann")
    assert await works(product, key) == 200
    assert "Nothing to change" in await told(product, "user:edit", "ann")
    await wca(product, "user:edit", "ann", "--disable")
    assert await works(product, key) == 401
    await wca(product, "user:edit", "ann", "--enable")
    assert "Owner" in await wca(product, "user:change-role", "ann", "Owner")
    assert "last owner" not in await wca(product, "user:change-role", "ann", "noc")
    assert "last owner" in (await told(product, "user:change-role", "admin", "noc")).lower()
    await wca(product, "user:delete", "2")
    assert await works(product, key) == 401


async def test_a_key_that_the_console_revokes_is_dead_at_once(product: Product) -> None:
    table = await wca(product, "user:generate-key", "admin", "1h", "-d", "billing")
    found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", table)
    assert found is not None
    key = found[0]
    assert await works(product, key) == 200
    listed = json.loads(await wca(product, "user:list-keys", "admin", "-o", "json"))
    (row,) = [one for one in listed if one["description"] == "billing"]
    assert key not in str(listed)
    assert await works(product, key) == 200
    await wca(product, "user:revoke-key", str(row["id"]))
    assert await works(product, key) == 401
    assert "no key" in await told(product, "user:revoke-key", str(row["id"]))


async def test_who_lost_everything_comes_in_again(product: Product) -> None:
    key = (await product.api("POST", "/auth", {"login": "admin", "password": product.password}))["key"]
    secret = (await product.api("POST", "/user/self/twofa", key=key))["secret"]
    await product.api("POST", "/user/self/twofa/confirm", {"code": pyotp.TOTP(secret).now()}, key=key)
    assert (await product.raw("POST", "/auth", {"login": "admin", "password": product.password})).status_code == 401
    sign_in = re.search(r"Sign in: admin / (\S+)", await wca(product, "user:reset-user", "admin"))
    assert sign_in is not None
    assert await works(product, key) == 401
    assert (await product.api("POST", "/auth", {"login": "admin", "password": sign_in[1]}))["key"]


async def test_blocked_addresses_are_let_in_again(product: Product) -> None:
    await wca(product, "user:add", "ann", "-r", "Owner", "-p", PASSWORD)
    statuses = [(await product.raw("POST", "/auth", {"login": "ann", "password": "x"})).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 403]
    assert "ann" in await wca(product, "security:reset:ipblock", "-l")
    assert "forgotten: 0" in await wca(product, "security:reset:ipblock", "192.0.2.1")
    assert "forgotten: 1" in await wca(product, "security:reset:ipblock", "127.0.0.1")
    assert (await product.raw("POST", "/auth", {"login": "ann", "password": PASSWORD})).status_code == 200


async def test_the_provider_by_options_and_the_way_back(product: Product, issuer: str) -> None:
    assert "does not answer" in await told(product, "auth:configure", "--issuer", "http://127.0.0.1:1", "--client-id", "dms")
    assert "Say what" in await told(product, "auth:configure")
    options = ("--client-id", "dms", "--client-secret", "s3cret", "--name", "Keycloak", "--no-passwords")
    out = await wca(product, "auth:configure", "--issuer", issuer, *options)
    assert "/api/v1/auth/oidc/callback" in out
    assert "Keycloak" in (await product.http.get(f"{product.url}/sign-in")).text
    body = {"login": "admin", "password": product.password}
    assert (await product.raw("POST", "/auth", body)).status_code == 403
    assert "passwords and Keycloak" in await wca(product, "auth:configure", "--passwords")
    assert (await product.raw("POST", "/auth", body)).status_code == 200
    await wca(product, "auth:configure", "--off")
    assert "Keycloak" not in (await product.http.get(f"{product.url}/sign-in")).text


async def test_the_key_of_secrets_is_not_changed_under_a_running_server(product: Product) -> None:
    assert "always" in (await wca(product, "security:enable-encryption", "--help"))
    assert "-f" in await told(product, "security:generate-encrypt-key")
    assert "Stop the server" in await told(product, "security:generate-encrypt-key", "-f")


def test_the_key_of_secrets_is_changed_with_all_that_it_encrypts(tmp_path: Path) -> None:
    built = build(Config(data=tmp_path))
    runtime, actor = built.runtime, system_actor("console")
    with runtime.db.write() as session:
        ensure_owner(session, runtime)
        user = session.query(User).one()
        user.totp_secret = runtime.secrets.seal("JBSWY3DP")
        change(session, runtime, actor, {"OIDC_CLIENT_SECRET": "s3cret"})
        device_accesses.add_access(session, runtime, device_accesses.AccessInput("core", {}, {"public_community": "hidden"}))
    before = (tmp_path / KEY_FILE).read_bytes()
    built.close()
    environment = {**os.environ, "WILDCORE_DATA": str(tmp_path)}
    done = subprocess.run(
        [*WCA, "security:generate-encrypt-key", "-f"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split(".")[0]) == (0, "Secrets encrypted with a new key: 3"), done.stderr
    after = (tmp_path / KEY_FILE).read_bytes()
    assert after != before
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    again = build(Config(data=tmp_path))
    with again.runtime.db.read() as session:
        assert again.runtime.secrets.open(session.query(User).one().totp_secret) == "JBSWY3DP"
        assert again.runtime.settings.get("OIDC_CLIENT_SECRET") == "s3cret"
    again.close()


def test_a_crash_while_the_key_changes_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = build(Config(data=tmp_path))
    with built.runtime.db.write() as session:
        change(session, built.runtime, system_actor(), {"OIDC_CLIENT_SECRET": "s3cret"})

    def crash(*_arguments: object) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(rekey, "_reseal", crash)
    with pytest.raises(OSError, match="no space"):
        rekey.change_key(built.runtime, system_actor())
    assert len((tmp_path / KEY_FILE).read_bytes().split()) == 2
    built.close()
    again = build(Config(data=tmp_path))
    assert again.runtime.settings.get("OIDC_CLIENT_SECRET") == "s3cret"
    assert isinstance(again.runtime.secrets, SecretBox)
    again.close()
