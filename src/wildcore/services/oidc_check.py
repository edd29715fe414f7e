"""The check of the OpenID provider: its discovery document and its keys, as a sign-in would ask for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from wildcore.i18n import Text, _, gettext, ngettext
from wildcore.services import oidc
from wildcore.services.checks import FAILED, NOTE, OK, SKIPPED, WARNING, CheckStep, Tried
from wildcore.services.oidc_settings import OIDC
from wildcore.services.reaching import connect, look_up, place_of
from wildcore.services.runtime import Runtime

_STEPS: dict[str, Text] = {
    "address": _("Issuer"),
    "dns": _("Name (DNS)"),
    "connection": _("Connection"),
    "discovery": _("Discovery document"),
    "signing_keys": _("Signing keys"),
    "client": _("Our place there"),
    "switched_on": _("Sign-in page"),
}
SETTINGS = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_NAME", "AUTH_METHODS", "EXTERNAL_HTTP_ADDRESS")


async def check_issuer(runtime: Runtime, tried: Tried) -> AsyncIterator[CheckStep]:
    """The steps, each as soon as it is done; what comes after a failed one is skipped."""
    done: list[str] = []
    async with aclosing(_steps(runtime, tried)) as coming:
        async for step in coming:
            done.append(step.key)
            yield step
            if step.state == FAILED:
                break
    for name in _STEPS:
        if name not in done:
            yield _step(name, SKIPPED)


async def _steps(runtime: Runtime, tried: Tried) -> AsyncGenerator[CheckStep]:
    issuer = tried.text("OIDC_ISSUER").rstrip("/")
    place = place_of(issuer)
    if place is None:
        yield _step("address", FAILED, gettext("Enter the provider's address as it writes it itself, with https://"))
        return
    yield _step("address", OK, issuer)
    named, addresses = await look_up(place)
    yield named
    if not addresses:
        return
    yield await connect(place, addresses)
    try:
        found = await oidc.describe(issuer)
    except oidc.ProviderError as problem:
        yield _step("discovery", FAILED, gettext("It cannot be used: {reason}", reason=problem.description))
        return
    yield _step("discovery", OK, gettext("It names all that a sign-in needs"))
    try:
        keys = len(await oidc.signing_keys(runtime, str(found["jwks_uri"]), fresh=True))
    except oidc.ProviderError as problem:
        yield _step("signing_keys", FAILED, gettext("They cannot be had: {reason}", reason=problem.description))
        return
    if not keys:
        yield _step(
            "signing_keys",
            FAILED,
            gettext("The provider publishes no RSA key to sign with ({algorithm})", algorithm=oidc.ALGORITHM),
        )
        return
    yield _step("signing_keys", OK, ngettext("{n} key", "{n} keys", keys))
    yield _client(tried)
    if OIDC in tried.values["AUTH_METHODS"]:
        yield _step("switched_on", OK, gettext("Its button is on the sign-in page"))
    else:
        yield _step("switched_on", WARNING, gettext("Not offered yet: add oidc to AUTH_METHODS"))


def _client(tried: Tried) -> CheckStep:
    if not tried.text("OIDC_CLIENT_ID"):
        return _step("client", FAILED, gettext("Enter the client ID that the provider gave"))
    base = tried.text("EXTERNAL_HTTP_ADDRESS").rstrip("/") or gettext("the address that people use")
    text = gettext("Only a sign-in shows whether it is right. Let the provider allow {callback}", callback=base + oidc.CALLBACK)
    return _step("client", NOTE, text)


def _step(name: str, state: str, text: str = "") -> CheckStep:
    return CheckStep(name, _STEPS[name], state, text)
