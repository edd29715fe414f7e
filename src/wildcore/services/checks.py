"""Trying settings before they are relied on: a check does with them what the product would do, and tells step by step.

What was typed and is not saved yet is tried too. A stored secret is never sent to a server that is only typed: otherwise
who may change settings could read a secret that nobody can read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from wildcore.errors import NotFound
from wildcore.i18n import Text, gettext
from wildcore.services import action_log
from wildcore.services.actor import Actor
from wildcore.services.leases import hold
from wildcore.services.rights import Permission
from wildcore.services.runtime import Runtime

log = logging.getLogger(__name__)

OK, NOTE, WARNING, FAILED, SKIPPED = "ok", "note", "warning", "failed", "skipped"
LONGEST_SEC = 45.0


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step: `state` ok, note (advice), warning, failed or skipped; `text` says what was found and what to do."""

    key: str
    title: Text
    state: str
    text: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Tried:
    """What a check works with: the settings it named, typed ones first. A secret is None when it must not be sent (see above)."""

    values: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A value as text; "" for one that is withheld."""
        value = self.values[key]
        return "" if value is None else str(value)

    def withheld(self, key: str) -> bool:
        """Whether a stored secret is kept back because the address is only typed."""
        return self.values[key] is None


@dataclass(frozen=True, slots=True)
class SettingsCheck:
    """How settings are tried: `run(runtime, tried)` yields its steps as they come, within `LONGEST_SEC`.

    `settings` are the keys it reads, `address` the one among them that says where secrets are sent. Its texts and
    exceptions must hold no secret. `permission` is what a person needs to start it.
    """

    key: str
    section: str
    title: Text
    permission: Permission
    run: Callable[[Any, Tried], AsyncIterator[CheckStep]]
    settings: tuple[str, ...]
    address: str = ""
    help: Text = ""


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What came of a check. `ok`: no step failed."""

    key: str
    title: Text
    ok: bool
    steps: tuple[CheckStep, ...]
    duration_ms: int

    @property
    def verdict(self) -> str:
        """failed, warning or ok: the worst of the steps."""
        states = {one.state for one in self.steps}
        return FAILED if not self.ok else WARNING if WARNING in states else OK


def check_of(runtime: Runtime, actor: Actor, key: str) -> SettingsCheck:
    """One check of a component that is on; NotFound names it, Forbidden when the actor may not start it."""
    found = runtime.catalogue.checks().get(key)
    if found is None:
        raise NotFound(gettext("There is no check {key}", key=key), field="key")
    actor.require(found.permission.key)
    return found


async def run_check(
    runtime: Runtime,
    actor: Actor,
    key: str,
    typed: Mapping[str, Any] | None = None,
    told: Callable[[CheckStep], None] = lambda _step: None,
) -> CheckRun:
    """Try the settings in effect, with what was typed over them. Conflict while the same check runs, here or elsewhere.

    `told` hears of each step as soon as it is done.

    Raises ValidationFailed when a typed value is no good at all. Values of settings that the check does not read are ignored.
    """
    check = check_of(runtime, actor, key)
    tried = _tried(runtime, check, typed or {})
    steps: list[CheckStep] = []
    started = time.monotonic()
    async with hold(runtime, f"check:{key}"[:64], gettext("This check is running already: wait for it to end")):
        try:
            async with asyncio.timeout(LONGEST_SEC):
                async for step in check.run(runtime, tried):
                    steps.append(step)
                    told(step)
        except TimeoutError:
            text = gettext("Stopped after {seconds} s", seconds=f"{LONGEST_SEC:g}")
            steps.append(CheckStep("time", gettext("Time"), FAILED, text))
        except Exception as error:  # noqa: BLE001 - its text may hold what was sent
            log.error("Check %s broke off: %s", key, type(error).__name__)
            text = gettext("The check itself broke off: {reason}", reason=type(error).__name__)
            steps.append(CheckStep("check", gettext("Check"), FAILED, text))
    ok = all(step.state != FAILED for step in steps)
    found = CheckRun(key, check.title, ok, tuple(steps), round((time.monotonic() - started) * 1000))
    await runtime.db.run_write(
        lambda session: action_log.log(
            session, actor, "system:check", message=key, success=found.ok, meta={"result": found.verdict}
        )
    )
    return found


def _tried(runtime: Runtime, check: SettingsCheck, typed: Mapping[str, Any]) -> Tried:
    settings, specs = runtime.settings, runtime.settings.specs()
    values: dict[str, Any] = {}
    new: set[str] = set()
    for key in check.settings:
        given = typed.get(key)
        if given is None or (specs[key].secret and not str(given).strip()):  # an empty secret stands for the stored one
            values[key] = settings.get(key)
            continue
        values[key] = specs[key].parse(given)
        if values[key] != settings.get(key):
            new.add(key)
    if check.address and _server(values[check.address]) != _server(settings.get(check.address)):
        for key in check.settings:
            if specs[key].secret and key not in new and values[key]:
                values[key] = None
    return Tried(values)


def _server(address: object) -> tuple[str, str, int]:
    """Whoever listens at another port of a host is somebody else, and http:// tells the secret to everybody on the way."""
    try:
        parts = urlsplit(str(address).strip())
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", "", 0
    return parts.scheme, (parts.hostname or "").lower(), port
