"""The system itself: settings, components, schedules, information, logs, keys for billing."""

from __future__ import annotations

from wildcore.components.system import api, checks, operating, schedules
from wildcore.kit import PUBLIC, Component, Route, SettingsCheck, _
from wildcore.kit.permissions import (
    DASHBOARD_EDIT,
    DASHBOARD_GLOBAL_EDIT,
    POLLER_INFO_BY_DEVICE,
    RUN_POLLER_BY_DEVICE,
    SCHEDULE_CONFIGURATION,
    SCHEDULE_REPORTS,
    SYSTEM_CONFIGURATION,
    SYSTEM_CROSS_AUTH_USER,
    SYSTEM_INFO,
    SYSTEM_STATUS,
)
from wildcore.services import oidc_check, oidc_settings

component = Component(
    key="system",
    title=_("System"),
    description=_("Settings, components and schedules"),
    permissions=(
        SYSTEM_INFO,
        DASHBOARD_EDIT,
        DASHBOARD_GLOBAL_EDIT,
        SYSTEM_CONFIGURATION,
        SYSTEM_CROSS_AUTH_USER,
        SYSTEM_STATUS,
        SCHEDULE_CONFIGURATION,
        SCHEDULE_REPORTS,
        POLLER_INFO_BY_DEVICE,
        RUN_POLLER_BY_DEVICE,
    ),
    checks=(
        SettingsCheck(
            key="oidc",
            section=oidc_settings.SECTION,
            title=_("Check the provider"),
            permission=SYSTEM_CONFIGURATION,
            run=oidc_check.check_issuer,
            settings=oidc_check.SETTINGS,
            help=_("Asks the provider for its discovery document and keys, and signs nobody in"),
        ),
    ),
    api=(
        Route("POST", "/system/cross-auth", api.cross_auth, SYSTEM_CROSS_AUTH_USER),
        Route("GET", "/system/info", api.info, SYSTEM_INFO),
        Route("GET", "/system/settings", api.settings_public, SYSTEM_INFO),
        Route("GET", "/system/configuration", api.configuration_get, SYSTEM_CONFIGURATION),
        Route("PUT", "/system/configuration", api.configuration_put, SYSTEM_CONFIGURATION),
        Route("GET", "/system/configuration/check", checks.check_list, SYSTEM_CONFIGURATION),
        Route("POST", "/system/configuration/check/{key}", checks.check_run, SYSTEM_CONFIGURATION),
        Route("GET", "/system-components", api.components_list, SYSTEM_CONFIGURATION),
        Route("GET", "/system-components/{key}", api.component_get, SYSTEM_CONFIGURATION),
        Route("PUT", "/system-components/{key}", api.component_switch, SYSTEM_CONFIGURATION),
        Route("GET", "/system-schedule", schedules.schedule_list, SCHEDULE_CONFIGURATION),
        Route("GET", "/system-schedule/preview", schedules.schedule_preview, SCHEDULE_CONFIGURATION),
        Route("GET", "/system-schedule/{key}", schedules.schedule_get, SCHEDULE_CONFIGURATION),
        Route("PUT", "/system-schedule/{key}", schedules.schedule_set, SCHEDULE_CONFIGURATION),
        Route("POST", "/system-schedule/{key}/run", schedules.schedule_run, SCHEDULE_CONFIGURATION),
        Route("GET", "/system-schedule/{key}/runs", schedules.schedule_runs, SCHEDULE_REPORTS),
        Route("GET", "/metrics", api.metrics, SYSTEM_STATUS),
        Route("POST", "/system/metrics-snapshot", operating.metrics_snapshot, SYSTEM_CONFIGURATION),
        Route("GET", "/system/request-seen", operating.request_seen, PUBLIC),
    ),
)
