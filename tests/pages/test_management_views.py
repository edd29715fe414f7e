"""What the management pages cost, and whom they show what: services alone, on both databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.pages.test_statements import counted
from tests.services.support import add_device, add_group
from wildcore.app.components import all_components, info
from wildcore.errors import Forbidden, ValidationFailed
from wildcore.services import action_log, params, roles
from wildcore.services.action_log import ActionQuery
from wildcore.services.actor import Actor, system_actor
from wildcore.services.call_log import LogQuery
from wildcore.services.catalogue import Catalogue
from wildcore.services.pages_actions import action_lines, actions_page
from wildcore.services.pages_calls import calls_page, poller_page
from wildcore.services.pages_manage import accesses_page, device_form_page, groups_page, models_page
from wildcore.services.pages_roles import permissions_of, role_page
from wildcore.services.pages_users import UserFilter, user_page, users_page
from wildcore.services.runtime import Runtime
from wildcore.store.tables import DeviceCall, PollRun, Role, User, UserGroup


def add_users(session: Session, logins: Iterable[str], role_id: int, groups: Iterable[int] = (), **facts: Any) -> list[int]:
    ids = []
    for login in logins:
        user = User(login=login, name=login.title(), role_id=role_id, created_at=1, updated_at=1, **facts)
        session.add(user)
        session.flush()
        session.add_all(UserGroup(user_id=user.id, group_id=group) for group in groups)
        ids.append(user.id)
    return ids


def add_role(session: Session, name: str, permissions: Iterable[str] = ()) -> int:
    role = Role(name=name, permissions=sorted(permissions), created_at=1, updated_at=1)
    session.add(role)
    session.flush()
    return role.id


View = Callable[[Session, Runtime, int], Any]
VIEWS: dict[str, tuple[int, View]] = {
    "users": (7, lambda s, _r, _u: users_page(s, system_actor(), UserFilter(text="a"))),
    "user": (8, lambda s, r, u: user_page(s, r, system_actor(), u)),
    "groups": (4, lambda s, _r, _u: groups_page(s, system_actor())),
    "accesses": (3, lambda s, r, _u: accesses_page(s, r)),
    "models": (3, lambda s, _r, _u: models_page(s)),
    "device form": (6, lambda s, r, _u: device_form_page(s, r, system_actor(), None)),
    "poller log": (4, lambda s, _r, _u: poller_page(s, system_actor(), LogQuery())),
    "device calls": (5, lambda s, _r, _u: calls_page(s, system_actor(), LogQuery())),
    "actions": (4, lambda s, _r, _u: actions_page(s, system_actor(), ActionQuery(text="a"))),
}


@pytest.mark.parametrize("name", VIEWS)
def test_statements_do_not_grow_with_rows(runtime: Runtime, name: str) -> None:
    most, view = VIEWS[name]
    spent = []
    for start, count in ((0, 2), (100, 40)):
        with runtime.db.write() as session:
            roles.ensure_builtin_roles(session, 1)
            role = add_role(session, f"role {start}", ["olts_info"])
            group = add_group(session, f"group {start}")
            user = add_users(session, (f"a{start + at}" for at in range(count)), role, [group])[0]
            for at in range(count):
                action_log.log(session, Actor(user, "a"), "user:updated", message=f"a{at}")
                session.add(PollRun(at=at, device_id=1, poller="fdb", result="error"))
                session.add(DeviceCall(at=at, device_id=1, module="fdb", source="person"))
        with runtime.db.read() as session, counted(runtime) as seen:
            view(session, runtime, user)
        spent.append(len(seen))
    assert spent[0] == spent[1], seen
    assert spent[1] <= most, "\n".join(seen)


def test_users_by_text_role_group_and_state(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        roles.ensure_builtin_roles(session, 1)
        reader, writer = add_role(session, "reader"), add_role(session, "writer")
        north, south = add_group(session, "north"), add_group(session, "south")
        add_users(session, ["olena"], reader, [north])
        add_users(session, ["petro"], writer, [south], enabled=False)
        add_users(session, ["root"], writer, all_groups=True)
    with runtime.db.read() as session:

        def logins(actor: Actor | None = None, **wanted: Any) -> list[str]:
            return [row.login for row in users_page(session, actor or system_actor(), UserFilter(**wanted)).rows]

        assert logins() == ["olena", "petro", "root"]
        assert logins(text="OLE") == ["olena"]
        assert logins(role_id=writer) == ["petro", "root"]
        assert logins(group_id=north) == ["olena", "root"]
        assert logins(enabled=False) == ["petro"]
        assert logins(text="100%_") == []
        limited = Actor(9, "limited", permissions=frozenset({"user_display"}), group_ids=frozenset({north}))
        petro = next(row for row in users_page(session, limited, UserFilter()).rows if row.login == "petro")
        assert (petro.groups, petro.others) == ((), 1)  # a group that one does not see has no name


def test_a_role_keeps_what_its_editor_may_not_take_away(runtime: Runtime) -> None:
    whole = replace(runtime, catalogue=Catalogue(runtime.db, map(info, all_components())))
    with runtime.db.write() as session:
        roles.ensure_builtin_roles(session, 1)
        role = add_role(session, "mixed", ["olts_info", "system_configuration", "of_a_component_that_is_away"])
    editor = Actor(1, "editor", permissions=frozenset({"user_management", "olts_info", "switches_info"}))
    with runtime.db.read() as session:
        page = role_page(session, whole, editor, role)
    boxes = {box.key: box for group in page.groups for box in group.boxes}
    assert (boxes["olts_info"].on, boxes["olts_info"].why) == (True, "")
    assert (boxes["system_configuration"].on, boxes["system_configuration"].why) == (True, "lacking")
    assert (boxes["device_show"].on, boxes["device_show"].why) == (True, "basic")
    assert page.away == ("of_a_component_that_is_away",)
    assert permissions_of(page, ["switches_info"]) == ["of_a_component_that_is_away", "switches_info", "system_configuration"]


def test_the_log_shows_names_and_hides_devices_of_other_groups(runtime: Runtime) -> None:
    seen, hidden = add_device(runtime.db, "192.0.2.1"), add_device(runtime.db, "192.0.2.2")
    with runtime.db.write() as session:
        roles.ensure_builtin_roles(session, 1)
        group = add_group(session, "mine", [seen])
        user = add_users(session, ["olena"], add_role(session, "reader"), [group])[0]
        for device, success in ((seen, True), (hidden, True), (None, False)):
            action_log.log(session, Actor(user, "olena", ip="198.51.100.7"), "device:updated", device_id=device, success=success)
    actor = Actor(user, "olena", permissions=frozenset({"system_logs_actions"}), group_ids=frozenset({group}))
    with runtime.db.read() as session:
        page = actions_page(session, actor, ActionQuery())
        assert [(row.device_id, row.user_known) for row in page.rows] == [(None, True), (seen, True)]
        assert [row.device_id for row in actions_page(session, system_actor(), ActionQuery()).rows] == [None, hidden, seen]
        assert [row.success for row in actions_page(session, actor, ActionQuery(status="failed")).rows] == [False]
        assert actions_page(session, actor, ActionQuery(text="51.100")).found == 2
        ids, total = action_log.ids(session, system_actor(), ActionQuery())
        assert ([row.device_id for row in action_lines(session, ids)], total) == ([None, hidden, seen], 3)


def test_the_logs_of_devices_keep_to_the_groups_and_their_filter(runtime: Runtime) -> None:
    seen, hidden = add_device(runtime.db, "192.0.2.1"), add_device(runtime.db, "192.0.2.2")
    with runtime.db.write() as session:
        group = add_group(session, "mine", [seen])
        for at, device in enumerate((seen, hidden, seen)):
            error = "no answer" if at else None
            session.add(PollRun(at=at, device_id=device, poller="fdb", result="error" if at else "ok", error=error))
            session.add(DeviceCall(at=at, device_id=device, module="fdb", source="person", error=error, user_id=at or None))
    rights = frozenset({"log_poller", "log_switcher_core_actions"})
    actor = Actor(9, "limited", permissions=rights, group_ids=frozenset({group}))
    with runtime.db.read() as session:
        assert [row["at"] for row in calls_page(session, actor, LogQuery(user_id=2)).rows] == [2]
        assert calls_page(session, actor, LogQuery(user_id=1)).found == 0
        for view in (poller_page, calls_page):
            assert [row["at"] for row in view(session, system_actor(), LogQuery()).rows] == [2, 1, 0]
            assert [row["at"] for row in view(session, actor, LogQuery()).rows] == [2, 0]
            assert [row["at"] for row in view(session, actor, LogQuery(failed=True)).rows] == [2]
            assert view(session, actor, LogQuery(device_id=hidden)).found == 0
            assert view(session, actor, LogQuery(since=1, until=2)).found == 1
            assert view(session, actor, LogQuery(), page=9).page == 1
            assert view(session, actor, LogQuery()).devices == ((seen, "192.0.2.1"),)
            with pytest.raises(Forbidden):
                view(session, Actor(9, "limited", permissions=frozenset(), group_ids=frozenset()), LogQuery())


def test_parameters_are_checked_and_their_secrets_neither_kept_nor_shown() -> None:
    good = {"disabled_modules": ["fdb"], "sw_core_connection": {"snmp_port": 1161}, "oxidized": {"remove_secret": True}, "x": 1}
    assert params.checked(params.parse(params.text(good))) == good
    assert (params.parse("  "), params.text({})) == ({}, "")
    for typed, told in (
        ('{"a": }', "line 1, column 7"),
        ("[]", "must be a JSON object"),
        ('{"sn_as_ascii": "yes"}', "sn_as_ascii is true, false"),
        ('{"disabled_modules": {}}', "disabled_modules is"),
        ('{"epon_description_block_index": true}', "epon_description_block_index"),
        ('{"access": {"public_community": "s3cret"}}', "access.public_community is a secret"),
        ('{"sw_core_connection": {"snmp_port": 0}}', "snmp_port"),
        ('{"a": "' + "x" * 30_000 + '"}', "at most"),
        ("[" * 5000, "params"),
    ):
        with pytest.raises(ValidationFailed, match=re.escape(told)) as refused:
            params.checked(params.parse(typed))
        assert "s3cret" not in refused.value.description
    stored = {"access": {"public_community": "s3cret", "snmp_port": 1}, "list": [{"password": "s3cret"}]}
    assert "s3cret" not in params.text(stored) + str(params.shown(stored))
