"""Settings of the logs and of the search of addresses."""

from __future__ import annotations

from wildcore.i18n import _
from wildcore.services.settings import Setting

LOG_SETTINGS: tuple[Setting, ...] = (
    Setting("LOG_ACTIONS_DAYS", 365, _("Days to keep the action log"), type=int, minimum=1, maximum=3650),
    Setting(
        "LOG_POLLER_DAYS",
        2,
        _("Days to keep the log of pollers"),
        help=_("A device writes about 2500 lines a day"),
        type=int,
        minimum=1,
        maximum=365,
    ),
    Setting(
        "LOG_POLLER_RUNS",
        "all",
        _("Runs of pollers that are logged"),
        help=_("problems: only those that failed in part or in whole; for more than a thousand devices"),
        choices=("all", "problems"),
    ),
    Setting("LOG_DEVICE_CALLS_DAYS", 14, _("Days to keep the log of questions to devices"), type=int, minimum=1, maximum=365),
)

SEARCH_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "SEARCH_DEVICE_SOURCES",
        ["history", "device"],
        _("Where addresses are looked for, in this order"),
        "search_device",
        _("history: what polls saw; device: the devices are asked now"),
        list,
    ),
    Setting("SEARCH_DEVICE_CHECK_ALL_SOURCES", False, _("Look in all places, also after a hit"), "search_device", type=bool),
    Setting("SEARCH_DEVICE_HISTORY_ONLY_ACTIVE", True, _("Only addresses that are active now"), "search_device", type=bool),
    Setting(
        "SEARCH_DEVICE_IGNORE_TAG_PORTS",
        True,
        _("Leave out trunk ports"),
        "search_device",
        _("Ports that carry the VLAN tagged lead on to other devices"),
        bool,
    ),
    Setting(
        "SEARCH_DEVICE_REQUEST_CONCURRENCY", 50, _("Devices asked at once"), "search_device", type=int, minimum=1, maximum=1000
    ),
)
