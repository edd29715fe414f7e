"""`security:*` and `auth:configure`: blocked sign-ins, the key of stored secrets, sign-in by a provider."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from wildcore.cli.people import tell_server
from wildcore.errors import BadRequest, NotAllowed
from wildcore.kit.command import Command
from wildcore.kit.console import Console, Output, OutputOption, console
from wildcore.services import configuration, oidc, oidc_settings, rekey, roles, throttle
from wildcore.services.times import time_text


def reset_ipblock(
    ip: Annotated[str, typer.Argument(help="Address; without it all are let in again")] = "",
    show: Annotated[bool, typer.Option("-l", "--list", help="Only list who failed lately and who is blocked")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Let addresses that failed too often sign in again, at once."""
    out = console()
    if show:
        with out.runtime.db.read() as session:
            found = throttle.failing(session, out.runtime)
        rows = [
            {
                "ip": one.ip,
                "login": one.login,
                "failures": one.failures,
                "last_at": time_text(one.last_at),
                "blocked_until": time_text(one.blocked_until),
            }
            for one in found
            if ip in ("", one.ip)
        ]
        heads = {"ip": "Address", "login": "Login", "failures": "Failures", "last_at": "Last", "blocked_until": "Blocked until"}
        out.show(rows, heads, output, empty="Nobody failed lately")
        return
    with out.runtime.db.write() as session:
        count = throttle.reset(session, out.actor, ip)
    out.say(f"Failed sign-ins forgotten: {count}")


def enable_encryption(
    _force: Annotated[bool, typer.Option("-f", help="For old scripts, means nothing")] = False,
) -> None:
    """Secrets in the database are always encrypted: there is nothing to enable."""
    console().say("Secrets are encrypted since the first start; the key is secret.key in the data directory")


def generate_encrypt_key(
    force: Annotated[bool, typer.Option("-f", "--force", help="Change the key that is in use")] = False,
) -> None:
    """Change the key of the secrets in the database. The first start makes one, so this needs -f and a stopped server."""
    out = console()
    runtime = out.runtime
    if not force:
        raise NotAllowed("There is a key already: -f changes it and encrypts all secrets anew")
    if out.ask_server("GET", "/system/info", timeout_sec=15) is not None:
        raise NotAllowed("Stop the server first: it would go on with the old key")
    count = rekey.change_key(runtime, out.actor)
    out.say(f"Secrets encrypted with a new key: {count}. Backups made before need the old one, which they hold")


def configure(
    issuer: Annotated[str | None, typer.Option("--issuer", help="Address of the provider (OIDC_ISSUER)")] = None,
    client_id: Annotated[str | None, typer.Option("--client-id", help="OIDC_CLIENT_ID")] = None,
    client_secret: Annotated[str | None, typer.Option("--client-secret", help="OIDC_CLIENT_SECRET; - reads a line")] = None,
    name: Annotated[str | None, typer.Option("--name", help="OIDC_NAME, stands on the button")] = None,
    scopes: Annotated[str | None, typer.Option("--scopes", help="OIDC_ADDITIONAL_SCOPES")] = None,
    match_by: Annotated[str | None, typer.Option("--match-by", help="OIDC_MATCH_BY: email or login")] = None,
    default_role: Annotated[str | None, typer.Option("--default-role", help="OIDC_DEFAULT_ROLE; '' for none")] = None,
    provision: Annotated[bool | None, typer.Option("--provision/--no-provision", help="OIDC_AUTO_PROVISION")] = None,
    sync_role: Annotated[bool | None, typer.Option("--sync-role/--keep-role", help="OIDC_SYNC_ROLE")] = None,
    external: Annotated[str | None, typer.Option("--external-address", help="EXTERNAL_HTTP_ADDRESS")] = None,
    passwords: Annotated[bool | None, typer.Option("--passwords/--no-passwords", help="Take passwords, or only SSO")] = None,
    off: Annotated[bool, typer.Option("--off", help="Switch signing in by the provider off")] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Ask the provider before anything is kept")] = True,
) -> None:
    """Set up sign-in by a provider (OpenID Connect). Without options it asks.

    `--passwords` is the way back in when OIDC_DENY_LOCAL_LOGIN shuts everybody out.
    """
    out = console()
    if client_secret == "-":  # noqa: S105 - stands for the standard input
        client_secret = sys.stdin.readline().strip()
    wanted: dict[str, Any] = {
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": client_id,
        "OIDC_CLIENT_SECRET": client_secret,
        "OIDC_NAME": name,
        "OIDC_ADDITIONAL_SCOPES": scopes,
        "OIDC_MATCH_BY": match_by,
        "OIDC_DEFAULT_ROLE": default_role,
        "OIDC_AUTO_PROVISION": provision,
        "OIDC_SYNC_ROLE": sync_role,
        "EXTERNAL_HTTP_ADDRESS": external,
        "OIDC_DENY_LOCAL_LOGIN": None if passwords is None else not passwords,
    }
    wanted = {key: value for key, value in wanted.items() if value is not None}
    if not wanted and not off:
        if not sys.stdin.isatty():
            raise BadRequest("Say what to set up: see wca auth:configure --help")
        wanted = _asked(out)
    known = out.runtime.settings.get("AUTH_METHODS")
    methods = [one for one in known if one != oidc_settings.OIDC]
    if off or passwords:
        methods = list(dict.fromkeys([oidc_settings.INTERNAL, *methods]))
    if not off and (oidc_settings.OIDC in known or wanted.keys() & {"OIDC_ISSUER", "OIDC_CLIENT_ID"}):
        methods.append(oidc_settings.OIDC)
    _keep(out, {**wanted, "AUTH_METHODS": methods}, check=check and "OIDC_ISSUER" in wanted)


def _asked(out: Console) -> dict[str, Any]:
    """The answers of a person; Enter keeps what is set."""
    settings = out.runtime.settings
    out.say("Register this system at the provider as a confidential client (client_secret_basic, code flow, PKCE S256, RS256).")
    answers: dict[str, Any] = {}
    for key in ("EXTERNAL_HTTP_ADDRESS", "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_NAME", "OIDC_MATCH_BY", "OIDC_DEFAULT_ROLE"):
        spec = settings.specs()[key]
        answers[key] = typer.prompt(str(spec.label), default=str(settings.get(key)), show_default=True)
    secret = typer.prompt("Client secret (empty: as it is)", default="", hide_input=True, show_default=False)
    if secret:
        answers["OIDC_CLIENT_SECRET"] = secret
    answers["OIDC_AUTO_PROVISION"] = typer.confirm("Add unknown users", default=settings.get("OIDC_AUTO_PROVISION"))
    return answers


def _keep(out: Console, values: dict[str, Any], *, check: bool) -> None:
    """Store the settings, if the provider that they name answers as it should."""
    runtime = out.runtime
    if values.get("OIDC_DEFAULT_ROLE"):
        with runtime.db.read() as session:
            roles.role_by_name(session, values["OIDC_DEFAULT_ROLE"])
    if check:
        out.run(oidc.describe(values["OIDC_ISSUER"]))
    with runtime.db.write() as session:
        configuration.change(session, runtime, out.actor, values)
    tell_server(out)
    settings = runtime.settings
    external = str(settings.get("EXTERNAL_HTTP_ADDRESS")).rstrip("/") or "https://<the address of this system>"
    ways = "passwords" if not oidc_settings.enabled(settings) else oidc_settings.name(settings)
    if oidc_settings.enabled(settings) and not oidc_settings.local_denied(settings):
        ways = f"passwords and {ways}"
    out.say(f"People sign in by {ways}")
    if oidc_settings.enabled(settings):
        out.say(f"Redirect address to register at the provider: {external}{oidc.CALLBACK}")


COMMANDS = (
    Command("auth:configure", configure),
    Command("security:reset:ipblock", reset_ipblock),
    Command("security:enable-encryption", enable_encryption),
    Command("security:generate-encrypt-key", generate_encrypt_key),
)
