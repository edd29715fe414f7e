"""Words of the pages about syncs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wildcore.i18n import Lazy, _, gettext

_STAGES: Mapping[str, Lazy] = {
    "queued": _("waiting for its turn"),
    "fetch": _("fetching the list from billing"),
    "compare": _("comparing with what is stored"),
    "write": _("writing the changes"),
    "done": _("done"),
}
_COUNTS: Mapping[str, Lazy] = {
    "received": _("Received"),
    "added": _("Added"),
    "changed": _("Changed"),
    "removed": _("Removed"),
    "unchanged": _("Unchanged"),
    "unusable": _("Unusable"),
    "by_ident": _("By ONU"),
    "by_port": _("By switch port"),
    "by_mac": _("By MAC"),
    "unmatched": _("Without a place"),
}
_CHANGES: Mapping[str, Lazy] = {"added": _("added"), "changed": _("changed"), "removed": _("removed")}
_FIELDS: Mapping[str, Lazy] = {
    "uid": _("UID"),
    "agreement": _("contract"),
    "login": _("login"),
    "billing_link": _("link of the card"),
    "address": _("address"),
    "address_full": _("address"),
    "settlement": _("settlement"),
    "lane": _("street"),
    "house": _("house"),
    "app": _("flat"),
    "claims": _("place"),
    "ident": _("ONU"),
    "switch_ip": _("switch"),
    "port": _("port"),
    "mac": _("MAC"),
}


def progress_words(progress: str) -> str:
    """What a running sync does: `write 500/2000` in words."""
    stage, _space, count = progress.partition(" ")
    text = str(_STAGES.get(stage, progress))
    done, slash, total = count.partition("/")
    if stage not in _STAGES or not slash or not (done.isdigit() and total.isdigit()):
        return text
    return f"{text}, {done} / {total}" if int(done) else f"{text}, {total}"


def trigger_words(trigger: str) -> str:
    """Who started a sync."""
    return {"cron": gettext("by schedule"), "console": gettext("from the console")}.get(trigger, trigger)


def count_words(name: str) -> str:
    """Title of a count."""
    return str(_COUNTS.get(name, name))


def change_words(what: str) -> str:
    """What became of a subscriber."""
    return str(_CHANGES.get(what, what))


def field_words(name: str) -> str:
    """Title of a field of a subscriber."""
    return str(_FIELDS.get(name, name))


WORDS: Mapping[str, Any] = {
    "progress_words": progress_words,
    "trigger_words": trigger_words,
    "count_words": count_words,
    "change_words": change_words,
    "field_words": field_words,
}
