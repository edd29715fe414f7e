"""`user:*`: users and their keys."""

from __future__ import annotations

from typing import Annotated

import typer

from wildcore.cli import people_input as given
from wildcore.cli.device_input import secret
from wildcore.errors import BadRequest
from wildcore.kit.command import Command
from wildcore.kit.console import Console, Output, OutputOption, console
from wildcore.services import accounts, keys, networks, passwords, roles, users
from wildcore.services.keys import IssuedKey
from wildcore.services.times import time_text
from wildcore.services.users import UserFields

Login = Annotated[str, typer.Argument(help="Login of the user")]
NewPassword = Annotated[
    str, typer.Option("-p", "--password", help="The new password, - asks or reads a line; without it one is made and shown")
]


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
            "email": one.email,
            "role": one.role_name,
            "enabled": one.enabled,
            "groups": "all" if one.all_groups else ", ".join(str(group) for group in one.group_ids),
            "networks": ", ".join(one.allowed_networks),
            "twofa": one.twofa,
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
        "networks": "Allowed networks",
        "twofa": "2FA",
        "last_activity": "Last activity",
    }
    out.show(rows, heads, output)


def user_add(
    login: Login,
    role: Annotated[str, typer.Option("-r", "--role", help="Name or id of the role")],
    password: NewPassword = "",
    name: given.Name = None,
    email: given.Email = None,
    group: given.Groups = None,
    all_groups: given.AllGroups = None,
    language: given.Language = None,
    network: given.Networks = None,
) -> None:
    """Add a user."""
    out = console()
    password = secret(password, "Password") or ""
    chosen = password or passwords.random_password()
    hashed = passwords.new_hash(out.runtime.settings, chosen)
    with out.runtime.db.write() as session:
        fields = UserFields(
            login=login, name=name, email=email, role_id=given.role_id(session, role), all_groups=all_groups,
            group_ids=given.group_ids(group), language=language, password_hash=hashed, allowed_networks=given.listed(network),
        )  # fmt: skip
        user = users.user_create(session, out.runtime, out.actor, fields)
    out.say(f"User {user.id} was added")
    if not password:
        out.say(f"Sign in: {login} / {chosen}")


def user_edit(
    login: Login,
    new_login: Annotated[str | None, typer.Option("--login", help="Another login")] = None,
    name: given.Name = None,
    email: given.Email = None,
    role: Annotated[str | None, typer.Option("-r", "--role", help="Name or id of the role")] = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="May sign in, or may not")] = None,
    group: given.Groups = None,
    all_groups: given.AllGroups = None,
    language: given.Language = None,
    network: given.Networks = None,
) -> None:
    """Change a user; what is not given stays."""
    out = console()
    with out.runtime.db.write() as session:
        fields = UserFields(
            login=new_login, name=name, email=email, role_id=None if role is None else given.role_id(session, role),
            enabled=enabled, all_groups=all_groups, group_ids=given.group_ids(group), language=language,
            allowed_networks=given.listed(network),
        )  # fmt: skip
        if fields == UserFields():
            raise BadRequest("Nothing to change: see wca user:edit --help")
        users.user_update(session, out.runtime, out.actor, accounts.user_by_login(session, login).id, fields)
    tell_server(out)
    out.say(f"User {new_login or login} was changed")


def user_delete(user_id: Annotated[int, typer.Argument(help="Id of the user")]) -> None:
    """Delete a user with all keys."""
    out = console()
    with out.runtime.db.write() as session:
        users.user_delete(session, out.runtime, out.actor, user_id)
    tell_server(out)
    out.say(f"User {user_id} was deleted")


def change_role(
    login: Login, role: Annotated[str, typer.Argument(help="Name or id of the role; without it the roles are offered")] = ""
) -> None:
    """Give a user another role."""
    out = console()
    if not role:
        with out.runtime.db.read() as session:
            names = [one.name for one in roles.role_list(session)]
        role = typer.prompt(f"Role ({', '.join(names)})")
    with out.runtime.db.write() as session:
        fields = UserFields(role_id=given.role_id(session, role))
        user = users.user_update(session, out.runtime, out.actor, accounts.user_by_login(session, login).id, fields)
    tell_server(out)
    out.say(f"User {login} has the role {user.role_name}")


def reset_password(login: Login, password: NewPassword = "") -> None:
    """Set a new password and end the user's sessions."""
    out = console()
    password = secret(password, "Password") or ""
    chosen = password or passwords.random_password()
    hashed = passwords.new_hash(out.runtime.settings, chosen)
    with out.runtime.db.write() as session:
        user = accounts.user_by_login(session, login)
        users.user_update(session, out.runtime, out.actor, user.id, UserFields(password_hash=hashed))
    tell_server(out)
    out.say(f"The password of {login} was changed" if password else f"Sign in: {login} / {chosen}")


def reset_ip_strict(login: Login) -> None:
    """Let a user work from any address."""
    out = console()
    with out.runtime.db.write() as session:
        networks.set_allowed(session, out.runtime, out.actor, accounts.user_by_login(session, login).id, ())
    tell_server(out)
    out.say(f"User {login} may work from any address")


def reset_user(login: Login) -> None:
    """Let a user in who lost everything: new password (made and shown), enabled, no second factor, any address, no keys."""
    from wildcore.services import user_reset  # brings the second factor along

    out = console()
    chosen = passwords.random_password()
    hashed = passwords.new_hash(out.runtime.settings, chosen)
    with out.runtime.db.write() as session:
        user_reset.reset_user(session, out.runtime, out.actor, login, hashed)
    tell_server(out)
    out.say(f"Sign in: {login} / {chosen}")


def generate_key(
    login: Login,
    expiration: Annotated[str, typer.Argument(help="Life of the key: 10m, 1h, 30d, 365d")] = "",
    description: Annotated[str, typer.Option("-d", "--description", help="What the key is for")] = "",
) -> None:
    """Make an API key. It is shown only now."""
    out = console()
    with out.runtime.db.write() as session:
        key = keys.generate_key(session, out.runtime, out.actor, login, expiration, description)
    out.table([[key.id, _owner(key), key.key, time_text(key.expires_at)]], ["ID", "User", "Key", "Expired At"])


def list_keys(login: Login, output: OutputOption = Output.TABLE) -> None:
    """List a user's sessions and keys; the keys themselves are known to nobody."""
    out = console()
    with out.runtime.db.read() as session:
        found = keys.keys_of(session, out.runtime, out.actor, accounts.user_by_login(session, login).id)
    rows = [
        {
            "id": one.id,
            "kind": one.kind,
            "description": one.description,
            "created_at": time_text(one.created_at),
            "expired_at": time_text(one.expires_at),
            "last_used_at": time_text(one.last_used_at),
            "ip": one.ip,
            "client": one.client,
        }
        for one in found
    ]
    heads = {
        "id": "ID",
        "kind": "Kind",
        "description": "Description",
        "created_at": "Created",
        "expired_at": "Expired At",
        "last_used_at": "Last use",
        "ip": "Address",
        "client": "Client",
    }
    out.show(rows, heads, output, empty=f"User {login} has no sessions or keys")


def revoke_key(key_id: Annotated[int, typer.Argument(help="Id of the key, see user:list-keys")]) -> None:
    """End a session or key at once."""
    out = console()
    with out.runtime.db.write() as session:
        keys.revoke(session, out.runtime, out.actor, key_id)
    tell_server(out)
    out.say(f"Key {key_id} was revoked")


def tell_server(out: Console) -> None:
    """Let the server on this data directory forget at once what it remembers of keys and settings.

    Other processes on the same database see a change of rights within a second by themselves.
    """
    out.ask_server("POST", "/security/rights-changed", timeout_sec=15)


def _owner(key: IssuedKey) -> str:
    return f"ID: {key.user_id}\nLogin: {key.login}\nName: {key.name}"


COMMANDS = (
    Command("user:list", user_list),
    Command("user:add", user_add),
    Command("user:edit", user_edit),
    Command("user:delete", user_delete),
    Command("user:change-role", change_role),
    Command("user:reset-password", reset_password),
    Command("user:reset-ip-strict", reset_ip_strict),
    Command("user:reset-user", reset_user),
    Command("user:generate-key", generate_key),
    Command("user:list-keys", list_keys),
    Command("user:revoke-key", revoke_key),
)
