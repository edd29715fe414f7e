"""The manifest of devices, their groups, accesses and models."""

from __future__ import annotations

from pathlib import Path

from wildcore.components.devices import api, api_parts, pages
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import (
    DEVICE_ACCESS_MANAGEMENT,
    DEVICE_GROUPS_MANAGEMENT,
    DEVICE_MANAGEMENT,
    DEVICE_SHOW,
)

component = Component(
    key="devices",
    title=_("Devices"),
    description=_("OLTs, switches and routers, their groups, accesses and models"),
    permissions=(DEVICE_SHOW, DEVICE_MANAGEMENT, DEVICE_ACCESS_MANAGEMENT, DEVICE_GROUPS_MANAGEMENT),
    api=(
        Route("GET", "/device", api.list_devices, DEVICE_SHOW),
        Route("POST", "/device", api.add_device, DEVICE_MANAGEMENT),
        Route("GET", "/device/options", api.device_options, DEVICE_MANAGEMENT),
        Route("POST", "/device/import", api.import_devices, DEVICE_MANAGEMENT),
        Route("GET", "/device/{device_id}", api.get_device, DEVICE_SHOW),
        Route("PUT", "/device/{device_id}", api.update_device, DEVICE_MANAGEMENT),
        Route("DELETE", "/device/{device_id}", api.delete_device, DEVICE_MANAGEMENT),
        Route("POST", "/device-detect", api.detect_device, DEVICE_MANAGEMENT),
        Route("GET", "/device-group", api_parts.list_groups, DEVICE_SHOW),
        Route("POST", "/device-group", api_parts.add_group, DEVICE_GROUPS_MANAGEMENT),
        Route("GET", "/device-group/{group_id}", api_parts.get_group, DEVICE_SHOW),
        Route("PUT", "/device-group/{group_id}", api_parts.update_group, DEVICE_GROUPS_MANAGEMENT),
        Route("DELETE", "/device-group/{group_id}", api_parts.delete_group, DEVICE_GROUPS_MANAGEMENT),
        Route("GET", "/device-model", api_parts.list_models, DEVICE_SHOW),
        Route("POST", "/device-model", api_parts.add_model, DEVICE_MANAGEMENT),
        Route("GET", "/device-model/{model_id}", api_parts.get_model, DEVICE_SHOW),
        Route("PUT", "/device-model/{model_id}", api_parts.update_model, DEVICE_MANAGEMENT),
        Route("DELETE", "/device-model/{model_id}", api_parts.delete_model, DEVICE_MANAGEMENT),
        Route("GET", "/device-access", api_parts.list_accesses, DEVICE_ACCESS_MANAGEMENT),
        Route("POST", "/device-access", api_parts.add_access, DEVICE_ACCESS_MANAGEMENT),
        Route("GET", "/device-access/{access_id}", api_parts.get_access, DEVICE_ACCESS_MANAGEMENT),
        Route("PUT", "/device-access/{access_id}", api_parts.update_access, DEVICE_ACCESS_MANAGEMENT),
        Route("DELETE", "/device-access/{access_id}", api_parts.delete_access, DEVICE_ACCESS_MANAGEMENT),
    ),
    pages=pages.PAGES,
    templates=str(Path(__file__).parent / "templates"),
)
