"""`backup:create`, `backup:restore` and `doctor`: they work on an installation as it lies there, so nothing is built or migrated.

A backup may be wanted of a database that the next start would migrate, and the doctor is called when nothing starts at all.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from wildcore.app.config import Config, listen_address, prepare_directory
from wildcore.errors import ConfigurationError, WildcoreError
from wildcore.kit.command import Command
from wildcore.kit.console import SOCKET_FILE, Console, Output, OutputOption, console


def backup_create(
    path: Annotated[str, typer.Argument(help="File (.tar.gz) or directory; without it `backups` in the data directory")] = "",
) -> None:
    """Write everything into one archive, also while the server runs. It holds the key file: keep it as secret as that."""
    from wildcore.services import backup

    out, config = console(), Config()
    data_dir = _existing(config)

    def metrics(directory: Path) -> None:
        # Only one process can open the history: the server, when it runs, puts it there.
        if out.ask_server("POST", "/system/metrics-snapshot", {"directory": directory.parent.name}) is None:
            from wildcore.store.metrics.duckdb import DuckMetrics

            with closing(DuckMetrics(data_dir / backup.METRICS)) as store:
                store.snapshot(directory)

    target = Path(path).expanduser() if path else None
    archive, manifest = backup.create(data_dir, config.database(), target, metrics, _progress)
    size = archive.stat().st_size
    out.say(f"Backup: {archive} ({size / 1e6:.1f} MB, version {manifest.version}, schema {manifest.schema})")
    out.say("It holds secret.key, which opens the stored passwords and communities: keep it where only you can read it.")


def backup_restore(
    file: Annotated[Path, typer.Argument(help="An archive that backup:create made")],
    force: Annotated[bool, typer.Option("--force", help="Replace what is there; the old state is kept aside")] = False,
) -> None:
    """Put the state of a backup in place. The server must not run."""
    from wildcore.app.run import listen_console
    from wildcore.services import backup_restore as restoring

    out, config = console(), Config()
    restoring.read_manifest(file)
    data_dir = prepare_directory(config.data)
    taken = listen_console(data_dir)  # while this is ours no server starts here
    try:
        manifest, kept = restoring.restore(file, data_dir, config.database(), force=force, say=_progress)
        _progress("Verifying")
        try:
            restoring.verify(manifest, data_dir, config.database())
        except ConfigurationError as error:
            aside = f" The old state is in {kept}." if kept else ""
            raise ConfigurationError(f"Restored, but not as the backup says: {error.description}.{aside}") from None
    finally:
        taken.close()
        (data_dir / SOCKET_FILE).unlink(missing_ok=True)
    devices, interfaces = manifest.rows.get("devices", 0), manifest.rows.get("interfaces", 0)
    out.say(f"Restored: {data_dir}, as of {manifest.created_at}: {devices} devices, {interfaces} interfaces")
    if kept is not None:
        out.say(f"The old state is kept in {kept}")
    if manifest.environment:
        out.say(f"At the time of the backup these were set: {' '.join(f'{k}={v}' for k, v in manifest.environment.items())}")


def doctor(
    url: Annotated[str, typer.Option("--url", help="Address that people use; without it EXTERNAL_HTTP_ADDRESS")] = "",
    devices: Annotated[int, typer.Option("--devices", help="How many devices to ask by SNMP", min=0, max=1000)] = 5,
    output: OutputOption = Output.TABLE,
) -> None:
    """Look for what keeps Wildcore from working, and say the fix. Exit code 1 when something fails."""
    out, config = console(), Config()
    found = examine(out, config, url, devices)
    rows = [{"check": one.check, "level": one.level, "text": one.text, "fix": one.fix} for one in found]
    if output is Output.TABLE:
        for row in rows:
            out.say(f"{row['level']:<4}  {row['check']}: {row['text']}")
            if row["fix"]:
                out.say(f"      fix: {row['fix']}")
    else:
        out.dump(rows, output)
    if any(one.level == "FAIL" for one in found):
        raise typer.Exit(1)


def examine(out: Console, config: Config, url: str = "", devices: int = 5) -> list[Any]:
    """Every finding (`services.doctor.Finding`), in the order in which they matter."""
    from wildcore.services import backup, doctor, doctor_database
    from wildcore.web.templating import STATIC

    data_dir = config.data.resolve()
    running = backup.server_runs(data_dir / SOCKET_FILE)
    host, port = listen_address(config.listen)
    found = [doctor.data_directory(data_dir)]
    if data_dir.is_dir():
        found.append(doctor.disk(data_dir))
    found += [doctor.listen_address(host, port, running=running), doctor.time_zone(), doctor.assets(STATIC)]
    database = doctor_database.database(config.database())
    found += database
    there = len(database) > 1
    key = doctor.key_file(data_dir, needed=there)
    found.append(key)
    if not there or any(one.level == doctor.FAIL for one in (*database, key)):
        return found
    schema = database[0]
    if schema.level != doctor.OK:
        return [*found, doctor.Finding("rest", doctor.WARN, "Settings, secrets and devices were not looked at", schema.fix)]
    return [*found, *doctor_database.database_clock(config.database()), *_of_runtime(out, config, url, devices)]


def _of_runtime(out: Console, config: Config, url: str, devices: int) -> list[Any]:
    """What needs settings and components: everything can be built by now."""
    from wildcore.services import doctor, doctor_database, doctor_devices, doctor_proxy

    try:
        runtime = out.runtime
    except WildcoreError as error:
        return [doctor.Finding("start", doctor.FAIL, error.description, "what is said before the colon")]
    secrets = doctor_database.secrets(config.database(), runtime.data_dir, runtime.settings.specs().values())
    found = [secrets]
    if secrets.level == doctor.FAIL:
        return found
    found.append(doctor.ping(runtime.pinger, wanted=bool(runtime.settings.get("SWC_CHECK_ICMP_PING"))))
    if devices:
        found.append(out.run(doctor_devices.snmp(runtime, devices)))
    address = url or str(runtime.settings.get("EXTERNAL_HTTP_ADDRESS"))
    if address:
        found += doctor_proxy.examine(address, runtime.secrets, runtime.now())
    else:
        fix = "wca doctor --url https://dms.example asks the address that people use"
        found.append(doctor.Finding("proxy", doctor.WARN, "Not looked at: EXTERNAL_HTTP_ADDRESS is empty", fix))
    for billing in runtime.ports.billings():
        source = billing.source()
        found += doctor.billing(str(source.title), source.address)
    return found


def _existing(config: Config) -> Path:
    if not config.data.is_dir():
        raise ConfigurationError(f"There is no data directory {config.data}: set WILDCORE_DATA to the server's")
    return prepare_directory(config.data)


def _progress(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


COMMANDS = (
    Command("backup:create", backup_create),
    Command("backup:restore", backup_restore),
    Command("doctor", doctor),
)
