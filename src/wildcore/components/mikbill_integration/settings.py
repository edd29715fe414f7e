"""Settings of the MikBill integration; they exist only while the component is on."""

from __future__ import annotations

from wildcore.i18n import _
from wildcore.kit import Setting

SECTION = "mikbill"

API_ADDR = Setting(
    "MIKBILL_API_ADDR",
    "",
    _("Billing's address"),
    SECTION,
    _("Address of the billing's site, for example https://billing.example. Links to subscriber cards begin with it"),
)
AUTH_KEY = Setting(
    "MIKBILL_AUTH_KEY",
    "",
    _("API key"),
    SECTION,
    _("The same key that billing uses for Wildcore: wca user:generate-key mikbill 365d"),
    secret=True,
)
SEARCH_FIELD = Setting(
    "MIKBILL_GLOBAL_SEARCH_FIELD",
    "agreement",
    _("Field shown by the global search"),
    SECTION,
    _("What a found subscriber is called: contract number, UID or login"),
    choices=("agreement", "uid", "login"),
)
MAX_REMOVAL_PERCENT = Setting(
    "MIKBILL_MAX_REMOVAL_PERCENT",
    20.0,
    _("Most subscribers a sync may remove, %"),
    SECTION,
    _("A list that lacks more of the known subscribers is taken for an error of billing"),
    float,
    minimum=0,
    maximum=100,
)
VERIFY_TLS = Setting(
    "MIKBILL_VERIFY_TLS",
    True,
    _("Check billing's certificate"),
    SECTION,
    _("Switch off only for a self-signed certificate"),
    bool,
)

SET_COORDINATES = Setting(
    "MIKBILL_SET_ONT_COORDINATES",
    False,
    _("Set coordinates of ONUs by the subscribers' addresses"),
    SECTION,
    _("Asked of the geocoder component, slowly and in the background; coordinates set by hand stay"),
    bool,
)

SETTINGS = (API_ADDR, AUTH_KEY, SEARCH_FIELD, MAX_REMOVAL_PERCENT, VERIFY_TLS, SET_COORDINATES)
