"""What a device is: asked over SNMP with an access, and many of them out of a CSV file."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wildcore.drivers import registry
from wildcore.drivers.base import Params, vlan_sessions
from wildcore.errors import BadRequest, DeviceError, NotFound, ValidationFailed, WildcoreError
from wildcore.i18n import gettext
from wildcore.model.device import System
from wildcore.model.ident import mac_text
from wildcore.services import device_accesses, device_models, devices
from wildcore.services.actor import Actor
from wildcore.services.device_accesses import AccessInput
from wildcore.services.device_sessions import snmp_target
from wildcore.services.device_views import ModelView
from wildcore.services.devices import DeviceInput, checked_ip
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, DeviceAccess
from wildcore.transport.gate import Priority
from wildcore.transport.snmp.types import SnmpTarget

IMPORT_AT_ONCE = 32
CSV_COLUMNS = ("IP", "Login", "Password", "Public community", "Private community", "Name", "model_key")
_NAMES = ("ip", "login", "password", "public_community", "private_community", "name", "model_key")


@dataclass(frozen=True, slots=True)
class Detection:
    """What answers at an address: its model (a row of ours by now) and what it says of itself. `mac` has colons."""

    ip: str
    access_id: int
    model: ModelView
    system: System

    @property
    def mac(self) -> str:
        """The device's own address, "" when it does not tell."""
        return mac_text(self.system.mac) if self.system.mac else ""


class ImportResult(StrEnum):
    """What became of one row."""

    ADDED = "added"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row of the file: its line, its address, what became of it and why."""

    line: int
    ip: str
    name: str
    model_key: str
    result: ImportResult
    reason: str = ""
    device_id: int | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """All rows of an import in the file's order."""

    rows: list[ImportRow] = field(default_factory=list)

    @property
    def added(self) -> int:
        """How many devices came."""
        return sum(row.result is ImportResult.ADDED for row in self.rows)

    @property
    def skipped(self) -> int:
        """How many rows did not become a device."""
        return len(self.rows) - self.added


async def detect(runtime: Runtime, ip: str, access_id: int) -> Detection:
    """Ask what stands at an address; a model that is new to us is added to the device models.

    Raises DeviceUnreachable when nothing answers with this access.
    """
    address = checked_ip(ip)
    target = await runtime.db.run_read(lambda session: _target(session, runtime, address, access_id))
    found = await _ask(runtime, target)
    model = await runtime.db.run_write(lambda session: device_models.ensure(session, found.model))
    return Detection(address, access_id, model, found.system)


async def import_csv(
    runtime: Runtime,
    actor: Actor,
    text: str,
    *,
    group_id: int | None = None,
    delimiter: str = ",",
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Add the devices of a CSV file (`CSV_COLUMNS`, with or without a heading line).

    Rows with equal secrets share one access, made when there is none. A device that does not answer or is of no known kind is
    skipped unless its row names a `model_key`. Nothing that exists is changed.
    """
    rows = list(_rows(text, delimiter))
    slots = asyncio.Semaphore(IMPORT_AT_ONCE)
    run = _Import(runtime, actor, group_id)
    done = 0

    async def one(line: int, row: Mapping[str, str]) -> ImportRow:
        nonlocal done
        async with slots:
            result = await _import_one(run, line, row)
        done += 1
        if progress is not None:
            progress(done, len(rows))
        return result

    report = ImportReport(list(await asyncio.gather(*(one(line, row) for line, row in rows))))
    await runtime.db.run_write(lambda session: _drop_unused(session, run.made))
    return report


@dataclass(frozen=True, slots=True)
class _Import:
    """One import: `made` are the accesses it made; `turn` lets rows with equal secrets find the access of the first."""

    runtime: Runtime
    actor: Actor
    group_id: int | None
    made: set[int] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


async def _import_one(run: _Import, line: int, row: Mapping[str, str]) -> ImportRow:
    runtime = run.runtime

    def skipped(reason: str) -> ImportRow:
        return ImportRow(line, row["ip"], row["name"], row["model_key"], ImportResult.SKIPPED, reason)

    try:
        ip = checked_ip(row["ip"])
        async with run.turn:
            access_id, model_id = await runtime.db.run_write(lambda session: _prepare(session, runtime, ip, row, run.made))
        system, reason = System(), ""
        try:
            found = await detect(runtime, ip, access_id)
            system, model_id = found.system, model_id or found.model.id
        except DeviceError as error:
            reason = error.description
        if model_id is None:
            return skipped(reason)
        wanted = DeviceInput(
            ip=ip,
            name=row["name"] or system.name,
            model_id=model_id,
            access_id=access_id,
            group_ids=None if run.group_id is None else (run.group_id,),
            location=system.location,
            description=system.descr,
            mac=system.mac,
            serial=system.serial,
        )
        device = await runtime.db.run_write(lambda session: devices.add_device(session, runtime, run.actor, wanted))
    except WildcoreError as error:
        return skipped(error.description)
    return ImportRow(line, ip, device.name, device.model.key, ImportResult.ADDED, reason, device.id)


def _prepare(session: Session, runtime: Runtime, ip: str, row: Mapping[str, str], made: set[int]) -> tuple[int, int | None]:
    """The access (an equal one, or a new one) and the model that the row names."""
    if session.scalar(select(Device.id).where(Device.ip == ip)) is not None:
        raise ValidationFailed(gettext("A device with address {ip} exists already", ip=ip), field="ip")
    model_id = device_models.model_by_key(session, row["model_key"]).id if row["model_key"] else None
    secrets = {name: row[name] for name in ("login", "password", "public_community", "private_community") if row[name]}
    same = device_accesses.find_same(session, runtime, secrets)
    if same is None:
        number = 1
        name = gettext("Import {number}", number=number)
        while session.scalar(select(DeviceAccess.id).where(DeviceAccess.name == name)) is not None:
            number += 1
            name = gettext("Import {number}", number=number)
        same = device_accesses.add_access(session, runtime, AccessInput(name, {}, dict(secrets)))
        made.add(same.id)
    return same.id, model_id


def _drop_unused(session: Session, made: set[int]) -> None:
    """Drop the accesses that an import made for devices that did not come."""
    used = set(session.scalars(select(Device.access_id).where(Device.access_id.in_(made))))
    session.execute(delete(DeviceAccess).where(DeviceAccess.id.in_(made - used)))


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    if len(delimiter) != 1:
        raise BadRequest(gettext("The separator is one character"), field="delimiter")
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter, skipinitialspace=True)
    for cells in reader:
        values = [cell.strip() for cell in cells]
        if not any(values) or values[0].startswith("#") or values[0].casefold() == "ip":
            continue
        yield reader.line_num, dict(zip(_NAMES, (*values, *[""] * len(_NAMES)), strict=False))


def _target(session: Session, runtime: Runtime, ip: str, access_id: int) -> SnmpTarget:
    row = session.get(DeviceAccess, access_id)
    if row is None:
        raise NotFound(gettext("There is no device access {id}", id=access_id), field="access_id")
    return snmp_target(runtime, ip, row)


async def _ask(runtime: Runtime, target: SnmpTarget) -> registry.Detected:
    session = runtime.hub.session(target, Priority.PERSON)
    found = await registry.detect(session)
    per_vlan = vlan_sessions(target, lambda other: runtime.hub.session(other, Priority.PERSON))
    driver = registry.driver_for(found.model.key, session, Params(vlan_session=per_vlan))
    answer = await driver.system()
    return registry.Detected(found.model, answer.rows[0] if answer.rows else found.system)


__all__ = ["CSV_COLUMNS", "Detection", "ImportReport", "ImportResult", "ImportRow", "detect", "import_csv"]
