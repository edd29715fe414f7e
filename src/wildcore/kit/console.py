"""What console commands work with: the runtime, the actor `sys`, tables, and one way to fail.

A command is a plain Typer function that calls `console()`. It raises domain errors (`wildcore.errors`); the shell prints their
description in one line and exits with code 1.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from wildcore.errors import ConfigurationError, WildcoreError
from wildcore.services.actor import Actor, system_actor

if TYPE_CHECKING:
    from wildcore.services.runtime import Runtime

T = TypeVar("T")
SOCKET_FILE = "console.sock"


class Output(StrEnum):
    """Forms of a list."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


OutputOption = Annotated[Output, typer.Option("-o", "--output", help="table, json or yaml")]


@dataclass(slots=True)
class Console:
    """One console command's surroundings. `runtime` is built at first use, so that `--help` stays quick."""

    open_runtime: Callable[[], Runtime]
    data_dir: Path
    actor: Actor = field(default_factory=lambda: system_actor("console"))
    _runtime: Runtime | None = None

    @property
    def runtime(self) -> Runtime:
        """The installation's parts."""
        if self._runtime is None:
            self._runtime = self.open_runtime()
        return self._runtime

    @property
    def opened(self) -> Runtime | None:
        """The runtime, if a command needed it."""
        return self._runtime

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run async work to its end and close the device sessions it opened."""

        async def all_of_it() -> T:
            try:
                return await work
            finally:
                await self.runtime.hub.aclose()

        return asyncio.run(all_of_it())

    def ask_server(self, method: str, path: str, body: Any = None, timeout_sec: float = 600) -> Any | None:
        """Data of an API call answered by the server that runs on this data directory; None when none runs."""
        socket = self.data_dir / SOCKET_FILE
        if not socket.is_socket():
            return None
        import httpx

        try:
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), timeout=timeout_sec) as client:
                answer = client.request(method, f"http://console/api/v1{path}", json=body)
        except httpx.ConnectError:
            return None
        content = answer.json()
        if answer.status_code >= 400:
            raise WildcoreError(content["error"]["description"])
        return content["data"]

    def show(
        self,
        rows: Sequence[Mapping[str, Any]],
        columns: Mapping[str, str],
        output: Output = Output.TABLE,
        empty: str = "",
    ) -> None:
        """Print a list: `columns` maps a row's key to its head. JSON and YAML print whole rows."""
        if output is Output.TABLE:
            self.table([[row.get(key) for key in columns] for row in rows], list(columns.values()))
            if not rows and empty:
                self.say(empty)
        else:
            self.dump(list(rows), output)

    def dump(self, data: Any, output: Output = Output.JSON) -> None:
        """Print data as JSON or YAML."""
        if output is Output.YAML:
            import yaml

            sys.stdout.write(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
        else:
            sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")

    def table(self, rows: Sequence[Sequence[Any]], heads: Sequence[str]) -> None:
        """Print a `+---+` table, as wide as its content needs: nothing is cut, so keys can be copied."""
        from rich import box
        from rich.console import Console as RichConsole
        from rich.table import Table
        from rich.text import Text as RichText

        table = Table(*heads, box=box.ASCII2, header_style="bold", show_lines=False)
        for row in rows:
            table.add_row(*(RichText(_cell(value)) for value in row))
        width = 10_000
        terminal = RichConsole(width=width, highlight=False, soft_wrap=False)
        terminal.print(table, crop=False, overflow="ignore", no_wrap=True)

    def say(self, text: str) -> None:
        """Print one line."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


_console: ContextVar[Console | None] = ContextVar("wildcore_console", default=None)


def console() -> Console:
    """The console of the command that runs now."""
    current = _console.get()
    if current is None:
        raise ConfigurationError("This command runs only through `wca`")
    return current


def use_console(current: Console) -> None:
    """Make this the console of the commands that follow (the shell and tests call it)."""
    _console.set(current)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)
