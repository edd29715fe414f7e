"""The manifest of the logs."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.logs import api, cli, pages
from wildcore.i18n import _
from wildcore.kit import Component, MenuItem, Route
from wildcore.kit.permissions import LOG_POLLER, LOG_SWITCHER_CORE_ACTIONS, SYSTEM_LOGS_ACTIONS, USER_SELF_CONTROL

component = Component(
    key="logs",
    title=_("Logs"),
    description=_("Actions of people, runs of pollers, questions to devices"),
    permissions=(SYSTEM_LOGS_ACTIONS, LOG_POLLER, LOG_SWITCHER_CORE_ACTIONS),
    api=(
        Route("GET", "/logs/actions", api.actions_list, SYSTEM_LOGS_ACTIONS),
        Route("POST", "/logs/actions", api.actions_by_body, SYSTEM_LOGS_ACTIONS, reads=True),
        Route("GET", "/logs/actions-list", api.actions_list, SYSTEM_LOGS_ACTIONS),
        Route("POST", "/logs/actions-list", api.actions_by_body, SYSTEM_LOGS_ACTIONS, reads=True),
        Route("GET", "/logs/action-names", api.action_names, SYSTEM_LOGS_ACTIONS),
        Route("POST", "/logs/action", api.add_action, USER_SELF_CONTROL),
        Route("GET", "/logs/poller", api.poller_log, LOG_POLLER),
        Route("GET", "/logs/device-calls", api.device_calls, LOG_SWITCHER_CORE_ACTIONS),
    ),
    commands=cli.COMMANDS,
    pages=pages.PAGES,
    menu=(
        MenuItem(_("Device calls"), pages.CALLS, "list-details", LOG_SWITCHER_CORE_ACTIONS, "logs", 20),
        MenuItem(_("Poller log"), pages.POLLER, "activity", LOG_POLLER, "logs", 30),
    ),
    templates=str(Path(__file__).parent / "templates"),
)
