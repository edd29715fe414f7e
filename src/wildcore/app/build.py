"""The composition root: builds one process's parts from the configuration and the installed components."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import ArgumentError

from wildcore.app.components import all_components, info
from wildcore.app.config import DATABASE_FILE, Config, prepare_directory
from wildcore.errors import ConfigurationError, ValidationFailed
from wildcore.kit import Component
from wildcore.services import device_models
from wildcore.services.catalogue import Catalogue
from wildcore.services.core_settings import CORE_SETTINGS
from wildcore.services.runtime import Runtime
from wildcore.services.secretbox import SecretBox
from wildcore.services.settings import Setting, Settings
from wildcore.store.db import Database
from wildcore.store.metrics.duckdb import DuckMetrics
from wildcore.store.migrate import migrate
from wildcore.transport.hub import DeviceHub
from wildcore.transport.icmp import Pinger


@dataclass(frozen=True, slots=True)
class Installation:
    """The built parts and the components they were built with."""

    config: Config
    runtime: Runtime
    components: tuple[Component, ...]

    def close(self) -> None:
        """Release what needs no event loop; a running hub is closed by who ran it."""
        self.runtime.metrics.close()
        self.runtime.db.close()


def build(config: Config) -> Installation:
    """Prepare the data directory, bring the database up to date and put everything together.

    Raises ConfigurationError with one clear line when the installation cannot work.
    """
    components = all_components()
    data_dir = prepare_directory(config.data)
    db = open_database(config)
    migrate(db)
    with db.write() as session:
        device_models.sync_catalogue(session)
    secrets = SecretBox.from_directory(data_dir)
    specs = [*CORE_SETTINGS, *(setting for one in components for setting in one.settings)]
    refuse_bad_environment(specs)
    runtime = Runtime(
        data_dir=data_dir,
        db=db,
        settings=Settings(db, secrets, specs),
        secrets=secrets,
        metrics=DuckMetrics(data_dir / "metrics"),
        hub=DeviceHub(),
        pinger=Pinger(),
        catalogue=Catalogue(db, [info(one) for one in components]),
    )
    runtime.ports.gate(runtime.catalogue.enabled)
    for one in components:
        for protocol, factory in one.provides.items():
            runtime.ports.supply(one.key, protocol, partial(factory, runtime))
    return Installation(config=config, runtime=runtime, components=components)


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
