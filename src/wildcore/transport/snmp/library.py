"""SNMP v1 and v3 through the `snmp` package (1.4): correct, maintained, pure Python; too slow for large v2c walks.

One engine, and so one socket and one set of user names, per device and credentials; pitfalls of the package that this module
knows: the default MTU drops answers over 1472 bytes; `timeout` is the total and `refreshPeriod` the resend interval, so that each
of our tries is one request of the package; it does not close its sockets; a cancelled request leaves its state inconsistent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from snmp import OID as LibraryOid  # type: ignore[import-untyped]  # noqa: N811 - ours is another Oid
from snmp import (
    ErrorResponse,
    ImproperResponse,
    SNMPv1,
    SNMPv3,
    Timeout,
    UDP_IPv4,
    UDP_IPv6,
)
from snmp.asn1 import INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING  # type: ignore[import-untyped]
from snmp.async_engine import AsyncEngine  # type: ignore[import-untyped]
from snmp.exception import SNMPException  # type: ignore[import-untyped]
from snmp.smi import (  # type: ignore[import-untyped]
    Counter32,
    Counter64,
    Gauge32,
    Integer32,
    IpAddress,
    Null,
    OctetString,
    Opaque,
    TimeTicks,
    VarBind,
)
from snmp.v3.manager import RequestError, TimeWindowFailure  # type: ignore[import-untyped]

from wildcore.transport.snmp.device import Closable
from wildcore.transport.snmp.problems import Denied, Malformed, Problem, Refused, Silence
from wildcore.transport.snmp.secrets import AUTH, PRIV
from wildcore.transport.snmp.session import BaseSession
from wildcore.transport.snmp.types import Oid, SnmpTarget, Tag, V3User, Value, Varbind, Version

SMI = {
    Tag.INTEGER: Integer32,
    Tag.OCTET_STRING: OctetString,
    Tag.IP: IpAddress.fromBytes,
    Tag.COUNTER32: Counter32,
    Tag.GAUGE32: Gauge32,
    Tag.TIMETICKS: TimeTicks,
    Tag.OPAQUE: Opaque,
    Tag.COUNTER64: Counter64,
}


class Engine(Closable):
    """The package's engine for one device and one set of credentials."""

    def __init__(self, address: IPv4Address | IPv6Address, port: int, version: Version, user: V3User | None) -> None:
        self._engine = AsyncEngine(verboseLogging=False)
        options: dict[str, object] = {}
        if version == "3" and user is not None:
            self._engine.addUser(user.name, **_secrets(user))
        else:
            options["community"] = b""
        self.manager: Any = self._engine.Manager(
            (str(address), port),
            version=SNMPv3 if version == "3" else SNMPv1,
            domain=UDP_IPv4 if address.version == 4 else UDP_IPv6,
            mtu=65535,
            **options,
        )

    def close(self) -> None:
        """Stops listening and closes the socket, which the package leaves open."""
        self._engine.multiplexor.close()
        for transports in self._engine.transports.values():
            for transport in transports.values():
                transport.close()
        self._engine.transports.clear()


def _secrets(user: V3User) -> dict[str, object]:
    secrets: dict[str, object] = {}
    if user.auth_password:
        secrets |= {"authProtocol": AUTH[user.auth_protocol], "authSecret": user.auth_password.encode()}
        if user.priv_password:
            secrets |= {"privProtocol": PRIV[user.priv_protocol], "privSecret": user.priv_password.encode()}
    return secrets


class LibrarySession(BaseSession):
    """See `SnmpSession`."""

    async def _engine(self) -> Engine:
        self._device.check_open()
        target = self.target
        key = (target.version, target.user)
        engine = self._device.engines.get(key)
        if not isinstance(engine, Engine):
            address = await _resolve(target)
            engine = self._device.engines[key] = Engine(address, target.port, target.version, target.user)
        return engine

    def _drop_engine(self) -> None:
        engine = self._device.engines.pop((self.target.version, self.target.user), None)
        if engine is not None:
            engine.close()

    async def _try(self, method: str, *args: object, community: str, **options: object) -> list[Varbind]:
        """One request of the package, sent once (a v3 discovery aside) and waited for `timeout_sec`."""
        timeout = self.target.timeout_sec
        options |= {"timeout": timeout, "refreshPeriod": timeout * 2}
        if self.target.version == "1":
            options["community"] = community.encode()
        elif self.target.user is not None and self.target.user.context:
            options["context"] = self.target.user.context.encode()
        async with self._device.gate.request(self._priority):
            self._device.last_used = asyncio.get_running_loop().time()
            for again in (True, False):
                engine = await self._engine()
                self.stats.requests += 1
                try:
                    rows = [plain_varbind(row) for row in await getattr(engine.manager, method)(*args, **options)]
                except TimeWindowFailure as error:
                    self._drop_engine()  # a rebooted agent: its clock must be learned afresh
                    if not again:
                        raise Denied(str(error)) from None
                    continue
                except asyncio.CancelledError:
                    self._drop_engine()
                    raise
                except SNMPException as error:
                    raise _problem(error) from None
                except OSError as error:
                    raise Silence(f"no answer: {error.strerror or error}") from None
                self.stats.varbinds += len(rows)
                return rows
        raise AssertionError("either branch above leaves")

    def _get_once(self, oids: Sequence[Oid]) -> Callable[[], Awaitable[list[Varbind]]]:
        names = [LibraryOid(*name) for name in oids]
        return lambda: self._try("get", *names, community=self.target.read_community)

    async def _next_once(self, after: Oid, repetitions: int) -> list[Varbind]:
        name = LibraryOid(*after)
        if self.target.version == "1":
            return await self._try("getNext", name, community=self.target.read_community)
        return await self._try("getBulk", name, community=self.target.read_community, maxRepetitions=repetitions)

    def _set_once(self, bindings: Sequence[Varbind]) -> Callable[[], Awaitable[None]]:
        rows = [VarBind(LibraryOid(*row.oid), _smi(row)) for row in bindings]

        async def once() -> None:
            await self._try("set", *rows, community=self.target.write_community)

        return once


async def _resolve(target: SnmpTarget) -> IPv4Address | IPv6Address:
    try:
        return ip_address(target.host)
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port)
    except OSError as error:
        raise Silence(f"no way to {target.host}: {error.strerror or error}", closed=True) from None
    return ip_address(found[0][4][0])


def _problem(error: SNMPException) -> Problem:
    if isinstance(error, Timeout):
        return Silence("no answer")
    if isinstance(error, ErrorResponse):
        return Refused(int(error.status), error.index)
    if isinstance(error, ImproperResponse):
        return Malformed("an answer about other objects than those asked for came, or the device loops")
    if isinstance(error, RequestError):
        return Denied(" ".join(str(error).split()))
    return Malformed(str(error) or type(error).__name__)


def plain_varbind(row: Any) -> Varbind:
    """The package's variable as ours."""
    value = row.value
    tag = value.TAG
    number = tag.number | int(tag.cls) << 6
    plain: Value
    if isinstance(value, INTEGER):
        plain = value.value
    elif isinstance(value, OCTET_STRING):
        plain = bytes(value.data)
    elif isinstance(value, OBJECT_IDENTIFIER):
        plain = tuple(value)
    elif isinstance(value, NULL):
        plain = None
    else:
        raise Malformed(f"a value of the unknown type {type(value).__name__}")
    return Varbind(tuple(row.name), number, plain)


def _smi(row: Varbind) -> object:
    if row.value is None:
        return Null()
    if isinstance(row.value, tuple):
        return LibraryOid(*row.value)
    kind = SMI.get(Tag(row.tag))
    if kind is None or isinstance(row.value, int) != (row.tag in (2, 65, 66, 67, 70)):
        raise ValueError(f"{row.value!r} does not suit the SNMP type {row.tag}")
    return kind(row.value)
