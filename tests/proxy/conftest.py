"""The demo behind real nginx sites: MikBill's file on http and https, a path of a shared host, a billing page elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.nginx import Site, need_nginx, seed_nginx
from tests.pages.conftest import Site as Product
from tests.pages.conftest import demo

BILLING = "billing.provider.example"
PREFIX = "/wildcore"


@dataclass(frozen=True)
class Behind:
    """The product, asked directly and through nginx."""

    product: Product
    nginx: Site

    @property
    def port(self) -> int:
        """Where the product itself listens."""
        port = urlsplit(self.product.url).port
        assert port
        return port

    @property
    def log(self) -> str:
        """What the product has logged."""
        return (self.product.database.parent.parent / "log").read_text(encoding="utf-8")

    def logged(self, mark: str) -> str:
        """The line of the product's log with this mark, which is written once the answer is out."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            line = next((line for line in self.log.splitlines() if mark in line), "")
            if line:
                return line
            time.sleep(0.02)
        raise AssertionError(f"nothing is logged of {mark}")

    def owner_key(self) -> str:
        """A key of the demo's owner, who signs in by the API."""
        answer = httpx.post(
            f"{self.product.url}/api/v1/auth", json={"login": self.product.login, "password": self.product.password}, timeout=30
        )
        return str(answer.json()["data"]["key"])

    @contextmanager
    def settings(self, **values: Any) -> Iterator[None]:
        """Settings for a while."""
        self._put(values)
        try:
            yield
        finally:
            self._put(dict.fromkeys(values))

    def _put(self, values: dict[str, Any]) -> None:
        answer = httpx.put(
            f"{self.product.url}/api/v1/system/configuration",
            content=json.dumps(values),
            headers={"X-Auth-Key": self.owner_key(), "Content-Type": "application/json"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="session")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    need_nginx()
    folder = tmp_path_factory.mktemp("proxy")
    with demo(folder, WILDCORE_LOG_LEVEL="INFO") as product:
        port = urlsplit(product.url).port
        assert port
        with seed_nginx(folder / "nginx", port) as site:
            yield Behind(product, site)


def ident_of(product: Product) -> tuple[int, str]:
    """An ONU that is online, and its ident."""
    onu = product.onu()
    return onu, str(product.sql("select ident from interfaces where id = ?", onu)[0][0])


def written(path: Path) -> str:
    """A log of nginx."""
    return path.read_text(encoding="utf-8")
