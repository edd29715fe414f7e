"""How values look on pages: words, tones and units. `install(env)` gives the filters and functions to a Jinja environment.

Templates use `_('text {name}', name=value)` and `ngettext(one, many, n)`: both return plain text, which autoescaping escapes.
A tone is one of ok, warn, bad, off, info; it is the only way that colour reaches a page.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment

from wildcore.i18n import Lazy, _, current_language, gettext, ngettext
from wildcore.model.ident import ident_text, mac_text
from wildcore.services.action_words import action_text
from wildcore.services.times import DASH, NBSP, ago, span

WARN_DB = 2.0
_PREFIXES = ("", "k", "M", "G", "T")


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: word, icon (of assets/icons.txt) and tone."""

    word: Lazy
    icon: str
    tone: str


UNKNOWN = Look(_("unknown"), "help-circle", "off")
ONU_STATES: Mapping[str, Look] = {
    "Online": Look(_("online"), "circle-check", "ok"),
    "Offline": Look(_("offline"), "circle-x", "bad"),
    "LOS": Look(_("no signal"), "access-point-off", "bad"),
    "PowerOff": Look(_("power off"), "plug-connected-x", "off"),
}
PORT_STATES: Mapping[str, Look] = {
    "Up": Look(_("link up"), "plug-connected", "ok"),
    "Down": Look(_("no link"), "plug-off", "off"),
}
DEVICE_STATES: Mapping[str, Look] = {
    "Up": Look(_("responds"), "circle-check", "ok"),
    "Down": Look(_("does not respond"), "circle-x", "bad"),
    "Silent": Look(_("ping only, SNMP is silent"), "alert-triangle", "warn"),
}
GONE = Look(_("gone"), "unlink", "off")
DISABLED = Look(_("disabled"), "ban", "off")
RESULTS: Mapping[str, Look] = {
    "ok": Look(_("done"), "circle-check", "ok"),
    "partial": Look(_("in part"), "alert-triangle", "warn"),
    "error": Look(_("failed"), "circle-x", "bad"),
    "down": Look(_("skipped, device down"), "player-pause", "off"),
    "running": Look(_("running"), "loader-2", "info"),
    "queued": Look(_("queued"), "clock", "info"),
    "": Look(_("not yet"), "clock", "off"),
}
REASONS: Mapping[str, Lazy] = {
    "PowerOff": _("power off"),
    "DyingGasp": _("power off"),
    "LOS": _("no signal"),
    "Offline": _("offline"),
    "Deregistered": _("deregistered"),
    "Rebooted": _("rebooted"),
    "Disabled": _("disabled"),
    "power-off": _("power off"),
    "wire-down": _("no signal"),
    "admin-down": _("disabled"),
    "unknown": _("not told"),
    "Unknown": _("not told"),
}
ADMIN: Mapping[str, Lazy] = {"Enabled": _("enabled"), "Disabled": _("disabled"), "Unknown": _("unknown")}
INTERFACE_TYPES: Mapping[str, Lazy] = {"UNKNOWN": _("port")}


def state_look(status: str | None, kind: str = "ONU", gone: bool = False) -> Look:
    """The look of a status; `kind` is ONU, PORT, DEVICE or RESULT. A gone interface looks gone whatever it was."""
    if gone:
        return GONE
    if status == "Disabled":
        return DISABLED
    tables = {"ONU": ONU_STATES, "DEVICE": DEVICE_STATES, "RESULT": RESULTS}
    return tables.get(kind, PORT_STATES).get(status or "", UNKNOWN)


def reason_text(reason: str) -> str:
    """A down reason in the person's language; a vendor's own word stays as it is."""
    known = REASONS.get(reason)
    return str(known) if known is not None else reason


def admin_text(admin: str) -> str:
    """Administrative state in the person's language."""
    return str(ADMIN.get(admin, admin))


def signal_tone(dbm: float | None, low: float, high: float) -> str:
    """ok within the limits, warn within 2 dB of one, bad beyond, off where there is no value."""
    if dbm is None:
        return "off"
    if dbm < low or dbm > high:
        return "bad"
    return "warn" if dbm < low + WARN_DB or dbm > high - WARN_DB else "ok"


def dbm(value: float | None) -> str:
    """A level with one decimal, two where the device gives them; a dash without a value."""
    if value is None:
        return DASH
    text = f"{value:.2f}"
    return text.removesuffix("0")


def number(value: float | None, digits: int = 0) -> str:
    """A number with thin groups of three; a dash without a value."""
    return DASH if value is None else f"{value:,.{digits}f}".replace(",", "\u202f")


def short(value: float | None, unit: str = "") -> str:
    """A number with an SI prefix and three figures: `12.3 Mbit/s`; a dash without a value."""
    if value is None:
        return DASH
    size, step = float(value), 0
    while abs(size) >= 1000 and step < len(_PREFIXES) - 1:
        size, step = size / 1000, step + 1
    digits = 0 if step == 0 or abs(size) >= 100 else 1
    return f"{size:.{digits}f}{NBSP}{_PREFIXES[step]}{unit}".rstrip(NBSP)


def moment(at: int | None) -> str:
    """The full time in the server's zone; script shows the person's own. A dash without a value."""
    if at is None:
        return DASH
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso(at: int | None) -> str:
    """The time for machines (`datetime` attribute)."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def percent(part: float | None, whole: float | None) -> float:
    """0 to 100; 0 where there is no whole."""
    return min(100.0, 100.0 * part / whole) if part and whole else 0.0


def map_url(latitude: float, longitude: float) -> str:
    """A place on OpenStreetMap's own site, for a link in a new tab; nothing of it is loaded into our pages."""
    place = f"{latitude:.6f}/{longitude:.6f}"
    return f"https://www.openstreetmap.org/?mlat={latitude:.6f}&mlon={longitude:.6f}#map=18/{place}"


def dom_id(text: object) -> str:
    """A text as part of an element's id."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", str(text))


def install(env: Environment) -> None:
    """Give pages' filters and functions to an environment."""
    filters: dict[str, Callable[..., Any]] = {
        "ago": ago,
        "moment": moment,
        "iso": iso,
        "span": span,
        "dbm": dbm,
        "number": number,
        "short": short,
        "mac": mac_text,
        "ident": ident_text,
        "reason": reason_text,
        "admin": admin_text,
        "action": action_text,
        "percent": percent,
        "dom_id": dom_id,
    }
    env.filters.update(filters)
    env.globals.update(
        {
            "_": gettext,
            "gettext": gettext,
            "ngettext": ngettext,
            "map_url": map_url,
            "state_look": state_look,
            "signal_tone": signal_tone,
            "current_language": current_language,
            "now": lambda: int(time.time()),
            "DASH": DASH,
        }
    )
