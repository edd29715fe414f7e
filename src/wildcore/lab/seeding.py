"""What the demo puts into the product's database: only what an operator would enter by hand, through the same services."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from wildcore.errors import ConfigurationError, WildcoreError
from wildcore.lab.district import Site
from wildcore.services import (
    configuration,
    detection,
    device_accesses,
    device_groups,
    devices,
    keys,
    passwords,
    roles,
    schedules,
    users,
)
from wildcore.services.actor import Actor, system_actor
from wildcore.services.auth import actor_by_key
from wildcore.services.device_accesses import AccessInput
from wildcore.services.devices import DeviceInput
from wildcore.services.runtime import Runtime
from wildcore.services.users import UserFields
from wildcore.store.tables import Device, DeviceGroup, Role, User

STATE_FILE = "demo.json"
GROUP = "Гощанський район"
ACCESS = "SNMP demo"
BILLING_ROLE, BILLING_LOGIN = "mb_dms", "mikbill"
KEY_TERM = "365d"
MIKBILL = "mikbill_integration"
SYNC = "mikbill_sync_clients"

BILLING_RIGHTS = (
    "system_cross_auth_user", "user_display", "user_self_control", "diag_interface", "olts_info", "switches_info",
)  # fmt: skip
OPERATOR_RIGHTS = ("user_self_control", "diag_interface", "olts_info", "switches_info")
IF_OFFERED = ("olts_ctrl_reboot", "olts_ctrl_description", "fdb_history_by_interface")
"""Rights that the operator has as soon as a component brings them."""


@dataclass(slots=True)
class DemoState:
    """What the demo must remember to print again at its next start; kept in a file that only its owner may read."""

    login: str = ""
    password: str = ""
    operator_password: str = ""
    trainee_password: str = ""
    api_key: str = ""
    billing_port: int = 0
    since: float = 0.0

    @classmethod
    def read(cls, data_dir: Path) -> DemoState:
        """The remembered state; an empty one at the first start. ConfigurationError when the file is damaged."""
        path = data_dir / STATE_FILE
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError):
            raise ConfigurationError(f"Cannot read {path}: delete it, the demo makes a new one") from None

    def write(self, data_dir: Path) -> None:
        """Keep it, with mode 0600."""
        handle = os.open(data_dir / STATE_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)


async def seed_people(runtime: Runtime, state: DemoState) -> None:
    """Owner, billing's user with its role and key, and two employees; what is there already stays."""
    wanted = {login: passwords.random_password() for login in (BILLING_LOGIN, "operator", "trainee")}
    hashes = await asyncio.to_thread(lambda: {login: passwords.hash_password(text) for login, text in wanted.items()})
    fresh = DemoState(**asdict(state))

    def work(session: Session) -> None:
        created = users.ensure_owner(session, runtime)
        if created is not None:
            fresh.login, fresh.password = created
        actor = system_actor("demo")
        group_id = _group(session, runtime)
        offered = [right for right in IF_OFFERED if right in runtime.catalogue.permissions()]
        people = (
            (BILLING_LOGIN, "Білінг", BILLING_ROLE, BILLING_RIGHTS),
            ("operator", "Оксана Довгань", "Оператор", (*OPERATOR_RIGHTS, *offered)),
            ("trainee", "Тарас Ковтун", "Стажер", ("diag_interface",)),
        )
        for login, name, role_name, rights in people:
            if session.scalar(select(User.id).where(User.login == login)) is None:
                role_id = _role(session, runtime, actor, role_name, rights)
                fields = UserFields(
                    login=login, name=name, role_id=role_id, group_ids=[group_id], password_hash=hashes[login], language="uk"
                )
                users.user_create(session, runtime, actor, fields)
                if login != BILLING_LOGIN:
                    setattr(fresh, f"{login}_password", wanted[login])

    await runtime.db.run_write(work)
    if not await _key_works(runtime, fresh.api_key):
        actor = system_actor("demo")
        issued = await runtime.db.run_write(
            lambda session: keys.generate_key(session, runtime, actor, BILLING_LOGIN, KEY_TERM, "Billing stand-in of the demo")
        )
        fresh.api_key = issued.key
    for name, value in asdict(fresh).items():
        setattr(state, name, value)
    state.write(runtime.data_dir)


async def _key_works(runtime: Runtime, key: str) -> bool:
    try:
        return bool(key) and (await actor_by_key(runtime, key)).login == BILLING_LOGIN
    except WildcoreError:
        return False


def _group(session: Session, runtime: Runtime) -> int:
    found = session.scalar(select(DeviceGroup.id).where(DeviceGroup.name == GROUP))
    return found if found is not None else device_groups.add_group(session, runtime, GROUP, "Симульований район").id


def _role(session: Session, runtime: Runtime, actor: Actor, name: str, rights: Iterable[str]) -> int:
    found = session.scalar(select(Role.id).where(Role.name == name))
    if found is not None:
        return found
    return roles.role_create(session, runtime, actor, name, rights).id


async def seed_devices(runtime: Runtime, sites: Iterable[Site], snmp_port: int) -> int:
    """The access with this run's port, and the devices as they answer to detection; how many there are."""
    actor = system_actor("demo")
    access_id, group_id, present = await runtime.db.run_write(lambda session: _access(session, runtime, snmp_port))
    missing = [site for site in sites if site.host not in present]
    found = await asyncio.gather(*(detection.detect(runtime, site.host, access_id) for site in missing))

    def work(session: Session) -> None:
        for site, one in zip(missing, found, strict=True):
            wanted = DeviceInput(
                ip=site.host, name=one.system.name or site.title, model_id=one.model.id, access_id=access_id,
                group_ids=(group_id,), location=one.system.location, mac=one.mac or None, serial=one.system.serial or None,
            )  # fmt: skip
            devices.add_device(session, runtime, actor, wanted)

    if missing:
        await runtime.db.run_write(work)
    return len(present) + len(missing)


def _access(session: Session, runtime: Runtime, snmp_port: int) -> tuple[int, int, set[str]]:
    connection = {"snmp_port": snmp_port, "snmp_version": "2c", "snmp_timeout_sec": 2, "snmp_repeats": 3}
    wanted = AccessInput(
        ACCESS, {"sw_core_connection": connection}, {"public_community": "public", "private_community": "private"}
    )
    try:
        known = device_accesses.access_by_name(session, runtime, ACCESS)
    except WildcoreError:
        access_id = device_accesses.add_access(session, runtime, wanted).id
    else:
        access_id = device_accesses.update_access(session, runtime, known.id, replace(wanted, name=None)).id
    return access_id, _group(session, runtime), set(session.scalars(select(Device.ip)))


async def seed_billing(runtime: Runtime, address: str, api_key: str) -> None:
    """Switch the MikBill integration on, with its address and key, and its sync by the clock."""
    actor = system_actor("demo")
    if not runtime.catalogue.enabled(MIKBILL):
        await runtime.db.run_write(lambda session: configuration.switch_component(session, runtime, actor, MIKBILL, on=True))
        runtime.catalogue.forget()
    values = {"MIKBILL_API_ADDR": address, "MIKBILL_AUTH_KEY": api_key}

    def work(session: Session) -> None:
        configuration.change(session, runtime, actor, values)
        schedules.set_schedule(session, runtime, SYNC, enabled=True)

    await runtime.db.run_write(work)
    runtime.settings.forget()
