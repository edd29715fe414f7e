"""Commands that need the whole composition: `run`, and those that work on an installation as it lies there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wildcore.app.config import Config, listen_address
from wildcore.app.operating import COMMANDS as OPERATING
from wildcore.kit.command import Command
from wildcore.kit.console import console

Listen = Annotated[str, typer.Option("--listen", help="host:port to listen on (WILDCORE_LISTEN)")]
Data = Annotated[str, typer.Option("--data", help="Directory of the data (WILDCORE_DATA)")]


def config_of(listen: str, data: str) -> Config:
    """The configuration of the environment with a command's options on top."""
    config = Config()
    if listen:
        try:
            listen_address(listen)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        config.listen = listen
    if data:
        config.data = Path(data).expanduser()
    return config


def run(listen: Listen = "", data: Data = "") -> None:
    """Run Wildcore: pages, API, pollers and scheduler in one process."""
    import uvloop

    from wildcore.app.build import build
    from wildcore.app.run import listen as take
    from wildcore.app.run import serve
    from wildcore.services.users import ensure_owner

    config = config_of(listen, data)
    take(config.listen).close()  # a taken address is told before anything is written
    installation = build(config)
    out = console()

    def ready(url: str) -> None:
        out.say(f"Listening: {url}")

    try:
        with installation.runtime.db.write() as session:
            created = ensure_owner(session, installation.runtime)
        if created is not None:
            login, password = created
            out.say("The owner was created. The password is shown only now; change it after the first sign-in.")
            out.say(f"Sign in: {login} / {password}")
        uvloop.run(serve(installation, ready=ready))
    finally:
        installation.close()


commands: tuple[Command, ...] = (Command("run", run), *OPERATING)
