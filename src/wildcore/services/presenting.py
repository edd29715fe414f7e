"""JSON of devices and interfaces, exactly as existing clients read it. Times are texts in the server's zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wildcore.model.ident import ident_text
from wildcore.services.device_views import AccessView, DeviceView, GroupView, ModelView
from wildcore.services.interface_search import InterfaceView
from wildcore.services.interfaces import HistoryEntry, MacSeen
from wildcore.services.params import shown
from wildcore.services.subscribers import SubscriberView
from wildcore.services.times import time_text as time_text  # noqa: PLC0414 - also found here


def uptime_text(seconds: int | None) -> str | None:
    """`2d 23h 32min 38sec`."""
    if seconds is None:
        return None
    minutes, sec = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days}d {hours}h {minutes}min {sec}sec"


def age_text(seconds: int | None) -> str | None:
    """`47 s`, `14 m, 47 s`, `6 h, 14 m, 47 s`, `1 d, 6 h, 14 m, 47 s`, `3 w, 4 d`: parts that are zero at the front fall away."""
    if seconds is None:
        return None
    left, parts = max(0, seconds), list[str]()
    for unit, size in (("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return ", ".join(parts[:4]) or "0 s"


def coordinates_json(latitude: float | None, longitude: float | None) -> dict[str, float] | None:
    """`{"lat", "lon"}`, null without a place on the map."""
    return None if latitude is None or longitude is None else {"lat": latitude, "lon": longitude}


def model_json(model: ModelView) -> dict[str, Any]:
    """A device model; `pollers` are the intervals in effect for it. An empty `params` is a list, as clients know it."""
    return {
        "id": model.id,
        "name": model.name,
        "key": model.key,
        "vendor": model.vendor,
        "model": model.model,
        "type": model.type,
        "family": model.family,
        "params": shown(model.params) or [],
        "controller": "",
        "icon": "",
        "pollers": {**model.defaults, **model.pollers},
    }


def access_json(access: AccessView, *, full: bool = False) -> dict[str, Any]:
    """A device access, never with a secret; `full` adds which secrets are set."""
    short = {"id": access.id, "name": access.name, "params": dict(access.params)}
    if not full:
        return short
    return {
        **short,
        "secrets": dict.fromkeys(access.secrets, True),
        "created_at": time_text(access.created_at),
        "updated_at": time_text(access.updated_at),
    }


def group_json(group: GroupView) -> dict[str, Any]:
    """A device group."""
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "created_at": time_text(group.created_at),
    }


def device_json(device: DeviceView) -> dict[str, Any]:
    """The device object. `group` is the first of `groups`; `params` and `pollers` are null without values of their own."""
    groups = [group_json(group) for group in device.groups]
    return {
        "id": device.id,
        "ip": device.ip,
        "name": device.name,
        "location": device.location,
        "description": device.description,
        "mac": device.mac,
        "serial": device.serial,
        "enabled": device.enabled,
        "status": device.status,
        "status_changed": time_text(device.status_changed_at),
        "coordinates": coordinates_json(device.latitude, device.longitude),
        "params": shown(device.params) or None,
        "pollers": dict(device.pollers) or None,
        "created_at": time_text(device.created_at),
        "updated_at": time_text(device.updated_at),
        "model": model_json(device.model),
        "access": access_json(device.access),
        "group": groups[0] if groups else None,
        "groups": groups,
    }


def subscriber_json(subscriber: SubscriberView) -> dict[str, Any]:
    """A subscriber as it stands below `params.billing.<source>`; `billing_link` as billing wrote it, `link` whole."""
    return {
        "uid": int(subscriber.uid) if subscriber.uid.isascii() and subscriber.uid.isdigit() else subscriber.uid,
        "agreement": subscriber.agreement,
        "login": subscriber.login,
        "billing_link": subscriber.billing_link,
        "link": subscriber.link,
        "address": {
            "full": subscriber.address_full,
            "settlement": subscriber.settlement,
            "lane": subscriber.lane,
            "house": subscriber.house,
            "app": subscriber.app,
        },
    }


def billing_json(subscribers: Sequence[SubscriberView]) -> dict[str, Any]:
    """`params.billing`: of each billing system its strongest subscriber."""
    found: dict[str, Any] = {}
    for one in subscribers:
        found.setdefault(one.source, subscriber_json(one))
    return found


def interface_json(view: InterfaceView, devices: dict[int, dict[str, Any]] | None = None) -> dict[str, Any]:
    """The interface object; `devices` keeps device objects that many interfaces of one answer share."""
    known = devices if devices is not None else {}
    device = known.get(view.device_id)
    if device is None:
        device = known[view.device_id] = device_json(view.device)
    first = view.subscribers[0] if view.subscribers else None
    return {
        "id": view.id,
        "created_at": time_text(view.created_at),
        "updated_at": time_text(view.updated_at),
        "name": view.name,
        "type": view.type,
        "bind_key": view.bind_key,
        "parent_bind_key": view.parent_bind_key,
        "status": view.status,
        "status_changed": time_text(view.status_changed_at),
        "description": view.description,
        "comment": view.comment,
        "coordinates": coordinates_json(view.latitude, view.longitude),
        "poll_enabled": view.poll_enabled,
        "ip": "",
        "ident": ident_json(view.ident, view.ident_type),
        "last_online": time_text(view.last_online_at),
        "stale": view.stale,
        "gone_at": time_text(view.gone_at),
        "agreement": first.agreement if first else "",
        "billing_link": first.link if first else "",
        "subscribers": [{"source": one.source, "strength": one.strength, **subscriber_json(one)} for one in view.subscribers],
        "params": {"billing": billing_json(view.subscribers)},
        "device": device,
    }


def interfaces_json(views: Sequence[InterfaceView]) -> list[dict[str, Any]]:
    """Many interface objects."""
    devices: dict[int, dict[str, Any]] = {}
    return [interface_json(view, devices) for view in views]


def ident_json(key: str | None, kind: str) -> dict[str, str] | None:
    """`{"value", "type": "MAC"|"SN"}`: MACs with colons, serials plain; null without an ident."""
    return {"value": ident_text(key, kind or None), "type": kind} if key else None


def history_json(entry: HistoryEntry, now: int) -> dict[str, Any]:
    """One line of the up/down history: `Down (PowerOff)` with its time and duration."""
    return {
        "time": time_text(entry.at),
        "status": entry.status,
        "reason": entry.reason,
        "text": f"{entry.status} ({entry.reason})" if entry.reason else entry.status,
        "until": time_text(entry.until),
        "duration": age_text((entry.until or now) - entry.at),
    }


def mac_json(seen: MacSeen) -> dict[str, Any]:
    """One address of the FDB history."""
    return {
        "mac_address": ident_text(seen.mac, "MAC"),
        "vlan_id": seen.vlan_id,
        "first_seen": time_text(seen.first_seen_at),
        "last_seen": time_text(seen.last_seen_at),
        "active": seen.active,
    }
