"""The check of the OpenID provider, against a provider that runs."""

from __future__ import annotations

import httpx
import pytest

from wildcore.services.actor import system_actor
from wildcore.services.checks import run_check

from .conftest import World


async def checked(world: World, **typed: object) -> dict[str, str]:
    """Each step's state, by the API."""
    async with world.client(world.key(world.user(f"admin{len(typed)}", all_groups=True))) as client:
        answer = await client.post("/api/v1/system/configuration/check/oidc", json=typed)
        assert answer.status_code == 200, answer.text
        return {step["key"]: step["state"] for step in answer.json()["data"]["steps"]}


async def test_a_provider_that_works(whole: World, issuer: str) -> None:
    typed = {"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": "dms", "AUTH_METHODS": ["internal", "oidc"]}
    assert await checked(whole, **typed) == {
        "address": "ok",
        "dns": "skipped",
        "connection": "ok",
        "discovery": "ok",
        "signing_keys": "ok",
        "client": "note",
        "switched_on": "ok",
    }
    assert (await checked(whole, **{**typed, "AUTH_METHODS": "internal", "OIDC_NAME": "x"}))["switched_on"] == "warning"
    assert whole.runtime.settings.get("OIDC_ISSUER") == ""


@pytest.mark.parametrize(
    ("address", "step"),
    [("", "address"), ("ldap://provider", "address"), ("http://127.0.0.1:1", "connection"), ("{issuer}/other", "discovery")],
)
async def test_each_fault_has_its_step(whole: World, issuer: str, address: str, step: str) -> None:
    found = await checked(whole, OIDC_ISSUER=address.replace("{issuer}", issuer), OIDC_CLIENT_ID="dms")
    assert [key for key, state in found.items() if state == "failed"] == [step]
    assert len(found) == 7


async def test_another_issuer_is_told(whole: World, issuer: str) -> None:
    async with httpx.AsyncClient(base_url=issuer) as provider:
        (await provider.post("/control", json={"issuer": "https://other.example"})).raise_for_status()
        try:
            run = await run_check(whole.runtime, system_actor(), "oidc", {"OIDC_ISSUER": issuer})
        finally:
            (await provider.post("/control", json={})).raise_for_status()
    assert "https://other.example" in next(one.text for one in run.steps if one.state == "failed")
