"""Commands that join `wca` by entry point: `demo`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from wildcore.kit.command import Command
from wildcore.kit.console import console


def demo(
    listen: Annotated[str, typer.Option("--listen", help="host:port to listen on (WILDCORE_LISTEN)")] = "",
    data: Annotated[str, typer.Option("--data", help="Directory of the data (WILDCORE_DATA)")] = "",
    billing: Annotated[
        str, typer.Option("--billing", help="host:port of the billing stand-in; without it the port after Wildcore's")
    ] = "",
) -> None:
    """Run Wildcore with a simulated network and a billing stand-in: nothing outside this machine is touched."""
    from wildcore.app.build import build
    from wildcore.app.commands import config_of
    from wildcore.app.config import listen_address
    from wildcore.lab.demo import run_demo

    if billing:
        try:
            listen_address(billing)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    installation = build(config_of(listen, data))
    try:
        asyncio.run(run_demo(installation, console().say, billing_address=billing))
    finally:
        installation.close()


commands: tuple[Command, ...] = (Command("demo", demo),)
