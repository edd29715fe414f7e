"""The manifest of the geocoder."""

from __future__ import annotations

from wildcore.components.geocoding.nominatim import Nominatim
from wildcore.components.geocoding.settings import SECTION, SETTINGS
from wildcore.i18n import _
from wildcore.kit import Component, Schedule
from wildcore.services.geocoding import set_coordinates
from wildcore.services.ports import Geocoder

component = Component(
    key="geocoding",
    title=_("Geocoder"),
    description=_("Coordinates of ONUs by the addresses in billing"),
    core=False,
    enabled=False,
    settings=SETTINGS,
    sections={SECTION: _("Geocoder")},
    provides={Geocoder: Nominatim},
    schedules=(
        Schedule("geocoding", "40 * * * *", set_coordinates, _("Coordinates of ONUs by the addresses in billing"), enabled=True),
    ),
)
