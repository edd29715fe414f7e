"""The manifest of control over OLTs. Clients send PUT; some send POST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wildcore.components.olts_control import api
from wildcore.i18n import _
from wildcore.kit import Component, Permission, Route
from wildcore.kit.permissions import (
    OLTS_CTRL_CLEAR_COUNTERS,
    OLTS_CTRL_DEREG,
    OLTS_CTRL_DESCRIPTION,
    OLTS_CTRL_DISABLE,
    OLTS_CTRL_PORT,
    OLTS_CTRL_REBOOT,
    OLTS_CTRL_RESET,
    OLTS_CTRL_UNI_PORTS,
)

_HERE = "/component/olts_control"


def _route(action: str, handler: Callable[..., Any], permission: Permission) -> Route:
    path = f"{_HERE}/{action}/{{device_id}}/{{interface:path}}"
    return Route("PUT|POST", path, handler, permission, billing=True)


component = Component(
    key="olts_control",
    title=_("Control of OLTs"),
    description=_("Reboot, describe, disable ONUs; ports of OLTs"),
    depends=("olts",),
    permissions=(
        OLTS_CTRL_REBOOT,
        OLTS_CTRL_RESET,
        OLTS_CTRL_DEREG,
        OLTS_CTRL_DISABLE,
        OLTS_CTRL_DESCRIPTION,
        OLTS_CTRL_UNI_PORTS,
        OLTS_CTRL_CLEAR_COUNTERS,
        OLTS_CTRL_PORT,
    ),
    api=(
        _route("ont/reboot", api.reboot, OLTS_CTRL_REBOOT),
        _route("ont/reset", api.reset, OLTS_CTRL_RESET),
        _route("ont/dereg", api.dereg, OLTS_CTRL_DEREG),
        _route("ont/disable", api.disable, OLTS_CTRL_DISABLE),
        _route("ont/description", api.describe, OLTS_CTRL_DESCRIPTION),
        _route("ont/uni-control", api.uni_control, OLTS_CTRL_UNI_PORTS),
        _route("ont/clear-pon", api.clear_counters, OLTS_CTRL_CLEAR_COUNTERS),
        _route("olt/reset-port", api.reset_port, OLTS_CTRL_PORT),
        _route("olt/interface/state", api.port_state, OLTS_CTRL_PORT),
        _route("olt/interface/description", api.port_description, OLTS_CTRL_PORT),
    ),
)
