"""API of what devices refer to: groups, models, accesses."""

from __future__ import annotations

from typing import Any

from wildcore.components.devices.bodies import AccessBody, GroupBody, ModelBody
from wildcore.kit import Ctx
from wildcore.kit.params import Offset
from wildcore.kit.params import Rows as Limit
from wildcore.services import action_log, device_accesses, device_groups, device_models, pollers
from wildcore.services.device_accesses import access_input
from wildcore.services.presenting import access_json, group_json, model_json


def list_groups(ctx: Ctx, limit: Limit = None, offset: Offset = 0) -> Any:
    """Device groups that the caller may see."""
    found = device_groups.list_groups(ctx.session, ctx.actor, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    return [group_json(one) for one in found.rows]


def get_group(ctx: Ctx, group_id: int) -> Any:
    """One device group."""
    return group_json(device_groups.get_group(ctx.session, ctx.actor, group_id))


def add_group(ctx: Ctx, body: GroupBody) -> Any:
    """Add a device group."""
    group = device_groups.add_group(ctx.session, ctx.runtime, body.name or "", body.description or "")
    action_log.log(ctx.session, ctx.actor, "device-group:added", message=group.name)
    return group_json(group)


def update_group(ctx: Ctx, group_id: int, body: GroupBody) -> Any:
    """Change a device group."""
    group = device_groups.update_group(ctx.session, ctx.actor, group_id, name=body.name, description=body.description)
    action_log.log(ctx.session, ctx.actor, "device-group:updated", message=group.name)
    return group_json(group)


def delete_group(ctx: Ctx, group_id: int) -> Any:
    """Delete a device group; its devices stay."""
    group = device_groups.get_group(ctx.session, ctx.actor, group_id)
    device_groups.delete_group(ctx.session, ctx.actor, group_id)
    action_log.log(ctx.session, ctx.actor, "device-group:deleted", message=group.name)
    return {"id": group_id}


def list_models(ctx: Ctx, limit: Limit = None, offset: Offset = 0) -> Any:
    """Device models with the poll intervals in effect."""
    found = device_models.list_models(ctx.session, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    return [model_json(one) for one in found.rows]


def get_model(ctx: Ctx, model_id: int) -> Any:
    """One device model."""
    return model_json(device_models.get_model(ctx.session, model_id))


def add_model(ctx: Ctx, body: ModelBody) -> Any:
    """Add a model of one's own on a driver family."""
    info = device_models.model_info(body.key, body.name or "", body.vendor, body.model, body.type, body.family)
    model = device_models.add_model(ctx.session, info, pollers=body.pollers or {})
    action_log.log(ctx.session, ctx.actor, "device-model:added", message=model.name)
    return model_json(model)


def update_model(ctx: Ctx, model_id: int, body: ModelBody) -> Any:
    """Change a model's name, poll intervals (seconds, 0 is off) or parameters."""
    model = device_models.update_model(
        ctx.session,
        model_id,
        name=body.name,
        pollers=body.pollers,
        params=body.params,
    )
    pollers.sync_polls(ctx.session, ctx.runtime)
    action_log.log(ctx.session, ctx.actor, "device-model:updated", message=model.name)
    return model_json(model)


def delete_model(ctx: Ctx, model_id: int) -> Any:
    """Delete a model that no device has."""
    model = device_models.get_model(ctx.session, model_id)
    device_models.delete_model(ctx.session, model_id)
    action_log.log(ctx.session, ctx.actor, "device-model:deleted", message=model.name)
    return {"id": model_id}


def list_accesses(ctx: Ctx, limit: Limit = None, offset: Offset = 0) -> Any:
    """Device accesses; of secrets only which are set."""
    found = device_accesses.list_accesses(ctx.session, ctx.runtime, limit=limit, offset=offset)
    ctx.meta = {"total": found.total}
    return [access_json(one, full=True) for one in found.rows]


def get_access(ctx: Ctx, access_id: int) -> Any:
    """One device access."""
    return access_json(device_accesses.get_access(ctx.session, ctx.runtime, access_id), full=True)


def add_access(ctx: Ctx, body: AccessBody) -> Any:
    """Add an access: `name`, `params` (`sw_core_connection`), secrets below `secrets` or beside `name`."""
    access = device_accesses.add_access(ctx.session, ctx.runtime, access_input(body.model_dump(exclude_unset=True)))
    action_log.log(ctx.session, ctx.actor, "device-access:added", message=access.name)
    return access_json(access, full=True)


def update_access(ctx: Ctx, access_id: int, body: AccessBody) -> Any:
    """Change an access; secrets that are absent stay, empty ones are cleared."""
    access = device_accesses.update_access(ctx.session, ctx.runtime, access_id, access_input(body.model_dump(exclude_unset=True)))
    action_log.log(ctx.session, ctx.actor, "device-access:updated", message=access.name)
    return access_json(access, full=True)


def delete_access(ctx: Ctx, access_id: int) -> Any:
    """Delete an access that no device uses."""
    access = device_accesses.get_access(ctx.session, ctx.runtime, access_id)
    device_accesses.delete_access(ctx.session, access_id)
    action_log.log(ctx.session, ctx.actor, "device-access:deleted", message=access.name)
    return {"id": access_id}
