"""The line that says where NoDeny's database is, in both forms."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildcore.components.nodeny_plus.dsn import Target, parse
from wildcore.errors import BillingError


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("mysql:host=127.0.0.1;dbname=nodeny;port=3307;charset=utf8", Target("127.0.0.1", 3307, "nodeny", charset="utf8")),
        ("mysql:host=billing.example;dbname=nodeny_db", Target("billing.example", 3306, "nodeny_db")),
        (" MySQL: host = b ; dbname = n ; ", Target("b", 3306, "n")),
        ("mysql:unix_socket=/run/mysqld.sock;dbname=n", Target("127.0.0.1", 3306, "n", unix_socket="/run/mysqld.sock")),
        ("mysql:host=b;dbname=n;charset=cp1251", Target("b", 3306, "n", charset="cp1251")),
        ("mysql:host=b;dbname=n;charset=UTF8MB4;ssl=no", Target("b", 3306, "n")),
        ("mysql://b/n", Target("b", 3306, "n")),
        ("mysql+pymysql://reader@b:3307/n?charset=cp1251", Target("b", 3307, "n", "reader", charset="cp1251")),
        ("mariadb+pymysql://a%40b@[::1]/n", Target("::1", 3306, "n", "a@b")),
    ],
)
def test_forms(line: str, target: Target) -> None:
    assert parse(line) == target


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "Set NODENY_DATABASE_DSN"),
        ("host=b;dbname=n", "neither mysql: nor mysql://"),
        ("pgsql:host=b;dbname=n", "neither mysql: nor mysql://"),
        ("mysql:host=b", "names no database"),
        ("mysql://b/", "names no database"),
        ("mysql:host;dbname=n", "name=value"),
        ("mysql:host=a..b;dbname=n", "host is no name"),
        ("mysql:host=b;dbname=n;port=99999", "port"),
        ("mysql://b:99999/n", "no valid address"),
        ("mysql:host=b;dbname=n;charset=klingon", "charset is unknown"),
        ("mysql:host=b;dbname=n;ssl=perhaps", "ssl and ssl_verify must be yes or no"),
        ("mysql:host=b;dbname=n;ssl_ca=/no/such/file.pem", "file of ssl_ca"),
        ("mysql://u:s3cret@b/n", "Take the password out"),
        ("mysql:host=b;dbname=n;password=s3cret", "Take the password out"),
    ],
)
def test_what_is_wrong_is_said_without_repeating_the_line(line: str, said: str) -> None:
    with pytest.raises(BillingError) as caught:
        parse(line)
    assert said in caught.value.description
    assert "s3cret" not in caught.value.description


def test_tls_is_checked_unless_the_line_says_otherwise(tmp_path: Path) -> None:
    checked = parse("mysql:host=b;dbname=n;ssl=yes").tls
    assert checked is not None
    assert (checked.verify_mode, checked.check_hostname) == (ssl.CERT_REQUIRED, True)
    trusting = parse("mysql://b/n?ssl_mode=REQUIRED&ssl_verify=no").tls
    assert trusting is not None
    assert (trusting.verify_mode, trusting.check_hostname) == (ssl.CERT_NONE, False)
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    with pytest.raises(BillingError, match="ssl_ca"):
        parse(f"mysql:host=b;dbname=n;ssl_ca={broken}")


@given(st.text(max_size=60), st.sampled_from(["", "mysql:", "mysql://"]))
def test_any_line_is_a_target_or_an_error_for_people(line: str, prefix: str) -> None:
    with contextlib.suppress(BillingError):
        assert parse(prefix + line).database
