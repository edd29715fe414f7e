"""Settings of sign-in by a provider (OpenID Connect); names and defaults are the ones that users know."""

from __future__ import annotations

from wildcore.i18n import _
from wildcore.services.settings import Setting, Settings

INTERNAL, OIDC = "internal", "oidc"
SECTION = "sso"

OIDC_SETTINGS: tuple[Setting, ...] = (
    Setting("AUTH_METHODS", [INTERNAL], _("Ways to sign in"), SECTION, _("internal (login and password), oidc (provider)"), list),
    Setting("AUTH_AUTO_INITIATE", False, _("Go to the provider at once"), SECTION, _("Without showing our sign-in page"), bool),
    Setting("OIDC_NAME", "", _("Name of the provider"), SECTION, _("Stands on the button of the sign-in page")),
    Setting("OIDC_ISSUER", "", _("Issuer"), SECTION, _("Address of the provider, https://…")),
    Setting("OIDC_CLIENT_ID", "", _("Client ID"), SECTION),
    Setting("OIDC_CLIENT_SECRET", "", _("Client secret"), SECTION, secret=True),
    Setting("OIDC_ADDITIONAL_SCOPES", "", _("Further scopes"), SECTION, _("Besides openid, profile, email; for example groups")),
    Setting("OIDC_EMAIL_CLAIM", "email", _("Claim with the e-mail"), SECTION),
    Setting("OIDC_LOGIN_CLAIM", "preferred_username", _("Claim with the login"), SECTION),
    Setting("OIDC_NAME_CLAIM", "name", _("Claim with the name"), SECTION),
    Setting("OIDC_GROUPS_CLAIM", "groups", _("Claim with the groups"), SECTION, _("A group named like a role gives that role")),
    Setting("OIDC_MATCH_BY", "email", _("Find a user by"), SECTION, choices=("email", "login")),
    Setting("OIDC_AUTO_PROVISION", True, _("Add unknown users"), SECTION, _("If their groups or the default give a role"), bool),
    Setting("OIDC_SYNC_ROLE", True, _("Take the role from the groups at each sign-in"), SECTION, type=bool),
    Setting("OIDC_DEFAULT_ROLE", "", _("Role of those whose groups give none"), SECTION, _("Name of a role; empty: none")),
    Setting(
        "OIDC_DENY_LOCAL_LOGIN",
        False,
        _("Take no passwords"),
        SECTION,
        _("Only the provider signs people in; on the server `wca auth:configure --passwords` takes passwords again"),
        bool,
    ),
)


def enabled(settings: Settings) -> bool:
    """Whether people may sign in by the provider: switched on, and told what it needs."""
    return OIDC in settings.get("AUTH_METHODS") and bool(settings.get("OIDC_ISSUER") and settings.get("OIDC_CLIENT_ID"))


def local_denied(settings: Settings) -> bool:
    """Whether passwords are refused; never while the provider is not configured."""
    return enabled(settings) and bool(settings.get("OIDC_DENY_LOCAL_LOGIN") or INTERNAL not in settings.get("AUTH_METHODS"))


def name(settings: Settings) -> str:
    """The provider's name for people."""
    return str(settings.get("OIDC_NAME")) or "SSO"
