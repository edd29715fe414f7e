"""Signing in at a provider by OpenID Connect: authorization code flow with PKCE (S256), state and nonce.

The provider is found by its issuer (OpenID Connect Discovery 1.0); its ID tokens must be signed with RS256 by a key that it
publishes, and are checked as OpenID Connect Core 1.0, 3.1.3.7 says. What a sign-in under way needs travels in an encrypted
cookie, so that any process can go on with it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from wildcore.errors import ConfigurationError, NotAllowed, Unauthenticated, WildcoreError
from wildcore.i18n import gettext
from wildcore.services import oidc_settings
from wildcore.services.networks import address_of
from wildcore.services.runtime import Runtime

CALLBACK = "/api/v1/auth/oidc/callback"
STATE_SEC = 600
SKEW_SEC = 120
KEYS_SEC = 900
REFETCH_SEC = 30
TIMEOUT_SEC = 10.0
MAX_ANSWER = 1024 * 1024
ALGORITHM = "RS256"
_KEY_PARTS = ("kty", "n", "e", "kid", "alg", "use")
_REGISTRY = JWSRegistry(algorithms=[ALGORITHM])


class ProviderError(WildcoreError):
    """The provider does not answer, or not as OpenID Connect says; the description is for the log and the administrator."""


@dataclass(frozen=True, slots=True)
class Started:
    """Where to send the browser, and what to leave with it (TICKET_COOKIE, `STATE_SEC`)."""

    address: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider vouches for. `groups` None: it said nothing of groups. `next` is the page to go on to."""

    subject: str
    login: str
    email: str
    email_verified: bool
    name: str
    groups: tuple[str, ...] | None
    next: str = "/"


@dataclass(frozen=True, slots=True)
class _Begun:
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    next: str
    until: int


async def start(runtime: Runtime, base_url: str, place: str) -> Started:
    """Begin a sign-in; `base_url` is how the person reaches us, `place` the page to go on to.

    NotAllowed when the provider is not configured, ProviderError when it does not answer.
    """
    if not oidc_settings.enabled(runtime.settings):
        raise NotAllowed(gettext("Signing in by a provider is not configured"))
    provider = await metadata(runtime)
    begun = _Begun(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        redirect_uri=base_url + CALLBACK,
        next=place[:1000],
        until=runtime.now() + STATE_SEC,
    )
    scopes = dict.fromkeys(["openid", "profile", "email", *str(runtime.settings.get("OIDC_ADDITIONAL_SCOPES")).split()])
    address = prepare_grant_uri(
        provider["authorization_endpoint"],
        client_id=runtime.settings.get("OIDC_CLIENT_ID"),
        response_type="code",
        redirect_uri=begun.redirect_uri,
        scope=" ".join(scopes),
        state=begun.state,
        nonce=begun.nonce,
        code_challenge=create_s256_code_challenge(begun.verifier),
        code_challenge_method="S256",
    )
    return Started(address, runtime.secrets.seal(json.dumps({"for": "oidc", **asdict(begun)})))


async def person(runtime: Runtime, ticket: str, query: Mapping[str, str]) -> Person:
    """Whom the provider sent back with `query` to a browser that holds `ticket`.

    Unauthenticated when this sign-in was not begun in this browser, is too old, or the provider refused; ProviderError when
    what the provider answers is not to be trusted.
    """
    if not oidc_settings.enabled(runtime.settings):
        raise NotAllowed(gettext("Signing in by a provider is not configured"))
    begun = _read_ticket(runtime, ticket)
    if not secrets.compare_digest(query.get("state", "").encode(), begun.state.encode()):
        raise Unauthenticated(gettext("This sign-in was not begun in this browser: begin again"))
    if "code" not in query:
        raise Unauthenticated(gettext("The provider refused: {reason}", reason=query.get("error", "no code")[:100]))
    provider = await metadata(runtime)
    if query.get("iss", provider["issuer"]) != provider["issuer"]:  # RFC 9207
        raise ProviderError("the answer comes from another issuer")
    tokens = await _tokens(runtime, provider, begun, query["code"])
    claims = await _claims(runtime, provider, begun, tokens)
    return _person(runtime, {**await _userinfo(runtime, provider, tokens, claims), **claims}, begun.next)


async def metadata(runtime: Runtime) -> dict[str, Any]:
    """What the provider says of itself; remembered for `KEYS_SEC`. ProviderError when it lacks what we need."""
    issuer = str(runtime.settings.get("OIDC_ISSUER")).rstrip("/")
    known = runtime.auth.cached.get(issuer)
    if known is not None and runtime.now() - known[0] < KEYS_SEC:
        return dict(known[1])
    found = await describe(issuer)
    runtime.auth.cached[issuer] = (runtime.now(), found)
    return found


async def describe(issuer: str) -> dict[str, Any]:
    """Ask an issuer what it says of itself; ProviderError when it cannot be used."""
    issuer = issuer.rstrip("/")
    found = await _get(get_well_known_url(issuer, external=True))
    if str(found.get("issuer", "")).rstrip("/") != issuer:
        raise ProviderError(f"the provider says that it is {str(found.get('issuer'))[:200]!r}, not {issuer!r}")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        _check_address(str(found.get(name, "")), name)
    if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
        raise ProviderError("the provider does not support PKCE with S256")
    if ALGORITHM not in found.get("id_token_signing_alg_values_supported", [ALGORITHM]):
        raise ProviderError(f"the provider does not sign ID tokens with {ALGORITHM}")
    return found


async def _tokens(runtime: Runtime, provider: dict[str, Any], begun: _Begun, code: str) -> dict[str, Any]:
    settings = runtime.settings
    # RFC 6749, 2.3.1: both are form-encoded before they are joined.
    login = quote(settings.get("OIDC_CLIENT_ID"), safe=""), quote(settings.get("OIDC_CLIENT_SECRET"), safe="")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": begun.redirect_uri,
        "code_verifier": begun.verifier,
    }
    tokens = await _ask("POST", provider["token_endpoint"], data=form, auth=login)
    if not isinstance(tokens.get("id_token"), str):
        raise ProviderError("the provider gave no ID token")
    return tokens


async def _claims(runtime: Runtime, provider: dict[str, Any], begun: _Begun, tokens: dict[str, Any]) -> dict[str, Any]:
    client = str(runtime.settings.get("OIDC_CLIENT_ID"))
    token = await _verified(runtime, provider, tokens["id_token"])
    # What is checked besides: iss, sub, aud, exp and iat must be there, azp, nonce and at_hash must be right.
    options = {"iss": {"essential": True, "value": provider["issuer"]}, "aud": {"essential": True, "value": client}}
    parameters = {"client_id": client, "nonce": begun.nonce, "access_token": tokens.get("access_token")}
    claims = CodeIDToken(token.claims, token.header, options, parameters)
    try:
        claims.validate(now=runtime.now(), leeway=SKEW_SEC)
    except JoseError as error:
        raise ProviderError(f"the ID token is refused: {error}") from None
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise ProviderError("the ID token names nobody")
    return dict(claims)


async def _verified(runtime: Runtime, provider: dict[str, Any], text: str) -> jwt.Token:
    """The ID token, whose signature is that of one of the provider's keys; a key that is new to us is asked for at once."""
    problem = "no key fits"
    for fresh in (False, True):
        for key in await signing_keys(runtime, provider["jwks_uri"], fresh=fresh):
            try:
                return jwt.decode(text, key, algorithms=[ALGORITHM], registry=_REGISTRY)
            except (JoseError, ValueError) as error:
                problem = str(error)
    raise ProviderError(f"the ID token's signature is refused: {problem[:200]}")


async def signing_keys(runtime: Runtime, address: str, *, fresh: bool) -> list[RSAKey]:
    """The provider's RSA keys, remembered for `KEYS_SEC`; `fresh` asks again unless that was done just now."""
    known = runtime.auth.cached.get(address)
    age = runtime.now() - known[0] if known else KEYS_SEC
    if known is not None and (age < REFETCH_SEC or (age < KEYS_SEC and not fresh)):
        return list(known[1])
    found = (await _get(address)).get("keys")
    keys = []
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and one.get("kty") == "RSA" and one.get("use", "sig") == "sig":
            try:
                keys.append(
                    RSAKey.import_key({name: one[name] for name in ("kty", "n", "e", "kid", "alg", "use") if name in one})
                )
            except (JoseError, ValueError, KeyError):
                continue
    runtime.auth.cached[address] = (runtime.now(), keys)
    return keys


async def _userinfo(runtime: Runtime, provider: dict[str, Any], tokens: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """What the ID token leaves out, where the provider has an address for it; nothing when it speaks of somebody else."""
    settings = runtime.settings
    wanted = [settings.get(f"OIDC_{name}_CLAIM") for name in ("EMAIL", "LOGIN", "NAME", "GROUPS")]
    address = str(provider.get("userinfo_endpoint", ""))
    if not address or not tokens.get("access_token") or all(name in claims for name in wanted):
        return {}
    _check_address(address, "userinfo_endpoint")
    found = await _ask("GET", address, headers={"Authorization": f"Bearer {tokens['access_token']}"})
    return found if found.get("sub") == claims["sub"] else {}


def _person(runtime: Runtime, claims: dict[str, Any], place: str) -> Person:
    settings = runtime.settings

    def text(name: str) -> str:
        value = claims.get(settings.get(f"OIDC_{name}_CLAIM"))
        return value.strip()[:200] if isinstance(value, str) else ""

    groups = claims.get(settings.get("OIDC_GROUPS_CLAIM"))
    if isinstance(groups, str):
        groups = [groups]
    return Person(
        subject=f"{claims['iss']}|{claims['sub']}"[:500],
        login=text("LOGIN"),
        email=text("EMAIL"),
        email_verified=claims.get("email_verified", True) in (True, "true"),
        name=text("NAME"),
        groups=tuple(one for one in groups if isinstance(one, str)) if isinstance(groups, list) else None,
        next=place,
    )


def _read_ticket(runtime: Runtime, ticket: str) -> _Begun:
    try:
        content: dict[str, Any] = json.loads(runtime.secrets.open(ticket) or "{}")
    except (ConfigurationError, UnicodeEncodeError):
        content = {}
    if content.pop("for", "") != "oidc" or content["until"] < runtime.now():
        raise Unauthenticated(gettext("This sign-in was not begun in this browser: begin again"))
    return _Begun(**content)


async def _get(address: str) -> dict[str, Any]:
    return await _ask("GET", address)


async def _ask(method: str, address: str, **options: Any) -> dict[str, Any]:
    """A JSON object from the provider. Follows no redirects; ProviderError never holds what was sent."""
    _check_address(address, "address")
    host = urlsplit(address).hostname
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SEC, headers={"Accept": "application/json"}) as client:
            answer = await client.request(method, address, **options)
            found = answer.json() if len(answer.content) <= MAX_ANSWER else None
    except httpx.HTTPError as error:
        raise ProviderError(f"{host} does not answer: {type(error).__name__}") from None
    except ValueError:
        raise ProviderError(f"{host} answered {answer.status_code} without JSON") from None
    if not isinstance(found, dict):
        raise ProviderError(f"{host} answered no JSON object")
    if answer.status_code != 200:
        raise ProviderError(f"{host} answered {answer.status_code}: {str(found.get('error', ''))[:100]}")
    return found


def _check_address(address: str, name: str) -> None:
    """Refuse what is not https; http only on this machine."""
    parts = urlsplit(address)
    host = address_of(parts.hostname or "")
    local = parts.hostname == "localhost" or (host is not None and host.is_loopback)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ProviderError(f"{name}: {address[:200]!r} is no https address")
