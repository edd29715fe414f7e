"""Devices: list, look up, add, change, delete; always within the actor's device groups."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.model.ident import mac_key, mac_text
from wildcore.services import bindings, device_accesses, device_groups, device_models, params, pollers
from wildcore.services.actor import Actor
from wildcore.services.device_views import DeviceView, Listing, read_devices
from wildcore.services.edges import uplink_macs
from wildcore.services.runtime import Runtime
from wildcore.services.scope import visible_devices
from wildcore.store.tables import Binding, Device, DeviceGroupLink, DeviceModel, Interface, SubscriberClaim


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """What a list of devices is narrowed to; all parts are optional and and-ed. `text` is looked for in IP, name and location."""

    ip: str | None = None
    status: str | None = None
    group_id: int | None = None
    model_id: int | None = None
    type: str | None = None
    enabled: bool | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceInput:
    """What a person or program typed of a device; None leaves a part as it is (or takes the default of a new one)."""

    ip: str | None = None
    name: str | None = None
    model_id: int | None = None
    access_id: int | None = None
    group_ids: tuple[int, ...] | None = None
    enabled: bool | None = None
    location: str | None = None
    description: str | None = None
    mac: str | None = None
    serial: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    clear_coordinates: bool = False
    params: Mapping[str, Any] | None = None
    pollers: Mapping[str, Any] | None = None


def list_devices(
    session: Session, actor: Actor, wanted: DeviceFilter | None = None, *, limit: int | None = None, offset: int = 0
) -> Listing[DeviceView]:
    """Devices by id, in three statements however many they are."""
    conditions = _conditions(actor, wanted or DeviceFilter())
    rows = read_devices(session, actor, *conditions, limit=limit, offset=offset)
    if limit is None and not offset:
        return Listing(rows, len(rows))
    count = select(func.count(Device.id)).join(DeviceModel, DeviceModel.id == Device.model_id).where(*conditions)
    return Listing(rows, session.scalar(count) or 0)


def ids(
    session: Session,
    actor: Actor,
    wanted: DeviceFilter,
    *,
    updated_since: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[int], int]:
    """Only the ids of a list, in its order, and how many there are. `updated_since` (Unix seconds): also changes of status."""
    where = _conditions(actor, wanted)
    if updated_since is not None:
        where.append(or_(Device.updated_at >= updated_since, Device.status_changed_at >= updated_since))
    here = select(Device.id).join(DeviceModel, DeviceModel.id == Device.model_id).where(*where)
    found = list(session.scalars(here.order_by(Device.id).limit(limit).offset(offset or None)))
    if limit is None and not offset:
        return found, len(found)
    return found, session.scalar(select(func.count()).select_from(here.subquery())) or 0


def by_ids(session: Session, actor: Actor, device_ids: Sequence[int]) -> list[DeviceView]:
    """Devices by id, in this order, without those that the actor may not see."""
    found = {view.id: view for view in read_devices(session, actor, Device.id.in_(list(device_ids)), visible_devices(actor))}
    return [found[one] for one in device_ids if one in found]


def get_device(session: Session, actor: Actor, device_id: int) -> DeviceView:
    """One device; NotFound also when the actor may not see it."""
    found = read_devices(session, actor, Device.id == device_id, visible_devices(actor))
    if not found:
        raise NotFound(gettext("There is no device {id}", id=device_id), field="device_id")
    return found[0]


def device_by_ip(session: Session, actor: Actor, ip: str) -> DeviceView:
    """One device by its address; NotFound also when the actor may not see it."""
    found = read_devices(session, actor, Device.ip == ip.strip(), visible_devices(actor))
    if not found:
        raise NotFound(gettext("There is no device {id}", id=ip.strip()), field="ip")
    return found[0]


def add_device(session: Session, runtime: Runtime, actor: Actor, wanted: DeviceInput) -> DeviceView:
    """A new device. An actor with device groups puts it into one of them; without a choice, into the first."""
    if wanted.model_id is None or wanted.access_id is None:
        field = "model_id" if wanted.model_id is None else "access_id"
        raise ValidationFailed(gettext("{field} is required", field=field), field=field)
    at = runtime.now()
    values = {"name": "", "params": {}, "pollers": {}, **_values(session, runtime, wanted), "created_at": at, "updated_at": at}
    if "ip" not in values:
        raise ValidationFailed(gettext("{field} is required", field="ip"), field="ip")
    _ip_is_free(session, values["ip"])
    groups = device_groups.require_groups(session, actor, wanted.group_ids or ())
    if actor.group_ids is not None and not groups:
        groups = tuple(sorted(actor.group_ids))[:1]
        if not groups:
            raise ValidationFailed(gettext("{field} is required", field="group_ids"), field="group_ids")
    device_id = session.scalars(insert(Device).values(**values).returning(Device.id)).one()
    _put_into(session, device_id, groups)
    pollers.sync_polls(session, runtime, [device_id])
    bindings.rebind(session, device_ids=[device_id], uplink_macs=uplink_macs(runtime))
    return get_device(session, actor, device_id)


def update_device(session: Session, runtime: Runtime, actor: Actor, device_id: int, wanted: DeviceInput) -> DeviceView:
    """Change a device. Groups that the actor does not see stay as they are."""
    before = get_device(session, actor, device_id)
    values = _values(session, runtime, wanted)
    moved = values.get("ip", before.ip) != before.ip
    if moved:
        _ip_is_free(session, values["ip"])
        values.update(status="Unknown", status_at=None)
    if wanted.group_ids is not None:
        groups = device_groups.require_groups(session, actor, wanted.group_ids)
        if actor.group_ids is not None and not groups:
            raise ValidationFailed(gettext("{field} is required", field="group_ids"), field="group_ids")
        old = {group.id for group in before.groups} - set(groups)
        if old:
            link = DeviceGroupLink
            session.execute(delete(link).where(link.device_id == device_id, link.group_id.in_(sorted(old))))
        _put_into(session, device_id, tuple(set(groups) - {group.id for group in before.groups}))
    session.execute(update(Device).where(Device.id == device_id).values(**values, updated_at=runtime.now()))
    if values.keys() & {"enabled", "model_id", "pollers"}:
        pollers.sync_polls(session, runtime, [device_id])
    if moved:
        bindings.rebind(session, device_ids=[device_id], uplink_macs=uplink_macs(runtime))
    return get_device(session, actor, device_id)


def delete_device(session: Session, runtime: Runtime, actor: Actor, device_id: int) -> DeviceView:
    """Delete a device with its interfaces and their history; returns what it was. Subscribers look for their place anew."""
    device = get_device(session, actor, device_id)
    claims = _claims_on(session, device)
    session.execute(delete(Device).where(Device.id == device_id))
    bindings.rebind(session, claim_ids=claims, uplink_macs=uplink_macs(runtime))
    return device


def checked_ip(text: str) -> str:
    """An IPv4 or IPv6 address in its usual form; ValidationFailed otherwise."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise ValidationFailed(gettext("{value} is not an IP address", value=text.strip()[:64]), field="ip") from None


def _conditions(actor: Actor, wanted: DeviceFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [visible_devices(actor)]
    if wanted.ip is not None:
        conditions.append(Device.ip == wanted.ip.strip())
    if wanted.status and wanted.status.strip():
        conditions.append(Device.status == wanted.status.strip().capitalize())
    if wanted.group_id is not None:
        members = select(DeviceGroupLink.device_id).where(DeviceGroupLink.group_id == wanted.group_id)
        conditions.append(Device.id.in_(members))
    if wanted.model_id is not None:
        conditions.append(Device.model_id == wanted.model_id)
    if wanted.type and wanted.type.strip():
        conditions.append(DeviceModel.type == wanted.type.strip().upper())
    if wanted.enabled is not None:
        conditions.append(Device.enabled.is_(wanted.enabled))
    if wanted.text:
        text = wanted.text.strip()
        columns = (Device.ip, Device.name, Device.location)
        conditions.append(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return conditions


def _values(session: Session, runtime: Runtime, wanted: DeviceInput) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if wanted.ip is not None:
        values["ip"] = checked_ip(wanted.ip)
    if wanted.model_id is not None:
        values["model_id"] = device_models.get_model(session, wanted.model_id).id
    if wanted.access_id is not None:
        values["access_id"] = device_accesses.get_access(session, runtime, wanted.access_id).id
    for field, longest in (("name", 200), ("location", 2000), ("description", 10_000), ("serial", 100)):
        text = getattr(wanted, field)
        if text is not None:
            if len(text) > longest:
                raise ValidationFailed(
                    gettext("{field}: at most {longest} characters", field=field, longest=longest), field=field
                )
            values[field] = text.strip()
    if wanted.mac is not None:
        key = mac_key(wanted.mac) if wanted.mac.strip() else ""
        if key is None:
            raise ValidationFailed(gettext("{value} is not a MAC address", value=wanted.mac[:64]), field="mac")
        values["mac"] = mac_text(key)
    if wanted.enabled is not None:
        values["enabled"] = wanted.enabled
    if wanted.params is not None:
        values["params"] = params.checked(wanted.params)
    if wanted.pollers is not None:
        values["pollers"] = device_models.checked_pollers(wanted.pollers)
    values.update(_coordinates(wanted))
    return values


def _coordinates(wanted: DeviceInput) -> dict[str, float | None]:
    if wanted.clear_coordinates:
        return {"latitude": None, "longitude": None}
    if wanted.latitude is None and wanted.longitude is None:
        return {}
    latitude, longitude = wanted.latitude, wanted.longitude
    if latitude is None or longitude is None or not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValidationFailed(
            gettext("Coordinates are a latitude from -90 to 90 and a longitude from -180 to 180"), field="coordinates"
        )
    return {"latitude": latitude, "longitude": longitude}


def _claims_on(session: Session, device: DeviceView) -> set[int]:
    """Billing's claims that name this device's address or lead to it now."""
    named = select(SubscriberClaim.id).where(SubscriberClaim.switch_ip == device.ip)
    bound = select(Binding.claim_id).join(Interface, Interface.id == Binding.interface_id)
    return {*session.scalars(named), *session.scalars(bound.where(Interface.device_id == device.id))}


def _ip_is_free(session: Session, ip: str) -> None:
    if session.scalar(select(Device.id).where(Device.ip == ip)) is not None:
        raise Conflict(gettext("A device with address {ip} exists already", ip=ip), field="ip")


def _put_into(session: Session, device_id: int, group_ids: tuple[int, ...]) -> None:
    if group_ids:
        session.execute(insert(DeviceGroupLink), [{"device_id": device_id, "group_id": one} for one in sorted(group_ids)])
