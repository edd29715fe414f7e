"""Devices, accesses, models and groups by the console, on an installation whose server does not run."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from wildcore.app.program import run

Wca = Callable[..., str]
SECRET = "sn0wy-c0mmunity"


@pytest.fixture
def calls(tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """A command within this process: exit code, output, errors."""

    def call(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        out, errors = io.StringIO(), io.StringIO()
        environment = {"WILDCORE_DATA": str(tmp_path / "data"), "WILDCORE_DATABASE_URL": ""}
        with (
            mock.patch.dict(os.environ, environment),
            mock.patch.object(sys, "stdin", io.StringIO(typed)),
            redirect_stdout(out),
            redirect_stderr(errors),
        ):
            code = run(list(arguments))
        return code, out.getvalue(), errors.getvalue()

    return call


@pytest.fixture
def wca(calls: Callable[..., tuple[int, str, str]]) -> Wca:
    def called(*arguments: str, typed: str = "", code: int = 0) -> str:
        ended, out, errors = calls(*arguments, typed=typed)
        assert ended == code, (arguments, out, errors)
        assert SECRET not in out + errors
        return out + errors

    return called


def test_an_access_is_added_changed_and_deleted_and_its_secrets_stay_hidden(wca: Wca) -> None:
    wca("device-access:add", "lab", "--public", "-", "--snmp-port", "1161", typed=f"{SECRET}\n")
    (row,) = json.loads(wca("device-access:list", "-o", "json"))
    assert (row["name"], row["params"], row["secrets"]) == (
        "lab",
        {"sw_core_connection": {"snmp_port": 1161}},
        "public_community",
    )
    assert "private_community, public_community" in wca("device-access:edit", "lab", "--private", "-", typed=f"{SECRET}2\n")
    assert "secrets set: private_community" in wca(
        "device-access:edit", "lab", "--public", "", "--snmp-version", "2c", "-n", "field"
    )
    (row,) = json.loads(wca("device-access:list", "-o", "json"))
    assert (row["name"], row["params"]["sw_core_connection"]) == ("field", {"snmp_port": 1161, "snmp_version": "2c"})
    assert "snmp_version: must be one of" in wca("device-access:edit", "field", "--snmp-version", "4", code=1)
    assert "params: not valid JSON" in wca("device-access:edit", "field", "--params", "{", code=1)
    assert "Nothing to change" in wca("device-access:edit", "field", code=1)
    wca("device:add", "192.0.2.1", "--access", "field", "--model", "generic_switch")
    assert "in use by 1" in wca("device-access:delete", "field", code=1)
    wca("device:delete", "192.0.2.1")
    wca("device-access:delete", "field")
    assert json.loads(wca("device-access:list", "-o", "json")) == []


def test_a_device_is_changed(wca: Wca) -> None:
    wca("device-access:add", "lab")
    wca("device:add", "192.0.2.1", "--access", "lab", "--model", "generic_switch")
    wca(
        "device:update", "192.0.2.1", "--name", "sw-1", "--disable", "--location", "Рівне", "--coordinates", "50.6,26.2",
        "--poller", "fdb=120", "--poller", "system=off", "--params", '{"disabled_modules": ["fdb"]}', "-g", "0",
    )  # fmt: skip
    (row,) = json.loads(wca("device:list", "-o", "json"))
    assert (row["name"], row["enabled"], row["location"], row["groups"]) == ("sw-1", False, "Рівне", "")
    assert "192.0.2.2, sw-1" in wca("device:update", "192.0.2.1", "--ip", "192.0.2.2", "--poller", "system=", "--enable")
    assert "There is no device" in wca("device:update", "192.0.2.1", "--name", "x", code=1)
    assert "interval" in wca("device:update", "192.0.2.2", "--poller", "fdb=3", code=1)
    assert "NAME=SECONDS" in wca("device:update", "192.0.2.2", "--poller", "fdb", code=1)
    assert "LATITUDE" in wca("device:update", "192.0.2.2", "--coordinates", "x", code=1)
    assert "There is no device model" in wca("device:update", "192.0.2.2", "--model", "nothing", code=1)
    assert "Nothing to change" in wca("device:update", "192.0.2.2", code=1)


def test_models_are_listed_and_changed(wca: Wca) -> None:
    rows = json.loads(wca("device-model:list", "--filter", "c320", "-o", "json"))
    (model,) = [one for one in rows if one["key"] == "zte_c320"]
    assert model["pollers"]["system"] > 0
    wca("device-model:update", "zte_c320", "--poller", "system=600", "--poller", "fdb=off", "--params", '{"sn_as_ascii": true}')
    (model,) = [one for one in json.loads(wca("device-model:list", "-o", "json")) if one["key"] == "zte_c320"]
    assert (model["pollers"]["system"], model["pollers"]["fdb"], model["params"]) == (600, 0, {"sn_as_ascii": True})
    assert "system=600" in wca("device-model:list", "--filter", "zte_c320")
    assert "fdb=off" in wca("device-model:list", "--filter", "zte_c320")
    assert "interval" in wca("device-model:update", "zte_c320", "--poller", "system=1", code=1)


def test_groups_and_deleting_all_devices_of_one(wca: Wca) -> None:
    assert "Group 2 was added" in wca("user-group:add", "North", "-d", "Left bank")
    wca("device-access:add", "lab")
    for last in (1, 2):
        wca("device:add", f"192.0.2.{last}", "--access", "lab", "--model", "generic_switch", "-g", str(last))
    wca("device:add", "192.0.2.3", "--access", "lab", "--model", "generic_switch", "-g", "2")
    assert "2 devices of the group North" in wca("device:delete-in-group", "2", typed="n\n", code=1)
    assert "nothing was deleted" in wca("device:delete-in-group", "2", typed="y\nSouth\n", code=1)
    assert len(json.loads(wca("device:list", "-o", "json"))) == 3
    assert "Deleted: 2 devices" in wca("device:delete-in-group", "2", typed="y\nNorth\n")
    assert [one["ip"] for one in json.loads(wca("device:list", "-o", "json"))] == ["192.0.2.1"]
    assert "Deleted: 1 devices" in wca("device:delete-in-group", "1", "--yes")
    assert "No devices" in wca("device:delete-in-group", "1", "--yes")
    assert "is South" in wca("user-group:edit", "2", "--name", "South")
    wca("user-group:delete", "2")
    assert "There is no device group 2" in wca("user-group:delete", "2", code=1)
