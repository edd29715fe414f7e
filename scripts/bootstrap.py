#!/usr/bin/env python3
"""Install Wildcore and its development tools into ./.venv, with nothing but Python's standard library.

Debian's python3 has neither pip nor venv, so this takes a pinned `uv` out of its wheel on the package
index, checks its SHA-256, keeps it in ./.tools and lets it make the environment from uv.lock. Honours
UV_DEFAULT_INDEX, PIP_INDEX_URL (a "simple" index), SSL_CERT_FILE and the usual proxy variables. A second
run with nothing changed only compares a stamp. Written for any Python from 3.7 on, so that an old one gets
a clear answer.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
STAMP = VENV / ".wildcore-stamp"
VENDOR_STAMP = ROOT / "src/wildcore/web/static/vendor/.stamp"
CATALOGUES = "src/wildcore/locale/*/LC_MESSAGES/*.po"
STAMPED = ("pyproject.toml", "uv.lock", "hatch_build.py", "assets/package-lock.json", "assets/icons.txt")

INDEX = "https://pypi.org/simple"
UV_VERSION = "0.13.9"
# (machine, C library): file name and SHA-256 of uv's wheel, as the index publishes them.
UV_WHEELS = {
    ("x86_64", "glibc"): (
        "uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("x86_64", "musl"): (
        "uv-0.13.9-py3-none-musllinux_1_1_x86_64.whl",
        "2c45530751517d6c3bbc69a19473f6effe47cce047bede01ffd8af7ea7b36b25",
    ),
    ("aarch64", "glibc"): (
        "uv-0.13.9-py3-none-manylinux_2_28_aarch64.whl",
        "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
    ("aarch64", "musl"): (
        "uv-0.13.9-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
        "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    ),
}
OLDEST, NEWEST = (3, 11), (3, 13)
TIMEOUT_S = 60


class SetupError(Exception):
    """What keeps the set-up from going on, in one line for a person."""


def main() -> int:
    """Set up ./.venv; exit code 0, or 1 after one line on stderr."""
    started = time.monotonic()
    try:
        wanted = stamp()
        if is_current(wanted):
            return 0
        uv = get_uv()
        sync(uv)
        STAMP.write_text(wanted + "\n", encoding="utf-8")
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted", file=sys.stderr)
        return 130
    say(f"ready in {time.monotonic() - started:.0f} s: .venv/bin/wca")
    return 0


def say(text: str) -> None:
    """Show one line of progress."""
    print(f"setup: {text}", flush=True)


def find_python(running: tuple[int, int]) -> str:
    """Interpreter to build on: WILDCORE_PYTHON, else the `running` one if new enough, else one in PATH."""
    asked = os.environ.get("WILDCORE_PYTHON")
    if asked:
        path = shutil.which(asked)
        if not path:
            raise SetupError(f"WILDCORE_PYTHON: there is no {asked}")
        return path
    if OLDEST <= running <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        path = shutil.which(f"python3.{minor}")
        if path:
            return path
    raise SetupError(
        f"needs Python 3.11, 3.12 or 3.13; {sys.executable} is {platform.python_version()} "
        "and PATH has no other (set WILDCORE_PYTHON to one)"
    )


def stamp() -> str:
    """SHA-256 (hex) of everything that decides what .venv holds."""
    sha = hashlib.sha256(f"{UV_VERSION} {ROOT} {os.environ.get('WILDCORE_PYTHON', '')}".encode())
    for path in [*(ROOT / name for name in STAMPED), *sorted(ROOT.glob(CATALOGUES))]:
        try:
            sha.update(path.read_bytes())
        except OSError as error:
            raise SetupError(f"cannot read {path.relative_to(ROOT)}: {error.strerror}") from error
    return sha.hexdigest()


def is_current(wanted: str) -> bool:
    """Whether an earlier run made .venv from the same sources, and it is still whole."""
    try:
        done = STAMP.read_text(encoding="utf-8").strip()
    except OSError:
        return False
    made = [VENDOR_STAMP, VENV / "bin/python", *(po.with_suffix(".mo") for po in ROOT.glob(CATALOGUES))]
    return done == wanted and all(path.exists() for path in made)


def get_uv() -> Path:
    """The pinned uv in ./.tools, fetched when missing."""
    uv = TOOLS / f"uv-{UV_VERSION}"
    if uv.is_file():
        return uv
    file_name, sha256 = pick_wheel(platform.machine(), libc_name())
    say(f"fetching uv {UV_VERSION}")
    blob = download(wheel_url(index_url(), file_name))
    binary = unpack(blob, file_name, sha256)
    TOOLS.mkdir(exist_ok=True)
    part = TOOLS / f"uv-{UV_VERSION}.{os.getpid()}"
    part.write_bytes(binary)
    part.chmod(0o755)
    part.replace(uv)  # whole or not at all, also when two set-ups run at once
    return uv


def pick_wheel(machine: str, libc: str) -> tuple[str, str]:
    """File name and SHA-256 of uv's wheel for a machine ("x86_64") and C library ("glibc" or "musl")."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine.lower(), machine.lower())
    if sys.platform != "linux" or (machine, libc) not in UV_WHEELS:
        raise SetupError(f"no pinned uv for {sys.platform} {machine} ({libc}): install uv, then uv sync")
    return UV_WHEELS[machine, libc]


def libc_name() -> str:
    """glibc or musl: which C library this Python runs on."""
    return "glibc" if platform.libc_ver()[0] == "glibc" else "musl"


def index_url() -> str:
    """The package index in use, without a trailing slash."""
    return (os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or INDEX).rstrip("/")


def wheel_url(index: str, file_name: str) -> str:
    """Where `index` serves a file of project uv, by its simple API (JSON, PEP 691, or HTML, PEP 503)."""
    page_url = index + "/uv/"
    page = download(page_url, "application/vnd.pypi.simple.v1+json, text/html;q=0.1").decode("utf-8", "replace")
    if page.lstrip().startswith("{"):
        links = [str(entry["url"]) for entry in json.loads(page)["files"] if entry["filename"] == file_name]
    else:
        links = [link for link in re.findall(r'href="([^"#]+)', page) if link.rsplit("/", 1)[-1] == file_name]
    if not links:
        raise SetupError(f"the package index {host(index)} has no {file_name}")
    return urllib.parse.urljoin(page_url, links[0])


def download(url: str, accept: str = "*/*") -> bytes:
    """Body of `url`, tried three times; SetupError in one line, without the URL's password, when it fails."""
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise SetupError(f"not a web address: {url}")
    request, password = with_login(url)
    request.add_header("Accept", accept)
    if password:
        request.add_header("Authorization", password)
    reason: object = "no answer"
    for wait_s in (1, 2, 0):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 (scheme is checked)
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            error.close()
            raise SetupError(f"{host(url)} answered {error.code} {error.reason}") from error
        except (OSError, urllib.error.URLError) as error:
            reason = getattr(error, "reason", error)
            time.sleep(wait_s)
    raise SetupError(f"cannot reach the package index {host(url)}: {reason}")


def with_login(url: str) -> tuple[urllib.request.Request, str]:
    """A request for `url` without its user:password@, and those as a Basic authorization ("" for none)."""
    parts = urllib.parse.urlsplit(url)
    login, _, place = parts.netloc.rpartition("@")
    plain = urllib.parse.urlunsplit(parts._replace(netloc=place))
    token = base64.b64encode(urllib.parse.unquote(login).encode()).decode()
    return urllib.request.Request(plain), "Basic " + token if login else ""  # noqa: S310 (download checks it)


def host(url: str) -> str:
    """The host of a URL, fit to be shown."""
    return urllib.parse.urlsplit(url).hostname or url


def unpack(blob: bytes, file_name: str, sha256: str) -> bytes:
    """The uv binary inside a wheel whose SHA-256 must be the pinned one."""
    found = hashlib.sha256(blob).hexdigest()
    if found != sha256:
        raise SetupError(f"{file_name} has SHA-256 {found}, expected {sha256}: not used")
    with zipfile.ZipFile(io.BytesIO(blob)) as wheel:
        return wheel.read(f"uv-{UV_VERSION}.data/scripts/uv")


def sync(uv: Path) -> None:
    """Make .venv exactly what uv.lock says, with the project itself installed editable."""
    # Reinstalled because a cached build of the project would leave out its assets and catalogues.
    command = [str(uv), "sync", "--frozen", "--reinstall-package=wildcore"]
    if os.environ.get("WILDCORE_PYTHON") or not (VENV / "bin/python").exists():
        python = find_python((sys.version_info[0], sys.version_info[1]))
        say(f"making .venv with {python}")
        command += ["--python", python]
    say("installing packages and browser assets from the lock files")
    env = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_PROJECT_ENVIRONMENT=str(VENV))
    env.pop("VIRTUAL_ENV", None)
    env.setdefault("UV_SYSTEM_CERTS", "1")
    env.setdefault("UV_HTTP_TIMEOUT", "180")
    if os.environ.get("PIP_INDEX_URL"):
        env.setdefault("UV_DEFAULT_INDEX", os.environ["PIP_INDEX_URL"])
    if not sys.stderr.isatty():
        env.setdefault("UV_NO_PROGRESS", "1")
    code = subprocess.run(command, cwd=str(ROOT), env=env).returncode  # noqa: PLW1510 (its code is read)
    if code:
        raise SetupError(f"uv sync failed (exit code {code}): see the lines above")


if __name__ == "__main__":
    sys.exit(main())
