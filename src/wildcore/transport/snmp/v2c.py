"""SNMPv2c over our own codec.

SET goes this way too: it needs nothing that GET does not have, and shares the socket, the request ids and the repeats with it,
while the library would open a second socket to the device.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from wildcore.transport.gate import Priority
from wildcore.transport.snmp.ber import decode_varbinds, encode_oid, encode_varbind
from wildcore.transport.snmp.bulk import Column
from wildcore.transport.snmp.codec import Codec, Pdu
from wildcore.transport.snmp.device import DeviceState
from wildcore.transport.snmp.session import BaseSession
from wildcore.transport.snmp.types import Index, Limits, Oid, SnmpTarget, Varbind, Walk, as_oid


class V2cSession(BaseSession):
    """See `SnmpSession`; walks decode in one pass."""

    def __init__(self, target: SnmpTarget, device: DeviceState, priority: Priority, limits: Limits) -> None:
        super().__init__(target, device, priority, limits)
        self._reader = Codec(target.read_community.encode())
        self._writer = Codec(target.write_community.encode())
        self._indexes: dict[bytes, Index] = {}

    async def _try(self, message: bytes, codec: Codec, request_id: int) -> tuple[bytes, int, int]:
        """One request, one answer: the datagram, start and end of its variables."""
        stats = self.stats

        def accept(data: bytes) -> tuple[bytes, int, int]:
            stats.bytes += len(data)
            return data, *codec.open_quick(data, request_id)

        lock = self._device.gate.requests
        if not lock.take():
            await lock.acquire(self._priority)
        try:
            stats.requests += 1
            return await self._device.ask(message, accept, self.target.timeout_sec)
        finally:
            lock.release()

    def _get_once(self, oids: Sequence[Oid]) -> Callable[[], Awaitable[list[Varbind]]]:
        request_id = self._device.next_id()
        message = self._reader.request(Pdu.GET, request_id, [encode_varbind(name) for name in oids])

        async def once() -> list[Varbind]:
            return self._decode(*await self._try(message, self._reader, request_id))

        return once

    async def _next_once(self, after: Oid, repetitions: int) -> list[Varbind]:
        request_id = self._device.next_id()
        message = self._reader.bulk(request_id, encode_oid(after), repetitions)
        return self._decode(*await self._try(message, self._reader, request_id))

    def _decode(self, data: bytes, start: int, end: int) -> list[Varbind]:
        rows = decode_varbinds(data, start, end)
        self.stats.varbinds += len(rows)
        return rows

    def _set_once(self, bindings: Sequence[Varbind]) -> Callable[[], Awaitable[None]]:
        request_id = self._device.next_id()
        message = self._writer.request(Pdu.SET, request_id, [encode_varbind(*row) for row in bindings])

        async def once() -> None:
            await self._try(message, self._writer, request_id)

        return once

    async def walk(self, oid: Oid | str) -> Walk:
        """See SnmpSession."""
        base = as_oid(oid)
        if len(base) < 2:  # the first two numbers share a byte: no prefix to compare
            return await super().walk(base)
        step = ColumnStep(self, Column(base, encode_oid(base), self._indexes))
        problem = await self._walk(step, base)
        return Walk(step.column.rows, problem is None, problem)


class ColumnStep:
    """One walk's position. All tries from one position share a request id: a late answer is as good as one in time."""

    def __init__(self, session: V2cSession, column: Column) -> None:
        self.column = column
        self._session = session
        self._request_id = 0
        self._asked_from = -1

    @property
    def done(self) -> bool:
        """Whether the subtree has ended."""
        return self.column.done

    @property
    def count(self) -> int:
        """Rows so far."""
        return len(self.column.rows)

    async def ask(self, repetitions: int) -> None:
        """One GETBULK."""
        session = self._session
        column = self.column
        before = len(column.rows)
        if before != self._asked_from:
            self._request_id = session._device.next_id()
            self._asked_from = before
        message = session._reader.bulk(self._request_id, column.prefix + column.last_bytes, repetitions)
        data, start, end = await session._try(message, session._reader, self._request_id)
        try:
            column.feed(data, start, end)
        finally:
            session.stats.varbinds += len(column.rows) - before
