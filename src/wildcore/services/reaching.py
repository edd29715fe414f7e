"""Reaching another server step by step, for checks of settings: its name, a connection, its certificate. Texts say what to do."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from wildcore.i18n import _, gettext
from wildcore.services.checks import FAILED, OK, SKIPPED, WARNING, CheckStep

STEP_SEC = 6.0
SOON_DAYS = 14
_EXPIRED, _NOT_YET, _SELF_SIGNED, _SELF_SIGNED_CHAIN, _NO_ISSUER, _NO_ISSUER_LEAF, _OTHER_HOST, _OTHER_IP = (
    10,
    9,
    18,
    19,
    20,
    21,
    62,
    64,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads. `host` without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.scheme == "https"


def place_of(address: str) -> Place | None:
    """An http or https address taken apart; None when it is none."""
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        return None
    return Place(parts.scheme, parts.hostname, port)


async def look_up(place: Place) -> tuple[CheckStep, list[str]]:
    """The addresses of the name; none when the step failed."""
    title = _("Name (DNS)")
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(STEP_SEC):
            found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        text = gettext("DNS does not answer: look at the server's resolver (/etc/resolv.conf)")
        return CheckStep("dns", title, FAILED, text), []
    except (OSError, UnicodeError):
        text = gettext("There is no such name as {host}: look for a slip in the address, or at the server's DNS", host=place.host)
        return CheckStep("dns", title, FAILED, text), []
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if addresses == [place.host]:
        return CheckStep("dns", title, SKIPPED, gettext("The address is a number, no name to look up")), addresses
    return CheckStep(
        "dns", title, OK, gettext("{host} is {addresses}", host=place.host, addresses=", ".join(addresses))
    ), addresses


async def connect(place: Place, addresses: list[str]) -> CheckStep:
    """A TCP connection to the first of the addresses that takes one."""
    title, problem = _("Connection"), ""
    for address in addresses[:4]:
        where = f"[{address}]:{place.port}" if ":" in address else f"{address}:{place.port}"
        started = time.monotonic()
        try:
            async with asyncio.timeout(STEP_SEC):
                _reader, writer = await asyncio.open_connection(address, place.port)
        except TimeoutError:
            problem = problem or gettext(
                "{where} does not answer within {seconds} s: a firewall between, or a wrong address",
                where=where,
                seconds=f"{STEP_SEC:g}",
            )
        except OSError as error:
            problem = problem or _refusal(where, error)
        else:
            took = round((time.monotonic() - started) * 1000)
            writer.close()
            return CheckStep("connection", title, OK, gettext("{where} answers, {ms} ms", where=where, ms=took))
    return CheckStep("connection", title, FAILED, problem)


async def certificate(place: Place, addresses: list[str], *, verify: bool, setting: str) -> CheckStep:
    """A TLS connection with the certificate checked as requests do; `setting` is what switches that off."""
    title = _("Certificate (TLS)")
    context = httpx.create_ssl_context(verify=verify)
    try:
        async with asyncio.timeout(STEP_SEC):
            _reader, writer = await asyncio.open_connection(addresses[0], place.port, ssl=context, server_hostname=place.host)
    except TimeoutError:
        return CheckStep("tls", title, FAILED, gettext("No answer to the TLS greeting: is this port for https?"))
    except ssl.SSLCertVerificationError as error:
        return CheckStep("tls", title, FAILED, _distrust(place, error, setting))
    except (ssl.SSLError, ConnectionResetError) as error:
        reason = (getattr(error, "reason", "") or type(error).__name__).replace("_", " ").lower()
        return CheckStep("tls", title, FAILED, gettext("No TLS there ({reason}): is it http instead of https?", reason=reason))
    except OSError as error:
        return CheckStep("tls", title, FAILED, _refusal(f"{place.host}:{place.port}", error))
    told = writer.get_extra_info("peercert") or {}
    writer.close()
    if not verify:
        text = gettext(
            "The certificate is not checked: anybody on the way could read the key. Switch {setting} on", setting=setting
        )
        return CheckStep("tls", title, WARNING, text)
    ends = ssl.cert_time_to_seconds(str(told.get("notAfter"))) if told.get("notAfter") else 0.0
    days = int((ends - time.time()) // 86400)
    until = time.strftime("%Y-%m-%d", time.gmtime(ends))
    if ends and days < SOON_DAYS:
        text = gettext("Trusted, but only until {date}: let it be renewed", date=until)
        return CheckStep("tls", title, WARNING, text)
    return CheckStep("tls", title, OK, gettext("Trusted, until {date}", date=until) if ends else gettext("Trusted"))


def _refusal(where: str, error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return gettext("{where} refuses the connection: nothing listens there, or a firewall says no", where=where)
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return gettext("There is no way to {where}: look at routes and firewall", where=where)
    return gettext("{where} cannot be reached: {reason}", where=where, reason=error.strerror or type(error).__name__)


def _distrust(place: Place, error: ssl.SSLCertVerificationError, setting: str) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return gettext("The certificate has expired: renew it (certbot renew)")
    if code == _NOT_YET:
        return gettext("The certificate is not valid yet: look at the clocks of both servers")
    if code in (_SELF_SIGNED, _SELF_SIGNED_CHAIN):
        return gettext("The certificate is self-signed: take one from Let's Encrypt, or switch {setting} off", setting=setting)
    if code in (_NO_ISSUER, _NO_ISSUER_LEAF):
        return gettext("Who issued the certificate is unknown: its server must send the whole chain (fullchain.pem)")
    if code in (_OTHER_HOST, _OTHER_IP):
        return gettext("The certificate is for another name than {host}", host=place.host)
    return gettext("The certificate is not trusted: {reason}", reason=error.verify_message)
