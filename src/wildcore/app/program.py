"""The program behind `wca`: commands of the core, of the components and of installed extensions."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, MutableMapping
from functools import cache, wraps
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer._click import Context, HelpFormatter  # typer carries its own copy of click
from typer._click.exceptions import ClickException, UsageError
from typer.core import TyperCommand, TyperGroup

from wildcore.app.command_index import Entry, entries
from wildcore.app.config import Config
from wildcore.app.main import VERSION
from wildcore.errors import ConfigurationError, NotAllowed, WildcoreError
from wildcore.i18n import gettext
from wildcore.kit.console import Console, console, use_console

if TYPE_CHECKING:
    from wildcore.services.runtime import Runtime

_OPTIONS: Final[dict[str, Any]] = {
    "name": "wca",
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; expected failures end in one line on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        config = Config()
    except ConfigurationError as error:
        return _fail(error.description)
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


class Program(TyperGroup):
    """A group that loads a command's module when the command is wanted."""

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The list of all commands, out of the index alone."""
        shown = [(entry.name, TyperCommand(name=entry.name, help=entry.help)) for entry in LazyCommands.index().values()]
        limit = formatter.width - 6 - max(len(name) for name, _command in shown)
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(limit)) for name, command in shown])


class LazyCommands(MutableMapping[str, Any]):
    """The commands by name; each is made at its first use."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    @staticmethod
    @cache
    def index() -> dict[str, Entry]:
        """What is known of all commands without loading them."""
        return entries()

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _made(self.index()[name])
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.index())

    def __len__(self) -> int:
        return len(self.index())


def build_program() -> TyperGroup:
    """The Click program with every command."""
    program = typer.Typer(**_OPTIONS, help=VERSION, cls=Program)

    @program.callback(invoke_without_command=False)
    def _root(
        version: Annotated[
            bool, typer.Option("-V", "--version", help="Show the version", is_eager=True, callback=_version)
        ] = False,
    ) -> None:
        pass

    group = typer.main.get_command(program)
    assert isinstance(group, TyperGroup)  # noqa: S101 - narrows the type; the callback makes it a group
    group.commands = LazyCommands()
    return group


def _made(entry: Entry) -> Any:
    """The Click command of an entry."""
    function = getattr(import_module(entry.module), entry.function)
    alone = typer.Typer(**_OPTIONS)
    alone.command(entry.name)(_gated(entry.component, function) if entry.component else function)
    return typer.main.get_command(alone)


def _gated(component: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The command, refused while its component is off."""

    @wraps(function)
    def run_if_on(*arguments: Any, **options: Any) -> Any:
        if not console().runtime.catalogue.enabled(component):
            raise NotAllowed(gettext("Switch the component on first: wca component:control {key} enable", key=component))
        return function(*arguments, **options)

    return run_if_on


def _opener(config: Config) -> Callable[[], Runtime]:
    def open_runtime() -> Runtime:
        from wildcore.app.build import build

        return build(config, whole=False).runtime

    return open_runtime


def _version(show: bool) -> None:
    if show:
        sys.stdout.write(VERSION + "\n")
        raise typer.Exit


def _fail(text: str) -> int:
    sys.stderr.write(" ".join(text.split()) + "\n")
    return 1
