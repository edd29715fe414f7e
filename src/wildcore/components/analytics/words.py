"""Why a place of an ONU is taken for the current one, and what becomes of a stale one, in words."""

from __future__ import annotations

from collections.abc import Mapping

from wildcore.i18n import Text, _
from wildcore.services.duplicates import Why

CURRENT: Mapping[Why, Text] = {
    Why.ONLINE: _("online now"),
    Why.WAS_ONLINE: _("online when its OLT last answered"),
    Why.ONLY_LEFT: _("the only place that is left"),
    Why.LAST_ONLINE: _("was online last"),
    Why.LAST_SEEN: _("was seen last"),
    Why.NEWEST: _("found last"),
    Why.GONE: _("gone everywhere, was here last"),
}
STALE: Mapping[Why, Text] = {
    Why.GONE: _("gone from its OLT"),
    Why.REGISTERED: _("still on its OLT"),
    Why.SILENT: _("its OLT does not respond"),
}
AFTERWARDS: Mapping[Why, Text] = {
    Why.GONE: _("It is gone from its OLT: it will not come back."),
    Why.REGISTERED: _("Still registered on the OLT: it will come back at the next poll, delete it there."),
    Why.SILENT: _("Its OLT does not respond: whether it comes back shows when the OLT answers again."),
}
