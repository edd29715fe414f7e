"""Console command that empties logs."""

from __future__ import annotations

from typing import Annotated

import typer

from wildcore.kit.command import Command
from wildcore.kit.console import console
from wildcore.services import log_retention


def clear(
    log: Annotated[str, typer.Argument(help="switcher-core, collector, actions or crontab-reports")],
    days: Annotated[int, typer.Argument(min=0, max=36_500, help="Keep the lines of so many days; 0: none")] = 30,
) -> None:
    """Forget old lines of a log: questions to devices, runs of pollers, actions of people, runs of scheduled tasks."""
    out = console()
    count = out.run(log_retention.clear(out.runtime, log, days))
    out.say(f"{count} lines forgotten")


COMMANDS = (Command("logs:clear", clear),)
