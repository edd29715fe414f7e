"""`user-role:*` and `user-group:*`: roles, and who sees which device groups."""

from __future__ import annotations

from typing import Annotated

import typer

from wildcore.cli import people_input as given
from wildcore.cli.people import tell_server
from wildcore.errors import BadRequest
from wildcore.kit.command import Command
from wildcore.kit.console import Output, OutputOption, console
from wildcore.services import device_groups, roles, users
from wildcore.services.action_log import log

Permissions = Annotated[
    list[str] | None, typer.Option("-p", "--permission", help="Key of a permission; again or by commas for more")
]
Description = Annotated[str | None, typer.Option("-d", "--description", help="What the role is for")]
Display = Annotated[bool | None, typer.Option("--display/--hide", help="Offer the role in lists, or not")]


def role_list(
    permissions: Annotated[bool, typer.Option("--permissions", help="List the permissions that there are")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the roles, or the permissions that roles are made of."""
    out = console()
    if permissions:
        known = roles.permission_list(out.runtime)
        rows = [{"key": p.key, "label": p.label, "group": p.group_title, "everybody": p.basic, "help": p.help} for p in known]
        heads = {"key": "Key", "group": "Group", "label": "Permission", "everybody": "Everybody", "help": "Meaning"}
        out.show(rows, heads, output)
        return
    with out.runtime.db.read() as session:
        found = roles.role_list(session)
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "description": one.description,
            "permissions": "all" if one.locked else ", ".join(one.permissions),
            "users": one.users,
            "display": one.display,
        }
        for one in found
    ]
    heads = {"id": "ID", "name": "Name", "description": "Description", "permissions": "Permissions", "users": "Users"}
    out.show(rows, heads, output)


def role_add(
    name: Annotated[str, typer.Argument(help="Name of the role")],
    permission: Permissions = None,
    description: Description = None,
    display: Display = None,
) -> None:
    """Add a role."""
    out = console()
    with out.runtime.db.write() as session:
        wanted = given.listed(permission) or []
        role = roles.role_create(session, out.runtime, out.actor, name, wanted, description or "", display is not False)
    out.say(f"Role {role.id} was added")


def role_edit(
    role: Annotated[str, typer.Argument(help="Name or id of the role")],
    name: Annotated[str | None, typer.Option("-n", "--name", help="Another name")] = None,
    permission: Permissions = None,
    add: Annotated[list[str] | None, typer.Option("--add", help="Give this permission too")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Take this permission away")] = None,
    description: Description = None,
    display: Display = None,
) -> None:
    """Change a role: `-p` sets all its permissions, `--add` and `--remove` change them; what is not given stays."""
    out = console()
    if not (permission or add or remove) and (name, description, display) == (None, None, None):
        raise BadRequest("Nothing to change: see wca user-role:edit --help")
    with out.runtime.db.write() as session:
        current = roles.role_get(session, given.role_id(session, role))
        wanted = set(given.listed(permission) or current.permissions)
        wanted = (wanted | set(given.listed(add) or ())) - set(given.listed(remove) or ())
        changed = roles.role_update(
            session, out.runtime, out.actor, current.id, name=name, permissions=wanted, description=description, display=display
        )
    tell_server(out)
    out.say(f"Role {changed.name} has: {', '.join(changed.permissions) or 'no permissions of its own'}")


def group_list(output: OutputOption = Output.TABLE) -> None:
    """List the device groups and the users who see them."""
    out = console()
    with out.runtime.db.read() as session:
        groups = device_groups.list_groups(session, out.actor).rows
        people, _total = users.user_list(session, out.actor, limit=100_000)
    rows = [
        {
            "id": group.id,
            "name": group.name,
            "users": ", ".join(one.login for one in people if one.all_groups or group.id in one.group_ids),
        }
        for group in groups
    ]
    out.show(rows, {"id": "ID", "name": "Name", "users": "Users"}, output)


def group_add(
    name: Annotated[str, typer.Argument(help="Name of the group")],
    description: Annotated[str, typer.Option("-d", "--description", help="What the group is for")] = "",
) -> None:
    """Add a device group, to give users a part of the devices."""
    out = console()
    with out.runtime.db.write() as session:
        group = device_groups.add_group(session, out.runtime, name, description)
        log(session, out.actor, "device-group:added", message=group.name)
    out.say(f"Group {group.id} was added")


def group_edit(
    group_id: Annotated[int, typer.Argument(help="Id of the group, see user-group:list")],
    name: Annotated[str | None, typer.Option("-n", "--name", help="Another name")] = None,
    description: Annotated[str | None, typer.Option("-d", "--description", help="What the group is for")] = None,
) -> None:
    """Change a device group; what is not given stays."""
    out = console()
    if (name, description) == (None, None):
        raise BadRequest("Nothing to change: see wca user-group:edit --help")
    with out.runtime.db.write() as session:
        group = device_groups.update_group(session, out.actor, group_id, name=name, description=description)
        log(session, out.actor, "device-group:updated", message=group.name)
    out.say(f"Group {group.id} is {group.name}")


def group_delete(group_id: Annotated[int, typer.Argument(help="Id of the group, see user-group:list")]) -> None:
    """Delete a device group; its devices stay, and who saw them by this group alone sees them no more."""
    out = console()
    with out.runtime.db.write() as session:
        group = device_groups.get_group(session, out.actor, group_id)
        device_groups.delete_group(session, out.actor, group_id)
        log(session, out.actor, "device-group:deleted", message=group.name)
    tell_server(out)
    out.say(f"Group {group.name} was deleted")


COMMANDS = (
    Command("user-role:list", role_list),
    Command("user-role:add", role_add),
    Command("user-role:edit", role_edit),
    Command("user-group:list", group_list),
    Command("user-group:add", group_add),
    Command("user-group:edit", group_edit),
    Command("user-group:delete", group_delete),
)
