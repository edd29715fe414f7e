"""From somebody whom the provider vouches for to a session of one of our users."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wildcore.errors import Conflict, NotAllowed, Unauthenticated, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services import action_log, networks, throttle
from wildcore.services.actor import Actor
from wildcore.services.keys import IssuedKey
from wildcore.services.oidc import Person
from wildcore.services.runtime import Runtime
from wildcore.services.sign_in import CodeRequired, Origin, start_session, ticket_for
from wildcore.services.users import free_login
from wildcore.store.tables import OWNER_ROLE_ID, SYSTEM_ROLE_ID, Role, User


class Refused(Unauthenticated):
    """The provider knows the person, and we do not let them in; the reason is for the log and the administrator."""


async def enter(runtime: Runtime, person: Person, origin: Origin) -> IssuedKey:
    """A session for a person: the user bound to this account of the provider, else one found by e-mail or login, else a new one.

    CodeRequired where the second factor is on, Refused otherwise; both the refusal and its reason are logged.
    """
    try:
        done = await runtime.db.run_write(lambda session: _enter(session, runtime, person, origin))
    except (Refused, NotAllowed) as refused:
        await refuse(runtime, origin, refused.description, person.login or person.email)
        raise Refused(refused.description) from None
    if isinstance(done, str):
        raise CodeRequired(done)
    return done


async def refuse(runtime: Runtime, origin: Origin, reason: str, login: str = "") -> None:
    """Log a sign-in by the provider that came to nothing; of one address only now and then."""
    held = runtime.auth.failures.let(("sso", origin.ip), runtime.now())
    if held is None:
        return
    who = Actor(None, login, ip=origin.ip, permissions=frozenset(), group_ids=frozenset())
    meta = {"method": "sso"} | ({"not_logged": held} if held else {})
    await runtime.db.run_write(
        lambda session: action_log.log(session, who, throttle.ACTION, success=False, message=reason, meta=meta)
    )


def _enter(session: Session, runtime: Runtime, person: Person, origin: Origin) -> IssuedKey | str:
    """A session, or the ticket for the second step."""
    user = _bound(session, person) or _matching(session, runtime, person)
    given = _role(session, runtime, person)
    if user is None:
        user = _provision(session, runtime, person, given, origin)
    else:
        if user.role_id == SYSTEM_ROLE_ID or not user.enabled:
            raise Refused(gettext("User {login} is disabled", login=user.login))
        _sync_role(session, runtime, user, given, origin)
    if not networks.allowed(user.allowed_networks, origin.ip):
        raise Refused(gettext("User {login} may not work from the address {ip}", login=user.login, ip=origin.ip))
    user.sso_subject = person.subject
    if user.totp_confirmed_at is not None:
        session.flush()
        return ticket_for(runtime, user, "sso")
    return start_session(session, runtime, user, origin, "sso")


def _bound(session: Session, person: Person) -> User | None:
    return session.scalar(select(User).where(User.sso_subject == person.subject))


def _matching(session: Session, runtime: Runtime, person: Person) -> User | None:
    """The user with the person's e-mail or login, unless it belongs to another account of the same provider."""
    if runtime.settings.get("OIDC_MATCH_BY") == "email":
        if not person.email:
            raise Refused(gettext("The provider gave no e-mail"))
        if not person.email_verified:
            raise Refused(gettext("The provider has not verified the e-mail {email}", email=person.email))
        where = func.lower(User.email) == person.email.lower()
    else:
        if not person.login:
            raise Refused(gettext("The provider gave no login"))
        where = User.login == person.login
    found = list(session.scalars(select(User).where(where).limit(2)))
    if len(found) > 1:
        raise Refused(gettext("Several users have the e-mail {email}", email=person.email))
    issuer = person.subject.partition("|")[0]
    if found and found[0].sso_subject.startswith(f"{issuer}|"):
        raise Refused(gettext("User {login} belongs to another account of the provider", login=found[0].login))
    return found[0] if found else None


def _role(session: Session, runtime: Runtime, person: Person) -> Role | None:
    """The role that the groups give: Owner before all, then the one with most rights; else the default role."""
    names = [name for name in person.groups or () if name]
    rows = session.scalars(select(Role).where(Role.name.in_(names[:1000]), Role.id != SYSTEM_ROLE_ID)).all()
    found = sorted(rows, key=lambda role: (role.id != OWNER_ROLE_ID, -len(role.permissions), role.name))
    if found:
        return found[0]
    default = str(runtime.settings.get("OIDC_DEFAULT_ROLE"))
    if not default:
        return None
    return session.scalars(select(Role).where(Role.name == default, Role.id != SYSTEM_ROLE_ID)).one_or_none()


def _provision(session: Session, runtime: Runtime, person: Person, role: Role | None, origin: Origin) -> User:
    if not runtime.settings.get("OIDC_AUTO_PROVISION"):
        raise Refused(gettext("There is no user for {login}", login=person.login or person.email))
    if role is None:
        raise Refused(gettext("The groups of {login} give no role", login=person.login or person.email))
    try:
        login = free_login(session, person.login or person.email)
    except (ValidationFailed, Conflict) as wrong:
        raise Refused(wrong.description) from None
    now = runtime.now()
    user = User(
        login=login, name=person.name, email=person.email, password_hash="", role_id=role.id, enabled=True,
        all_groups=role.id == OWNER_ROLE_ID, language="", timezone="", preferences={}, allowed_networks=[],
        totp_secret="", sso_subject=person.subject, sso_role_id=role.id, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(user)
    session.flush()
    who = Actor(user.id, user.login, ip=origin.ip)
    action_log.log(session, who, "user:added", message=user.login, meta={"id": user.id, "role_id": role.id, "method": "sso"})
    return user


def _sync_role(session: Session, runtime: Runtime, user: User, given: Role | None, origin: Origin) -> None:
    """Take the role from the groups. One given by hand stays when the groups give none; one that groups gave goes with them."""
    if not runtime.settings.get("OIDC_SYNC_ROLE"):
        return
    if given is None:
        if user.sso_role_id is not None and user.sso_role_id == user.role_id and not _last_owner(session, user):
            raise Refused(gettext("The groups of {login} give no role", login=user.login))
        return
    if given.id != user.role_id:
        if _last_owner(session, user):
            return
        user.role_id = given.id
        user.updated_at = runtime.now()
        runtime.auth.keys.clear_after_commit(session)
        who = Actor(user.id, user.login, ip=origin.ip)
        meta = {"id": user.id, "role_id": given.id, "method": "sso"}
        action_log.log(session, who, "user:role_changed", message=f"{user.login}: {given.name}", meta=meta)
    user.sso_role_id = given.id


def _last_owner(session: Session, user: User) -> bool:
    if user.role_id != OWNER_ROLE_ID:
        return False
    others = select(User.id).where(User.role_id == OWNER_ROLE_ID, User.enabled.is_(True), User.id != user.id)
    return session.scalar(others.limit(1)) is None
