"""What must be known before there is a database: where data lies and where to listen. Environment first, options on top."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from wildcore.errors import ConfigurationError

DATABASE_FILE = "wildcore.sqlite3"


def _given(name: str, default: str) -> str:
    return os.environ.get(f"WILDCORE_{name}", default)


@dataclass(slots=True)
class Config:
    """WILDCORE_DATA (directory), WILDCORE_LISTEN (`host:port`), WILDCORE_DATABASE_URL (empty: SQLite in the data directory).

    ConfigurationError when the address to listen on is none.
    """

    data: Path = field(default_factory=lambda: Path(_given("DATA", "var")))
    listen: str = field(default_factory=lambda: _given("LISTEN", "127.0.0.1:8088"))
    database_url: str = field(default_factory=lambda: _given("DATABASE_URL", ""))

    def __post_init__(self) -> None:
        try:
            listen_address(self.listen)
        except ValueError as error:
            raise ConfigurationError(str(error)) from None

    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{(self.data / DATABASE_FILE).resolve()}"


def listen_address(text: str) -> tuple[str, int]:
    """`host:port` as a pair; an IPv6 host stands in brackets. Raises ValueError in words."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(f"{text!r} is not an address to listen on: write host:port, for example 127.0.0.1:8088")
    return host, int(port)


def prepare_directory(path: Path) -> Path:
    """Make the data directory and see that it can be written; raises ConfigurationError in one line."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigurationError(f"The data directory {path} is a file: choose another with --data or WILDCORE_DATA") from None
    except OSError as error:
        raise ConfigurationError(f"Cannot make the data directory {path}: {error.strerror}") from None
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        raise ConfigurationError(f"The data directory {path} is not writable: change its owner or set WILDCORE_DATA")
    return path.resolve()
