"""Typed settings: declared with default and range, stored when they differ, read from memory.

Order: environment variable `WILDCORE_<KEY>`, database, default. Another process's change is seen within `REFRESH_SEC`.
"""

from __future__ import annotations

import ipaddress
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wildcore.errors import NotFound, ValidationFailed
from wildcore.i18n import Text, _, gettext
from wildcore.services.secretbox import SecretBox
from wildcore.store.db import Database
from wildcore.store.tables import SettingRow

REFRESH_SEC = 5.0
_YES = frozenset({"1", "yes", "true", "on"})
_TYPES: dict[type, Text] = {
    str: _("text"),
    int: _("whole number"),
    float: _("number"),
    bool: _("switch (yes or no)"),
    list: _("list"),
}
_NO = frozenset({"0", "no", "false", "off", ""})


@dataclass(frozen=True, slots=True)
class Setting:
    """One typed setting. `type`: str, int, float, bool or list (of texts); `secret` ones are encrypted and write-only.

    `form` of texts: `url` (http or https, or empty), `networks` (addresses and networks).
    """

    key: str
    default: Any
    label: Text
    section: str = "system"
    help: Text = ""
    type: type = str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False
    form: str = ""

    def parse(self, value: Any) -> Any:
        """The value in the setting's type; raises ValidationFailed that names the key and the allowed range."""
        try:
            parsed = _convert(self.type, value)
        except (TypeError, ValueError):
            raise ValidationFailed(
                gettext("{key}: {value} is not a valid {type}", key=self.key, value=_shown(value), type=_TYPES[self.type]),
                field=self.key,
            ) from None
        low, high = self.minimum, self.maximum
        if (low is not None and parsed < low) or (high is not None and parsed > high):
            raise ValidationFailed(
                gettext("{key}: must be from {low} to {high}", key=self.key, low=_bound(low), high=_bound(high)),
                field=self.key,
            )
        if self.choices and parsed not in self.choices:
            raise ValidationFailed(
                gettext("{key}: must be one of {choices}", key=self.key, choices=", ".join(self.choices)), field=self.key
            )
        if self.form:
            self._refuse_form(parsed)
        return parsed

    def _refuse_form(self, parsed: Any) -> None:
        """Raise when a text has not the form that it needs."""
        for text in parsed if isinstance(parsed, list) else [parsed]:
            if self.form == "networks" and not _is_network(text):
                said = gettext("{text} is no address or network: write 192.0.2.10 or 192.0.2.0/24", text=text[:60])
                raise ValidationFailed(f"{self.key}: {said}", field=self.key)
            if self.form == "url" and text and not _is_url(text):
                said = gettext("{text} is no address: write http:// or https:// and the name", text=text[:60])
                raise ValidationFailed(f"{self.key}: {said}", field=self.key)


class Settings:
    """All settings of the process. Thread-safe; `get` costs no SQL while the values are fresh."""

    def __init__(self, db: Database, box: SecretBox, specs: Iterable[Setting] = ()) -> None:
        self._db = db
        self._box = box
        self._specs: dict[str, Setting] = {spec.key: spec for spec in specs}
        self._values: dict[str, Any] = {}
        self._from_environment: frozenset[str] = frozenset()
        self._read_at = float("-inf")
        self._lock = threading.Lock()
        self._load_more: Callable[[], object] | None = None

    def declare(self, specs: Iterable[Setting]) -> None:
        """Add the settings of a component."""
        for spec in specs:
            self._specs[spec.key] = spec
        self.forget()

    def more(self, load: Callable[[], object]) -> None:
        """Call this once, when a setting is asked for that nobody declared yet, or all of them are: it declares more."""
        self._load_more = load

    def specs(self) -> Mapping[str, Setting]:
        """Every declared setting by key."""
        self._load_rest()
        return self._specs

    def _load_rest(self) -> None:
        load, self._load_more = self._load_more, None
        if load is not None:
            load()

    def get(self, key: str) -> Any:
        """The value in effect, in the setting's type (a secret in clear)."""
        spec = self._spec(key)
        values = self._fresh()
        if key in self._from_environment:
            return spec.parse(os.environ.get(f"WILDCORE_{key}", ""))
        return values.get(key, spec.default)

    def is_set(self, key: str) -> bool:
        """Whether the setting has a stored value (how a secret shows itself)."""
        return key in self._fresh()

    def set(self, session: Session, values: Mapping[str, Any]) -> list[str]:
        """Store values within the caller's transaction; returns the keys that changed. None takes the default again.

        All values are checked before anything is written. The caller calls `forget` after its commit.
        """
        parsed = {key: None if value is None else self._spec(key).parse(value) for key, value in values.items()}
        current = self._load(session)
        changed = []
        for key, value in parsed.items():
            if value is None or value == self._spec(key).default:
                if key in current:
                    session.execute(delete(SettingRow).where(SettingRow.key == key))
                    changed.append(key)
            elif current.get(key) != value:
                text = json.dumps(value, ensure_ascii=False)
                sealed = self._box.seal(text) if self._spec(key).secret else text
                session.merge(SettingRow(key=key, value=sealed, updated_at=int(time.time())))
                changed.append(key)
        return changed

    def forget(self) -> None:
        """Read again at the next `get`."""
        self._read_at = float("-inf")

    def _spec(self, key: str) -> Setting:
        if key not in self._specs:
            self._load_rest()
        spec = self._specs.get(key)
        if spec is None:
            raise NotFound(gettext("There is no setting {key}", key=key), field=key)
        return spec

    def _fresh(self) -> dict[str, Any]:
        if time.monotonic() - self._read_at > REFRESH_SEC:
            with self._lock:
                if time.monotonic() - self._read_at > REFRESH_SEC:
                    with self._db.read() as session:
                        self._values = self._load(session)
                    # Looking into the environment costs more than all else of a `get`.
                    self._from_environment = frozenset(key for key in self._specs if f"WILDCORE_{key}" in os.environ)
                    self._read_at = time.monotonic()
        return self._values

    def _load(self, session: Session) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, text in session.execute(select(SettingRow.key, SettingRow.value)):
            spec = self._specs.get(key)
            if spec is not None:
                values[key] = json.loads(self._box.open(text) if spec.secret else text)
        return values


def _convert(kind: type, value: Any) -> Any:
    if kind is bool:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word not in _YES and word not in _NO:
            raise ValueError(word)
        return word in _YES
    if kind is list:
        parts = value if isinstance(value, list | tuple) else _plain(value).replace("\n", ",").split(",")
        return [text for text in (_plain(part).strip() for part in parts) if text]
    if kind in (int, float):
        if isinstance(value, bool):
            raise ValueError(value)
        number = kind(value)
        if number != number:
            raise ValueError(value)
        return number
    return _plain(value).strip()


def _plain(value: Any) -> str:
    """One value as text; an object or a list is none, whatever it would look like written out."""
    if isinstance(value, dict | list | tuple | set):
        raise TypeError(value)
    return str(value)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _shown(value: Any) -> str:
    return str(value)[:60]


def _bound(value: float | None) -> str:
    return "…" if value is None else f"{value:.10g}"
