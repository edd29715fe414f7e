"""The composition root: builds one process's parts from the configuration and the installed components."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from wildcore.app.components import all_components, info
from wildcore.app.config import Config, prepare_directory
from wildcore.kit import Component
from wildcore.services import device_models
from wildcore.services.catalogue import Catalogue
from wildcore.services.core_settings import CORE_SETTINGS
from wildcore.services.runtime import Runtime
from wildcore.services.secretbox import SecretBox
from wildcore.services.settings import Settings
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
    db = Database(config.database())
    migrate(db)
    with db.write() as session:
        device_models.sync_catalogue(session)
    secrets = SecretBox.from_directory(data_dir)
    specs = [*CORE_SETTINGS, *(setting for one in components for setting in one.settings)]
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
