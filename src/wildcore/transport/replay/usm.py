"""The server side of SNMPv3's user-based security (RFC 3412, 3414, 3826), as much as an agent needs."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from wildcore.transport.replay.pdu import REPORT, build_pdu
from wildcore.transport.snmp.ber import SEQUENCE, encode_integer, encode_varbind, read_header, tlv
from wildcore.transport.snmp.problems import Malformed
from wildcore.transport.snmp.secrets import AUTH, PRIV
from wildcore.transport.snmp.types import Oid, Tag, V3User

AUTH_FLAG, PRIV_FLAG, REPORTABLE = 1, 2, 4
TIME_WINDOW_SEC = 150
USM_MODEL = 3
STATS: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1)
UNSUPPORTED_LEVEL, NOT_IN_WINDOW, UNKNOWN_USER, UNKNOWN_ENGINE, WRONG_DIGEST, DECRYPTION_ERROR = range(1, 7)

Answer = Callable[[bytes, int, int, str, int], bytes | None]


class Keys(NamedTuple):
    """A user's protocols with keys localised to this engine; None where the level lacks it."""

    auth: Any
    priv: Any


class Head(NamedTuple):
    """What the message says of itself."""

    message_id: int
    max_size: int
    flags: int
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    digest_at: int
    digest: bytes
    salt: bytes


class UsmServer:
    """One engine: its id, its clock, its users."""

    overhead = 120  # the most that header and security parameters add to a message

    def __init__(self, users: Sequence[V3User], engine_id: bytes) -> None:
        self.engine_id = engine_id[:32]
        self._boots = 1
        self._started = time.monotonic()
        self._users = {user.name.encode(): user for user in users}
        self._keys: dict[bytes, Keys] = {}
        self._counters = dict.fromkeys(range(1, 7), 0)

    def reboot(self) -> None:
        """One boot more, time from zero."""
        self._boots += 1
        self._started = time.monotonic()

    def answer(self, data: bytes, at: int, end: int, respond: Answer) -> bytes | None:
        """The answer to a message whose version is read already. Raises Malformed."""
        head, at = _parse_head(data, at, end)
        trouble = self._check(head, data)
        if trouble:
            return self._report(head, trouble)
        keys = self._user_keys(head.user)
        if head.flags & PRIV_FLAG:
            tag, start, stop = read_header(data, at, end)
            if tag != Tag.OCTET_STRING:
                raise Malformed("an encrypted message without ciphertext")
            try:
                data = bytes(keys.priv.decrypt(data[start:stop], head.boots, head.time, head.salt))
                at, end = 0, len(data)
                tag, start, stop = read_header(data, at, end)
            except (ValueError, Malformed):
                return self._report(head, DECRYPTION_ERROR)
            if tag != SEQUENCE:
                return self._report(head, DECRYPTION_ERROR)
        tag, start, stop = read_header(data, at, end)
        if tag != SEQUENCE:
            raise Malformed("no scoped PDU")
        _, _, engine_stop = read_header(data, start, stop)
        _, context_start, context_stop = read_header(data, engine_stop, stop)
        context = data[context_start:context_stop]
        pdu = respond(data, context_stop, stop, context.decode("latin-1"), head.max_size)
        if pdu is None:
            return None
        return self._message(head, head.flags & (AUTH_FLAG | PRIV_FLAG), context, pdu)

    def _check(self, head: Head, data: bytes) -> int:
        """0, or which counter of usmStats the message raises (RFC 3414, section 3.2, in its order)."""
        if head.engine_id != self.engine_id:
            return UNKNOWN_ENGINE
        user = self._users.get(head.user)
        if user is None:
            return UNKNOWN_USER
        keys = self._user_keys(head.user)
        if (head.flags & AUTH_FLAG and keys.auth is None) or (head.flags & PRIV_FLAG and keys.priv is None):
            return UNSUPPORTED_LEVEL
        if user.auth_password and not head.flags & AUTH_FLAG:
            return UNSUPPORTED_LEVEL
        if user.auth_password and user.priv_password and not head.flags & PRIV_FLAG:
            return UNSUPPORTED_LEVEL
        if not head.flags & AUTH_FLAG:
            return 0
        size = len(head.digest)
        blank = data[: head.digest_at] + bytes(size) + data[head.digest_at + size :]
        if not hmac.compare_digest(keys.auth.sign(blank), head.digest):
            return WRONG_DIGEST
        if head.boots != self._boots or abs(self._time() - head.time) > TIME_WINDOW_SEC:
            return NOT_IN_WINDOW
        return 0

    def _time(self) -> int:
        return int(time.monotonic() - self._started)

    def _user_keys(self, name: bytes) -> Keys:
        keys = self._keys.get(name)
        if keys is None:
            user = self._users[name]
            auth = priv = None
            if user.auth_password:
                kind = AUTH[user.auth_protocol]
                auth = kind(kind.localize(user.auth_password.encode(), self.engine_id))
                if user.priv_password:
                    cipher = PRIV[user.priv_protocol]
                    master = kind.computeKey(user.priv_password.encode())
                    priv = cipher(cipher.localizeKey(kind, master, self.engine_id))
            keys = self._keys[name] = Keys(auth, priv)
        return keys

    def _report(self, head: Head, trouble: int) -> bytes | None:
        self._counters[trouble] += 1
        if not head.flags & REPORTABLE:
            return None
        row = encode_varbind((*STATS, trouble, 0), Tag.COUNTER32, self._counters[trouble])
        flags = AUTH_FLAG if trouble == NOT_IN_WINDOW else 0
        return self._message(head, flags, b"", build_pdu(0, 0, 0, row, REPORT))

    def _message(self, head: Head, flags: int, context: bytes, pdu: bytes) -> bytes:
        boots, now = self._boots, self._time()
        keys = self._user_keys(head.user) if flags else Keys(None, None)
        payload = tlv(SEQUENCE, tlv(4, self.engine_id) + tlv(4, context) + pdu)
        salt = b""
        if flags & PRIV_FLAG:
            ciphertext, salt = keys.priv.encrypt(payload, boots, now)
            payload = tlv(4, bytes(ciphertext))
        digest = bytes(keys.auth.N) if flags & AUTH_FLAG else b""
        tail = tlv(4, digest) + tlv(4, salt)
        security = tlv(4, self.engine_id) + tlv(2, encode_integer(boots)) + tlv(2, encode_integer(now)) + tlv(4, head.user) + tail
        header = (
            tlv(2, encode_integer(head.message_id))
            + tlv(2, encode_integer(65507))
            + tlv(4, bytes((flags,)))
            + tlv(2, bytes((USM_MODEL,)))
        )
        front = b"\x02\x01\x03" + tlv(SEQUENCE, header) + tlv(4, tlv(SEQUENCE, security))
        message = tlv(SEQUENCE, front + payload)
        if not digest:
            return message
        at = len(message) - len(payload) - len(tail) + 2
        return message[:at] + bytes(keys.auth.sign(message)) + message[at + len(digest) :]


def _parse_head(data: bytes, at: int, end: int) -> tuple[Head, int]:
    _, start, at = read_header(data, at, end)
    fields = _elements(data, start, at)
    tag, start, at = read_header(data, at, end)
    if len(fields) != 4 or tag != Tag.OCTET_STRING:
        raise Malformed("the header does not fit")
    message_id, max_size, flags, model = (data[begin:stop] for begin, stop in fields)
    if _number(model) != USM_MODEL or not flags:
        raise Malformed("a security model other than USM")
    _, start, stop = read_header(data, start, at)
    parts = _elements(data, start, stop)
    if len(parts) != 6:
        raise Malformed("the security parameters do not fit")
    engine_id, boots, now, user, digest, salt = (data[begin:stop] for begin, stop in parts)
    head = Head(
        _number(message_id), _number(max_size), flags[0], engine_id, _number(boots), _number(now), user,
        parts[4][0], digest, salt,
    )  # fmt: skip
    return head, at


def _elements(data: bytes, at: int, end: int) -> list[tuple[int, int]]:
    found = []
    while at < end:
        _, start, at = read_header(data, at, end)
        found.append((start, at))
    return found


def _number(body: bytes) -> int:
    return int.from_bytes(body, "big", signed=True)
