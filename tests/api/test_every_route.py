"""Every route and page of every component, against the kinds of callers that must be kept out."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from wildcore.app.components import all_components
from wildcore.kit.manifest import Permission, Public
from wildcore.web.endpoints import GuardedRoute

from .conftest import World

PUBLIC_PATHS = {
    "/api/v1/auth",
    "/api/v1/auth/oidc/callback",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/sso",
    "/account/language",
}
DENIED = "Wildcore iframe permission denied"
# For `wca doctor`: without a token sealed by the installation's key file it says that there is no such page.
PUBLIC_PATHS |= {"/api/v1/system/request-seen"}


def guarded(world: World) -> list[GuardedRoute]:
    return list(world.app.state.routes)


def test_permissions_are_declared_once_and_used_ones_are_declared() -> None:
    declared = Counter(p.key for one in all_components() for p in one.permissions)
    assert [key for key, times in declared.items() if times > 1] == []
    needs = [route.permission for one in all_components() for route in one.api]
    needs += [page.permission for one in all_components() for page in one.pages]
    used = {p.key for need in needs if not isinstance(need, Public) for p in ((need,) if isinstance(need, Permission) else need)}
    assert used - declared.keys() == set()
    unexplained = [p.key for one in all_components() for p in one.permissions if not str(p.help) or not str(p.label)]
    assert unexplained == []


async def test_only_a_few_routes_are_public(whole: World) -> None:
    assert {route.path for route in guarded(whole) if not route.target.permissions} <= PUBLIC_PATHS
    assert len(guarded(whole)) > 30


@pytest.mark.parametrize("caller", ["anonymous", "expired", "no rights", "billing key", "one right short"])
async def test_who_is_kept_out(whole: World, caller: str) -> None:
    basic = whole.runtime.catalogue.basic_permissions()
    keys = {
        "anonymous": "",
        "expired": whole.key(whole.user("late"), life_sec=-1),
        "no rights": whole.member("nobody"),
        "billing key": whole.key(whole.user("operator"), scope="billing", kind="cross"),
    }
    wrong = []
    for at, route in enumerate(guarded(whole)):
        target, needed = route.target, [one.key for one in route.target.permissions]
        short = next((key for key in needed if key not in basic), None)
        if not needed or (caller == "billing key" and target.billing):
            continue
        if caller in ("no rights", "one right short") and short is None:
            continue
        key = keys.get(caller)
        if key is None:
            others = [one for one in whole.runtime.catalogue.permissions() if one != short]
            key = whole.member(f"short{at}", *others)
        method = min(set(route.methods or ()) - {"HEAD"})
        path = re.sub(r"\{[^}]*\}", "1", route.path)
        async with whole.client(key) as client:
            answer = await client.request(method, path)
        unknown = caller in ("anonymous", "expired")
        if target.kind == "iframe":
            right = (answer.status_code, answer.text) == (403, DENIED)
        elif target.kind == "page":
            right = answer.status_code == (303 if unknown else 403)
        else:
            kind = answer.json()["error"]["type"]
            right = (answer.status_code, kind) == ((401, "UNAUTHENTICATED") if unknown else (403, "INSUFFICIENT_PRIVILEGES"))
        if not right:
            wrong.append((method, path, answer.status_code, answer.text[:120]))
    assert wrong == []


async def test_every_operation_of_the_description_says_what_it_needs(whole: World) -> None:
    async with whole.client() as client:
        document = (await client.get("/swagger/openapi.json")).json()
    silent = [
        (path, method)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "Permission: " not in operation["description"] or not operation["summary"]
    ]
    assert silent == []
