"""Components and settings as services tell of them: what is brought, what would disappear, what is refused and why."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.poller.support import counted_statements
from wildcore.app.components import all_components, info
from wildcore.errors import NotFound, ValidationFailed
from wildcore.services import configuration, pages_schedules, schedules
from wildcore.services.actor import Actor, system_actor
from wildcore.services.catalogue import Catalogue
from wildcore.services.components import component_view, component_views, losses
from wildcore.services.pages_settings import save_section, sections
from wildcore.services.runtime import Runtime
from wildcore.store.tables import ActionLog, Role, ScheduleRow, SettingRow

SYS = system_actor("test")
MIKBILL = "mikbill_integration"


@pytest.fixture
def dms(runtime: Runtime) -> Runtime:
    """All components, in the state that they are installed in; MikBill is on."""
    runtime.catalogue = Catalogue(runtime.db, map(info, all_components()))
    for one in all_components():
        runtime.settings.declare(one.settings)
    with runtime.db.write() as session:
        configuration.switch_component(session, runtime, SYS, MIKBILL, True)
    return runtime


def test_every_component_says_what_it_brings(dms: Runtime) -> None:
    found = {one.key: one for one in component_views(dms)}
    mikbill = found[MIKBILL]
    assert "MIKBILL_AUTH_KEY" in {part.name for part in mikbill.settings}
    assert (mikbill.schedules[0].name, mikbill.permissions[0].name) == ("mikbill_sync_clients", "mikbill_sync")
    assert "wca mikbill_integration:sync-clients" in {part.name for part in mikbill.commands}
    assert "POST /api/v1/component/mikbill_integration/sync" in {part.name for part in mikbill.api}
    assert all(str(part.title) for one in found.values() for part in (*one.commands, *one.api))
    assert [one.key for one in found["olts_control"].needs] == ["olts"]
    assert "olts_control" in [one.key for one in found["olts"].needed_by]
    with pytest.raises(NotFound):
        component_view(dms, "nothing")


def test_what_would_disappear_is_named_and_nothing_is_lost(dms: Runtime) -> None:
    with dms.db.write() as session:
        for name, rights in (("support", ["mikbill_sync", "olts_info"]), ("other", ["olts_info"])):
            session.add(Role(name=name, permissions=rights, created_at=0, updated_at=0))
        configuration.change(session, dms, SYS, {"MIKBILL_MAX_REMOVAL_PERCENT": 30, "APP_NAME": "x"})
        schedules.set_schedule(session, dms, "mikbill_sync_clients", enabled=True)
    with dms.db.read() as session, counted_statements(dms.db) as statements:
        found = losses(session, dms, MIKBILL)
    assert len(statements) <= 3  # the settings may have to be read again
    assert [str(title) for title in found.schedules] == ["Sync of MikBill's subscribers"]
    assert [(one.role, [str(label) for label in one.rights]) for one in found.roles] == [("support", ["Synchronise subscribers"])]
    assert found.settings == 1
    with dms.db.write() as session:
        configuration.switch_component(session, dms, SYS, MIKBILL, False)
    assert "mikbill" not in {one.key for one in sections(dms, SYS)}
    assert "mikbill" not in dms.catalogue.checks()
    with dms.db.write() as session:
        configuration.switch_component(session, dms, SYS, MIKBILL, True)
    with dms.db.read() as session:
        assert session.scalars(select(ScheduleRow.enabled)).all() == [True]
        assert dms.settings.get("MIKBILL_MAX_REMOVAL_PERCENT") == 30


def test_a_section_is_stored_whole_or_not_at_all(dms: Runtime) -> None:
    typed = {"MIKBILL_API_ADDR": "https://billing.example", "MIKBILL_AUTH_KEY": "", "MIKBILL_MAX_REMOVAL_PERCENT": "300"}
    with dms.db.write() as session:
        refused = save_section(session, dms, SYS, "mikbill", {**typed, "MIKBILL_GLOBAL_SEARCH_FIELD": "name"})
    assert refused.errors == {
        "MIKBILL_MAX_REMOVAL_PERCENT": "Must be from 0 to 100",
        "MIKBILL_GLOBAL_SEARCH_FIELD": "Must be one of agreement, uid, login",
    }
    shown = {one.key: one.text for one in refused.section.settings}
    assert (shown["MIKBILL_API_ADDR"], shown["MIKBILL_MAX_REMOVAL_PERCENT"]) == ("https://billing.example", "300")
    with dms.db.write() as session:
        assert session.scalars(select(SettingRow)).all() == []
        done = save_section(
            session, dms, SYS, "mikbill", {**typed, "MIKBILL_MAX_REMOVAL_PERCENT": "30", "MIKBILL_AUTH_KEY": "k" * 8}
        )
    assert sorted(done.changed) == ["MIKBILL_API_ADDR", "MIKBILL_AUTH_KEY", "MIKBILL_MAX_REMOVAL_PERCENT", "MIKBILL_VERIFY_TLS"]
    assert {one.key: one.changed for one in done.section.settings}["MIKBILL_VERIFY_TLS"], "an absent switch is off"
    assert [one.text for one in done.section.settings if one.kind == "secret"] == [""]
    with dms.db.write() as session:
        save_section(session, dms, SYS, "mikbill", {"MIKBILL_AUTH_KEY": "", "MIKBILL_VERIFY_TLS": "yes"})
    assert dms.settings.get("MIKBILL_AUTH_KEY") == "k" * 8
    with dms.db.write() as session:
        save_section(session, dms, SYS, "mikbill", {"MIKBILL_VERIFY_TLS": "yes"}, forget=["MIKBILL_AUTH_KEY"])
    assert dms.settings.get("MIKBILL_AUTH_KEY") == ""
    with dms.db.read() as session:
        assert "kkkk" not in " ".join(f"{row.message}{row.meta}" for row in session.scalars(select(ActionLog)))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("POLLER_COUNT_PROCS", "many", "many is not a valid whole number"),
        ("TRUSTED_PROXY_LIST", "10.0.0.0/8, proxy", "proxy is no address or network"),
        ("EXTERNAL_HTTP_ADDRESS", "dms.example", "dms.example is no address: write http://"),
        ("EXTERNAL_HTTP_ADDRESS", "https://dms.example:port", "is no address"),
        ("TRUSTED_HOST_NETWORK_LIST", {"a": 1}, "{'a': 1} is not a valid list"),
        ("TRUSTED_HOST_NETWORK_LIST", [{"192.0.2.0/24": 1}], "is not a valid list"),
        ("APP_NAME", {"a": 1}, "{'a': 1} is not a valid text"),
        ("APP_NAME", ["a"], "['a'] is not a valid text"),
    ],
)
def test_refused_values_say_why(dms: Runtime, key: str, value: object, said: str) -> None:
    with pytest.raises(ValidationFailed) as refused, dms.db.write() as session:
        configuration.change(session, dms, SYS, {key: value})
    assert said in refused.value.description
    assert refused.value.field == key


def test_what_the_environment_sets_is_left_alone(dms: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDCORE_APP_NAME", "Fixed")
    with dms.db.write() as session:
        done = save_section(session, dms, SYS, "web", {"APP_NAME": "Other", "WEB_ZOOM_MAIN": "1"})
    assert done.changed == ()
    assert [(one.text, one.fixed) for one in done.section.settings if one.key == "APP_NAME"] == [("Fixed", True)]


def test_checks_are_offered_to_who_may_start_them(dms: Runtime) -> None:
    assert [check.key for one in sections(dms, SYS) for check in one.checks] == ["oidc", "mikbill"]
    nobody = Actor(user_id=None, login="nobody", permissions=frozenset(), group_ids=frozenset())
    assert [check.key for one in sections(dms, nobody) for check in one.checks] == []


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("fetch", ("Fetching the list from billing", 0, 0)),
        ("write 5/10", ("Writing changes", 5, 10)),
        ("own words 1/2", ("own words", 1, 2)),
    ],
)
def test_progress_is_shown_in_words(told: str, shown: tuple[str, int, int]) -> None:
    stage = pages_schedules.stage_of(told)
    assert stage is not None
    assert (str(stage.text), stage.done, stage.total) == shown
