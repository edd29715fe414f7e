"""Settings of the geocoder; they exist only while the component is on."""

from __future__ import annotations

from wildcore.i18n import _
from wildcore.kit import Setting

SECTION = "geocoding"

URL = Setting(
    "GEOCODER_URL",
    "",
    _("Address of the geocoder"),
    SECTION,
    _(
        "A Nominatim of your own or of a provider who allows bulk use, for example https://nominatim.example. Empty: off. The "
        "public nominatim.openstreetmap.org and photon.komoot.io forbid it"
    ),
)
RATE = Setting(
    "GEOCODER_RATE",
    1.0,
    _("Most addresses asked in a second"),
    SECTION,
    _("Your own geocoder bears more; public ones ban who asks more than one"),
    float,
    minimum=0.01,
    maximum=100,
)
CONTACT = Setting(
    "GEOCODER_CONTACT",
    "",
    _("Contact that the geocoder is told"),
    SECTION,
    _("An e-mail or a page; geocoders want to know whom to write to before they ban an address"),
)

SETTINGS = (URL, RATE, CONTACT)
