"""Reading from NoDeny's MySQL or MariaDB: one read-only connection, and its errors in words that say what to do.

PyMySQL blocks, so callers work in a thread. No message ever holds the password, the DSN or a statement.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import ssl
import struct
from collections.abc import Sequence
from typing import Any, Final, Self

import pymysql
from pymysql.constants import CR, ER

from wildcore.components.nodeny_plus.dsn import Target
from wildcore.errors import BillingError
from wildcore.i18n import Lazy, _, gettext

CONNECT_SEC: Final = 5
READ_SEC: Final = 60
# One view of all tables while the list is read; servers too old for READ ONLY pass over the comment.
_BEGIN: Final = "START TRANSACTION WITH CONSISTENT SNAPSHOT /*!50605 , READ ONLY */"
# The driver's own, and what it stumbles over when something else than MySQL answers.
_FAILURES: Final = (pymysql.MySQLError, OSError, ValueError, LookupError, RuntimeError, struct.error)
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\u0400-\u04ff]+")

_NO_TLS: Final = _("NoDeny's database at {place} does not speak TLS: take ssl out of NODENY_DATABASE_DSN")
_UNTRUSTED: Final = _(
    "The certificate of NoDeny's database at {place} is not trusted ({reason}): name its CA with ssl_ca in NODENY_DATABASE_DSN"
)
_NO_NAME: Final = _("The name of NoDeny's database in {place} is unknown: check host in NODENY_DATABASE_DSN")
_SLOW: Final = _(
    "NoDeny's database at {place} does not answer in time: check host and port in NODENY_DATABASE_DSN, the firewall, and the "
    "load of the database"
)
_NOT_MYSQL: Final = _("What answers at {place} is no MySQL: check host and port in NODENY_DATABASE_DSN")
_CHARSET: Final = _("A text of NoDeny's database is not in the charset {charset}: set charset in NODENY_DATABASE_DSN")
_OTHER: Final = _("NoDeny's database answered with an error: {reason}")
# Numbers without a name in PyMySQL are those of the servers' own lists of errors.
_BY_CODE: Final[tuple[tuple[frozenset[int], Lazy], ...]] = (
    (
        frozenset({ER.ACCESS_DENIED_ERROR, 1251, 1275, 1524, 1698, 1820, 1862, 3118, 4151}),
        _(
            "NoDeny's database at {place} refused the user {user} ({reason}): check NODENY_DATABASE_USERNAME and "
            "NODENY_DATABASE_PASSWORD, and whether this user may come from this server's address"
        ),
    ),
    (
        frozenset({ER.DBACCESS_DENIED_ERROR}),
        _("The user {user} may not use the database {database}: GRANT SELECT there, or check dbname in NODENY_DATABASE_DSN"),
    ),
    (
        frozenset({ER.BAD_DB_ERROR}),
        _("There is no database {database} at {place}: check dbname in NODENY_DATABASE_DSN"),
    ),
    (
        frozenset({ER.NO_SUCH_TABLE}),
        _("NoDeny's database lacks a table ({reason}): is {database} the database of NoDeny Plus?"),
    ),
    (
        frozenset({ER.BAD_FIELD_ERROR}),
        _("NoDeny's database lacks a column ({reason}): is {database} the database of NoDeny Plus?"),
    ),
    (
        frozenset({ER.TABLEACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR}),
        _("The user {user} may not read all that is needed ({reason}): GRANT SELECT on it"),
    ),
    (
        frozenset({ER.HOST_NOT_PRIVILEGED, ER.HOST_IS_BLOCKED}),
        _("NoDeny's database does not let this server's address in ({reason}): allow it there"),
    ),
    (
        frozenset({ER.CON_COUNT_ERROR, ER.TOO_MANY_USER_CONNECTIONS, 1226}),
        _("NoDeny's database has too many connections now ({reason}): try again later"),
    ),
    (frozenset({CR.CR_SSL_CONNECTION_ERROR}), _NO_TLS),
    (frozenset({3159}), _("NoDeny's database at {place} wants TLS: add ssl=yes to NODENY_DATABASE_DSN")),
    (
        frozenset({CR.CR_CONN_HOST_ERROR}),
        _(
            "Cannot connect to NoDeny's database at {place} ({reason}): does it run, does it listen there, is there a firewall "
            "between?"
        ),
    ),
    (
        frozenset({CR.CR_SERVER_LOST, CR.CR_SERVER_GONE_ERROR, ER.SERVER_SHUTDOWN, ER.QUERY_INTERRUPTED, 1927, 4031}),
        _("The connection to NoDeny's database broke off. Nothing was changed"),
    ),
)

logger = logging.getLogger(__name__)


class NodenyDatabase:
    """One connection to billing's database. Every method blocks and raises BillingError; use it as a context manager."""

    def __init__(self, target: Target, user: str, password: str, *, read_sec: float = READ_SEC) -> None:
        self._target = target
        self._user = user or target.user
        if not self._user:
            raise BillingError(gettext("Set NODENY_DATABASE_USERNAME: a user of NoDeny's database who may read"))
        try:
            self._connection = pymysql.connect(
                host=target.host,
                port=target.port,
                user=self._user,
                password=password.encode(),  # a text would be sent as Latin-1
                database=target.database,
                unix_socket=target.unix_socket or None,
                charset=target.charset,
                ssl=target.tls,
                ssl_disabled=target.tls is None,  # else the driver encrypts where it can, without asking who answers
                connect_timeout=min(CONNECT_SEC, read_sec),
                read_timeout=read_sec,
                write_timeout=CONNECT_SEC,
                program_name="wildcore",
            )
        except _FAILURES as error:
            raise self._failure(error) from None
        try:
            self.rows(_BEGIN)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """All rows of a statement."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, tuple(values) or None)
                return cursor.fetchall()
        except _FAILURES as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(pymysql.Error, OSError):
            self._connection.close()

    def _failure(self, error: Exception) -> BillingError:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        cause = getattr(error, "original_exception", None)
        reason = _reason(error, cause)
        target = self._target
        logger.warning("NoDeny's database at %s: %s %d %s", target.place, type(error).__name__, code, reason)
        text = _words(error, code, cause)
        return BillingError(
            gettext(
                text.message,
                place=target.place,
                database=target.database,
                charset=target.charset,
                user=self._user,
                reason=reason,
            )
        )


def _words(error: Exception, code: int, cause: BaseException | None) -> Lazy:
    if isinstance(error, UnicodeError):
        return _CHARSET
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _UNTRUSTED
    if isinstance(cause, ssl.SSLError):
        return _NO_TLS
    if isinstance(cause, socket.gaierror):
        return _NO_NAME
    if "timed out" in str(error):
        return _SLOW
    known = next((text for codes, text in _BY_CODE if code in codes), None)
    if known is not None:
        return known
    return _OTHER if code else _NOT_MYSQL


def _reason(error: Exception, cause: BaseException | None) -> str:
    """What the server or the system said, in one line; it may hold anything."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        text = cause.verify_message
    elif isinstance(cause, OSError):
        text = cause.strerror or type(cause).__name__
    elif isinstance(error, pymysql.MySQLError) and len(error.args) > 1:
        text = str(error.args[1])
    else:
        text = type(error).__name__
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:200]
