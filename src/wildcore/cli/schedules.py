"""`schedule:*`: scheduled tasks listed, switched, set and run. A running server does what it can do itself."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated, Any
from urllib.parse import quote

import typer

from wildcore.errors import WildcoreError
from wildcore.kit.command import Command
from wildcore.kit.console import Console, Output, OutputOption, console
from wildcore.services import action_log, crontabs, schedule_runs, schedules
from wildcore.services.pages_schedules import stage_of
from wildcore.services.schedules import ERROR, QUEUED, RUNNING, RunView
from wildcore.services.times import time_text

LOOK_SEC = 0.3
Key = Annotated[str, typer.Argument(help="Key of the schedule, see schedule:list")]


def schedule_list(output: OutputOption = Output.TABLE) -> None:
    """List the scheduled tasks with their next and last run."""
    out = console()
    with out.runtime.db.read() as session:
        found = schedules.list_schedules(session, out.runtime)
    rows = [
        {
            "key": one.key,
            "component": one.component,
            "crontab": one.crontab,
            "enabled": one.enabled,
            "next_run": time_text(one.next_at),
            "last_run": time_text(one.last.started_at) if one.last else "",
            "result": one.last.result if one.last else "",
            "duration_sec": one.last.duration_sec if one.last else None,
            "command": f"wca {one.command}" if one.command else "",
        }
        for one in found
    ]
    heads = {
        "key": "Key",
        "component": "Component",
        "crontab": "Crontab",
        "enabled": "Enabled",
        "next_run": f"Next run ({crontabs.zone_name()})",
        "last_run": "Last run",
        "result": "Result",
        "duration_sec": "Seconds",
        "command": "Command",
    }
    out.show(rows, heads, output, empty="Nothing is scheduled: components bring their schedules when they are switched on")


def schedule_enable(key: Key) -> None:
    """Switch a scheduled task on."""
    _set(console(), key, enabled=True)


def schedule_disable(key: Key) -> None:
    """Switch a scheduled task off."""
    _set(console(), key, enabled=False)


def schedule_set(
    key: Key,
    crontab: Annotated[str, typer.Argument(help='Minute, hour, day of the month, month, weekday: "0 4,12 * * *"')],
) -> None:
    """Set when a scheduled task runs, in the server's time zone, and show its next runs."""
    out = console()
    _set(out, key, crontab=crontab)
    found = crontabs.preview(crontab, out.runtime.now())
    out.say(f"Next runs ({found.zone}):")
    for text in found.texts:
        out.say(f"  {text}")


def schedule_run(key: Key) -> None:
    """Run a scheduled task now, on or off, and wait for its end. Exit code 1 when it failed."""
    out = console()
    asked = out.ask_server("POST", f"{_path(key)}/run")
    last = out.run(_here(out, key)) if asked is None else _followed(out, key, int(asked["id"]))
    if last["output"]:
        out.say(last["output"])
    if last["result"] == ERROR:
        raise typer.Exit(1)


async def _here(out: Console, key: str) -> dict[str, Any]:
    """No server runs here: do it ourselves. Another machine's server cannot begin it meanwhile."""
    runtime = out.runtime
    taken = await schedule_runs.take_now(runtime, key, out.actor.login)
    await runtime.db.run_write(lambda session: action_log.log(session, out.actor, "schedule:run", message=key))
    work = asyncio.create_task(schedule_runs.carry_out(runtime, taken))
    told = _Told()
    while not work.done():
        await asyncio.wait({work}, timeout=LOOK_SEC)
        told.progress((await runtime.db.run_read(lambda session: schedules.run_of(session, taken.run_id))).progress)
    return _plain(await work)


def _followed(out: Console, key: str, run_id: int) -> dict[str, Any]:
    """Watch a run of the server until its end."""
    told = _Told()
    try:
        while True:
            runs = out.ask_server("GET", f"{_path(key)}/runs?limit=20")
            if runs is None:
                raise WildcoreError("The server was stopped in the middle of the run: wca schedule:list tells how it ended")
            found: dict[str, Any] = next(run for run in runs if run["id"] == run_id)
            told.progress(found["progress"])
            if found["result"] not in (QUEUED, RUNNING):
                return found
            time.sleep(LOOK_SEC)
    except KeyboardInterrupt:
        sys.stderr.write("The run goes on in the server: wca schedule:list tells how it ended\n")
        raise


class _Told:
    """Progress on standard error, a line for each step."""

    def __init__(self) -> None:
        self._last = ""

    def progress(self, text: str) -> None:
        stage = stage_of(text)
        if stage is not None and text != self._last:
            self._last = text
            sys.stderr.write(f"{stage.text} {stage.done}/{stage.total}\n" if stage.total else f"{stage.text}\n")
            sys.stderr.flush()


def _set(out: Console, key: str, *, crontab: str | None = None, enabled: bool | None = None) -> None:
    wanted = {name: value for name, value in (("crontab", crontab), ("enabled", enabled)) if value is not None}
    done = out.ask_server("PUT", _path(key), wanted)
    if done is None:
        with out.runtime.db.write() as session:
            view = schedules.set_schedule(session, out.runtime, key, crontab=crontab, enabled=enabled)
            meta = {"crontab": view.crontab, "enabled": view.enabled}
            action_log.log(session, out.actor, "schedule:updated", message=key, meta=meta)
        done = {"enabled": view.enabled, "crontab": view.crontab, "next_run": time_text(view.next_at)}
    state = f"on, next run {done['next_run']}" if done["enabled"] else "off"
    out.say(f"{key}: {done['crontab']}, {state}")


def _path(key: str) -> str:
    return f"/system-schedule/{quote(key, safe='')}"


def _plain(run: RunView) -> dict[str, Any]:
    return {"result": run.result, "output": run.output}


COMMANDS = (
    Command("schedule:list", schedule_list),
    Command("schedule:enable", schedule_enable),
    Command("schedule:disable", schedule_disable),
    Command("schedule:set", schedule_set),
    Command("schedule:run", schedule_run),
)
