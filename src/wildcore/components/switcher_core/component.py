"""The manifest of device modules."""

from __future__ import annotations

from wildcore.components.switcher_core import api
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import DEVICE_SHOW

component = Component(
    key="switcher_core",
    title=_("Device modules"),
    description=_("Every module of every device, from the device, the cache or the store"),
    api=(
        Route("GET", "/switcher-core/{device_id}/modules", api.list_modules, DEVICE_SHOW),
        Route("GET", "/switcher-core/{source}/{module}/{device_id}", api.call_module, DEVICE_SHOW),
        Route("POST", "/switcher-core/{source}/{module}/{device_id}", api.call_module_with_body, DEVICE_SHOW),
    ),
)
