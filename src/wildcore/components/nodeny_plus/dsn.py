"""Where NoDeny's database is, read from one line in the form of PDO or of SQLAlchemy.

PDO's form (`mysql:host=...;port=...;dbname=...;unix_socket=...;charset=...`) is that of the PHP manual, and the one that
existing installations have in NODENY_DATABASE_DSN (public wiki of Wildcore, page nodeny_plus). TLS has no key in PDO's form;
`ssl`, `ssl_ca` and `ssl_verify` are ours, in both forms.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from pymysql.charset import charset_by_name

from wildcore.errors import BillingError
from wildcore.i18n import gettext

PORT = 3306
_YES = frozenset({"1", "yes", "true", "on", "required", "verify_ca", "verify_identity"})
_NO = frozenset({"0", "no", "false", "off", "disabled", "preferred", ""})


@dataclass(frozen=True, slots=True)
class Target:
    """A database to read from. `tls` None: nothing is encrypted."""

    host: str
    port: int
    database: str
    user: str = ""
    unix_socket: str = ""
    charset: str = "utf8mb4"
    tls: ssl.SSLContext | None = None

    @property
    def place(self) -> str:
        """The server as messages name it."""
        return self.unix_socket or f"{self.host}:{self.port}"


def parse(text: str) -> Target:
    """The target of a DSN. Raises BillingError that says what is wrong, and never repeats the line: it may hold a password."""
    line = text.strip()
    if not line:
        raise BillingError(
            gettext(
                "Set NODENY_DATABASE_DSN: where NoDeny's database is, for example {example}",
                example="mysql:host=192.0.2.5;dbname=nodeny",
            )
        )
    scheme, _separator, rest = line.partition(":")
    if scheme.split("+")[0].lower() not in ("mysql", "mariadb"):
        raise _unreadable(gettext("it begins with neither mysql: nor mysql://"))
    parts = _of_url(line) if rest.startswith("//") else _of_pdo(rest)
    if parts.get("password"):
        raise BillingError(
            gettext("Take the password out of NODENY_DATABASE_DSN, where people can read it, and set NODENY_DATABASE_PASSWORD")
        )
    database = parts.get("dbname", "")
    if not database:
        raise _unreadable(gettext("it names no database (dbname)"))
    return Target(
        host=_host(parts.get("host") or "127.0.0.1"),
        port=_port(parts.get("port") or str(PORT)),
        database=database,
        user=parts.get("user", ""),
        unix_socket=parts.get("unix_socket", ""),
        charset=_charset(parts.get("charset") or "utf8mb4"),
        tls=_tls(parts),
    )


def _of_pdo(rest: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for pair in rest.split(";"):
        name, separator, value = pair.partition("=")
        if separator:
            parts[name.strip().lower()] = value.strip()
        elif name.strip():
            raise _unreadable(gettext("its parts must be name=value, with a semicolon between them"))
    return parts


def _of_url(line: str) -> dict[str, str]:
    try:
        url = urlsplit(line)
        port = "" if url.port is None else str(url.port)
    except ValueError:
        raise _unreadable(gettext("it is no valid address")) from None
    parts = {name.lower(): value for name, value in parse_qsl(url.query, keep_blank_values=True)}
    return parts | {
        "host": url.hostname or "",
        "port": port,
        "dbname": unquote(url.path.strip("/")),
        "user": unquote(url.username or ""),
        "password": url.password or parts.get("password", ""),
    }


def _host(name: str) -> str:
    try:
        name.encode("idna")
    except UnicodeError:
        raise _unreadable(gettext("its host is no name and no address")) from None
    return name


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536):
        raise _unreadable(gettext("its port is no number from 1 to 65535"))
    return int(text)


def _charset(name: str) -> str:
    if charset_by_name(name.lower()) is None:
        raise _unreadable(gettext("its charset is unknown; utf8mb4, utf8 and cp1251 are usual")) from None
    return name.lower()


def _tls(parts: Mapping[str, str]) -> ssl.SSLContext | None:
    """`ssl=yes` encrypts and checks the certificate (by `ssl_ca`, else the system's CAs); `ssl_verify=no` checks nothing."""
    wanted = (parts.get("ssl") or parts.get("ssl_mode") or "").lower()
    authority = parts.get("ssl_ca", "")
    verify = (parts.get("ssl_verify") or "yes").lower()
    if wanted not in _YES | _NO or verify not in _YES | _NO:
        raise _unreadable(gettext("ssl and ssl_verify must be yes or no"))
    if wanted not in _YES and not authority:
        return None
    try:
        context = ssl.create_default_context(cafile=authority or None)
    except (OSError, ssl.SSLError):
        raise _unreadable(gettext("the file of ssl_ca cannot be read, or holds no certificate")) from None
    if verify in _NO:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _unreadable(reason: str) -> BillingError:
    return BillingError(gettext("NODENY_DATABASE_DSN cannot be used: {reason}", reason=reason))
