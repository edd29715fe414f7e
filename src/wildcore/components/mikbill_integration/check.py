"""The check of the connection to billing: from the name of its server to the subscribers it tells of. Never tells the key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import httpx

from wildcore.components.mikbill_integration.check_answer import STEPS, Heard, judge, step_of
from wildcore.components.mikbill_integration.client import LIST_PATH, tls_context
from wildcore.components.mikbill_integration.settings import API_ADDR, AUTH_KEY, SECTION, VERIFY_TLS
from wildcore.i18n import _, gettext
from wildcore.kit import SettingsCheck
from wildcore.kit.permissions import SYSTEM_CONFIGURATION
from wildcore.services import networks
from wildcore.services.checks import FAILED, NOTE, OK, SKIPPED, WARNING, CheckStep, Tried
from wildcore.services.key_owner import KeyOwner, owner_of
from wildcore.services.reaching import Place, certificate, connect, look_up, place_of
from wildcore.services.runtime import Runtime

MOST_BYTES = 24 * 1024 * 1024
MOST_SEC = 20.0


async def check_billing(runtime: Runtime, tried: Tried) -> AsyncIterator[CheckStep]:
    """The steps, each as soon as it is done; what comes after a failed one is skipped."""
    address, key, verify = tried.text(API_ADDR.key).rstrip("/"), tried.text(AUTH_KEY.key), bool(tried.values[VERIFY_TLS.key])
    place = place_of(address)
    done: list[str] = []

    async def steps() -> AsyncGenerator[CheckStep]:
        yield _address(address, place)
        if place is None:
            return
        named, addresses = await look_up(place)
        yield named
        if not addresses:
            return
        step = await connect(place, addresses)
        yield step
        if step.state == FAILED:
            return
        if place.secure:
            yield await certificate(place, addresses, verify=verify, setting=VERIFY_TLS.key)
        else:
            text = gettext("http:// does not encrypt: the key can be read on the way. Use https:// wherever billing has it")
            yield step_of("tls", WARNING, text)
        if not key:
            yield _no_key(withheld=tried.withheld(AUTH_KEY.key))
            return
        async for one in _questions(address, key, verify):
            yield one
        yield _way_back(await runtime.db.run_read(lambda session: owner_of(session, runtime, key)), addresses)

    async with aclosing(steps()) as coming:
        async for step in coming:
            done.append(step.key)
            yield step
            if step.state == FAILED:
                break
    for name in STEPS:
        if name not in done:
            yield step_of(name, SKIPPED)


async def _questions(address: str, key: str, verify: bool) -> AsyncIterator[CheckStep]:
    try:
        heard = await _ask(address, key, verify)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield step_of("http", FAILED, gettext("The connection broke off: {reason}", reason=type(error).__name__))
        return
    for step in await asyncio.to_thread(lambda: list(judge(heard, address, key))):
        yield step


async def _ask(address: str, key: str, verify: bool) -> Heard:
    """Ask for the list and read it up to `MOST_BYTES` and `MOST_SEC`."""
    started = time.monotonic()
    query = {"key": key, "request": "get_user_list"}
    timeout = httpx.Timeout(MOST_SEC, connect=10.0)
    async with (
        httpx.AsyncClient(verify=tls_context(verify), timeout=timeout, follow_redirects=False) as http,
        http.stream("GET", f"{address}{LIST_PATH}", params=query) as answer,
    ):
        heard = Heard(answer.status_code, answer.headers.get("location", ""))
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(MOST_SEC):
                async for part in answer.aiter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size >= MOST_BYTES:
                        heard.whole = False
                        break
        except TimeoutError:
            heard.whole, heard.problem = False, "slow"
        except httpx.HTTPError:
            heard.whole, heard.problem = False, "cut"
    heard.text = b"".join(parts).decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    heard.seconds = time.monotonic() - started
    return heard


def _way_back(owner: KeyOwner | None, addresses: list[str]) -> CheckStep:
    """Whether the same key opens Wildcore for billing (it is meant to be one key for both directions)."""
    if owner is None:
        return step_of(
            "own_key",
            WARNING,
            gettext("No user of Wildcore has this key, so billing cannot ask with it: wca user:generate-key mikbill 365d"),
        )
    if owner.ended:
        text = gettext("The key of user {login} has ended: make a new one and enter it on both sides", login=owner.login)
        return step_of("own_key", WARNING, text)
    if not owner.networks:
        command = f"wca user:edit {owner.login} --network {','.join(addresses)}"
        text = gettext(
            "Key of user {login}, good from any address. If billing asks from {addresses}, bind it: {command}",
            login=owner.login, addresses=", ".join(addresses), command=command,
        )  # fmt: skip
        return step_of("own_key", NOTE, text)
    if not any(networks.allowed(owner.networks, one) for one in addresses):
        text = gettext(
            "User {login} may work only from {networks}; billing is {addresses}. Right only if it asks from another address",
            login=owner.login, networks=", ".join(owner.networks), addresses=", ".join(addresses),
        )  # fmt: skip
        return step_of("own_key", WARNING, text)
    return step_of(
        "own_key", OK, gettext("Key of user {login}, bound to {networks}", login=owner.login, networks=", ".join(owner.networks))
    )


def _address(address: str, place: Place | None) -> CheckStep:
    if not address:
        return step_of("address", FAILED, gettext("Enter the address of billing's site, for example https://billing.example"))
    if place is None:
        text = gettext("This is no address: write http:// or https://, the name and nothing of a login, ? or # behind it")
        return step_of("address", FAILED, text)
    return step_of("address", OK, address)


def _no_key(*, withheld: bool) -> CheckStep:
    if withheld:
        text = gettext("The stored key is not sent to an address that is not saved: type the key too, or save the address first")
        return step_of("key", FAILED, text)
    return step_of("key", FAILED, gettext("No key is set: enter the one of step wca user:generate-key mikbill 365d"))


CHECK = SettingsCheck(
    key="mikbill",
    section=SECTION,
    title=_("Check the connection to billing"),
    permission=SYSTEM_CONFIGURATION,
    run=check_billing,
    settings=(API_ADDR.key, AUTH_KEY.key, VERIFY_TLS.key),
    address=API_ADDR.key,
    help=_("Asks billing for its subscribers and changes nothing"),
)
