"""NoDeny Plus as the core sees it: records in parts, and who has an ONU or a uid now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from wildcore.components.nodeny_plus import described, dsn
from wildcore.components.nodeny_plus import settings as keys
from wildcore.components.nodeny_plus.database import READ_SEC, NodenyDatabase
from wildcore.components.nodeny_plus.records import record
from wildcore.components.nodeny_plus.schema import Reader, Row
from wildcore.i18n import _
from wildcore.model.ident import mac_key
from wildcore.model.subscriber import SubscriberRecord
from wildcore.services.ports import BillingSource
from wildcore.services.runtime import Runtime

SOURCE = "nodeny_plus"
TITLE = _("NoDeny Plus")
SCHEDULE = "nodeny_plus_sync_clients"
COMMAND = "nodeny_plus:sync-clients"
LOOK_UP_SEC = 4.0
CGI, SCRIPT, CARD = "cgi-bin", "stat.pl", "?a=user&uid="
T = TypeVar("T")
_threads = ThreadPoolExecutor(8, thread_name_prefix="nodeny")
"""Of its own: a database that hangs would fill those in which everybody's answers are made."""


class NodenyBilling:
    """NoDeny Plus (`services.ports.Billing`), by the settings in effect."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def source(self) -> BillingSource:
        """People know a subscriber by the login: the "name" of NoDeny."""
        get = self._runtime.settings.get
        address, _link = card_address(str(get(keys.URL.key)))
        return BillingSource(
            SOURCE,
            TITLE,
            address,
            "login",
            schedule=SCHEDULE,
            command=COMMAND,
            max_removal_percent=float(get(keys.MAX_REMOVAL_PERCENT.key)),
        )

    async def records(self) -> AsyncGenerator[list[SubscriberRecord], None]:
        """All subscribers, a page at a time; each page is asked when the one before is worked through."""
        reader, database = await _in_thread(self._open, READ_SEC)
        try:
            after = -(2**31)
            while page := await _in_thread(reader.page, after):
                after = page[-1].uid
                yield await self._claimed(page)
        finally:
            await _in_thread(database.close)

    async def find(self, ident: str) -> list[SubscriberRecord]:
        """Who has this ONU by the field that the settings name, or a device with this MAC."""
        rows = await _in_thread(self._ask, lambda reader: reader.with_ident(notations(ident)))
        link = self._link()
        records = [record(row, link) for row in rows]
        if not self.by_description:
            return records
        return await self._runtime.db.run_read(lambda session: self.claimed(session, described.at_onu(session, ident, records)))

    async def subscriber(self, uid: int) -> SubscriberRecord | None:
        """The subscriber with this uid with all that billing says now; `claimed` tells what of it counts."""
        row = await _in_thread(self._ask, lambda reader: reader.one(uid))
        return None if row is None else record(row, self._link())

    @property
    def by_description(self) -> bool:
        """Whether a MAC address counts only where the description names the subscriber."""
        return bool(self._runtime.settings.get(keys.DESCRIPTION_REQUIRED.key))

    def claimed(self, session: Session, records: list[SubscriberRecord]) -> list[SubscriberRecord]:
        """The records with those claims that count by the settings."""
        return described.only_named(session, records) if self.by_description else records

    async def _claimed(self, rows: list[Row]) -> list[SubscriberRecord]:
        link = self._link()
        records = await asyncio.to_thread(lambda: [record(row, link) for row in rows])
        if not self.by_description:
            return records
        return await self._runtime.db.run_read(lambda session: self.claimed(session, records))

    def _link(self) -> str:
        return card_address(str(self._runtime.settings.get(keys.URL.key)))[1]

    def _ask(self, question: Callable[[Reader], T]) -> T:
        reader, database = self._open(LOOK_UP_SEC)
        with database:
            return question(reader)

    def _open(self, read_sec: float) -> tuple[Reader, NodenyDatabase]:
        get = self._runtime.settings.get
        target = dsn.parse(str(get(keys.DSN.key)))
        user, password = str(get(keys.USERNAME.key)), str(get(keys.PASSWORD.key))
        database = NodenyDatabase(target, user.strip(), password, read_sec=read_sec)
        try:
            return Reader(database, self._fields()), database
        except BaseException:
            database.close()
            raise

    def _fields(self) -> Mapping[str, tuple[str, bool]]:
        given = {meaning: str(self._runtime.settings.get(one.key)).strip() for meaning, one in keys.FIELDS.items()}
        return {meaning: (name, name != keys.FIELDS[meaning].default) for meaning, name in given.items()}


async def _in_thread(work: Callable[..., T], *values: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(copy_context().run, work, *values))


def card_address(url: str) -> tuple[str, str]:
    """Address without the script, and the path of a card up to the uid: `https://b/cgi-bin`, `/stat.pl?a=user&uid=`.

    NODENY_URL is the address of `stat.pl` (Wildcore's public wiki, page nodeny_plus), or of the site alone (its settings page);
    `a=user&uid=` is how NoDeny's own pages link to a card (`web/ajUserMenu.pl`).
    """
    bare = url.strip().split("?")[0].split("#")[0].rstrip("/")
    path = urlsplit(bare).path if "://" in bare else ""
    last = path.rpartition("/")[2]
    if "." in last:
        return bare[: -len(last) - 1], f"/{last}{CARD}"
    return bare, f"/{SCRIPT}{CARD}" if last == CGI else f"/{CGI}/{SCRIPT}{CARD}"


def notations(ident: str) -> list[str]:
    """A key as billing may have written it: `mac_uid` holds MACs as 12 upper-case digits, people type them in other ways."""
    mac = mac_key(ident)
    if mac is None:
        return [ident, ident.lower()]
    pairs = [mac[at : at + 2] for at in range(0, 12, 2)]
    dotted = ".".join(mac[at : at + 4] for at in range(0, 12, 4))
    forms = [mac, ":".join(pairs), "-".join(pairs), dotted]
    return [*forms, *(form.lower() for form in forms)]
