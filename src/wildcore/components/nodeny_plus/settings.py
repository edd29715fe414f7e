"""Settings of the NoDeny Plus integration; they exist only while the component is on.

The first five keys are those of existing installations. The others stand for what is not known of a billing's database: which
columns of `data0` an operator made for the address and for the equipment (docs/nodeny.md).
"""

from __future__ import annotations

from wildcore.i18n import Text, _
from wildcore.kit import Setting

SECTION = "nodeny"

URL = Setting(
    "NODENY_URL",
    "",
    _("Billing's address"),
    SECTION,
    _("Address of NoDeny's pages, for example https://billing.example/cgi-bin/stat.pl. Links to subscriber cards begin with it"),
)
DSN = Setting(
    "NODENY_DATABASE_DSN",
    "",
    _("Billing's database"),
    SECTION,
    _(
        "Where NoDeny's MySQL or MariaDB is: mysql:host=192.0.2.5;dbname=nodeny;charset=utf8, "
        "or mysql://192.0.2.5:3306/nodeny. The password has a field of its own"
    ),
)
USERNAME = Setting(
    "NODENY_DATABASE_USERNAME",
    "",
    _("Database user"),
    SECTION,
    _("A database user of Wildcore's own, who may only read"),
)
PASSWORD = Setting(
    "NODENY_DATABASE_PASSWORD",
    "",
    _("Database password"),
    SECTION,
    _("Password of the database user"),
    secret=True,
)
DESCRIPTION_REQUIRED = Setting(
    "NODENY_COMPARISON_DESCRIPTION_REQUIRED",
    False,
    _("The description must name the subscriber"),
    SECTION,
    _("A MAC address counts only where the description of the port or ONU contains the subscriber's login"),
    bool,
)
MAX_REMOVAL_PERCENT = Setting(
    "NODENY_MAX_REMOVAL_PERCENT",
    20.0,
    _("Most subscribers a sync may remove, %"),
    SECTION,
    _("A list that lacks more of the known subscribers is taken for an error of billing"),
    float,
    minimum=0,
    maximum=100,
)


def _field(key: str, default: str, label: Text, help_text: Text) -> Setting:
    return Setting(key, default, label, SECTION, help_text)


_ADDRESS_HELP = _("Column of NoDeny's table data0; the default is left out when NoDeny has no such column")
SETTLEMENT = _field("NODENY_FIELD_SETTLEMENT", "_adr_city", _("Field of the settlement"), _ADDRESS_HELP)
STREET = _field("NODENY_FIELD_STREET", "_adr_street", _("Field of the street"), _ADDRESS_HELP)
HOUSE = _field("NODENY_FIELD_HOUSE", "_adr_house", _("Field of the house"), _ADDRESS_HELP)
FLAT = _field("NODENY_FIELD_FLAT", "_adr_flat", _("Field of the flat"), _ADDRESS_HELP)

_EQUIPMENT_HELP = _("Column of NoDeny's table data0, if you keep it there; empty: not used")
ONU = _field("NODENY_FIELD_ONU", "", _("Field of the ONU's serial number or MAC"), _EQUIPMENT_HELP)
SWITCH = _field("NODENY_FIELD_SWITCH", "", _("Field of the switch's IP address"), _EQUIPMENT_HELP)
PORT = _field("NODENY_FIELD_PORT", "", _("Field of the switch's port"), _EQUIPMENT_HELP)

FIELDS = {
    "settlement": SETTLEMENT,
    "lane": STREET,
    "house": HOUSE,
    "app": FLAT,
    "onu": ONU,
    "switch": SWITCH,
    "port": PORT,
}
"""Columns of `data0` that can be chosen, by what they mean here."""

SETTINGS = (URL, DSN, USERNAME, PASSWORD, DESCRIPTION_REQUIRED, MAX_REMOVAL_PERCENT, *FIELDS.values())
