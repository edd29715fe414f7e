"""SNMPv2c messages of our own (RFC 3416): a few requests out, one kind of answer in.

Small on purpose, because polling lives on it. It is checked in the tests against the `snmp` package on every capture and on
generated answers. An answer is believed only if version, community and request id are those of the request and every length
adds up to the datagram's end.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from wildcore.transport.snmp.ber import SEQUENCE, encode_integer, encode_length, read_header, tlv
from wildcore.transport.snmp.problems import Malformed, NotOurs, Refused
from wildcore.transport.snmp.types import Tag

RESPONSE = 0xA2
NO_ERROR = b"\x02\x01\x00\x02\x01\x00"


class Pdu(IntEnum):
    """Requests, by tag."""

    GET = 0xA0
    GETNEXT = 0xA1
    SET = 0xA3
    GETBULK = 0xA5


class Codec:
    """Requests and answers of one community. Request ids must have four bytes (2**24 .. 2**31-1)."""

    def __init__(self, community: bytes) -> None:
        self._head = b"\x02\x01\x01" + tlv(Tag.OCTET_STRING, community)
        self._community = community

    def request(self, pdu: Pdu, request_id: int, varbinds: Sequence[bytes]) -> bytes:
        """GET, GETNEXT or SET of variables already encoded."""
        return self._message(pdu, request_id, NO_ERROR, b"".join(varbinds))

    def bulk(self, request_id: int, name: bytes, repetitions: int) -> bytes:
        """GETBULK of what follows one OID, given as its BER body."""
        counts = b"\x02\x01\x00" + tlv(Tag.INTEGER, encode_integer(repetitions))
        return self._message(Pdu.GETBULK, request_id, counts, tlv(SEQUENCE, tlv(Tag.OID, name) + b"\x05\x00"))

    def _message(self, pdu: Pdu, request_id: int, middle: bytes, varbinds: bytes) -> bytes:
        body = b"\x02\x04" + request_id.to_bytes(4, "big") + middle + tlv(SEQUENCE, varbinds)
        message = self._head + bytes((pdu,)) + encode_length(len(body)) + body
        return b"\x30" + encode_length(len(message)) + message

    def open(self, data: bytes, request_id: int) -> tuple[int, int]:
        """Start and end of the variables of an answer without error.

        Raises NotOurs if it belongs to no request of ours, Malformed if it is ours but its lengths do not add up, Refused if it
        carries an error-status.
        """
        answer = parse_answer(data)
        if answer.version != 1:
            raise NotOurs(f"an answer of SNMP version number {answer.version} came to a v2c request")
        if answer.community != self._community:
            raise NotOurs("an answer with another community came")
        if answer.pdu != RESPONSE:
            raise NotOurs(f"a message of another kind (tag {answer.pdu}) came")
        if answer.request_id != request_id:
            raise NotOurs("an answer with another request id came")
        if answer.damage:
            raise Malformed(answer.damage)
        if answer.status:
            raise Refused(answer.status, answer.blamed)
        return answer.start, answer.end

    def open_quick(self, data: bytes, request_id: int) -> tuple[int, int]:
        """The same for answers encoded as nearly all are, by comparing bytes; everything else goes to `open`."""
        size = len(data)
        try:
            at = 2 if (mark := data[1]) < 0x80 else mark - 0x7E
            head = self._head
            body = at + len(head)
            if data[0] == SEQUENCE and data.startswith(head, at) and data[body] == RESPONSE:
                mark = data[body + 1]
                body += 2 if mark < 0x80 else mark - 0x7E
                if data.startswith(b"\x02\x04" + request_id.to_bytes(4, "big") + NO_ERROR + b"\x30", body):
                    _, start, end = read_header(data, body + 12, size)
                    _, _, pdu_end = read_header(data, at + len(head), size)
                    _, _, message_end = read_header(data, 0, size)
                    if end == pdu_end == message_end == size:
                        return start, end
        except (IndexError, Malformed):
            pass
        return self.open(data, request_id)


class Answer(NamedTuple):
    """A community message taken apart; `damage` says what is wrong behind the request id."""

    version: int
    community: bytes
    pdu: int
    request_id: int
    status: int
    blamed: int
    start: int
    end: int
    damage: str | None


def parse_answer(data: bytes) -> Answer:
    """Takes a v1 or v2c message apart. Raises NotOurs if it cannot be read as far as the request id.

    A cut datagram is read as far as it goes, so that the request it answers is known: the sender's buffer is the usual
    culprit, and asking for less the cure.
    """
    size = len(data)
    try:
        tag, at, end = _open(data, 0, size)
        version, at = _integer(data, at, end)
        community_tag, start, stop = read_header(data, at, size)
        pdu, at, pdu_end = _open(data, stop, size)
        request_id, at = _integer(data, at, size)
    except Malformed as error:
        raise NotOurs(f"something that is no SNMP answer came: {error}") from None
    if tag != SEQUENCE or community_tag != Tag.OCTET_STRING:
        raise NotOurs("something that is no SNMP answer came")
    community = data[start:stop]
    try:
        if end > size or pdu_end > size:
            raise Malformed("the answer is cut off")
        if end < size or pdu_end != end:
            raise Malformed("bytes are left over behind the answer")
        status, at = _integer(data, at, pdu_end)
        blamed, at = _integer(data, at, pdu_end)
        list_tag, start, stop = read_header(data, at, pdu_end)
        if list_tag != SEQUENCE or stop != pdu_end:
            raise Malformed("the list of variables does not fit the answer")
    except Malformed as error:
        return Answer(version, community, pdu, request_id, 0, 0, 0, 0, str(error))
    return Answer(version, community, pdu, request_id, status, blamed, start, stop, None)


def _open(data: bytes, at: int, size: int) -> tuple[int, int, int]:
    """Like read_header, but the end may lie beyond a cut datagram."""
    if at + 2 > size:
        raise Malformed("the answer is cut off")
    tag, start, end = read_header(data, at, 1 << 33)
    if start > size:
        raise Malformed("the answer is cut off")
    return tag, start, end


def _integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    tag, start, stop = read_header(data, at, min(end, len(data)))
    if tag != Tag.INTEGER or not 1 <= stop - start <= 5:
        raise Malformed("a number is missing in its head")
    return int.from_bytes(data[start:stop], "big", signed=True), stop
