"""The manifest of the pollers' component."""

from __future__ import annotations

from wildcore.components.pollers import api
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import POLLER_INFO_BY_DEVICE, RUN_POLLER_BY_DEVICE

component = Component(
    key="pollers",
    title=_("Pollers"),
    description=_("Asks all devices at intervals and keeps their state and history"),
    api=(
        Route("GET", "/poller/{device_id}", api.polls_of_device, POLLER_INFO_BY_DEVICE, "Pollers of a device"),
        Route("POST", "/poller/run", api.run_polls, RUN_POLLER_BY_DEVICE, "Poll a device now"),
    ),
)
