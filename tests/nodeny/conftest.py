"""Fixtures of the tests on a real MariaDB."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.nodeny.support import Nodeny, nodeny_database


@pytest.fixture
def nodeny() -> Iterator[Nodeny]:
    with nodeny_database() as made:
        yield made
