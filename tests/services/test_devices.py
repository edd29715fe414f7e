"""Devices, groups, accesses and models as services: scope, secrets, refusals, detection and CSV import over real UDP."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.services.support import ADMIN, add_group, add_interface, add_subscriber, capture, counted_statements, in_groups
from wildcore.errors import Conflict, DeviceUnreachable, NotFound, ValidationFailed
from wildcore.services import detection, device_accesses, device_groups, device_models, devices
from wildcore.services.detection import ImportResult
from wildcore.services.device_accesses import access_input
from wildcore.services.device_sessions import load_target
from wildcore.services.devices import DeviceFilter, DeviceInput
from wildcore.services.presenting import access_json, device_json
from wildcore.services.runtime import Runtime
from wildcore.store.tables import DeviceAccess, Poll, SubscriberClaim
from wildcore.transport.replay import ReplayAgent


def make_access(runtime: Runtime, name: str = "usual", port: int = 161, **secrets: str) -> int:
    with runtime.db.write() as session:
        params = {"sw_core_connection": {"snmp_port": port, "snmp_timeout_sec": 0.3, "snmp_repeats": 2}}
        wanted = access_input({"name": name, "params": params, "secrets": secrets or {"public_community": "public"}})
        return device_accesses.add_access(session, runtime, wanted).id


def make_device(runtime: Runtime, ip: str, **facts: object) -> int:
    with runtime.db.write() as session:
        device_models.sync_catalogue(session)
        model = device_models.model_by_key(session, "zte_c320")
        access = session.scalars(select(DeviceAccess.id)).first()
    access_id = access or make_access(runtime)
    with runtime.db.write() as session:
        wanted = DeviceInput(ip=ip, model_id=model.id, access_id=access_id, **facts)  # type: ignore[arg-type]
        return devices.add_device(session, runtime, ADMIN, wanted).id


def test_a_device_comes_changes_and_goes(runtime: Runtime) -> None:
    device_id = make_device(runtime, " 192.0.2.10 ", name="OLT", latitude=50.6, longitude=26.2)
    with runtime.db.write() as session:
        assert session.scalars(select(Poll.id).where(Poll.device_id == device_id)).first() is not None
        wanted = DeviceInput(name="C320", mac="aabb.ccdd.eeff", pollers={"fdb_table": 0}, clear_coordinates=True)
        changed = devices.update_device(session, runtime, ADMIN, device_id, wanted)
    shown = device_json(changed)
    assert (shown["ip"], shown["name"], shown["mac"], shown["coordinates"]) == ("192.0.2.10", "C320", "AA:BB:CC:DD:EE:FF", None)
    assert (shown["model"]["key"], shown["model"]["type"], shown["pollers"]) == ("zte_c320", "OLT", {"fdb_table": 0})
    assert shown["model"]["pollers"]["optical_strength"] == 1800
    with runtime.db.write() as session:
        devices.delete_device(session, runtime, ADMIN, device_id)
    with runtime.db.read() as session, pytest.raises(NotFound):
        devices.get_device(session, ADMIN, device_id)


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"ip": "not an address"}, ValidationFailed),
        ({"ip": "192.0.2.1", "model_id": 999_999}, NotFound),
        ({"ip": "192.0.2.1", "access_id": 999_999}, NotFound),
        ({"ip": "192.0.2.1", "mac": "12:34"}, ValidationFailed),
        ({"ip": "192.0.2.1", "latitude": 91.0, "longitude": 0.0}, ValidationFailed),
        ({"ip": "192.0.2.1", "pollers": {"fdb_table": 3}}, ValidationFailed),
        ({"ip": "192.0.2.1", "group_ids": (999,)}, NotFound),
        ({"ip": "192.0.2.10"}, Conflict),
    ],
)
def test_nonsense_is_refused(runtime: Runtime, facts: dict[str, object], error: type[Exception]) -> None:
    make_device(runtime, "192.0.2.10")
    with runtime.db.read() as session:
        model, access = device_models.model_by_key(session, "zte_c320").id, session.scalars(select(DeviceAccess.id)).one()
    with pytest.raises(error), runtime.db.write() as session:
        devices.add_device(session, runtime, ADMIN, DeviceInput(**{"model_id": model, "access_id": access, **facts}))  # type: ignore[arg-type]


def test_groups_decide_who_sees_what(runtime: Runtime) -> None:
    mine, foreign = make_device(runtime, "192.0.2.1"), make_device(runtime, "192.0.2.2")
    with runtime.db.write() as session:
        group, other = add_group(session, "mine", [mine, foreign][:1]), add_group(session, "theirs", [foreign])
        actor = in_groups(group)
        assert [one.id for one in devices.list_devices(session, actor).rows] == [mine]
        assert devices.device_by_ip(session, actor, "192.0.2.1").groups[0].name == "mine"
        with pytest.raises(NotFound):
            devices.get_device(session, actor, foreign)
        with pytest.raises(NotFound):
            devices.device_by_ip(session, actor, "192.0.2.2")
        with pytest.raises(NotFound):
            devices.delete_device(session, runtime, actor, foreign)
        with pytest.raises(NotFound):
            devices.update_device(session, runtime, actor, mine, DeviceInput(group_ids=(other,)))
        assert [one.name for one in device_groups.list_groups(session, actor).rows] == ["mine"]
        model, access = device_models.model_by_key(session, "zte_c320").id, session.scalars(select(DeviceAccess.id)).one()
        added = devices.add_device(session, runtime, actor, DeviceInput(ip="192.0.2.3", model_id=model, access_id=access))
        assert [one.name for one in added.groups] == ["mine"]


def test_lists_filter_and_cost_the_same_for_any_length(runtime: Runtime) -> None:
    for number in range(1, 6):
        make_device(runtime, f"192.0.2.{number}", name=f"вузол {number}", enabled=number != 3)
    with runtime.db.read() as session, counted_statements(runtime.db) as statements:
        listing = devices.list_devices(session, ADMIN, DeviceFilter(type="olt", enabled=True), limit=2, offset=1)
    assert ([one.ip for one in listing.rows], listing.total) == (["192.0.2.2", "192.0.2.4"], 4)
    assert len(statements) <= 3
    with runtime.db.read() as session:
        assert [one.ip for one in devices.list_devices(session, ADMIN, DeviceFilter(text="узол 5")).rows] == ["192.0.2.5"]


def test_subscribers_of_a_deleted_device_know_it(runtime: Runtime) -> None:
    device_id = make_device(runtime, "192.0.2.10")
    with runtime.db.write() as session:
        add_interface(session, device_id, "3", "1/3")
        add_subscriber(session, "1", "1", "one", switch_ip="192.0.2.10", port="3")
    with runtime.db.write() as session:
        devices.delete_device(session, runtime, ADMIN, device_id)
        assert session.scalars(select(SubscriberClaim.unmatched)).one() == "no_switch"


def test_secrets_go_in_and_never_come_out(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        wanted = access_input(
            {
                "name": "a",
                "public_community": "s3cret-ro",
                "params": {"access": {"password": "s3cret-pw"}, "login": "s3cret-login"},
            }
        )
        view = device_accesses.add_access(session, runtime, wanted)
        assert view.secrets == ("login", "password", "public_community")
        stored = session.get_one(DeviceAccess, view.id)
        assert "s3cret" not in stored.secrets + str(stored.params) + str(access_json(view, full=True))
        changes = access_input({"secrets": {"password": "", "private_community": "s3cret-rw", "login": None}})
        changed = device_accesses.update_access(session, runtime, view.id, changes)
        assert changed.secrets == ("login", "private_community", "public_community")
        assert device_accesses.read_secrets(runtime, session.get_one(DeviceAccess, view.id).secrets)["login"] == "s3cret-login"
        with pytest.raises(ValidationFailed):
            access_input({"params": "text"})
        with pytest.raises(ValidationFailed):
            device_accesses.add_access(
                session, runtime, access_input({"name": "b", "params": {"sw_core_connection": {"snmp_port": 0}}})
            )


def test_what_is_in_use_stays(runtime: Runtime) -> None:
    device_id = make_device(runtime, "192.0.2.10")
    with runtime.db.write() as session:
        device = devices.get_device(session, ADMIN, device_id)
        with pytest.raises(Conflict):
            device_accesses.delete_access(session, device.access.id)
        with pytest.raises(Conflict):
            device_models.delete_model(session, device.model.id)


def test_the_catalogue_is_written_once_and_keeps_what_operators_set(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        assert device_models.sync_catalogue(session) > 3
        model = device_models.model_by_key(session, "zte_c320")
        device_models.update_model(session, model.id, pollers={"fdb_table": 1200})
        assert device_models.sync_catalogue(session) == 0
        assert device_models.get_model(session, model.id).pollers == {"fdb_table": 1200}


def test_models_of_ones_own_run_on_a_known_family(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        device_models.sync_catalogue(session)
        with pytest.raises(ValidationFailed):
            device_models.add_model(session, device_models.model_info("mine", "Mine", "", "", "OLT", "no such family"))
        family = device_models.model_by_key(session, "zte_c320").family
        own = device_models.add_model(session, device_models.model_info("mine", "Mine", "", "", "olt", family))
        assert (own.family, own.type) == (family, "OLT")


async def test_detection_names_the_model(runtime: Runtime) -> None:
    async with ReplayAgent(capture("bdcom_epon")) as agent:
        access = make_access(runtime, port=agent.port)
        found = await detection.detect(runtime, agent.host, access)
    assert (found.model.family, found.model.type) == ("bdcom_epon", "OLT")
    assert "BDCOM" in found.system.descr
    with pytest.raises(DeviceUnreachable):
        await detection.detect(runtime, "127.0.0.1", make_access(runtime, "nobody", port=9))
    with pytest.raises(NotFound):
        await detection.detect(runtime, "127.0.0.1", 999_999)


async def test_an_import_tells_what_became_of_each_row(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        device_models.sync_catalogue(session)
        runtime.settings.set(session, {"SWC_SNMP_TIMEOUT_SEC": 0.2, "SWC_SNMP_REPEATS": 1})
    async with ReplayAgent(capture("bdcom_epon"), host="127.0.0.1") as agent:
        with runtime.db.write() as session:
            runtime.settings.set(session, {"SWC_SNMP_PORT": agent.port})
            group = add_group(session, "imported")
        runtime.settings.forget()
        text = (
            "IP,Login,Password,Public community,Private community,Name,model_key\n"
            "127.0.0.1,admin,pw,public,private,Головний,\n"
            "127.0.0.2,admin,pw,public,private,silent,\n"
            "127.0.0.3,admin,pw,public,private,named,zte_c320\n"
            "127.0.0.4,,,public,,wrong,no_such_model\n"
            "nowhere,,,public,,bad,\n"
            "\n"
        )
        report = await detection.import_csv(runtime, ADMIN, text, group_id=group)
        again = await detection.import_csv(runtime, ADMIN, text, group_id=group)
    results = [(row.line, row.result) for row in report.rows]
    added, skipped = ImportResult.ADDED, ImportResult.SKIPPED
    assert results == [(2, added), (3, skipped), (4, added), (5, skipped), (6, skipped)]
    assert all(row.reason for row in report.rows if row.result is skipped)
    assert (report.added, again.added) == (2, 0)
    with runtime.db.read() as session:
        first = devices.device_by_ip(session, ADMIN, "127.0.0.1")
        third = devices.device_by_ip(session, ADMIN, "127.0.0.3")
        assert (first.name, first.model.family, first.groups[0].name) == ("Головний", "bdcom_epon", "imported")
        assert (third.name, third.model.key, third.access.id) == ("named", "zte_c320", first.access.id)
        assert load_target(session, runtime, first.id).target.write_community == "private"
        assert len(device_accesses.list_accesses(session, runtime).rows) == 1
