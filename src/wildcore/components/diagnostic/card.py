"""The diagnosis as one piece of HTML for billing's own page: no script, no outside file, tables that old browsers draw too.

Every text goes through `html.escape`; what devices say is never markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

from wildcore.i18n import gettext
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
_STYLE = """
.wildcore-card{font:14px/1.45 -apple-system,"Segoe UI",Roboto,Arial,sans-serif;color:#1f2937;background:#fff;max-width:760px;
border:1px solid #dbe0e6;border-radius:8px;padding:14px 16px;margin:0}
.wildcore-card h2{font-size:16px;margin:0 0 2px}.wildcore-card h3{font-size:12px;margin:14px 0 4px;color:#667085;
text-transform:uppercase;letter-spacing:.04em}.wildcore-card table{border-collapse:collapse;width:100%}
.wildcore-card td,.wildcore-card th{padding:3px 8px 3px 0;text-align:left;vertical-align:top;border-top:1px solid #eef1f4;
font-weight:normal}.wildcore-card th{color:#667085;width:38%}.wildcore-card .good{color:#17803d;font-weight:600}
.wildcore-card .bad{color:#c0262d;font-weight:600}.wildcore-card .warn{color:#b45309;font-weight:600}
.wildcore-card .muted{color:#667085;font-size:12px}.wildcore-card .error{background:#fdecec;color:#8f1d22;border-radius:6px;
padding:6px 8px;margin:8px 0}.wildcore-card a{color:#0b63c5}
"""


def render(found: Diagnosis, settings: Settings, links: Mapping[str, str]) -> str:
    """The card in the current language."""
    view = found.interface
    head = (
        f"<h2>{escape(view.name)}</h2>"
        f'<div class="muted">{escape(view.device.name or view.device.ip)} · {escape(view.device.ip)}'
        f" · {escape(view.device.model.name)}</div>"
    )
    body = _onu(found, settings) if found.is_onu else _port(found)
    parts = [head, _stale(found), _errors(found), *body, _subscribers(found), _foot(found, links)]
    return f'<style>{_STYLE}</style><div class="wildcore-card">{"".join(parts)}</div>'


def _onu(found: Diagnosis, settings: Settings) -> list[str]:
    data = onu_data(found)
    status, optical, vendor, reasons = data["status"], data["optical"], data["vendor"], data["reasons"]
    state: list[Row] = [
        (gettext("Status"), _word(status["online"]), _tone(status["online"])),
        (gettext("Serial number or MAC"), data["ident"]["value"], PLAIN),
        (gettext("Description"), data["description"], PLAIN),
        (gettext("Last down reason"), reasons["last_down_reason"], PLAIN),
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
            f'<a href="{escape(one.link)}" target="_blank" rel="noopener noreferrer">{escape(text)}</a>'
            if one.link
            else escape(text)
        )
        rows.append(f"<tr><td>{link}</td></tr>")
    return f"<h3>{escape(gettext('Subscribers'))}</h3><table>{''.join(rows)}</table>" if rows else ""


def _stale(found: Diagnosis) -> str:
    view = found.interface
    if view.gone_at is not None:
        text = gettext("This place is gone from the device since {time}", time=time_text(view.gone_at))
    elif view.stale:
        text = gettext("This place is stale: the ONU stands elsewhere now")
    else:
        return ""
    return f'<div class="error">{escape(text)}</div>'


def _errors(found: Diagnosis) -> str:
    metas = [result.meta for result in (found.system, *found.results.values()) if result is not None]
    texts = list(dict.fromkeys(meta.error for meta in metas if meta.error))
    return "".join(f'<div class="error">{escape(text[:300])}</div>' for text in texts[:3])


def _section(title: str, rows: Iterable[Row], found: Diagnosis, module: str) -> str:
    shown = [(label, value, tone) for label, value, tone in rows if value not in (None, "")]
    if not shown:
        return ""
    cells = "".join(
        f'<tr><th>{escape(label)}</th><td class="{tone}">{escape(str(value))}</td></tr>' for label, value, tone in shown
    )
    result = found.results.get(module)
    age = f' <span class="muted">{escape(_age(result.meta, found.at))}</span>' if result is not None else ""
    return f"<h3>{escape(title)}{age}</h3><table>{cells}</table>"


def _age(meta: CallMeta, now: int) -> str:
    if meta.time is None:
        return ""
    if meta.source == "device":
        return gettext("from the device now")
    return ago(meta.time, now)


def _foot(found: Diagnosis, links: Mapping[str, str]) -> str:
    name = escape(gettext("Open in Wildcore"))
    return f'<p class="muted"><a href="{escape(links["interface"])}" target="_blank" rel="noopener noreferrer">{name}</a></p>'


def _word(text: str) -> str:
    words = {
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
    return words.get(text, text)


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
