"""The manifest of control over switches. Clients send PUT; some send POST."""

from __future__ import annotations

from wildcore.components.switches_control import api
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import (
    SWITCHES_CLEAR_COUNTERS,
    SWITCHES_REBOOT_DEVICE,
    SWITCHES_SAVE_CONFIG,
    SWITCHES_SET_PORT_ADMIN_SPEED,
    SWITCHES_SET_PORT_ADMIN_STATE,
    SWITCHES_SET_PORT_DESCRIPTION,
    SWITCHES_VLAN_CONTROL,
)

_PORT = "/component/switches_control/interface"
_DEVICE = "/component/switches_control/device"
_AT_PORT = "{device_id}/{interface:path}"

component = Component(
    key="switches_control",
    title=_("Control of switches"),
    description=_("Ports on and off, descriptions, saving, restarts"),
    depends=("switches",),
    permissions=(
        SWITCHES_SET_PORT_ADMIN_STATE,
        SWITCHES_SET_PORT_DESCRIPTION,
        SWITCHES_SET_PORT_ADMIN_SPEED,
        SWITCHES_CLEAR_COUNTERS,
        SWITCHES_VLAN_CONTROL,
        SWITCHES_SAVE_CONFIG,
        SWITCHES_REBOOT_DEVICE,
    ),
    api=(
        Route("PUT|POST", f"{_PORT}/state/{_AT_PORT}", api.port_state, SWITCHES_SET_PORT_ADMIN_STATE, billing=True),
        Route("PUT|POST", f"{_PORT}/description/{_AT_PORT}", api.port_description, SWITCHES_SET_PORT_DESCRIPTION, billing=True),
        Route("PUT|POST", f"{_PORT}/speed/{_AT_PORT}", api.port_speed, SWITCHES_SET_PORT_ADMIN_SPEED, billing=True),
        Route("PUT|POST", f"{_PORT}/clear-counters/{_AT_PORT}", api.port_clear_counters, SWITCHES_CLEAR_COUNTERS, billing=True),
        Route("PUT|POST", f"{_PORT}/vlan/{_AT_PORT}", api.port_vlan, SWITCHES_VLAN_CONTROL, billing=True),
        Route("PUT|POST", f"{_DEVICE}/save-config/{{device_id}}", api.save_config, SWITCHES_SAVE_CONFIG),
        Route("PUT|POST", f"{_DEVICE}/reboot/{{device_id}}", api.reboot, SWITCHES_REBOOT_DEVICE),
        Route("PUT|POST", f"{_DEVICE}/clear-counters/{{device_id}}", api.clear_counters, SWITCHES_CLEAR_COUNTERS),
    ),
)
