"""The program behind `wca`: commands of the core, of the components and of installed extensions."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from importlib.metadata import entry_points
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer._click.exceptions import ClickException, UsageError  # typer carries its own copy of click
from typer.core import TyperGroup

from wildcore.app.config import Config
from wildcore.app.main import VERSION
from wildcore.errors import NotAllowed, WildcoreError
from wildcore.i18n import gettext
from wildcore.kit.console import Console, console, use_console
from wildcore.kit.manifest import Command
from wildcore.services.runtime import Runtime

EXTENSIONS = "wildcore.commands"


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; expected failures end in one line on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        config = Config()
    except ValidationError as error:
        return _fail(str(error.errors()[0]["ctx"]["error"]))
    console = Console(open_runtime=_opener(config), data_dir=config.data.resolve())
    use_console(console)
    try:
        # Outside standalone mode click hands back the code of `typer.Exit` and lets usage errors through.
        code = build_program()(arguments or ["--help"], prog_name="wca", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except typer.Abort:
        return _fail("Stopped")
    except ClickException as error:
        usage = error.ctx.command_path if isinstance(error, UsageError) and error.ctx else "wca"
        _fail(f"{error.format_message()} See: {usage} --help")
        return error.exit_code
    except WildcoreError as error:
        return _fail(error.description)
    except BrokenPipeError:
        return 0
    finally:
        if console.opened is not None:
            console.opened.metrics.close()
            console.opened.db.close()


def build_program() -> TyperGroup:
    """The Click program with every command."""
    program = typer.Typer(
        name="wca",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=VERSION,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @program.callback(invoke_without_command=False)
    def _root(
        version: Annotated[
            bool, typer.Option("-V", "--version", help="Show the version", is_eager=True, callback=_version)
        ] = False,
    ) -> None:
        pass

    for command in sorted(_commands(), key=lambda one: (":" in one.name, one.name)):
        program.command(command.name)(command.function)
    group = typer.main.get_command(program)
    assert isinstance(group, TyperGroup)  # noqa: S101 - narrows the type; the callback makes it a group
    return group


def _commands() -> Iterable[Command]:
    from wildcore.app.commands import commands as app_commands
    from wildcore.app.components import all_components
    from wildcore.cli import core_commands

    yield from app_commands
    yield from core_commands()
    for component in all_components():
        yield from component.commands if component.core else (_gated(component.key, command) for command in component.commands)
    for extension in entry_points(group=EXTENSIONS):
        yield from extension.load()


def _gated(component: str, command: Command) -> Command:
    """The command, refused while its component is off."""

    @wraps(command.function)
    def run_if_on(*arguments: Any, **options: Any) -> Any:
        if not console().runtime.catalogue.enabled(component):
            raise NotAllowed(gettext("Switch the component on first: wca component:control {key} enable", key=component))
        return command.function(*arguments, **options)

    return Command(command.name, run_if_on)


def _opener(config: Config) -> Callable[[], Runtime]:
    def open_runtime() -> Runtime:
        from wildcore.app.build import build

        return build(config).runtime

    return open_runtime


def _version(show: bool) -> None:
    if show:
        sys.stdout.write(VERSION + "\n")
        raise typer.Exit


def _fail(text: str) -> int:
    sys.stderr.write(" ".join(text.split()) + "\n")
    return 1
