"""The composition root: builds one process's parts from the configuration and the installed components."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select
from sqlalchemy.exc import ArgumentError

from wildcore.app.components import all_components, info
from wildcore.app.config import DATABASE_FILE, Config, prepare_directory
from wildcore.errors import ConfigurationError, ValidationFailed
from wildcore.services.catalogue import Catalogue
from wildcore.services.core_settings import CORE_SETTINGS
from wildcore.services.ports import Ports
from wildcore.services.runtime import Runtime
from wildcore.services.secretbox import SecretBox
from wildcore.services.settings import Setting, Settings
from wildcore.store.db import Database
from wildcore.store.metrics.duckdb import DuckMetrics
from wildcore.store.migrate import migrate
from wildcore.store.tables import DeviceModel

if TYPE_CHECKING:
    from wildcore.kit import Component
    from wildcore.transport.hub import DeviceHub
    from wildcore.transport.icmp import Pinger


@dataclass(frozen=True, slots=True)
class Installation:
    """The built parts and the components they were built with."""

    config: Config
    runtime: Runtime
    _components: Callable[[], tuple[Component, ...]]

    @property
    def components(self) -> tuple[Component, ...]:
        """All installed components."""
        return self._components()

    def close(self) -> None:
        """Release what needs no event loop; a running hub is closed by who ran it."""
        self.runtime.metrics.close()
        self.runtime.db.close()


def build(config: Config, *, whole: bool = True) -> Installation:
    """Prepare the data directory, bring the database up to date and put everything together.

    Not `whole` (a console command): components, device sessions and the driver catalogue are loaded when something asks for
    them. Raises ConfigurationError with one clear line when the installation cannot work.
    """
    data_dir = prepare_directory(config.data)
    db = open_database(config)
    migrate(db)
    secrets = SecretBox.from_directory(data_dir)
    settings = Settings(db, secrets, CORE_SETTINGS)
    ports = Ports()
    parts = Parts(db, settings, ports)
    runtime = Runtime(
        data_dir=data_dir,
        db=db,
        settings=settings,
        secrets=secrets,
        metrics=DuckMetrics(data_dir / "metrics"),
        hub=cast("DeviceHub", Later(_hub)),
        pinger=cast("Pinger", Later(_pinger)),
        catalogue=cast(Catalogue, Later(parts.catalogue)),
        ports=cast(Ports, Later(parts.filled_ports)),
    )
    parts.runtime = runtime
    settings.more(parts.components)
    if whole:
        runtime.hub, runtime.pinger = _hub(), _pinger()
        runtime.catalogue, runtime.ports = parts.catalogue(), parts.filled_ports()
        refuse_bad_environment(settings.specs().values())
    else:
        refuse_bad_environment(CORE_SETTINGS)
    _sync_catalogue(db, only_empty=not whole)
    return Installation(config, runtime, parts.components)


class Parts:
    """What the components bring to a runtime, loaded once."""

    def __init__(self, db: Database, settings: Settings, ports: Ports) -> None:
        self._db, self._settings, self._ports = db, settings, ports
        self._lock = threading.RLock()
        self._found: tuple[Component, ...] | None = None
        self._catalogue: Catalogue | None = None
        self.runtime: Runtime | None = None

    def components(self) -> tuple[Component, ...]:
        """All installed components; their settings are declared from here on."""
        with self._lock:
            if self._found is None:
                self._found = all_components()
                self._settings.declare(setting for one in self._found for setting in one.settings)
                self._catalogue = Catalogue(self._db, [info(one) for one in self._found])
                self._ports.gate(self._catalogue.enabled)
                for one in self._found:
                    for protocol, factory in one.provides.items():
                        self._ports.supply(one.key, protocol, partial(factory, self.runtime))
            return self._found

    def catalogue(self) -> Catalogue:
        """The catalogue of the components."""
        self.components()
        assert self._catalogue is not None  # noqa: S101 - set with the components
        return self._catalogue

    def filled_ports(self) -> Ports:
        """What the components supply."""
        self.components()
        return self._ports


class Later:
    """Stands for a part of the runtime until something of it is used."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)


def _hub() -> DeviceHub:
    from wildcore.transport.hub import DeviceHub

    return DeviceHub()


def _pinger() -> Pinger:
    from wildcore.transport.icmp import Pinger

    return Pinger()


def _sync_catalogue(db: Database, *, only_empty: bool) -> None:
    """Write what the drivers know; a console command does it only where no start did."""
    if only_empty:
        with db.read() as session:
            if session.scalar(select(DeviceModel.id).limit(1)) is not None:
                return
    from wildcore.services import device_models

    with db.write() as session:
        device_models.sync_catalogue(session)


def open_database(config: Config) -> Database:
    """The database of the configuration. A SQLite file of ours is readable for its owner alone, as all that lies beside it."""
    try:
        if not config.database_url:
            (config.data / DATABASE_FILE).touch(mode=0o600)
        return Database(config.database())
    except OSError as error:
        raise ConfigurationError(f"Cannot write {config.data / DATABASE_FILE}: {error.strerror}") from None
    except (ArgumentError, ImportError):  # SQLAlchemy's own words tell neither the variable nor the way out
        raise ConfigurationError(
            "WILDCORE_DATABASE_URL is not an address of a database that Wildcore speaks to: write "
            "postgresql+psycopg://user:password@host/name, or leave it empty for SQLite in the data directory"
        ) from None


def refuse_bad_environment(specs: Iterable[Setting]) -> None:
    """Say at once, not at first use, that a setting given by an environment variable is no good."""
    for spec in specs:
        given = os.environ.get(f"WILDCORE_{spec.key}")
        if given is not None:
            try:
                spec.parse(given)
            except ValidationFailed as error:
                raise ConfigurationError(f"WILDCORE_{error.description}") from None
