"""The manifest of interfaces."""

from __future__ import annotations

from wildcore.components.interfaces import api, marks, pages
from wildcore.i18n import _
from wildcore.kit import Component, Route
from wildcore.kit.permissions import (
    ANALYTICS_SHOW,
    DEVICE_IFACE_MANAGE_MARKS,
    DEVICE_IFACE_MANAGEMENT,
    DEVICE_SHOW,
    FDB_HISTORY_BY_INTERFACE,
)
from wildcore.services.interface_search import asks_for_one

component = Component(
    key="interfaces",
    title=_("Interfaces"),
    description=_("Ports, PON ports and ONUs: search, history, duplicates"),
    permissions=(DEVICE_IFACE_MANAGEMENT, DEVICE_IFACE_MANAGE_MARKS, FDB_HISTORY_BY_INTERFACE),
    api=(
        Route("GET", "/device-interface/search", api.search, DEVICE_SHOW, billing=True, quick=asks_for_one),
        Route("GET", "/device-interface", api.search, DEVICE_SHOW),
        Route("POST", "/device-interface", api.add_interface, DEVICE_IFACE_MANAGEMENT),
        Route("GET", "/device-interface/by-device/{device_id}", api.by_device, DEVICE_SHOW),
        Route("PUT|POST", "/device-interface/ont-list", api.ont_list, DEVICE_SHOW, reads=True),
        Route("GET", "/device-interface/types", api.types, DEVICE_SHOW),
        Route("GET", "/device-interface/stat", api.stat, DEVICE_SHOW),
        Route("GET", "/device-interface/duplicates", api.duplicate_idents, ANALYTICS_SHOW),
        Route("GET", "/device-interface/{interface_id}", api.get_interface, DEVICE_SHOW, billing=True),
        Route("PUT", "/device-interface/{interface_id}", api.update_interface, DEVICE_IFACE_MANAGEMENT, billing=True),
        Route("DELETE", "/device-interface/{interface_id}", api.delete_interface, DEVICE_IFACE_MANAGEMENT),
        Route("GET", "/device-interface/{interface_id}/history", api.history, DEVICE_SHOW, billing=True),
        Route("GET", "/device-interface/{interface_id}/fdb-history", api.fdb_history, FDB_HISTORY_BY_INTERFACE),
        Route("GET", "/device-interface/{interface_id}/places", api.places, DEVICE_SHOW, billing=True),
        Route("GET", "/interface-marks", marks.marked, DEVICE_SHOW),
        Route("GET", "/interface-marks/tags", marks.tags, DEVICE_SHOW),
        Route("GET", "/interface-marks/{interface_id}", marks.get_marks, DEVICE_SHOW, billing=True),
        Route("PUT|POST", "/interface-marks/{interface_id}", marks.set_marks, DEVICE_IFACE_MANAGE_MARKS, billing=True),
        Route("DELETE", "/interface-marks/{interface_id}", marks.clear_marks, DEVICE_IFACE_MANAGE_MARKS),
    ),
    pages=pages.PAGES,
)
