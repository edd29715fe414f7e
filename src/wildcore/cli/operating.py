"""`import:wildcore`: what a running original knows, taken over its public API."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from sqlalchemy.orm import Session

from wildcore.errors import ConfigurationError, ValidationFailed, WildcoreError
from wildcore.kit.command import Command
from wildcore.kit.console import Console, Output, OutputOption, console
from wildcore.services import import_wildcore as importing
from wildcore.services import passwords
from wildcore.services.device_accesses import SECRETS
from wildcore.services.import_wildcore import NOT, Options, Report
from wildcore.services.import_wildcore_source import Source, read, text

ASKED = {
    "public_community": "community for reading",
    "private_community": "community for writing",
    "login": "console login",
    "password": "console password",
}


class _DryRun(Exception):
    """Takes everything back at the end of a dry run."""


def import_wildcore(
    url: Annotated[str, typer.Argument(help="Address of the other Wildcore, for example https://dms.example")],
    key: Annotated[str, typer.Argument(help="An API key of an owner there; - asks for it, so that it is in no process list")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be taken, change nothing")] = False,
    secrets: Annotated[str, typer.Option("--secrets", help="YAML or JSON file: access name -> its secrets")] = "",
    model: Annotated[list[str] | None, typer.Option("--model", help="THEIRS=OURS: a model key of ours for one of theirs")] = None,
    passwords_file: Annotated[str, typer.Option("--passwords", help="New file for generated passwords of users")] = "",
    insecure: Annotated[bool, typer.Option("--insecure", help="Do not check the other side's certificate")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Take groups, models, accesses, devices, roles and users from a running Wildcore. A second run changes nothing."""
    out = console()
    mapped = dict(_pair(one) for one in model or [])
    given = _secrets_of(secrets)
    if passwords_file and Path(passwords_file).exists():
        raise ConfigurationError(f"{passwords_file} exists already: choose another name")
    if key == "-":
        key = typer.prompt("Key", hide_input=True)
    source = read(url, key, verify=not insecure, say=_progress)
    if not secrets and not dry_run and sys.stdin.isatty():
        given = _asked(source)
    options = _options(out, source, given, mapped, with_passwords=bool(passwords_file))
    report = _carry_out(out, source, options, dry_run=dry_run, passwords_file=passwords_file)
    _show(out, report, output, dry_run=dry_run)
    if output is Output.TABLE and report.passwords and not dry_run:
        out.say(f"Passwords of {len(report.passwords)} users are in {passwords_file}, which only you can read")


def _options(
    out: Console, source: Source, given: Mapping[str, Mapping[str, str]], mapped: Mapping[str, str], *, with_passwords: bool
) -> Options:
    """Hashes are made before the transaction: each takes some 20 ms."""
    made: dict[str, tuple[str, str]] = {}
    if with_passwords:
        with out.runtime.db.read() as session:
            logins = importing.new_logins(session, out.actor, source)
        for login in logins:
            password = passwords.random_password()
            made[login] = (password, passwords.hash_password(password))
    return Options(given, mapped, made, passwords.hash_password(passwords.random_password()))


def _carry_out(out: Console, source: Source, options: Options, *, dry_run: bool, passwords_file: str) -> Report:
    report = Report()

    def work(session: Session) -> None:
        nonlocal report
        report = importing.take(session, out.runtime, out.actor, source, options)
        if dry_run:
            raise _DryRun
        if report.passwords:
            _write_private(Path(passwords_file), report.passwords)

    try:
        with out.runtime.db.write() as session:
            work(session)
    except _DryRun:
        pass
    except BaseException:
        if report.passwords and passwords_file:
            Path(passwords_file).unlink(missing_ok=True)
        raise
    return report


def _show(out: Console, report: Report, output: Output, *, dry_run: bool) -> None:
    lines = [{"section": one.section, "name": one.name, "result": one.result, "why": one.why} for one in report.lines]
    if output is not Output.TABLE:
        out.dump({"dry_run": dry_run, "lines": lines, "without_secrets": report.without_secrets}, output)
        return
    results = (importing.TAKEN, importing.PARTLY, importing.HERE, NOT)
    counts = report.counts()
    out.table(
        [[section, *(found[one] for one in results)] for section, found in counts.items()], ["", *map(str.capitalize, results)]
    )
    noted = [line for line in lines if line["why"]]
    if noted:
        out.show(noted, {"section": "", "name": "Name", "result": "Result", "why": "Why"})
    if report.without_secrets:
        out.say(f"Without secrets, so their devices do not answer yet: {', '.join(sorted(set(report.without_secrets)))}")
    out.say("Nothing was changed: this was a dry run" if dry_run else "Import finished")


def _secrets_of(name: str) -> dict[str, dict[str, str]]:
    if not name:
        return {}
    try:
        content = yaml.safe_load(Path(name).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"Cannot read {name}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ValidationFailed(f"{name} is neither YAML nor JSON", field="secrets") from None
    if not isinstance(content, dict) or not all(isinstance(one, dict) for one in content.values()):
        raise ValidationFailed(f"{name}: write access name: {{public_community: ..., private_community: ...}}", field="secrets")
    unknown = sorted({str(key) for one in content.values() for key in one} - set(SECRETS))
    if unknown:
        raise ValidationFailed(f"{name}: unknown {', '.join(unknown)}; known: {', '.join(SECRETS)}", field="secrets")
    return {str(access): {str(key): str(value) for key, value in one.items()} for access, one in content.items()}


def _asked(source: Source) -> dict[str, dict[str, str]]:
    """Ask a person at a terminal for each access's secrets; nothing typed leaves one out."""
    found: dict[str, dict[str, str]] = {}
    for row in source.rows("accesses"):
        name = text(row.get("name"), 200)
        _progress(f"Secrets of the access {name} (Enter leaves one out)")
        typed = {key: typer.prompt(label, default="", hide_input=True, show_default=False) for key, label in ASKED.items()}
        found[name] = {key: value for key, value in typed.items() if value}
    return found


def _pair(value: str) -> tuple[str, str]:
    theirs, sign, ours = value.partition("=")
    if not sign or not theirs or not ours:
        raise ValidationFailed(f"--model {value}: write THEIRS=OURS", field="model")
    return theirs.strip(), ours.strip()


def _write_private(path: Path, values: Mapping[str, Any]) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise WildcoreError(f"Cannot write {path}: {error.strerror}. Nothing was changed") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(values, file, ensure_ascii=False, indent=1)


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


COMMANDS = (Command("import:wildcore", import_wildcore),)
