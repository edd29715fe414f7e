"""Settings that the core's services read. Components add their own; names and defaults are the ones clients know."""

from __future__ import annotations

from wildcore.i18n import _
from wildcore.services.log_settings import LOG_SETTINGS, SEARCH_SETTINGS
from wildcore.services.oidc_settings import OIDC_SETTINGS
from wildcore.services.settings import Setting

CORE_SECTIONS = {
    "web": _("Web"),
    "system": _("System"),
    "security": _("Security"),
    "sso": _("Single sign-on"),
    "devices": _("Devices"),
    "signals": _("Signal limits"),
    "search_device": _("Search of subscribers"),
}

CORE_SETTINGS: tuple[Setting, ...] = (
    Setting("APP_NAME", "Wildcore DMS", _("Name of the system"), "web"),
    Setting(
        "EXTERNAL_HTTP_ADDRESS", "", _("External address"), "web", _("Empty: links follow the address of the request"), form="url"
    ),
    Setting("DEFAULT_LANGUAGE", "uk", _("Default language"), "web", choices=("uk", "en")),
    Setting("WEB_ZOOM_MAIN", 1.0, _("Scale of the pages"), "web", type=float, minimum=0.3, maximum=3),
    Setting(
        "WEB_ZOOM_IFRAME",
        1.0,
        _("Scale of the pages inside billing"),
        "web",
        _("1 is 100 %, 0.9 is 90 %"),
        float,
        minimum=0.3,
        maximum=3,
    ),
    Setting(
        "IFRAME_ALLOWED_ORIGINS",
        [],
        _("Origins that may show the iframe pages"),
        "web",
        _("Billing's own address is always allowed; empty with no billing set: any"),
        list,
    ),
    Setting("LOG_LEVEL", "WARNING", _("Log level"), choices=("DEBUG", "INFO", "WARNING", "ERROR")),
    Setting("POLLER_COUNT_PROCS", 10, _("Devices polled at once"), type=int, minimum=1, maximum=1000),
    Setting("POLLER_IGNORE_DOWN", True, _("Skip devices that are down"), type=bool),
    Setting(
        "INTERFACE_RETENTION_DAYS",
        90,
        _("Days to keep interfaces that are gone"),
        help=_("An interface that vanished from its device stays visible as gone, with its history, for so long"),
        type=int,
        minimum=1,
        maximum=3650,
    ),
    Setting(
        "METRICS_RETENTION_DAYS",
        90,
        _("Days to keep signals and counters"),
        help=_("The history behind the charts, kept in files of a day each"),
        type=int,
        minimum=1,
        maximum=3650,
    ),
    Setting("API_KEY_EXPIRATION", 864000, _("Life of a session, seconds"), "security", type=int, minimum=300, maximum=31536000),
    Setting(
        "RATE_LIMITER_ENABLED",
        True,
        _("Delay and block failed sign-ins"),
        "security",
        _("Of one login from one address; requests with a key are never blocked"),
        bool,
    ),
    Setting(
        "RATE_LIMITER_ATTEMPTS", 3, _("Failed sign-ins in 10 minutes that block"), "security", type=int, minimum=1, maximum=1000
    ),
    Setting(
        "RATE_LIMITER_ADDRESS_LOGINS",
        20,
        _("Failing logins that make an address slow"),
        "security",
        _("Within the length of a block; who signed in from the address before still gets in. 0: off"),
        int,
        minimum=0,
        maximum=10_000,
    ),
    Setting("RATE_LIMITER_TIME", 3600, _("Length of a block, seconds"), "security", type=int, minimum=1, maximum=604800),
    Setting(
        "SECURE_CHECK_PASSWORD_STRENGTH",
        True,
        _("Ask for strong passwords"),
        "security",
        _("8 characters or more, with small and capital letters, digits and special characters"),
        bool,
    ),
    Setting(
        "TRUSTED_HOST_NETWORK_LIST", [], _("Networks whose API requests need no key"), "security", type=list, form="networks"
    ),
    Setting(
        "CROSS_AUTH_SCOPE",
        "billing",
        _("What a key given to billing's employees reaches"),
        "security",
        choices=("billing", "full"),
    ),
    Setting("CROSS_AUTH_BIND_IP", False, _("Tie cross-auth keys to the employee's address"), "security", type=bool),
    Setting(
        "TRUSTED_PROXY_LIST",
        ["127.0.0.0/8", "::1/128"],
        _("Proxies whose headers are believed"),
        "security",
        type=list,
        form="networks",
    ),
    Setting("PROXY_REAL_IP_HEADER", "X-Real-IP", _("Header with the client's address"), "security"),
    Setting("SWC_SNMP_VERSION", "2c", _("SNMP version"), "devices", choices=("1", "2c", "3")),
    Setting("SWC_SNMP_PORT", 161, _("SNMP port"), "devices", type=int, minimum=1, maximum=65535),
    Setting("SWC_SNMP_TIMEOUT_SEC", 4.0, _("SNMP timeout, seconds"), "devices", type=float, minimum=0.1, maximum=60),
    Setting("SWC_SNMP_REPEATS", 3, _("SNMP tries"), "devices", type=int, minimum=1, maximum=10),
    Setting("SWC_SNMP_MAX_REPETITIONS", 25, _("Rows asked of a device at once"), "devices", type=int, minimum=1, maximum=100),
    Setting("SWC_CHECK_ICMP_PING", True, _("Ping a device before it is asked"), "devices", type=bool),
    Setting("DIAG_CACHE_SEC", 60, _("Age at which a diagnosis asks the device again, seconds"), "devices", type=int, minimum=0),
    Setting("DIAG_WAIT_SEC", 4.0, _("Longest wait for a device in a diagnosis, seconds"), "devices", type=float, minimum=0.5),
    Setting(
        "DIAG_DEVICE_WAIT_SEC",
        30.0,
        _("Longest wait for a device that is asked itself, seconds"),
        "devices",
        _("What a device does not tell within it is shown as it was last known. Below the time that a proxy waits (nginx: 60)"),
        float,
        minimum=1,
        maximum=300,
    ),
    Setting("ANALYTICS_MIN_RX_SIGNAL", -28.0, _("Weakest good ONU RX, dBm"), "signals", type=float),
    Setting("ANALYTICS_MAX_RX_SIGNAL", -10.0, _("Strongest good ONU RX, dBm"), "signals", type=float),
    Setting("ANALYTICS_MIN_OLT_RX_SIGNAL", -28.0, _("Weakest good OLT RX, dBm"), "signals", type=float),
    Setting("ANALYTICS_MAX_OLT_RX_SIGNAL", -10.0, _("Strongest good OLT RX, dBm"), "signals", type=float),
    Setting(
        "ANALYTICS_IGNORE_IFACES_WITH_MORE_THAN",
        10,
        _("Ports with more MACs than this are uplinks"),
        "signals",
        type=int,
        minimum=1,
    ),
    Setting(
        "ANALYTICS_SHOW_ACTIVE_MORE_THAN",
        1800,
        _("How long a MAC stands at two ports before it is told of, seconds"),
        "signals",
        type=int,
        minimum=0,
    ),
    *LOG_SETTINGS,
    *SEARCH_SETTINGS,
    *OIDC_SETTINGS,
)
