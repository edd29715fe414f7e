"""`user:*`: users and their keys."""

from __future__ import annotations

from typing import Annotated

import typer

from wildcore.kit.console import Output, OutputOption, console
from wildcore.kit.manifest import Command
from wildcore.services import keys, passwords, users
from wildcore.services.presenting import time_text


def user_list(output: OutputOption = Output.TABLE) -> None:
    """List the users."""
    out = console()
    with out.runtime.db.read() as session:
        found, _total = users.user_list(session, out.actor, limit=100_000)
    rows = [
        {
            "id": one.id,
            "login": one.login,
            "name": one.name,
            "role": one.role_name,
            "enabled": one.enabled,
            "groups": "all" if one.all_groups else ", ".join(str(group) for group in one.group_ids),
            "last_activity": time_text(one.last_activity_at),
        }
        for one in found
    ]
    heads = {
        "id": "ID",
        "login": "Login",
        "name": "Name",
        "role": "Role",
        "enabled": "Enabled",
        "groups": "Device groups",
        "last_activity": "Last activity",
    }
    out.show(rows, heads, output)


def generate_key(
    login: Annotated[str, typer.Argument(help="Login of the user")],
    expiration: Annotated[str, typer.Argument(help="Life of the key: 10m, 1h, 30d, 365d")] = "",
    description: Annotated[str, typer.Option("-d", "--description", help="What the key is for")] = "",
) -> None:
    """Make an API key. It is shown only now."""
    out = console()
    with out.runtime.db.write() as session:
        key = keys.generate_key(session, out.runtime, out.actor, login, expiration, description)
    user = f"ID: {key.user_id}\nLogin: {key.login}\nName: {key.name}"
    out.table([[key.id, user, key.key, time_text(key.expires_at)]], ["ID", "User", "Key", "Expired At"])


def reset_password(
    login: Annotated[str, typer.Argument(help="Login of the user")],
    password: Annotated[str, typer.Option("-p", "--password", help="The new password; without it one is made and shown")] = "",
) -> None:
    """Set a new password and end the user's sessions."""
    out = console()
    chosen = password or passwords.random_password()
    hashed = passwords.new_hash(out.runtime.settings, chosen)
    with out.runtime.db.write() as session:
        user = users.user_by_login(session, login)
        users.user_update(session, out.runtime, out.actor, user.id, users.UserFields(password_hash=hashed))
    out.say(f"The password of {login} was changed" if password else f"Sign in: {login} / {chosen}")


COMMANDS = (
    Command("user:list", user_list),
    Command("user:generate-key", generate_key),
    Command("user:reset-password", reset_password),
)
