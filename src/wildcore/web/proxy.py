"""Who asks and how they reached us, behind proxies or not.

Headers count only when the connection comes from a trusted proxy (TRUSTED_PROXY_LIST, loopback by default): the address from
PROXY_REAL_IP_HEADER (X-Real-IP) first, then from X-Forwarded-For read from its right end; scheme and host from
X-Forwarded-Proto and -Host; the path below which we stand from X-Forwarded-Prefix, else from EXTERNAL_HTTP_ADDRESS. A header
that is sent twice with different values, or does not parse, counts as absent.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from wildcore.services.settings import Settings

logger = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FORWARDING = frozenset(
    {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server"}
    | {"x-forwarded-prefix", "x-real-ip", "x-client-ip"}
)
_ORIGIN = frozenset(one.encode() for one in (*FORWARDING, "host"))
_LONGEST_KEPT = 500
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))(?::[0-9]{1,5})?")
_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}")
_BRACKETS = re.compile(r"\[([^\]]*)\](?::[0-9]{1,5})?")
_ROOT = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){1,8}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The request's origin. `ip` is the person's address, `peer` the connection's; `host` is empty when the request names none.

    `base_url` is how the person reaches us (no slash at the end). `suspicious`: a peer that is no trusted proxy sent forwarding
    headers. `root` is the path below which the person sees us, "" or `/wildcore`; `own_root` the part of it that a proxy may
    have left in the request's path. `secure`: the browser speaks https, as far as can be known.
    """

    ip: str
    peer: str
    scheme: str
    host: str
    base_url: str
    suspicious: bool
    root: str = ""
    own_root: str = ""
    secure: bool = False


def caller_of(scope: Mapping[str, Any], settings: Settings) -> Caller:
    """Read a request's origin from its ASGI scope."""
    client = scope.get("client")
    real_ip = str(settings.get("PROXY_REAL_IP_HEADER")).lower()
    named = ((name.lower(), value) for name, value in scope.get("headers", ()))
    told = tuple([pair for pair in named if pair[0] in _ORIGIN or pair[0] == real_ip.encode("latin-1", "replace")])
    proxies, external = tuple(settings.get("TRUSTED_PROXY_LIST")), str(settings.get("EXTERNAL_HTTP_ADDRESS"))
    read = _caller if sum(len(value) for _name, value in told) < _LONGEST_KEPT else _caller.__wrapped__
    return read(client[0] if client else "", str(scope.get("scheme", "http")), told, real_ip, proxies, external)


@lru_cache(maxsize=1024)
def _caller(
    client: str, scheme: str, told: tuple[tuple[bytes, bytes], ...], real_ip: str, proxy_list: tuple[str, ...], external: str
) -> Caller:
    """The same for what it depends on: a billing or a browser asks thousands of times in the same words."""
    headers = _headers(told)
    peer = parse_address(client)
    proxies = networks(proxy_list)
    trusted = within(peer, proxies)
    ip, host = peer, _single(headers.get("host"))
    if trusted:
        ip = _client(headers, real_ip, proxies) or peer
        proto = _first(headers.get("x-forwarded-proto")).lower()
        scheme = proto if proto in ("http", "https") else scheme
        forwarded = _first(headers.get("x-forwarded-host"))
        host = forwarded if _HOST.fullmatch(forwarded) else host
    host = host.lower() if _HOST.fullmatch(host) else ""
    external = _external(external)
    # Only the operator's own word is taken off a path: by a header a caller could pass by a proxy's rules for paths.
    own_root = root_of(external)
    root = (root_path(_single(headers.get("x-forwarded-prefix"))) if trusted else "") or own_root
    named = bool(host) and host_name(host) == _parts(external).hostname
    return Caller(
        ip=str(ip or ""),
        peer=str(peer or ""),
        scheme=scheme,
        host=host,
        base_url=external or f"{scheme}://{host or 'localhost'}{root}",
        suspicious=not trusted and any(name in headers for name in (FORWARDING | {real_ip})),
        root=root,
        own_root=own_root,
        secure=scheme == "https" or (named and external.startswith("https:")),
    )


def root_path(text: str) -> str:
    """A path below which we stand, without a slash at its end; "" when it is none or would not be safe in a link."""
    clean = text.strip().rstrip("/")
    return clean if _ROOT.fullmatch(clean) else ""


def root_of(address: str) -> str:
    """The path of an address of ours, "" without one."""
    return root_path(_parts(address).path)


def known_host(host: str, external: str, own_names: Iterable[str]) -> bool:
    """Whether a Host header names this server: an address, localhost, our own name or the external address.

    Any other name may be somebody's page that makes a browser inside a trusted network call us (DNS rebinding).
    """
    name = host_name(host)
    if not name:
        return False
    if name == "localhost" or parse_address(name.strip("[]")) is not None:
        return True
    return name in {one.lower() for one in own_names if one} or name == (urlsplit(external).hostname or "")


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks of a setting; what does not parse is left out and logged once."""
    return _networks(tuple(texts))


def within(address: Address | None, nets: Iterable[Network]) -> bool:
    """Whether the address lies in one of the networks."""
    return address is not None and any(address.version == net.version and address in net for net in nets)


def parse_address(text: str) -> Address | None:
    """An address, also with a port or in brackets; IPv4 in IPv6 reads as IPv4. None when it is none."""
    text = text.strip()
    with_port = _PORT.fullmatch(text)
    if with_port:
        text = with_port[1]
    bracketed = _BRACKETS.fullmatch(text)
    if bracketed:
        text = bracketed[1]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def origin_of(address: str) -> str:
    """`https://host[:port]` of an address, "" when it has none. Default ports are left out, as browsers do."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if not _HOST.fullmatch(host):
        return ""
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")


def _client(headers: Mapping[str, list[str]], real_ip: str, proxies: tuple[Network, ...]) -> Address | None:
    if real_ip != "x-forwarded-for":
        address = parse_address(_single(headers.get(real_ip)))
        if address is not None:
            return address
    hops = [hop for line in headers.get("x-forwarded-for", []) for hop in line.split(",")]
    found = None
    for hop in reversed(hops):
        found = parse_address(hop)
        if found is None or not within(found, proxies):
            return found
    return found


def _headers(told: Iterable[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in told:
        found.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return found


def _single(values: list[str] | None) -> str:
    different = {value.strip() for value in values or ()}
    return different.pop() if len(different) == 1 else ""


def _first(values: list[str] | None) -> str:
    return _single(values).partition(",")[0].strip()


def host_name(host: str) -> str:
    """The name of a Host header without its port and brackets, in small letters."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


@lru_cache(maxsize=16)
def _external(setting: str) -> str:
    """The operator's address of us; one that is no http or https address counts as absent, and is logged once."""
    parts = _parts(setting)
    if setting and not origin_of(setting):
        logger.warning("EXTERNAL_HTTP_ADDRESS is not an address with http:// or https://, left out: %s", setting[:200])
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{root_path(parts.path)}" if origin_of(setting) else ""


@lru_cache(maxsize=16)
def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address.strip())
    except ValueError:
        return urlsplit("")


@lru_cache(maxsize=16)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            logger.warning("not a network, left out: %s", text)
    return tuple(found)
