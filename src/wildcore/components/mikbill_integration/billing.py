"""MikBill as the core sees it (`services.ports.Billing`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from wildcore.components.mikbill_integration import settings as keys
from wildcore.components.mikbill_integration.client import MikbillClient
from wildcore.components.mikbill_integration.records import found, record
from wildcore.i18n import _
from wildcore.model.ident import IdentType, ident_text, ident_type
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services.ports import BillingSource
from wildcore.services.runtime import Runtime

SOURCE = "mikbill"
SCHEDULE = "mikbill_sync_clients"
COMMAND = "mikbill_integration:sync-clients"
TITLE = _("MikBill")


class MikbillBilling:
    """Tells of MikBill's subscribers, by the settings in effect."""

    def __init__(self, runtime: Runtime) -> None:
        self._settings = runtime.settings

    def source(self) -> BillingSource:
        """Key, title, address and the field that global search shows."""
        get = self._settings.get
        return BillingSource(
            SOURCE,
            TITLE,
            self._address(),
            str(get(keys.SEARCH_FIELD.key)),
            schedule=SCHEDULE,
            command=COMMAND,
            max_removal_percent=float(get(keys.MAX_REMOVAL_PERCENT.key)),
            set_coordinates=bool(get(keys.SET_COORDINATES.key)),
        )

    async def records(self) -> AsyncGenerator[list[SubscriberRecord | None], None]:
        """All subscribers in parts, as they arrive; None for an element that cannot be used."""
        async with aclosing(self._client().subscriber_list()) as parts:
            async for part in parts:
                yield await asyncio.to_thread(lambda elements: [record(one) for one in elements], part)

    async def find(self, ident: str) -> list[SubscriberRecord]:
        """Who has the ONU with this ident now."""
        kind = ident_type(ident)
        answer = await self._client().search("mac" if kind is IdentType.MAC else "serial", ident_text(ident, kind))
        return [one for one in (found(element, ident) for element in answer) if one is not None]

    def _client(self) -> MikbillClient:
        get = self._settings.get
        return MikbillClient(self._address(), str(get(keys.AUTH_KEY.key)), bool(get(keys.VERIFY_TLS.key)))

    def _address(self) -> str:
        return str(self._settings.get(keys.API_ADDR.key)).rstrip("/")
