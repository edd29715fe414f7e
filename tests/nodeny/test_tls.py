"""TLS to a MariaDB of our own that asks for it: checked by its CA, refused without, and never silently left out."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.nodeny.server import Server, own_server
from wildcore.components.nodeny_plus.database import NodenyDatabase
from wildcore.components.nodeny_plus.dsn import parse
from wildcore.errors import BillingError


def certificate(directory: Path) -> Path:
    """A key and a self-signed certificate for 127.0.0.1 that is its own CA, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "billing")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    path = directory / "server.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    directory = tmp_path_factory.mktemp("tls")
    pem = certificate(directory)
    with own_server(directory, "", f"--ssl-cert={pem}", f"--ssl-key={pem}") as server:
        connection = server.connect()
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE nodeny")
            cursor.execute("CREATE USER r@'127.0.0.1' IDENTIFIED BY 'p' REQUIRE SSL")
            cursor.execute("GRANT SELECT ON nodeny.* TO r@'127.0.0.1'")
        connection.close()
        yield server, pem


def test_the_line_decides(tls: tuple[Server, Path]) -> None:
    server, pem = tls
    base = f"mysql:host=127.0.0.1;port={server.port};dbname=nodeny"
    for line in (f"{base};ssl=yes;ssl_ca={pem}", f"{base};ssl=yes;ssl_verify=no", f"{base};ssl_ca={pem}"):
        with NodenyDatabase(parse(line), "r", "p") as database:
            ((_name, cipher),) = database.rows("SHOW STATUS LIKE 'Ssl_cipher'")
            assert cipher
    with pytest.raises(BillingError, match="is not trusted"):
        NodenyDatabase(parse(f"{base};ssl=yes"), "r", "p")
    with pytest.raises(BillingError, match="refused the user r"):
        NodenyDatabase(parse(base), "r", "p")
