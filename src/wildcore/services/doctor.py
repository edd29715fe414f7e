"""What keeps an installation from working, found before people notice: one small function for each thing, each says the fix."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
import time
import zoneinfo
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from wildcore.services.secretbox import KEY_FILE, SecretBox
from wildcore.transport.icmp import UNPRIVILEGED, Pinger

OK, WARN, FAIL = "OK", "WARN", "FAIL"
DISK_FAIL_BYTES, DISK_WARN_BYTES = 300_000_000, 3_000_000_000
DRIFT_WARN_SEC, DRIFT_FAIL_SEC = 5.0, 30.0
"""One-time codes change every 30 s: a clock that is more wrong keeps people out."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, OK, WARN or FAIL, what is so, and the fix in words ("" when nothing is to be done)."""

    check: str
    level: str
    text: str
    fix: str = ""


def listen_address(host: str, port: int, *, running: bool) -> Finding:
    """Whether the address is free, or taken by our own server (`running`: it answers on the console's socket)."""
    name = f"{host}:{port}"
    try:
        family, kind, _proto, _name, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
    except socket.gaierror as error:
        return Finding(
            "listen", FAIL, f"{host} is no address: {error.strerror}", "set WILDCORE_LISTEN, for example 127.0.0.1:8088"
        )
    except PermissionError:
        return Finding(
            "listen", FAIL, f"{name} may not be taken", "choose a port from 1024 on in WILDCORE_LISTEN; nginx takes 80 and 443"
        )
    except OSError as error:
        if running:
            return Finding("listen", OK, f"The server listens on {name}")
        return Finding(
            "listen", FAIL, f"{name} cannot be taken: {error.strerror}", "stop what uses it, or set another WILDCORE_LISTEN"
        )
    if running:
        return Finding(
            "listen", WARN, f"The server runs, but not on {name}", "give this command the WILDCORE_LISTEN that the server has"
        )
    return Finding("listen", OK, f"{name} is free; no server runs on this data directory")


def time_zone(localtime: Path = Path("/etc/localtime"), name: str | None = None) -> Finding:
    """Whether the server's zone is set: times are shown, and schedules run, in it."""
    name = os.environ.get("TZ") if name is None else name
    if name:
        known = name.lstrip(":") in zoneinfo.available_timezones() or Path(name.lstrip(":")).is_file()
        if not known:
            return Finding("time zone", FAIL, f"TZ names an unknown zone {name}", "write for example TZ=Europe/Kyiv")
    elif not localtime.exists():
        return Finding(
            "time zone", WARN, "No time zone is set: times are shown in UTC", "timedatectl set-timezone Europe/Kyiv, then restart"
        )
    return Finding("time zone", OK, f"{name or '/etc/localtime'}: {time.strftime('%Y-%m-%d %H:%M:%S %Z')}")


def drift(source: str, theirs: float, ours: float) -> Finding:
    """How far our clock is from another one (Unix seconds)."""
    seconds = ours - theirs
    text_ = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} {source}"
    fix = "set the clock: timedatectl set-ntp true (on the machine that is wrong)"
    if abs(seconds) >= DRIFT_FAIL_SEC:
        return Finding("clock", FAIL, f"The clock is {text_}: one-time codes and keys fail", fix)
    if abs(seconds) >= DRIFT_WARN_SEC:
        return Finding("clock", WARN, f"The clock is {text_}", fix)
    return Finding("clock", OK, f"Agrees with {source} within {max(1.0, abs(seconds)):.0f} s")


def disk(path: Path, fail_bytes: int = DISK_FAIL_BYTES, warn_bytes: int = DISK_WARN_BYTES) -> Finding:
    """Free space where the data lies."""
    usage = shutil.disk_usage(path)
    room = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB are free for {path}"
    fix = "free space, lower METRICS_RETENTION_DAYS, or move the data directory to a larger disk"
    if usage.free < fail_bytes:
        return Finding("disk", FAIL, room, fix)
    return Finding("disk", WARN, room, fix) if usage.free < warn_bytes else Finding("disk", OK, room)


def data_directory(path: Path) -> Finding:
    """Whether this user can write to the data directory."""
    if not path.is_dir():
        return Finding("data", WARN, f"There is no directory {path} yet", "the first start makes it; or set WILDCORE_DATA")
    if not os.access(path, os.W_OK | os.X_OK):
        owner = path.stat()
        return Finding(
            "data", FAIL, f"{path} is not writable for this user", f"run as its owner (uid {owner.st_uid}), or chown it"
        )
    return Finding("data", OK, str(path))


def ping(pinger: Pinger, *, wanted: bool) -> Finding:
    """Which kind of ping is allowed (`wanted`: SWC_CHECK_ICMP_PING)."""
    if pinger.possible:
        more = "" if pinger.method != UNPRIVILEGED else "; enough"
        return Finding("ping", OK, f"By {pinger.method}{more}")
    fix = 'AmbientCapabilities=CAP_NET_RAW in the unit, or sysctl -w net.ipv4.ping_group_range="0 2147483647"'
    if not wanted:
        return Finding("ping", OK, f"{pinger.method}; it is switched off anyway")
    return Finding("ping", WARN, f"{pinger.method}. Devices are asked by SNMP only", fix)


def key_file(data_dir: Path, *, needed: bool) -> Finding:
    """The key file: there (`needed`: a database is), readable for its owner only, a key."""
    path = data_dir / KEY_FILE
    try:
        mode = path.stat()
        SecretBox(path.read_bytes().strip())
    except FileNotFoundError:
        if not needed:
            return Finding("key file", OK, f"{path} is made at the first start")
        return Finding("key file", FAIL, f"{path} is missing: stored secrets cannot be read", "put it back from a backup")
    except OSError as error:
        return Finding(
            "key file", FAIL, f"{path} cannot be read: {error.strerror}", "run as its owner, or chown it to the server's user"
        )
    except ValueError:
        return Finding("key file", FAIL, f"{path} holds no key", "put it back from a backup")
    if mode.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding("key file", FAIL, f"{path} can be read by others (mode {mode.st_mode & 0o777:04o})", f"chmod 600 {path}")
    return Finding("key file", OK, f"{path}, only its owner reads it")


def assets(static: Path) -> Finding:
    """Whether the browser files that the build fetches are there."""
    vendor = static / "vendor"
    if not vendor.is_dir() or not any(vendor.rglob("*.js")) or not any(vendor.rglob("*.css")):
        return Finding("assets", FAIL, f"Browser files are missing in {vendor}: pages are unusable", "make setup")
    return Finding("assets", OK, "Browser files are there")


def billing(title: str, address: str, timeout_sec: float = 10) -> list[Finding]:
    """Whether billing's site answers, and its clock beside ours. No key is sent."""
    if not address.startswith(("http://", "https://")):
        return [
            Finding(
                "billing",
                FAIL,
                f"{title}: no address is set",
                "set its address in System configuration, for example https://billing.example",
            )
        ]
    try:
        answer = httpx.get(address, timeout=timeout_sec, trust_env=False, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        return [
            Finding(
                "billing",
                FAIL,
                f"{title} at {address} does not answer: {reason}",
                "check its address in System configuration, DNS, firewall",
            )
        ]
    level = FAIL if answer.status_code >= 500 else OK
    fix = "look at billing's own log" if level == FAIL else ""
    found = [Finding("billing", level, f"{title} at {address} answers (HTTP {answer.status_code})", fix)]
    with contextlib.suppress(KeyError, ValueError):
        found.append(drift("billing", parsedate_to_datetime(answer.headers["date"]).timestamp(), time.time()))
    return found
