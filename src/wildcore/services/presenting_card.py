"""The diagnosis as one piece of HTML for billing's own page: no script, no outside file, no style sheet, tables
that old browsers draw too.

Every text goes through `html.escape`; what devices and billing say is never markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from html import escape
from typing import Any

from wildcore.i18n import gettext, use_language
from wildcore.services.actor import Actor
from wildcore.services.calls import CallMeta
from wildcore.services.diagnosis import Diagnosis
from wildcore.services.presenting import subscriber_json
from wildcore.services.presenting_diagnosis import onu_data, port_data
from wildcore.services.settings import Settings
from wildcore.services.times import TIME_FORMAT, ago, time_text

Row = tuple[str, Any, str]
"""Label, value, tone: good, bad, warn or plain."""

GOOD, BAD, WARN, PLAIN = "good", "bad", "warn", ""
_TONES = {
    "Online": GOOD,
    "Up": GOOD,
    "Enabled": GOOD,
    "LOS": BAD,
    "PowerOff": WARN,
    "Offline": BAD,
    "Down": BAD,
    "Disabled": WARN,
}
# Styles stand at each element: billing pages put the card anywhere, and their own rules must not be touched by ours.
_STYLES = {
    "card": "font:14px/1.45 -apple-system,'Segoe UI',Roboto,Arial,sans-serif;color:#1f2937;background:#fff;max-width:760px;"
    "border:1px solid #dbe0e6;border-radius:8px;padding:14px 16px;margin:0;text-align:left",
    "h2": "font-size:16px;line-height:1.4;font-weight:bold;margin:0 0 2px",
    "h3": "font-size:12px;line-height:1.4;font-weight:bold;margin:14px 0 4px;color:#667085;text-transform:uppercase",
    "table": "border-collapse:collapse;border:0;width:100%;margin:0;background:#fff",
    "th": "padding:3px 8px 3px 0;text-align:left;vertical-align:top;border:0;border-top:1px solid #eef1f4;"
    "font-weight:normal;background:none;color:#667085;width:38%",
    "td": "padding:3px 8px 3px 0;text-align:left;vertical-align:top;border:0;border-top:1px solid #eef1f4;"
    "background:none;color:#1f2937",
    "good": "color:#17803d;font-weight:bold",
    "bad": "color:#c0262d;font-weight:bold",
    "warn": "color:#b45309;font-weight:bold",
    "muted": "color:#667085;font-size:12px;margin:8px 0 0;text-transform:none;font-weight:normal",
    "under": "margin:0",
    "text": "margin:8px 0",
    "hint": "background:#fff4e0;color:#7a4a06;border-radius:6px;padding:6px 8px;margin:8px 0",
    "error": "background:#fdecec;color:#8f1d22;border-radius:6px;padding:6px 8px;margin:8px 0",
    "a": "color:#0b63c5",
}


def _style(*names: str) -> str:
    return f' style="{";".join(_STYLES[name] for name in names if name)}"'


def render(found: Diagnosis, settings: Settings, address: str) -> str:
    """The card of one interface in the current language; `address` is that of its page."""
    return card(place(found, settings, address))


def spoken(settings: Settings, actor: Actor, asked: str = "") -> AbstractContextManager[None]:
    """Speak the language that was asked for, else the actor's, else the installation's, within the block."""
    return use_language(asked or actor.language or str(settings.get("DEFAULT_LANGUAGE")))


def card(*parts: str) -> str:
    """Pieces of markup (`place`, `notice`, `heading`) as one card."""
    return f'<div class="wildcore-card"{_style("card")}>{"".join(parts)}</div>'


def place(found: Diagnosis, settings: Settings, address: str) -> str:
    """An interface with all that its diagnosis says, as a piece of a card."""
    view = found.interface
    head = heading(view.name, f"{view.device.name or view.device.ip} · {view.device.ip} · {view.device.model.name}")
    body = _onu(found, settings) if found.is_onu else _port(found)
    return "".join([head, _stale(found), _errors(found), *body, _subscribers(found), link(address, gettext("Open in Wildcore"))])


def heading(title: str, under: str = "") -> str:
    """A title with a quieter line under it."""
    line = f"<div{_style('muted', 'under')}>{escape(under)}</div>" if under else ""
    return f"<h2{_style('h2')}>{escape(title)}</h2>{line}"


def notice(text: str, tone: str = PLAIN) -> str:
    """A sentence for the person who looks; BAD when something did not work, WARN when something is not as it seems."""
    box = {BAD: "error", WARN: "hint"}.get(tone)
    return f"<div{_style(box)}>{escape(text)}</div>" if box else f"<p{_style('text')}>{escape(text)}</p>"


def facts(title: str, rows: Iterable[Row]) -> str:
    """A titled table of what is known; "" when nothing is."""
    cells = _cells(rows)
    return _table(escape(title), cells) if cells else ""


def link(address: str, text: str) -> str:
    """A line with a link that opens beside billing's page."""
    anchor = f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer"{_style("a")}>{escape(text)}</a>'
    return f"<p{_style('muted')}>{anchor}</p>"


def _onu(found: Diagnosis, settings: Settings) -> list[str]:
    data = onu_data(found)
    status, optical, vendor, reasons = data["status"], data["optical"], data["vendor"], data["reasons"]
    state: list[Row] = [
        (gettext("Status"), _word(status["online"]), _tone(status["online"])),
        (gettext("Serial number or MAC"), data["ident"]["value"], PLAIN),
        (gettext("Description"), data["description"], PLAIN),
        (gettext("Last down reason"), _word(reasons["last_down_reason"]), PLAIN),
        (gettext("Online since"), _with_age(reasons["last_reg"], found.at), PLAIN),
        (gettext("Offline since"), _offline(status["online"], reasons, found.at), PLAIN),
    ]
    light: list[Row] = [
        (gettext("RX of the ONU, dBm"), _digits(optical["rx"], 2), _light(settings, "RX", optical["rx"])),
        (gettext("TX of the ONU, dBm"), _digits(optical["tx"], 2), PLAIN),
        (gettext("RX of the OLT, dBm"), _digits(optical["olt_rx"], 2), _light(settings, "OLT_RX", optical["olt_rx"])),
        (gettext("Distance, m"), optical["distance"], PLAIN),
        (gettext("Temperature, °C"), _digits(optical["temp"], 1), PLAIN),
        (gettext("Voltage, V"), _digits(optical["voltage"], 2), PLAIN),
    ]
    made: list[Row] = [
        (gettext("Vendor"), vendor["vendor"], PLAIN),
        (gettext("Model"), vendor["model"], PLAIN),
        (gettext("Software version"), vendor["ver_software"], PLAIN),
        (gettext("Hardware version"), vendor["ver_hardware"], PLAIN),
    ]
    unis = [
        (str(uni["name"]), f"{_word(uni['status'])} {uni['speed'] or ''}".strip(), _tone(uni["status"])) for uni in data["uni"]
    ]
    return [
        _section(gettext("State"), state, found, "pon_onts_status"),
        _section(gettext("Optical signal"), light, found, "pon_onts_optical"),
        _section(gettext("Equipment"), made, found, "pon_onts_vendor"),
        _section(gettext("Ports of the ONU"), unis, found, "pon_onts_uni"),
        _addresses(data["fdb"], found),
        _counters(data["counters"], found, "pon_onts_counters"),
    ]


def _port(found: Diagnosis) -> list[str]:
    data = port_data(found)
    link = data["link_info"][0]
    vlans = ", ".join(f"{vlan['id']}{'' if vlan['type'] == 'tagged' else ' U'}" for vlan in data["vlans"])
    state: list[Row] = [
        (gettext("Status"), _word(link["oper_status"]), _tone(link["oper_status"])),
        (gettext("Speed and duplex"), link["nway_status"], PLAIN),
        (gettext("Administrative state"), _word(link["admin_state"]), _tone(link["admin_state"])),
        (gettext("Last change"), link["last_change"], PLAIN),
        (gettext("Description"), data["description"], PLAIN),
        (gettext("VLANs"), vlans, PLAIN),
    ]
    return [
        _section(gettext("State"), state, found, "link_info"),
        _addresses(data["fdb"], found),
        _counters(data["counters"], found, "counters"),
    ]


def _counters(counters: Mapping[str, Any], found: Diagnosis, module: str) -> str:
    rows: list[Row] = [
        (gettext("Received, bytes"), counters["in_octets"], PLAIN),
        (gettext("Sent, bytes"), counters["out_octets"], PLAIN),
        (gettext("Errors in / out"), _pair(counters["in_errors"], counters["out_errors"]), PLAIN),
        (gettext("Discards in / out"), _pair(counters["in_discards"], counters["out_discards"]), PLAIN),
    ]
    return _section(gettext("Counters"), rows, found, module)


def _addresses(fdb: Iterable[Mapping[str, Any]], found: Diagnosis) -> str:
    rows = [(f"VLAN {one['vlan_id']}" if one["vlan_id"] else "VLAN", one["mac_address"], PLAIN) for one in fdb]
    return _section(gettext("MAC addresses"), rows[:20], found, "fdb")


def _subscribers(found: Diagnosis) -> str:
    rows = []
    for one in found.interface.subscribers:
        data = subscriber_json(one)
        text = " · ".join(str(part) for part in (data["uid"], one.agreement, one.login, one.address_full) if part)
        link = (
            f'<a href="{escape(one.link)}" target="_blank" rel="noopener noreferrer"{_style("a")}>{escape(text)}</a>'
            if one.link
            else escape(text)
        )
        rows.append(f"<tr><td{_style('td')}>{link}</td></tr>")
    return _table(escape(gettext("Subscribers")), "".join(rows)) if rows else ""


def _stale(found: Diagnosis) -> str:
    view = found.interface
    if view.gone_at is not None:
        text = gettext("This place is gone from the device since {time}", time=time_text(view.gone_at))
    elif view.stale:
        text = gettext("This place is stale: the ONU stands elsewhere now")
    else:
        return ""
    return f"<div{_style('error')}>{escape(text)}</div>"


def _errors(found: Diagnosis) -> str:
    metas = [result.meta for result in (found.system, *found.results.values()) if result is not None]
    texts = list(dict.fromkeys(meta.error for meta in metas if meta.error))
    return "".join(f"<div{_style('error')}>{escape(text[:300])}</div>" for text in texts[:3])


def _section(title: str, rows: Iterable[Row], found: Diagnosis, module: str) -> str:
    cells = _cells(rows)
    if not cells:
        return ""
    result = found.results.get(module)
    age = f" <span{_style('muted')}>{escape(_age(result.meta, found.at))}</span>" if result is not None else ""
    return _table(f"{escape(title)}{age}", cells)


def _cells(rows: Iterable[Row]) -> str:
    shown = [(label, value, tone) for label, value, tone in rows if value not in (None, "")]
    return "".join(
        f"<tr><th{_style('th')}>{escape(label)}</th><td{_style('td', tone)}>{escape(str(value))}</td></tr>"
        for label, value, tone in shown
    )


def _table(title: str, rows: str) -> str:
    return f"<h3{_style('h3')}>{title}</h3><table{_style('table')}>{rows}</table>"


def _age(meta: CallMeta, now: int) -> str:
    if meta.time is None:
        return ""
    if meta.source == "device":
        return gettext("from the device now")
    return ago(meta.time, now)


def _word(text: str | None) -> str:
    words = {
        "power-off": gettext("power off"),
        "DyingGasp": gettext("power off"),
        "wire-down": gettext("no signal"),
        "Online": gettext("Online"),
        "Offline": gettext("Offline"),
        "LOS": gettext("LOS"),
        "PowerOff": gettext("PowerOff"),
        "Up": gettext("Up"),
        "Down": gettext("Down"),
        "Enabled": gettext("Enabled"),
        "Disabled": gettext("Disabled"),
        "Unknown": gettext("Unknown"),
    }
    return words.get(text or "", text or "")


def _tone(word: str) -> str:
    return _TONES.get(word, PLAIN)


def _light(settings: Settings, name: str, dbm: float | None) -> str:
    if dbm is None:
        return PLAIN
    low, high = settings.get(f"ANALYTICS_MIN_{name}_SIGNAL"), settings.get(f"ANALYTICS_MAX_{name}_SIGNAL")
    return GOOD if low <= dbm <= high else BAD


def _with_age(at: str | None, now: int) -> str | None:
    """A time of the module's JSON (the server's zone) with how long ago that was, in the person's language."""
    return None if at is None else f"{at} ({ago(int(datetime.strptime(at, TIME_FORMAT).astimezone().timestamp()), now)})"


def _offline(state: str, reasons: Mapping[str, Any], now: int) -> str | None:
    return None if state == "Online" else _with_age(reasons["last_dereg"], now)


def _digits(value: float | None, digits: int) -> str | None:
    return None if value is None else f"{value:.{digits}f}"


def _pair(first: int | None, second: int | None) -> str | None:
    if first is None and second is None:
        return None
    return f"{'—' if first is None else first} / {'—' if second is None else second}"
