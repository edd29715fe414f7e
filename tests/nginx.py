"""A real nginx before the product: the site of MikBill's documentation, certificates, and requests by name."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
NAME = "dms.ispnet.demo"
SEED = Path(__file__).resolve().parents[2] / "shared" / "seed"


def free_port() -> int:
    """A port that was free just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def need_nginx() -> None:
    """Skip where nginx is not installed."""
    if NGINX is None:
        pytest.skip("no nginx")


def seed_site() -> str:
    """The server block of MikBill's documentation, letter by letter."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(SEED.glob("*.txt"))]
    if not texts:
        pytest.skip(f"no documents of the customer in {SEED}")
    found = re.search(r"^server \{\n.*?^\}$", "\n".join(texts), re.MULTILINE | re.DOTALL)
    assert found
    return found[0]


def aimed(site: str, listen: str, behind: int, *, more: str = "") -> str:
    """A site with this test's ports and, where certbot would put them, more lines; all else stays as it is."""
    assert "listen 80;" in site
    assert "http://localhost:8088" in site
    return site.replace("listen 80;", f"listen {listen};{more}").replace("localhost:8088", f"localhost:{behind}")


def configuration(folder: Path, http: str) -> Path:
    """nginx.conf with this inside of its http block; whatever nginx writes stays in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""  # its workers write below a directory of ours
    path.write_text(
        f"{user}pid {folder}/pid;\nerror_log {folder}/error.log;\ndaemon off;\nevents {{}}\n"
        f"http {{\n{temporary}access_log {folder}/access.log;\n{http}\n}}\n",
        encoding="utf-8",
    )
    return path


@contextmanager
def nginx(path: Path, *ports: int) -> Iterator[None]:
    """nginx with this configuration, once it answers on its ports."""
    assert NGINX is not None
    command = [NGINX, "-e", str(path.parent / "error.log"), "-c", str(path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 30
        waiting = set(ports)
        while waiting and process.poll() is None and time.monotonic() < until:
            waiting = {port for port in waiting if not _answers(port)}
        assert process.poll() is None, process.communicate()[1]
        assert not waiting, f"nothing answers on {waiting}"
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A self-signed certificate for these names, and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(issuer)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "fullchain.pem", folder / "privkey.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, private


@dataclass(frozen=True)
class Site:
    """nginx as people see it: http and https of one name on this test's ports."""

    http: int
    https: int
    chain: Path
    folder: Path
    name: str = NAME

    def client(self, scheme: str = "https", **options: Any) -> httpx.Client:
        """A client that asks `scheme://name`, the certificate checked against the name, as if the ports were 80 and 443."""
        trusted = ssl.create_default_context(cafile=str(self.chain)) if scheme == "https" else False
        headers = {"Host": self.name, **options.pop("headers", {})}
        transport = _ByName(self.name, verify=trusted)
        port = self.https if scheme == "https" else self.http
        return httpx.Client(base_url=f"{scheme}://127.0.0.1:{port}", headers=headers, transport=transport, timeout=30, **options)


class _ByName(httpx.HTTPTransport):
    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(**options)
        self._name = name

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": self._name}
        return super().handle_request(request)


@contextmanager
def seed_nginx(folder: Path, behind: int, *, more: str = "") -> Iterator[Site]:
    """The seed's file before the product: http as it stands, and https as certbot makes it. `more` joins the http block."""
    need_nginx()
    plain, secure = free_port(), free_port()
    chain, private = certificate(folder, NAME)
    tls = f"\n    ssl_certificate {chain};\n    ssl_certificate_key {private};"
    sites = [
        aimed(seed_site(), f"127.0.0.1:{plain}", behind),
        aimed(seed_site(), f"127.0.0.1:{secure} ssl", behind, more=tls),
    ]
    with nginx(configuration(folder, "\n".join([*sites, more])), plain, secure):
        yield Site(plain, secure, chain, folder)
