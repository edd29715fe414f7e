"""What services work with: everything that lives as long as the process. Built by `app`, handed down."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wildcore.services.auth_state import AuthState
from wildcore.services.catalogue import Catalogue
from wildcore.services.ports import Ports
from wildcore.services.secretbox import SecretBox
from wildcore.services.settings import Settings
from wildcore.store.db import Database
from wildcore.store.metrics import MetricStore

if TYPE_CHECKING:
    from wildcore.transport.hub import DeviceHub
    from wildcore.transport.icmp import Pinger


def epoch_now() -> int:
    """Seconds of the Unix epoch, UTC."""
    return int(time.time())


@dataclass(slots=True)
class Runtime:
    """One process's parts. `now` is the only clock services read, so that tests can move it."""

    data_dir: Path
    db: Database
    settings: Settings
    secrets: SecretBox
    metrics: MetricStore
    hub: DeviceHub
    pinger: Pinger
    catalogue: Catalogue
    ports: Ports = field(default_factory=Ports)
    auth: AuthState = field(default_factory=AuthState)
    now: Callable[[], int] = epoch_now
