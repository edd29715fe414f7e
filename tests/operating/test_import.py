"""`import:wildcore` takes what it can from an original and from our own product, once, and says what it could not take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.operating.original import KEY, Original, device, serving
from tests.operating.support import fill, installation, state_of, wca
from tests.system.product import running
from wildcore.services import accounts, device_accesses, device_groups, device_models, devices, keys, roles, users
from wildcore.services.actor import system_actor
from wildcore.services.passwords import verify_password
from wildcore.services.runtime import Runtime
from wildcore.store.tables import OWNER_ROLE_ID, User

SYS = system_actor()


@pytest.fixture
def secrets(tmp_path: Path) -> str:
    """A file with the secrets of one of the two accesses."""
    path = tmp_path / "secrets.yaml"
    path.write_text("zte: {public_community: r-5ecret, private_community: w-5ecret}\n", encoding="utf-8")
    return str(path)


def run(data: Path, url: str, *options: str, database: str = "") -> dict[str, Any]:
    """The command's report."""
    done = wca(data, "import:wildcore", url, KEY, "-o", "json", *options, WILDCORE_DATABASE_URL=database)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def results(report: dict[str, Any], section: str) -> dict[str, str]:
    return {line["name"]: line["result"] for line in report["lines"] if line["section"] == section}


def why(report: dict[str, Any], section: str, name: str) -> str:
    return next(str(line["why"]) for line in report["lines"] if (line["section"], line["name"]) == (section, name))


def check_taken(runtime: Runtime) -> None:
    """What must be here after a whole import."""
    with runtime.db.read() as session:
        groups = {one.name: one for one in device_groups.list_groups(session, SYS).rows}
        assert groups["North"].description == "beyond the river"
        first = devices.device_by_ip(session, SYS, "192.0.2.1")
        assert (first.name, first.location, first.mac, first.serial) == ("olt-1", "Kyiv", "00:1B:21:AA:BB:CC", "ZX1")
        assert (first.latitude, first.longitude) == (50.45, 30.52)
        assert (first.model.key, first.access.name, dict(first.pollers)) == ("zte_c320", "zte", {"system": 900})
        assert [group.name for group in first.groups] == ["North"]
        second = devices.device_by_ip(session, SYS, "192.0.2.2")
        assert second.enabled is False
        assert {group.name for group in second.groups} == {"North", "All"}
        assert dict(device_models.model_by_key(session, "zte_c320").pollers) == {"system": 600}
        access = device_accesses.access_by_name(session, runtime, "zte")
        assert access.params["sw_core_connection"]["snmp_port"] == 1161
        role = roles.role_by_name(session, "Operators")
        assert set(role.permissions) == {"olts_info", "user_self_control"}
        olena = accounts.user_by_login(session, "olena")
        assert (olena.name, olena.language, olena.role_id) == ("Олена", "uk", role.id)
        info = users.user_get(session, SYS, olena.id)
        assert info.group_ids == [groups["North"].id]
        assert accounts.user_by_login(session, "admin").role_id == OWNER_ROLE_ID
    state = state_of(runtime)
    assert state.secrets["zte"] == {"public_community": "r-5ecret", "private_community": "w-5ecret"}
    assert state.secrets["old switches"] == {}


@pytest.mark.parametrize("paging", ["honest", "capped", "none", "by id"])
def test_everything_that_can_be_taken_is_taken_once(tmp_path: Path, secrets: str, paging: str, db_url: str) -> None:
    if paging != "honest" and not db_url.startswith("sqlite"):
        pytest.skip("how the other side pages does not depend on our database")
    data, handed_out = tmp_path / "data", tmp_path / "passwords.json"
    with serving(Original(paging=paging)) as original:
        dry = run(data, original.url, "--secrets", secrets, "--dry-run", database=db_url)
        with installation(data, db_url) as built:
            before = state_of(built.runtime)
            assert (before.devices, before.users, before.secrets) == ([], [], {}), "a dry run changes nothing"
        done = run(data, original.url, "--secrets", secrets, "--passwords", str(handed_out), database=db_url)
        assert results(dry, "devices") == results(done, "devices")
        with installation(data, db_url) as built:
            check_taken(built.runtime)
            first = state_of(built.runtime)
        again = run(data, original.url, "--secrets", secrets, database=db_url)
        with installation(data, db_url) as built:
            assert state_of(built.runtime) == first, "a second run changes nothing"
    assert {method for method, _path in original.asked} == {"GET"}
    for section in ("groups", "models", "accesses", "devices", "roles", "users"):
        assert not set(results(again, section).values()) & {"taken", "partly"}, section

    assert results(done, "devices") == {
        "192.0.2.1": "taken", "192.0.2.2": "taken", "192.0.2.3": "not taken", "192.0.2.4": "partly", "nonsense": "not taken",
    }  # fmt: skip
    assert "--model dlink_des_1228_me=KEY" in why(done, "devices", "192.0.2.3")
    assert "Gone" in why(done, "devices", "192.0.2.4")
    assert "not a mac" in why(done, "devices", "192.0.2.4")
    assert results(done, "models") == {"zte_c320": "taken", "dlink_des_1228_me": "not taken"}
    assert "grafana_show" in why(done, "roles", "Operators")
    assert "Night" in why(done, "users", "lost")
    assert done["without_secrets"] == ["old switches"]

    passwords = json.loads(handed_out.read_text(encoding="utf-8"))
    assert handed_out.stat().st_mode & 0o777 == 0o600
    assert set(passwords) == {"admin", "olena"}, "who was disabled there stays so"
    with installation(data, db_url) as built, built.runtime.db.read() as session:
        for login, password in passwords.items():
            user = accounts.user_by_login(session, login)
            assert user.enabled
            assert verify_password(user.password_hash, password)
        assert not accounts.user_by_login(session, "gone").enabled


def test_without_a_file_for_passwords_users_are_disabled(tmp_path: Path) -> None:
    with serving(Original()) as original:
        report = run(tmp_path / "data", original.url)
    assert results(report, "users")["olena"] == "partly"
    assert "--passwords FILE" in why(report, "users", "olena")
    assert sorted(report["without_secrets"]) == ["old switches", "zte"]
    with installation(tmp_path / "data") as built, built.runtime.db.read() as session:
        assert not any(one.enabled for one in session.query(User) if one.login in ("olena", "admin", "gone"))


def test_secrets_are_filled_in_later_and_a_strange_model_is_named(tmp_path: Path, secrets: str) -> None:
    with serving(Original()) as original:
        run(tmp_path / "data", original.url)
        report = run(tmp_path / "data", original.url, "--secrets", secrets, "--model", "dlink_des_1228_me=generic_switch")
    assert results(report, "accesses")["zte"] == "taken"
    assert results(report, "devices")["192.0.2.3"] == "taken"
    with installation(tmp_path / "data") as built:
        assert state_of(built.runtime).secrets["zte"]["public_community"] == "r-5ecret"
        with built.runtime.db.read() as session:
            assert devices.device_by_ip(session, SYS, "192.0.2.3").model.key == "generic_switch"


def test_what_the_key_may_not_read_is_reported_and_the_rest_is_taken(tmp_path: Path, secrets: str) -> None:
    with serving(Original(refused=frozenset({"/device-access", "/user", "/user-role"}))) as original:
        report = run(tmp_path / "data", original.url, "--secrets", secrets)
    assert "403" in why(report, "accesses", "all")
    assert results(report, "devices")["192.0.2.1"] == "taken"
    with installation(tmp_path / "data") as built:
        assert state_of(built.runtime).secrets["zte"]["public_community"] == "r-5ecret", (
            "devices tell what their access is called"
        )


def test_many_devices_come_in_pages(tmp_path: Path) -> None:
    original = Original()
    original.lists["/device"] = [device(1, id=number, ip=f"10.0.{number // 250}.{number % 250 + 1}") for number in range(1201)]
    with serving(original):
        report = run(tmp_path / "data", original.url + "/api/v1/")
    assert len([one for one in results(report, "devices").values() if one == "taken"]) == 1201
    assert original.asked.count(("GET", "/device")) == 3


def test_failures_are_one_line_and_change_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(Original()) as original:
        cases = [
            ((original.url, "wrong"), "The key is refused: Incorrect key"),
            (("nonsense", KEY), "is no address"),
            (("http://127.0.0.1:1", KEY), "does not answer"),
            ((original.url, KEY, "--secrets", str(tmp_path / "none")), "Cannot read"),
            ((original.url, KEY, "--model", "a"), "THEIRS=OURS"),
            ((original.url, KEY, "--passwords", str(tmp_path / "no" / "x")), "Cannot write"),
        ]
        for arguments, said in cases:
            done = wca(data, "import:wildcore", *arguments)
            assert done.returncode == 1, arguments
            assert said in done.stderr, done.stderr
            assert "Traceback" not in done.stderr
    with installation(data) as built:
        assert state_of(built.runtime).devices == []


@pytest.mark.system
async def test_our_own_product_is_a_source_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, data = tmp_path / "source" / "data", tmp_path / "data"
    source.mkdir(parents=True)
    with installation(source) as built:
        fill(built.runtime, interfaces=2)
        before = state_of(built.runtime)
    # `running` reads the owner's password, which is printed only where there is no owner: `ivan` is not one for now.
    with installation(source) as built, built.runtime.db.write() as session:
        role = roles.role_create(session, built.runtime, SYS, "Support", ["olts_info", "user_self_control"])
        ivan = accounts.user_by_login(session, "ivan")
        ivan.role_id = role.id
    async with running(source) as product:
        with installation(source) as built, built.runtime.db.write() as session:
            issued = keys.generate_key(session, built.runtime, SYS, product.login, "1h")
        monkeypatch.setenv("WILDCORE_DATA", str(data))
        done = wca(data, "import:wildcore", product.url, issued.key, "-o", "json")
        assert done.returncode == 0, done.stderr
        again = wca(data, "import:wildcore", product.url, issued.key, "-o", "json")
    report, second = json.loads(done.stdout), json.loads(again.stdout)
    assert not [line for line in report["lines"] if line["result"] == "not taken"]
    assert not [line for line in second["lines"] if line["result"] in ("taken", "partly", "not taken")]
    with installation(data) as built:
        after = state_of(built.runtime)
        assert [row[1:] for row in after.devices] == [row[1:] for row in before.devices]
        assert after.secrets == {"default": {}}, "our API shows no secrets either"
        with built.runtime.db.read() as session:
            assert set(roles.role_by_name(session, "Support").permissions) == {"olts_info", "user_self_control"}
            assert accounts.user_by_login(session, "ivan").all_groups
