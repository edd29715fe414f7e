"""What the action log tells of people's doings, and that no secret that went through the API is ever in it."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select

from tests.poller.support import add_device
from wildcore.services import device_models, refusals
from wildcore.store.tables import ActionLog

from .conftest import PASSWORD, World

SECRETS = {name: f"s3cret-{name}-Aa1!" for name in ("password", "new", "public", "private", "billing", "client", "typed", "note")}


async def test_doings_are_logged_with_who_where_and_result_and_without_secrets(whole: World) -> None:
    with whole.runtime.db.write() as session:
        device_models.sync_catalogue(session)
    device = add_device(whole.runtime.db, "127.0.0.9", connection={"snmp_port": 9, "snmp_timeout_sec": 0.05, "snmp_repeats": 1})
    owner = whole.user("owner", all_groups=True)
    key = whole.key(owner)
    found: list[str] = []

    async with whole.client(key) as client, whole.client() as stranger, whole.client("no-such-key") as wrong_key:

        async def ask(method: str, path: str, body: Any = None, who: Any = client) -> Any:
            answer = await who.request(method, f"/api/v1{path}", json=body)
            return answer.json().get("data")

        secret = SECRETS
        new = {"login": "ann", "password": secret["password"], "role_id": -2}
        ann = (await ask("POST", "/user", new))["id"]
        await ask("PUT", f"/user/{ann}", {"password": secret["new"]})
        made = await ask("POST", f"/user/{ann}/generate-auth-key", {"description": secret["note"]})
        found.append(made["key"])
        found.append((await ask("POST", "/system/cross-auth", {"login": "ann"}))["auth_key"])
        found.append((await ask("POST", "/auth", {"login": "owner", "password": PASSWORD}, stranger))["key"])
        await ask("POST", "/auth", {"login": "ann", "password": secret["typed"]}, stranger)
        await ask("POST", "/auth", {"login": secret["typed"], "password": "x"}, stranger)
        await ask("GET", "/device", None, wrong_key)
        access = {"name": "lab", "public_community": secret["public"], "secrets": {"private_community": secret["private"]}}
        await ask("POST", "/device-access", access)
        await ask("PUT", "/system/configuration", {"MIKBILL_AUTH_KEY": secret["billing"], "APP_NAME": "New name"})
        meta = {"password": secret["client"], "deep": [{"api_key": secret["client"]}]}
        await ask("POST", "/logs/action", {"action": "card", "message": f"opened with {made['key']}", "meta": meta})
        await ask("PUT", f"/device/{device}", {"location": "Рівне"})
        await ask("PUT", "/system-components/styleguide", {"enabled": False})
        await ask("PUT", f"/component/switches_control/device/reboot/{device}")
        await ask("DELETE", f"/user/{ann}/sessions?keys_too=true")
        await ask("DELETE", f"/user/{ann}")
        member = whole.member("guest", "user_self_control")
        async with whole.client(member) as guest:
            await ask("GET", "/system/configuration", None, guest)

    await asyncio.gather(*refusals.pending(whole.runtime))
    with whole.runtime.db.read() as session:
        lines = list(session.scalars(select(ActionLog).order_by(ActionLog.id)))
        session.expunge_all()
    text = "\n".join(f"{line.login} {line.message} {line.meta}" for line in lines)
    assert [name for name, value in SECRETS.items() if value in text and name != "note"] == []
    assert [value for value in (*found, key, PASSWORD, "no-such-key") if value in text] == []
    by_action: dict[str, ActionLog] = {line.action: line for line in lines}
    assert {
        "user:added", "user:updated", "user:key_generated", "user:cross_auth", "user:logged_in", "security:auth_attempts",
        "security:bad_key", "security:forbidden", "device-access:added", "system:configuration", "client:card", "device:updated",
        "component:disabled", "user:keys_revoked", "user:deleted",
    } <= set(by_action)  # fmt: skip
    assert {line.ip for line in lines} == {"203.0.113.7"}
    refused = {action for action, line in by_action.items() if not line.success}
    assert {"security:auth_attempts", "security:bad_key", "security:forbidden"} <= refused
    assert (by_action["device:updated"].device_id, by_action["device:updated"].login) == (device, "owner")
    assert by_action["security:forbidden"].login == "guest"
    assert by_action["system:configuration"].meta != {}
