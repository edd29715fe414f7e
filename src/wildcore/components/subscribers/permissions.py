"""Who may see subscribers."""

from __future__ import annotations

from wildcore.i18n import _
from wildcore.kit import Permission, PermissionGroup
from wildcore.services.subscriber_lists import UNPLACED as UNPLACED_KEY
from wildcore.services.sync_reports import SYNC as SYNC_KEY

GROUP = PermissionGroup("subscribers", _("Subscribers"))
SHOW = Permission(
    "subscribers_show",
    _("Show subscribers"),
    GROUP,
    _("Lists and reports of the subscribers whose ONUs and ports are on devices of one's own device groups"),
)
UNPLACED = Permission(
    UNPLACED_KEY,
    _("Show subscribers without a place"),
    GROUP,
    _("For users limited to device groups: also subscribers whose ONU or port is unknown. Users of all devices see them anyway"),
)
SYNC = Permission(SYNC_KEY, _("Start the sync with billing"), GROUP, _("Take the subscribers from billing now, out of turn"))
