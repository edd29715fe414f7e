"""The sync of subscribers, as one piece of work for the console, the API and the scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from wildcore.components.mikbill_integration import settings as keys
from wildcore.components.mikbill_integration.client import MikbillClient, texts
from wildcore.components.mikbill_integration.records import elements, record
from wildcore.i18n import _, gettext
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services.catalogue import Progress
from wildcore.services.leases import hold
from wildcore.services.ports import BillingSource
from wildcore.services.runtime import Runtime
from wildcore.services.subscriber_sync import SyncSummary, synchronise

SOURCE = "mikbill"
SCHEDULE = "mikbill_sync_clients"
TITLE = _("MikBill")


class MikbillBilling:
    """MikBill as the core sees it (`services.ports.Billing`)."""

    def __init__(self, runtime: Runtime) -> None:
        self._settings = runtime.settings

    def source(self) -> BillingSource:
        """Key, title, address and the field that global search shows."""
        address = str(self._settings.get(keys.API_ADDR.key)).rstrip("/")
        field, located = self._settings.get(keys.SEARCH_FIELD.key), self._settings.get(keys.SET_COORDINATES.key)
        return BillingSource(SOURCE, TITLE, address, str(field), set_coordinates=bool(located))


def client(runtime: Runtime) -> MikbillClient:
    """A client by the settings in effect."""
    get = runtime.settings.get
    return MikbillClient(str(get(keys.API_ADDR.key)).rstrip("/"), str(get(keys.AUTH_KEY.key)), bool(get(keys.VERIFY_TLS.key)))


async def synchronise_clients(runtime: Runtime, progress: Progress, *, force: bool = False, dry_run: bool = False) -> SyncSummary:
    """Fetch the list, compare, write. Two at once are refused; a failed, cut-off or empty answer changes nothing."""
    async with hold(runtime, "mikbill_sync_clients", gettext("A sync of MikBill's subscribers is running already")):
        progress("fetch", 0, 0)
        chunks = await client(runtime).subscriber_list()
        return await asyncio.to_thread(
            synchronise,
            runtime.db,
            SOURCE,
            _records(chunks),
            now=runtime.now(),
            max_removal_percent=float(runtime.settings.get(keys.MAX_REMOVAL_PERCENT.key)),
            force=force,
            dry_run=dry_run,
            uplink_macs=int(runtime.settings.get("ANALYTICS_IGNORE_IFACES_WITH_MORE_THAN")),
            progress=progress,
        )


async def sync_clients(runtime: Runtime, progress: Progress) -> str:
    """The scheduled sync; returns its closing summary."""
    return summary_text(await synchronise_clients(runtime, progress))


def summary_text(summary: SyncSummary) -> str:
    """The counts of a sync in one line."""
    return gettext(
        "Subscribers: {received}; added {added}, changed {changed}, removed {removed}, unchanged {unchanged}. "
        "Matched by ONU {by_ident}, by switch port {by_port}, by MAC {by_mac}; unmatched {unmatched}",
        received=summary.received,
        added=summary.added,
        changed=summary.changed,
        removed=summary.removed,
        unchanged=summary.unchanged,
        by_ident=summary.by_ident,
        by_port=summary.by_port,
        by_mac=summary.by_mac,
        unmatched=summary.unmatched,
    )


def _records(chunks: list[str]) -> Iterator[SubscriberRecord]:
    for element in elements(texts(chunks)):
        one = record(element)
        if one is not None:
            yield one
