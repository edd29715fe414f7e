"""Whether a reverse proxy tells who asks and by which scheme: what the server saw of a request, judged by who sent it.

The server answers only a request that carries a fresh token sealed with the installation's key file, so nobody else learns
anything of proxies and settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from wildcore.errors import ConfigurationError
from wildcore.services.doctor import FAIL, OK, WARN, Finding
from wildcore.services.secretbox import SecretBox
from wildcore.services.settings import Settings

HEADER = "x-wildcore-doctor"
PATH = "/api/v1/system/request-seen"
_LIFE_SEC = 120
_WORD = "doctor"


@dataclass(frozen=True, slots=True)
class Sent:
    """How the question was sent: to which address, and from which of our own (as far as the socket told)."""

    url: str
    own_ip: str = ""


def token(box: SecretBox, now: int) -> str:
    """A token that is good for two minutes."""
    return box.seal(f"{_WORD} {now}")


def token_is_good(box: SecretBox, text: str, now: int) -> bool:
    """Whether a token was sealed with our key within the last two minutes."""
    if not text or len(text) > 500 or not text.isascii():
        return False
    try:
        word, _, at = box.open(text).partition(" ")
    except ConfigurationError:
        return False
    return word == _WORD and at.isdigit() and abs(now - int(at)) <= _LIFE_SEC


def seen(settings: Settings, ip: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """What the server saw: the address it took for the person's, and the headers that a proxy should set."""
    name = str(settings.get("PROXY_REAL_IP_HEADER"))
    return {
        "ip": ip,
        "real_ip_header": name,
        "real_ip": headers.get(name.lower()),
        "forwarded_for": headers.get("x-forwarded-for"),
        "forwarded_proto": headers.get("x-forwarded-proto"),
        "host": headers.get("host"),
        "forwarded_host": headers.get("x-forwarded-host"),
    }


def examine(url: str, box: SecretBox, now: int, *, timeout_sec: float = 10) -> list[Finding]:
    """Ask our own external address how the question arrives, and judge it. A certificate that is not trusted is a finding too."""
    address = url.rstrip("/")
    if not address.startswith(("http://", "https://")):
        return [Finding("proxy", FAIL, f"{url!r} is no address", "write http:// or https:// before it")]
    found = []
    try:
        try:
            answer, own_ip = _get(address, token(box, now), timeout_sec, verify=True)
        except httpx.ConnectError as error:
            if "CERTIFICATE" not in str(error).upper():
                raise
            text = f"The certificate of {address} is not trusted: {error}"
            found.append(Finding("proxy certificate", WARN, text, "renew it with certbot; browsers will warn too"))
            answer, own_ip = _get(address, token(box, now), timeout_sec, verify=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        text = f"{address} does not answer: {str(error) or type(error).__name__}"
        return [*found, Finding("proxy", FAIL, text, "start nginx, look at DNS and firewall")]
    if answer.status_code in (301, 302, 307, 308):
        to = answer.headers.get("location", "?").removesuffix(PATH)
        fix = "set EXTERNAL_HTTP_ADDRESS to the address where people end"
        return [*found, Finding("proxy", WARN, f"{address} sends on to {to}", fix)]
    data = _data(answer)
    if data is None:
        text = f"{address} answers (HTTP {answer.status_code}), but not as this installation"
        fix = "let the proxy pass all of / to WILDCORE_LISTEN, and see that the server uses this data directory"
        return [*found, Finding("proxy", FAIL, text, fix)]
    return [*found, *judge(Sent(address, own_ip), data)]


def judge(sent: Sent, data: Mapping[str, Any]) -> list[Finding]:
    """What the headers that arrived say of the proxy."""
    return [_judge_ip(sent, data), _judge_proto(sent, data), _judge_host(sent, data)]


def _judge_ip(sent: Sent, data: Mapping[str, Any]) -> Finding:
    name, given, ip = data["real_ip_header"], data["real_ip"], str(data["ip"])
    if not given and not data["forwarded_for"]:
        if ip and ip == sent.own_ip:
            return Finding("proxy address", OK, f"{sent.url} is reached without a proxy")
        return Finding(
            "proxy address",
            FAIL,
            f"The proxy does not say who asks: {name} is missing, everybody looks like {ip or 'the proxy'}",
            f"nginx: proxy_set_header {name} $remote_addr;",
        )
    named = {one.strip() for one in (given or "", *(data["forwarded_for"] or "").split(",")) if one.strip()}
    if ip not in named:
        return Finding(
            "proxy address",
            FAIL,
            f"The proxy says who asks, but it is not believed: requests count as from {ip}",
            f"add {ip} to TRUSTED_PROXY_LIST",
        )
    if sent.own_ip and ip != sent.own_ip:
        return Finding(
            "proxy address",
            WARN,
            f"The request was sent from {sent.own_ip} and seen as from {ip}",
            "right if address translation stands between; else another proxy is in front: let it pass the address on",
        )
    return Finding("proxy address", OK, f"Who asks arrives in {name if given else 'X-Forwarded-For'} ({ip})")


def _judge_proto(sent: Sent, data: Mapping[str, Any]) -> Finding:
    scheme, given = urlsplit(sent.url).scheme, str(data["forwarded_proto"] or "").lower()
    fix = "nginx: proxy_set_header X-Forwarded-Proto $scheme;"
    if given == scheme or (not given and scheme == "http"):
        return Finding("proxy scheme", OK, f"The scheme arrives right ({scheme})")
    if not given:
        return Finding("proxy scheme", FAIL, "People use https and we are not told: X-Forwarded-Proto is missing", fix)
    return Finding("proxy scheme", FAIL, f"People use {scheme} and the proxy says {given}", fix)


def _judge_host(sent: Sent, data: Mapping[str, Any]) -> Finding:
    wanted = urlsplit(sent.url)
    given = str(data["forwarded_host"] or data["host"] or "").lower()
    # A proxy's `Host $host` loses the port, which MikBill's file does too.
    if given in (wanted.netloc.lower(), (wanted.hostname or "").lower()):
        return Finding("proxy host", OK, f"The host arrives right ({given})")
    return Finding(
        "proxy host",
        WARN,
        f"People use {wanted.netloc} and the proxy says {given or 'nothing'}",
        "nginx: proxy_set_header Host $host;",
    )


def _get(address: str, sealed: str, timeout_sec: float, *, verify: bool) -> tuple[httpx.Response, str]:
    with (
        httpx.Client(timeout=timeout_sec, verify=verify, trust_env=False, follow_redirects=False) as client,
        client.stream("GET", f"{address}{PATH}", headers={HEADER: sealed}) as answer,
    ):
        stream = answer.extensions.get("network_stream")
        own = stream.get_extra_info("client_addr") if stream is not None else None
        answer.read()
        return answer, str(own[0]) if own else ""


def _data(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        content = answer.json()
    except ValueError:
        return None
    data = content.get("data") if isinstance(content, dict) else None
    return data if isinstance(data, dict) and "real_ip_header" in data else None
