"""Device models: the catalogue of what drivers know, as rows that operators adjust (poll intervals, parameters)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from wildcore.drivers import registry
from wildcore.errors import Conflict, NotFound, ValidationFailed
from wildcore.i18n import gettext
from wildcore.model.device import DeviceType, ModelInfo
from wildcore.services.device_views import Listing, ModelView, model_columns, model_view
from wildcore.services.params import checked
from wildcore.store.tables import Device, DeviceModel

MAX_INTERVAL_SEC = 7 * 86400


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, ModelInfo]:
    return {info.key: info for info in registry.catalogue()}


def sync_catalogue(session: Session) -> int:
    """Write the drivers' catalogue into `device_models` and return how many rows came or changed; what operators set stays.

    Run at start-up. A row whose model the drivers no longer list is kept: devices may refer to it.
    """
    stored = {
        row[0]: row
        for row in session.execute(
            select(DeviceModel.key, DeviceModel.name, DeviceModel.vendor, DeviceModel.model, DeviceModel.type, DeviceModel.family)
        )
    }
    changed = 0
    for info in _catalogue().values():
        wanted = (info.key, info.name, info.vendor, info.model, info.type.value, info.family)
        row = stored.get(info.key)
        if row is not None and tuple(row) == wanted:
            continue
        changed += 1
        if row is None:
            session.execute(insert(DeviceModel).values(**_row(info)))
        else:
            names = ("key", "name", "vendor", "model", "type", "family")
            session.execute(
                update(DeviceModel).where(DeviceModel.key == info.key).values(**dict(zip(names, wanted, strict=True)))
            )
    return changed


def ensure(session: Session, info: ModelInfo) -> ModelView:
    """The row of a model that detection found; made when it is new."""
    found = _find(session, DeviceModel.key == info.key)
    if found is None:
        session.execute(insert(DeviceModel).values(**_row(info)))
        found = _find(session, DeviceModel.key == info.key)
    if found is None:
        raise NotFound(gettext("There is no device model {key}", key=info.key), field="model_key")
    return found


def list_models(session: Session, *, limit: int | None = None, offset: int = 0) -> Listing[ModelView]:
    """All models by name."""
    query = select(*model_columns()).order_by(DeviceModel.name, DeviceModel.id).limit(limit).offset(offset or None)
    total = session.scalar(select(func.count(DeviceModel.id))) or 0
    return Listing([model_view(row) for row in session.execute(query)], total)


def get_model(session: Session, model_id: int) -> ModelView:
    """One model; NotFound names the id."""
    found = _find(session, DeviceModel.id == model_id)
    if found is None:
        raise NotFound(gettext("There is no device model {key}", key=model_id), field="model_id")
    return found


def model_by_key(session: Session, key: str) -> ModelView:
    """One model by its key, e.g. `zte_c320`."""
    found = _find(session, DeviceModel.key == key.strip())
    if found is None:
        raise NotFound(gettext("There is no device model {key}", key=key), field="model_key")
    return found


def update_model(
    session: Session,
    model_id: int,
    *,
    name: str | None = None,
    pollers: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
) -> ModelView:
    """Change what operators may change of a model: its name, poll intervals (0 switches a poller off) and parameters."""
    get_model(session, model_id)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _text(name, "name", 200)
    if pollers is not None:
        values["pollers"] = checked_pollers(pollers)
    if params is not None:
        values["params"] = checked(params)
    if values:
        session.execute(update(DeviceModel).where(DeviceModel.id == model_id).values(**values))
    return get_model(session, model_id)


def add_model(session: Session, info: ModelInfo, *, pollers: Mapping[str, Any] | None = None) -> ModelView:
    """A model of one's own on a family that drivers know (`family`), e.g. a rebranded OLT."""
    families = {one.family for one in _catalogue().values()}
    if info.family not in families:
        raise ValidationFailed(
            gettext("There is no driver family {family}; known: {known}", family=info.family, known=", ".join(sorted(families))),
            field="family",
        )
    if _find(session, DeviceModel.key == info.key) is not None:
        raise Conflict(gettext("A device model {key} exists already", key=info.key), field="key")
    session.execute(insert(DeviceModel).values(**{**_row(info), "pollers": checked_pollers(pollers or {})}))
    return model_by_key(session, info.key)


def delete_model(session: Session, model_id: int) -> None:
    """Delete a model that no device has. One of the drivers' catalogue comes back at the next start."""
    model = get_model(session, model_id)
    used = session.scalar(select(func.count(Device.id)).where(Device.model_id == model_id)) or 0
    if used:
        raise Conflict(gettext("Model {name} is in use by {count} devices", name=model.name, count=used))
    session.execute(delete(DeviceModel).where(DeviceModel.id == model_id))


def model_info(key: str, name: str, vendor: str, model: str, kind: str, family: str) -> ModelInfo:
    """A catalogue entry out of what a person typed; ValidationFailed names the wrong field."""
    try:
        device_type = DeviceType(kind.strip().upper())
    except ValueError:
        known = ", ".join(one.value for one in DeviceType)
        raise ValidationFailed(gettext("type: must be one of {choices}", choices=known), field="type") from None
    return ModelInfo(
        key=_text(key, "key", 100),
        name=_text(name, "name", 200),
        vendor=vendor.strip(),
        model=model.strip(),
        type=device_type,
        family=_text(family, "family", 64),
    )


def checked_pollers(pollers: Mapping[str, Any]) -> dict[str, int]:
    """Poll intervals as whole seconds; 0 is off, the shortest is 10 s."""
    checked: dict[str, int] = {}
    for poller, value in pollers.items():
        try:
            seconds = int(value)
        except (TypeError, ValueError):
            seconds = -1
        if isinstance(value, bool) or not (seconds == 0 or 10 <= seconds <= MAX_INTERVAL_SEC):
            raise ValidationFailed(
                gettext(
                    "Poller {poller}: the interval is 0 (off) or from 10 to {high} seconds", poller=poller, high=MAX_INTERVAL_SEC
                ),
                field="pollers",
            )
        checked[str(poller)] = seconds
    return checked


def _find(session: Session, condition: Any) -> ModelView | None:
    row = session.execute(select(*model_columns()).where(condition)).one_or_none()
    return model_view(row) if row is not None else None


def _row(info: ModelInfo) -> dict[str, Any]:
    return {
        "key": info.key,
        "name": info.name,
        "vendor": info.vendor,
        "model": info.model,
        "type": info.type.value,
        "family": info.family,
        "pollers": {},
        "params": {},
    }


def _text(value: str, field: str, longest: int) -> str:
    text = str(value).strip()
    if not text or len(text) > longest:
        raise ValidationFailed(gettext("{field}: from 1 to {longest} characters", field=field, longest=longest), field=field)
    return text
