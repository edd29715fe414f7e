"""An SNMP agent on asyncio: one UDP socket, one MIB, versions 1, 2c and 3. Several hundred live in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self

from wildcore.transport.replay.behaviour import Behaviour, Broken
from wildcore.transport.replay.mib import MibRow, MibView, OverlayMib, StaticMib
from wildcore.transport.replay.pdu import PDU_HEAD, Request, Responder, Writable, Written, parse_pdu
from wildcore.transport.replay.usm import UsmServer
from wildcore.transport.snmp.ber import SEQUENCE, encode_integer, read_header, tlv
from wildcore.transport.snmp.problems import Malformed
from wildcore.transport.snmp.types import Tag, V3User, Varbind

MAX_MESSAGE = 1472  # what an Ethernet frame carries without fragments


class ReplayAgent:
    """Serves rows at `host`:`port` (0: any free port, see `port` once started); use as `async with`, or start and stop.

    `contexts` are other views of the same device: `{"100": view}` answers to community `public@100` and to the SNMPv3
    contexts `100` and `vlan-100`, as Cisco does. Writing needs the write community, or any v3 user, and `writable` to agree;
    what was written is read back, and `written` is told. `observer` sees every request taken in.
    """

    def __init__(
        self,
        rows: MibView | Iterable[Varbind | MibRow],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        read_community: str = "public",
        write_community: str = "private",
        contexts: Mapping[str, MibView] | None = None,
        users: Sequence[V3User] = (),
        engine_id: bytes | None = None,
        writable: Writable | None = None,
        written: Written | None = None,
        behaviour: Behaviour | None = None,
        observer: Callable[[Request], None] | None = None,
        max_message: int = MAX_MESSAGE,
    ) -> None:
        view = rows if _is_view(rows) else StaticMib(rows)  # type: ignore[arg-type]
        self.mib = OverlayMib(view)  # type: ignore[arg-type]
        self.host = host
        self.port = port
        self.requests = 0
        self.max_message = max_message
        self._contexts = {name: OverlayMib(other) for name, other in (contexts or {}).items()}
        self._contexts[""] = self.mib
        self._read_community = read_community.encode()
        self._write_community = write_community.encode()
        self._responder = Responder(writable, written, behaviour or Behaviour())
        self._observer = observer
        self._usm = UsmServer(users, engine_id or b"\x80\x00\x1f\x88\x04" + f"{host}:{port}".encode())
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port

    @property
    def behaviour(self) -> Behaviour:
        """How it behaves; may be changed or replaced at any time."""
        return self._responder.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._responder.behaviour = behaviour

    @property
    def engine_id(self) -> bytes:
        """Its SNMPv3 engine id."""
        return self._usm.engine_id

    def reboot(self) -> None:
        """Starts SNMPv3's clock anew, as a restarted device does."""
        self._usm.reboot()

    async def start(self) -> None:
        """Opens the socket. Raises OSError if the address is taken or not ours."""
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Protocol(self), local_addr=(self.host, self.port)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        """Closes the socket."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def receive(self, data: bytes, sender: tuple[str, int]) -> None:
        """Takes a datagram in and answers it, now or after the delay."""
        behaviour = self.behaviour
        if behaviour.silent or behaviour.lost():
            return
        try:
            answer = self.answer(data)
        except Malformed:
            return
        if answer is None:
            return
        if behaviour.delay_sec:
            asyncio.get_running_loop().call_later(behaviour.delay_sec, self._send, answer, sender)
        else:
            self._send(answer, sender)

    def _send(self, answer: bytes, sender: tuple[str, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(answer, sender)

    def answer(self, data: bytes) -> bytes | None:
        """The answer to a datagram, None for silence. Raises Malformed for what is no SNMP."""
        _, at, end = read_header(data, 0, len(data))
        _, start, at = read_header(data, at, end)
        version = int.from_bytes(data[start:at], "big")
        if self.behaviour.v1_only and version != 0:
            return None
        if version == 3:
            return self._usm.answer(data, at, end, self._answer_v3)
        if version not in (0, 1):
            return None
        _, start, at = read_header(data, at, end)
        community = data[start:at]
        base, _, context = community.partition(b"@")
        view = self._contexts.get(context.decode("latin-1"))
        may_write = base == self._write_community
        if view is None or not (may_write or base == self._read_community):
            return None
        request = parse_pdu(version, data, at, end)
        fault = self._note(request)
        budget = self.max_message - PDU_HEAD - len(community)
        pdu = self._responder.answer(request, view, budget, fault, may_write=may_write)
        if pdu is None:
            return None
        if fault is None:
            return _message(version, community, pdu)
        return _break(fault, version, community, pdu, request)

    def _note(self, request: Request) -> Broken | None:
        fault = self.behaviour.fault(self.requests)
        self.requests += 1
        if self._observer is not None:
            self._observer(request)
        return fault

    def _answer_v3(self, data: bytes, at: int, end: int, context: str, room: int) -> bytes | None:
        view = self._contexts.get(context.removeprefix("vlan-"))
        if view is None:
            return None
        request = parse_pdu(3, data, at, end)
        fault = self._note(request)
        budget = min(self.max_message, room) - PDU_HEAD - self._usm.overhead
        return self._responder.answer(request, view, budget, fault, may_write=True)


def _is_view(rows: object) -> bool:
    return hasattr(rows, "range_after")


def _message(version: int, community: bytes, pdu: bytes) -> bytes:
    return tlv(SEQUENCE, tlv(Tag.INTEGER, bytes((version,))) + tlv(Tag.OCTET_STRING, community) + pdu)


def _break(fault: Broken, version: int, community: bytes, pdu: bytes, request: Request) -> bytes:
    if fault is Broken.WRONG_COMMUNITY:
        return _message(version, community + b"x", pdu)
    if fault is Broken.WRONG_VERSION:
        return _message(1 - version, community, pdu)
    if fault is Broken.WRONG_REQUEST_ID:
        right = tlv(Tag.INTEGER, encode_integer(request.request_id))
        wrong = tlv(Tag.INTEGER, encode_integer(request.request_id ^ 1))
        return _message(version, community, pdu.replace(right, wrong, 1))
    message = _message(version, community, pdu)
    if fault is Broken.TRUNCATED:
        return message[: max(40, len(message) * 2 // 3)][: len(message) - 1]
    if fault is Broken.TRAILING:
        return message + b"\x00\x00"
    if fault is Broken.GARBAGE:
        return b"\xff" * 60
    return message


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, agent: ReplayAgent) -> None:
        self._agent = agent

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._agent.receive(data, addr)
