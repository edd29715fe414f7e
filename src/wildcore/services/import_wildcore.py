"""Takes groups, models, accesses, devices, roles and users of another Wildcore that was read (`import_wildcore_source`).

Everything within the caller's transaction. Objects are told apart by what people call them: groups, accesses and roles by
name, models by key, devices by address, users by login. What is here already stays as it is, so a second run changes nothing;
only secrets that an access lacks are filled in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from wildcore.errors import WildcoreError
from wildcore.services import action_log, device_accesses, device_groups, device_models, devices, roles, users
from wildcore.services.actor import Actor
from wildcore.services.device_accesses import SECRETS, AccessInput, access_input
from wildcore.services.device_views import ModelView
from wildcore.services.devices import DeviceInput
from wildcore.services.import_wildcore_source import Json, Source, coordinates, flag, mapping, reference, references, text
from wildcore.services.runtime import Runtime
from wildcore.services.users import UserFields
from wildcore.store.tables import OWNER_ROLE_ID, SYSTEM_ROLE_ID

_LANGUAGES = {"ua": "uk", "uk": "uk", "en": "en"}
TAKEN, PARTLY, HERE, NOT = "taken", "partly", "already here", "not taken"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one object; `why` for all that was not simply taken."""

    section: str
    name: str
    result: str
    why: str = ""


@dataclass(slots=True)
class Report:
    """What was taken, what not and why. `without_secrets`: accesses that cannot open anything yet."""

    lines: list[Line] = field(default_factory=list)
    without_secrets: list[str] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, Counter[str]]:
        """Section -> result -> how many."""
        found: dict[str, Counter[str]] = {}
        for line in self.lines:
            found.setdefault(line.section, Counter())[line.result] += 1
        return found


@dataclass(frozen=True, slots=True)
class Options:
    """`secrets`: access name -> secrets. `models`: their model key -> ours. `passwords`: login -> (password, its hash) of the
    users that may sign in; others are made disabled with the hash `no_password`, whose password nobody knows."""

    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    passwords: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    no_password: str = ""


class _Left(WildcoreError):
    """Why an object is not taken."""


def new_logins(session: Session, actor: Actor, source: Source) -> list[str]:
    """Logins of the source's users that are not here yet."""
    here = {one.login for one in users.user_list(session, actor, limit=1_000_000)[0]}
    return sorted({text(row.get("login"), 100) for row in source.rows("users")} - here - {""})


def take(session: Session, runtime: Runtime, actor: Actor, source: Source, options: Options) -> Report:
    """Take everything that can be taken; an object that cannot is left out and reported, and the others go on."""
    return _Import(session, runtime, actor, source, options).run()


class _Import:
    def __init__(self, session: Session, runtime: Runtime, actor: Actor, source: Source, options: Options) -> None:
        self.session, self.runtime, self.actor, self.source, self.options = session, runtime, actor, source, options
        self.report = Report()
        self.ids: dict[str, dict[Any, int]] = {name: {} for name in ("groups", "models", "accesses", "roles")}
        self.model_keys: dict[Any, str] = {}

    def run(self) -> Report:
        steps: dict[str, tuple[str, Callable[[Json, str], tuple[str, str]]]] = {
            "groups": ("name", self.group),
            "models": ("key", self.model),
            "accesses": ("name", self.access),
            "devices": ("ip", self.device),
            "roles": ("name", self.role),
            "users": ("login", self.user),
        }
        for section, why in self.source.missing.items():
            self.report.lines.append(Line(section, "all", NOT, why))
        for section, (key, step) in steps.items():
            for row in self.source.rows(section):
                name = text(row.get(key), 200)
                try:
                    with self.session.begin_nested():  # what fails in its middle leaves nothing behind
                        result, why = step(row, name)
                except WildcoreError as error:
                    result, why = NOT, error.description
                self.report.lines.append(Line(section, name or f"id {row.get('id')}", result, why))
        counts = {section: dict(found) for section, found in self.report.counts().items()}
        if any(TAKEN in found or PARTLY in found for found in counts.values()):
            action_log.log(self.session, self.actor, "import:wildcore", message=self.source.address, meta=counts)
        return self.report

    def group(self, row: Json, name: str) -> tuple[str, str]:
        here = {one.name: one.id for one in device_groups.list_groups(self.session, self.actor).rows}
        if name in here:
            self.ids["groups"][row.get("id")] = here[name]
            return HERE, ""
        made = device_groups.add_group(self.session, self.runtime, name, text(row.get("description")))
        self.ids["groups"][row.get("id")] = made.id
        return TAKEN, ""

    def model(self, row: Json, key: str) -> tuple[str, str]:
        self.model_keys[row.get("id")] = key
        ours = self.our_model(key)
        self.ids["models"][row.get("id")] = ours.id
        pollers = {} if ours.pollers else self.intervals(row.get("pollers"), ours)
        params = {} if ours.params else device_accesses.checked_params(mapping(row.get("params")))
        if not pollers and not params:
            return HERE, ""
        device_models.update_model(self.session, ours.id, pollers=pollers or None, params=params or None)
        return TAKEN, ""

    def intervals(self, value: Any, ours: ModelView) -> dict[str, int]:
        """Their poll intervals that differ from ours, of the pollers that ours has."""
        theirs = {name: one for name, one in mapping(value).items() if name in ours.defaults}
        wanted = {name: int(one) for name, one in theirs.items() if str(one).isdigit() and (int(one) == 0 or int(one) >= 10)}
        return {name: one for name, one in wanted.items() if one != ours.defaults[name]}

    def our_model(self, key: str) -> ModelView:
        try:
            return device_models.model_by_key(self.session, self.options.models.get(key, key))
        except WildcoreError:
            raise _Left(f"no driver for model {key or '?'}: name one of ours with --model {key}=KEY") from None

    def access(self, row: Json, name: str) -> tuple[str, str]:
        given = {key: value for key, value in self.options.secrets.get(name, {}).items() if key in SECRETS and value}
        here = {one.name: one for one in device_accesses.list_accesses(self.session, self.runtime).rows}
        if name in here:
            self.ids["accesses"][row.get("id")] = here[name].id
            missing = {key: value for key, value in given.items() if key not in here[name].secrets}
            if missing:
                device_accesses.update_access(self.session, self.runtime, here[name].id, AccessInput(secrets=missing))
                return TAKEN, "its secrets were filled in"
            if not here[name].secrets:
                self.report.without_secrets.append(name)
            return HERE, ""
        read = access_input({**row, "secrets": {}, "name": name, "params": mapping(row.get("params"))})
        secrets = {**{key: value for key, value in read.secrets.items() if value and set(value) != {"*"}}, **given}
        made = device_accesses.add_access(self.session, self.runtime, AccessInput(name, read.params, secrets))
        self.ids["accesses"][row.get("id")] = made.id
        if not secrets:
            self.report.without_secrets.append(name)
            return PARTLY, "without its secrets, which the API never shows: give them with --secrets"
        return TAKEN, ""

    def device(self, row: Json, ip: str) -> tuple[str, str]:
        address = devices.checked_ip(ip)
        try:
            devices.device_by_ip(self.session, self.actor, address)
            return HERE, ""
        except WildcoreError:
            pass
        notes: list[str] = []
        place = coordinates(row.get("coordinates"))
        wanted = DeviceInput(
            ip=address,
            name=text(row.get("name"), 200),
            model_id=self.device_model(row),
            access_id=self.device_access(row),
            group_ids=self.group_ids(references(row, "groups", "group_ids", "group", "group_id"), notes),
            enabled=flag(row.get("enabled", row.get("status") if text(row.get("status")) in ("Enabled", "Disabled") else None)),
            location=text(row.get("location"), 2000),
            description=text(row.get("description")),
            serial=text(row.get("serial"), 100),
            latitude=place[0] if place else None,
            longitude=place[1] if place else None,
        )
        made = devices.add_device(self.session, self.runtime, self.actor, wanted)
        pollers = {name: one for name, one in mapping(row.get("pollers")).items() if name in made.model.defaults}
        for name, extra in (
            ("MAC", DeviceInput(mac=text(row.get("mac")))),
            ("parameters", DeviceInput(params=mapping(row.get("params")))),
            ("poll intervals", DeviceInput(pollers=pollers)),
        ):
            if extra.mac or extra.params or extra.pollers:
                try:
                    devices.update_device(self.session, self.runtime, self.actor, made.id, extra)
                except WildcoreError as error:
                    notes.append(f"without its {name}: {error.description}")
        return (PARTLY, "; ".join(notes)) if notes else (TAKEN, "")

    def device_model(self, row: Json) -> int:
        model = reference(row, "model")
        known = self.ids["models"].get(model.get("id"))
        return known or self.our_model(text(model.get("key")) or self.model_keys.get(model.get("id"), "")).id

    def device_access(self, row: Json) -> int:
        access = reference(row, "access")
        known = self.ids["accesses"].get(access.get("id"))
        name = text(access.get("name"), 200)
        if known is None and name:
            # The key may not list accesses; devices still say what theirs is called.
            found = [one.id for one in device_accesses.list_accesses(self.session, self.runtime).rows if one.name == name]
            given = {key: value for key, value in self.options.secrets.get(name, {}).items() if key in SECRETS and value}
            wanted = AccessInput(name, {}, dict(given))
            known = found[0] if found else device_accesses.add_access(self.session, self.runtime, wanted).id
            if not found and not given:
                self.report.without_secrets.append(name)
            self.ids["accesses"][access.get("id")] = known
        if known is None:
            raise _Left("its access was not taken")
        return known

    def group_ids(self, wanted: list[Json], notes: list[str]) -> tuple[int, ...]:
        found = []
        for one in wanted:
            known = self.ids["groups"].get(one.get("id"))
            if known is None:
                notes.append(f"not in group {text(one.get('name')) or one.get('id')}, which was not taken")
            else:
                found.append(known)
        return tuple(dict.fromkeys(found))

    def role(self, row: Json, name: str) -> tuple[str, str]:
        if row.get("id") == OWNER_ROLE_ID or name == "Owner":
            self.ids["roles"][row.get("id")] = OWNER_ROLE_ID
            return HERE, ""
        if row.get("id") == SYSTEM_ROLE_ID or name == "System":
            return HERE, "built in"
        here = {one.name: one.id for one in roles.role_list(self.session)}
        if name in here:
            self.ids["roles"][row.get("id")] = here[name]
            return HERE, ""
        known = self.runtime.catalogue.permissions()
        theirs = self.permissions(row.get("permissions"))
        taken, about = [key for key in theirs if key in known], text(row.get("description"), 1000)
        made = roles.role_create(self.session, self.runtime, self.actor, name, taken, about, flag(row.get("display")))
        self.ids["roles"][row.get("id")] = made.id
        unknown = [key for key in theirs if key not in known]
        return (PARTLY, f"rights unknown here, or of a component that is off: {', '.join(unknown)}") if unknown else (TAKEN, "")

    def permissions(self, value: Any) -> list[str]:
        """Keys out of `[key]`, `[{key}]` or `{key: true}`."""
        if isinstance(value, Mapping):
            return sorted(str(key) for key, on in value.items() if on)
        found = [text(one.get("key") or one.get("name")) if isinstance(one, Mapping) else text(one) for one in value or []]
        return sorted({one for one in found if one})

    def user(self, row: Json, login: str) -> tuple[str, str]:
        here = {one.login for one in users.user_list(self.session, self.actor, limit=1_000_000)[0]}
        if login in here:
            return HERE, ""
        if login.lower() in ("sys", "system") or row.get("id") == SYSTEM_ROLE_ID:
            return HERE, "built in"
        role = reference(row, "role")
        role_id = self.ids["roles"].get(role.get("id")) or self.role_named(text(role.get("name")))
        notes: list[str] = []
        groups = self.group_ids(references(row, "group_ids", "groups", "device_groups"), notes)
        enabled = flag(row.get("enabled", row.get("status")))
        password = self.options.passwords.get(login) if enabled else None
        fields = UserFields(
            login=login,
            name=text(row.get("name"), 200),
            email=text(row.get("email"), 200),
            role_id=role_id,
            enabled=password is not None,
            all_groups=flag(row.get("all_groups"), default=role_id == OWNER_ROLE_ID),
            group_ids=groups,
            language=_LANGUAGES.get(text(row.get("language")).lower()),
            password_hash=password[1] if password else self.options.no_password,
        )
        users.user_create(self.session, self.runtime, self.actor, fields)
        if password is not None:
            self.report.passwords[login] = password[0]
        elif enabled:
            notes.append("disabled: passwords cannot be read; --passwords FILE makes new ones, or wca user:reset-password")
        return (PARTLY, "; ".join(notes)) if notes else (TAKEN, "")

    def role_named(self, name: str) -> int:
        found = next((one.id for one in roles.role_list(self.session) if one.name == name and name), None)
        if found is None:
            raise _Left(f"its role {name or '?'} was not taken")
        return found
