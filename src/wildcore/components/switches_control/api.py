"""API of what may be done to a switch and its ports. `interface` is a bind key (the port's number), a name or our id."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Body

from wildcore.kit import Ctx
from wildcore.kit.params import BodyNumber, Id, Name
from wildcore.model.device import DeviceType
from wildcore.services import device_control
from wildcore.services.device_control import admin_state

Description = Annotated[str, Body(embed=True, max_length=200)]
State = Annotated[bool | int | str, Body(embed=True, description="enable or disable (also up/down, on/off, true/false, 1/0)")]
Speed = Annotated[Literal["auto", "10-half", "10-full", "100-half", "100-full", "1000-full", "10000-full"], Body(embed=True)]


async def port_state(ctx: Ctx, device_id: Id, interface: Name, state: State) -> Any:
    """Switch a port on or off (ifAdminStatus), and read it back."""
    return await _port(ctx, device_id, interface, "ctrl_port_state", state=admin_state(state))


async def port_description(ctx: Ctx, device_id: Id, interface: Name, description: Description) -> Any:
    """Write a port's description (ifAlias), and read it back."""
    return await _port(ctx, device_id, interface, "ctrl_port_descr", description=device_control.description(description))


async def port_speed(ctx: Ctx, device_id: Id, interface: Name, speed: Speed) -> Any:
    """Fix a port's speed and duplex, or leave them to negotiation."""
    return await _port(ctx, device_id, interface, "ctrl_port_speed", speed=speed)


async def port_clear_counters(ctx: Ctx, device_id: Id, interface: Name) -> Any:
    """Set a port's traffic and error counters to zero."""
    return await _port(ctx, device_id, interface, "clear_counters")


async def port_vlan(
    ctx: Ctx,
    device_id: Id,
    interface: Name,
    id: Annotated[int, BodyNumber, Body(ge=1, le=4094)],  # noqa: A002 - the clients' name
    type: Annotated[Literal["tagged", "untagged"], Body()],  # noqa: A002 - the clients' name
    action: Annotated[Literal["add", "delete"], Body()],
) -> Any:
    """Add a VLAN to a port or take it away."""
    return await _port(ctx, device_id, interface, "ctrl_vlan_port", id=id, type=type, action=action)


async def save_config(ctx: Ctx, device_id: Id) -> Any:
    """Let the switch keep its configuration over a restart."""
    return await _device(ctx, device_id, "save_config")


async def reboot(ctx: Ctx, device_id: Id) -> Any:
    """Restart the switch."""
    return await _device(ctx, device_id, "reboot")


async def clear_counters(ctx: Ctx, device_id: Id) -> Any:
    """Set the counters of all ports to zero."""
    return await _device(ctx, device_id, "clear_counters")


async def _port(ctx: Ctx, device_id: int, interface: str, module: str, **args: Any) -> Any:
    return await device_control.control(
        ctx.runtime, ctx.actor, device_id, module, kind="port", interface=interface, args=args, type_=DeviceType.SWITCH
    )


async def _device(ctx: Ctx, device_id: int, module: str) -> Any:
    return await device_control.control(ctx.runtime, ctx.actor, device_id, module, kind="device", type_=DeviceType.SWITCH)
