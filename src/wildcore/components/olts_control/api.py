"""API of what may be done to an ONU and to an OLT's own ports. `interface` is a bind key, a name or our id."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body

from wildcore.kit import Ctx
from wildcore.kit.params import BodyNumber, Id, Name
from wildcore.model.device import DeviceType
from wildcore.services import device_control
from wildcore.services.device_control import admin_state

Description = Annotated[str, Body(embed=True, max_length=200)]
Socket = Annotated[int, BodyNumber, Body(ge=1, le=64)]
State = Annotated[bool | int | str, Body(description="enable or disable (also up/down, on/off, true/false, 1/0)")]


async def reboot(ctx: Ctx, device_id: Id, interface: Name) -> Any:
    """Reboot an ONU."""
    return await _onu(ctx, device_id, interface, "ctrl_ont_reboot")


async def reset(ctx: Ctx, device_id: Id, interface: Name) -> Any:
    """Set an ONU back to its factory settings."""
    return await _onu(ctx, device_id, interface, "ctrl_ont_reset")


async def dereg(ctx: Ctx, device_id: Id, interface: Name) -> Any:
    """Remove an ONU's registration from the OLT."""
    return await _onu(ctx, device_id, interface, "ctrl_ont_delete")


async def disable(ctx: Ctx, device_id: Id, interface: Name, state: Annotated[State, Body(embed=True)] = "disable") -> Any:
    """Disable an ONU, or enable it with `state`."""
    return await _onu(ctx, device_id, interface, "ctrl_ont_disable", state=admin_state(state))


async def describe(ctx: Ctx, device_id: Id, interface: Name, description: Description) -> Any:
    """Write an ONU's description on the OLT."""
    return await _onu(ctx, device_id, interface, "ctrl_ont_descr", description=device_control.description(description))


async def uni_control(ctx: Ctx, device_id: Id, interface: Name, num: Socket, state: State) -> Any:
    """Switch a socket of an ONU on or off."""
    return await _onu(ctx, device_id, interface, "ctrl_ont_uni_admin_state", num=num, state=admin_state(state))


async def clear_counters(ctx: Ctx, device_id: Id, interface: Name) -> Any:
    """Set an ONU's traffic and error counters to zero."""
    return await _onu(ctx, device_id, interface, "ctrl_ont_clear_counters")


async def reset_port(ctx: Ctx, device_id: Id, interface: Name) -> Any:
    """Reset a PON port: all its ONUs register anew."""
    return await _port(ctx, device_id, interface, "ctrl_reset_port")


async def port_state(ctx: Ctx, device_id: Id, interface: Name, state: Annotated[State, Body(embed=True)]) -> Any:
    """Switch a port of the OLT on or off."""
    return await _port(ctx, device_id, interface, "ctrl_port_state", state=admin_state(state))


async def port_description(ctx: Ctx, device_id: Id, interface: Name, description: Description) -> Any:
    """Write the description of a port of the OLT."""
    return await _port(ctx, device_id, interface, "ctrl_port_descr", description=device_control.description(description))


async def _onu(ctx: Ctx, device_id: int, interface: str, module: str, **args: Any) -> Any:
    return await device_control.control(
        ctx.runtime, ctx.actor, device_id, module, kind="onu", interface=interface, args=args, type_=DeviceType.OLT
    )


async def _port(ctx: Ctx, device_id: int, interface: str, module: str, **args: Any) -> Any:
    return await device_control.control(
        ctx.runtime, ctx.actor, device_id, module, kind="port", interface=interface, args=args, type_=DeviceType.OLT
    )
