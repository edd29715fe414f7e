"""Settings and components as people see and change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from wildcore import __version__
from wildcore.errors import NotFound
from wildcore.i18n import gettext
from wildcore.services import action_log
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.services.settings import Setting
from wildcore.store.tables import Device, Interface, Poll


def describe(runtime: Runtime) -> list[dict[str, Any]]:
    """Every setting: key, section, label, help, type, range, choices, default, value, and whether it is stored."""
    settings = runtime.settings
    return [
        {
            "key": spec.key,
            "section": spec.section,
            "label": str(spec.label),
            "help": str(spec.help),
            "type": spec.type.__name__,
            "minimum": spec.minimum,
            "maximum": spec.maximum,
            "choices": list(spec.choices),
            "secret": spec.secret,
            "default": None if spec.secret else spec.default,
            "value": None if spec.secret else settings.get(spec.key),
            "is_set": settings.is_set(spec.key),
        }
        for spec in visible_settings(runtime)
    ]


def visible_settings(runtime: Runtime) -> list[Setting]:
    """Settings of the core and of the components that are on."""
    hidden = runtime.catalogue.hidden_settings()
    return [spec for key, spec in runtime.settings.specs().items() if key not in hidden]


def change(session: Session, runtime: Runtime, actor: Actor, values: Mapping[str, Any]) -> list[str]:
    """Store settings within the caller's transaction; the keys that changed. In effect as soon as it is committed."""
    hidden = sorted(runtime.catalogue.hidden_settings() & values.keys())
    if hidden:
        raise NotFound(gettext("There is no setting {key}", key=hidden[0]), field=hidden[0])
    changed = runtime.settings.set(session, values)
    if changed:
        event.listen(session, "after_commit", lambda _session: runtime.settings.forget(), once=True)
        action_log.log(session, actor, "system:configuration", message=", ".join(changed), meta={"changed": changed})
    return changed


def switch_component(session: Session, runtime: Runtime, actor: Actor, key: str, on: bool) -> None:
    """Switch a component; in effect, in this process, as soon as the caller's transaction is committed."""
    runtime.catalogue.switch(session, key, on)
    event.listen(session, "after_commit", lambda _session: runtime.catalogue.forget(), once=True)
    runtime.auth.keys.clear_after_commit(session)
    action_log.log(session, actor, "component:enabled" if on else "component:disabled", message=key)


def metrics_text(session: Session) -> str:
    """Counts of devices, interfaces and polls in Prometheus' text exposition format."""
    lines = [f'wildcore_info{{version="{__version__}"}} 1']
    groups = (
        ("wildcore_devices", select(Device.status, func.count()).group_by(Device.status), "status"),
        ("wildcore_interfaces", select(Interface.status, func.count()).group_by(Interface.status), "status"),
        ("wildcore_polls", select(Poll.result, func.count()).group_by(Poll.result), "result"),
    )
    for name, statement, label in groups:
        lines.append(f"# TYPE {name} gauge")
        lines += [f'{name}{{{label}="{value}"}} {count}' for value, count in session.execute(statement)]
    return "\n".join(lines) + "\n"
