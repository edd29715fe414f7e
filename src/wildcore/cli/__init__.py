"""Console commands of the core. A component brings its own in its manifest; `app.program` joins all of them in `wca`."""

from __future__ import annotations

from wildcore.kit.command import Command


def core_commands() -> tuple[Command, ...]:
    """Every command of the core; modules are imported only when the program is put together."""
    from wildcore.cli import (
        asking,
        components,
        configuration,
        device_parts,
        devices,
        operating,
        people,
        roles,
        schedules,
        security,
    )

    return (
        *people.COMMANDS,
        *roles.COMMANDS,
        *security.COMMANDS,
        *components.COMMANDS,
        *configuration.COMMANDS,
        *schedules.COMMANDS,
        *devices.COMMANDS,
        *device_parts.COMMANDS,
        *asking.COMMANDS,
        *operating.COMMANDS,
    )
