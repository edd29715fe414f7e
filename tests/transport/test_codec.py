"""Our codec against the `snmp` package, on generated messages and on every way of damaging one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snmp import OID  # type: ignore[import-untyped]
from snmp.message import Message, ProtocolVersion  # type: ignore[import-untyped]
from snmp.pdu import GetBulkRequestPDU, GetRequestPDU, ResponsePDU, SetRequestPDU  # type: ignore[import-untyped]
from snmp.smi import EndOfMibView, NoSuchInstance, NoSuchObject, Null, VarBind  # type: ignore[import-untyped]

from wildcore.transport.snmp import Index, Oid, Tag, Value, Varbind, oid, oid_text
from wildcore.transport.snmp.ber import (
    decode_oid,
    decode_value,
    decode_varbinds,
    encode_oid,
    encode_value,
    encode_varbind,
    tlv,
)
from wildcore.transport.snmp.bulk import Column
from wildcore.transport.snmp.codec import Codec, Pdu
from wildcore.transport.snmp.library import SMI
from wildcore.transport.snmp.problems import Malformed, NotOurs, OutOfOrder, Problem, Refused

BASE = oid("1.3.6.1.4.1.3320.101")
REQUEST_ID = 0x12345678
CODEC = Codec(b"public")

sub_ids = st.integers(0, 0xFFFF_FFFF)
indexes = st.lists(sub_ids, min_size=1, max_size=20).map(tuple)
# The package encodes 1.8 as 1.0 (it ORs where it should add), so it can be a witness only for second numbers below 8.
oids = st.tuples(st.just(1), st.integers(0, 7), st.lists(sub_ids, max_size=20)).map(lambda x: (x[0], x[1], *x[2]))
values: st.SearchStrategy[tuple[Tag, Value]] = st.one_of(
    st.tuples(st.just(Tag.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.sampled_from([Tag.COUNTER32, Tag.GAUGE32, Tag.TIMETICKS]), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(Tag.COUNTER64), st.integers(0, 2**64 - 1)),
    st.tuples(st.sampled_from([Tag.OCTET_STRING, Tag.OPAQUE]), st.binary(max_size=300)),
    st.tuples(st.just(Tag.IP), st.binary(min_size=4, max_size=4)),
    st.tuples(st.just(Tag.OID), oids),
    st.tuples(st.just(Tag.NULL), st.none()),
)
tables = st.dictionaries(indexes, values, min_size=1, max_size=30).map(lambda rows: sorted(rows.items()))


def library_value(tag: Tag, value: Value) -> object:
    """A value in the package's types."""
    if value is None:
        return Null()
    return OID(*value) if isinstance(value, tuple) else SMI[tag](value)


def library_answer(rows: Sequence[VarBind], request_id: int = REQUEST_ID, **error: int) -> bytes:
    """An answer encoded by the package."""
    pdu = ResponsePDU(*rows, requestID=request_id, **error)
    return bytes(Message(ProtocolVersion.SNMPv2c, b"public", pdu).encode())


def answer(rows: Sequence[Varbind]) -> bytes:
    """An answer encoded by us."""
    body = b"".join(encode_varbind(*row) for row in rows)
    return CODEC.request(Pdu.GET, REQUEST_ID, [body]).replace(b"\xa0", b"\xa2", 1)


def feed(data: bytes, base: Oid = BASE, cache: dict[bytes, Index] | None = None) -> Column:
    """A column after one answer."""
    column = Column(base, encode_oid(base), {} if cache is None else cache)
    column.feed(data, *CODEC.open_quick(data, REQUEST_ID))
    return column


@given(tables)
def test_decodes_what_the_library_encodes(rows: list[tuple[Index, tuple[Tag, Value]]]) -> None:
    data = library_answer([VarBind(OID(*BASE, *index), library_value(*cell)) for index, cell in rows])
    column = feed(data)
    assert column.rows == [(index, cell[1]) for index, cell in rows]
    assert not column.done
    start, end = CODEC.open(data, REQUEST_ID)
    assert decode_varbinds(data, start, end) == [(BASE + index, *cell) for index, cell in rows]


@given(tables)
def test_encodes_as_the_library_does(rows: list[tuple[Index, tuple[Tag, Value]]]) -> None:
    ours = CODEC.request(Pdu.SET, REQUEST_ID, [encode_varbind(BASE + index, *cell) for index, cell in rows])
    pdu = SetRequestPDU(*[VarBind(OID(*BASE, *index), library_value(*cell)) for index, cell in rows], requestID=REQUEST_ID)
    assert ours == Message(ProtocolVersion.SNMPv2c, b"public", pdu).encode()


def test_encodes_reads_as_the_library_does() -> None:
    pdu = GetRequestPDU(oid_text(BASE), requestID=REQUEST_ID)
    assert CODEC.request(Pdu.GET, REQUEST_ID, [encode_varbind(BASE)]) == Message(ProtocolVersion.SNMPv2c, b"public", pdu).encode()
    bulk = GetBulkRequestPDU(oid_text(BASE), requestID=REQUEST_ID, maxRepetitions=200)
    assert CODEC.bulk(REQUEST_ID, encode_oid(BASE), 200) == Message(ProtocolVersion.SNMPv2c, b"public", bulk).encode()


@given(oids)
def test_oids_survive(name: Oid) -> None:
    assert decode_oid(encode_oid(name)) == name
    assert oid("." + oid_text(name)) == name


@pytest.mark.parametrize("name", [(1, 8, 1), (2, 16, 840), (2, 999, 3), (0, 0), (1, 39)])
def test_first_numbers_add_up(name: Oid) -> None:
    assert decode_oid(encode_oid(name)) == name


@pytest.mark.parametrize("name", ["", "1.a", "1..2", "-1.2", "1.3.4294967296", "1." * 128 + "1", "١.٣", "3.1", "1.40"])
def test_refuses_what_is_no_oid(name: str) -> None:
    with pytest.raises(ValueError, match="not an object identifier"):
        oid(name)


@pytest.mark.parametrize(
    ("tag", "body", "value"),
    [
        (Tag.INTEGER, b"\xff", -1),
        (Tag.INTEGER, b"\xff\x00", -256),
        (Tag.INTEGER, b"\x80\x00\x00\x00", -(2**31)),
        (Tag.INTEGER, b"\x00\x00\x00\x05", 5),
        (Tag.INTEGER, b"\x80" + b"\x00" * 7, -(2**63)),
        (Tag.INTEGER, b"", None),
        (Tag.COUNTER32, b"\xff\xff\xff\xff", 2**32 - 1),
        (Tag.GAUGE32, b"\x00\xff\xff\xff\xff", 2**32 - 1),
        (Tag.COUNTER64, b"\x00" + b"\xff" * 8, 2**64 - 1),
        (Tag.COUNTER64, b"\xff" * 8, 2**64 - 1),
        (Tag.OID, b"", (0, 0)),
        (Tag.IP, b"\x7f\x00\x00\x01", b"\x7f\x00\x00\x01"),
        (Tag.NULL, b"", None),
        (0x45, b"ab", b"ab"),
    ],
)
def test_numbers_as_devices_send_them(tag: int, body: bytes, value: Value) -> None:
    assert decode_value(tag, body) == value
    wire = tlv(0x30, tlv(Tag.OID, encode_oid((*BASE, 1))) + tlv(tag, body))
    message = CODEC.request(Pdu.GET, REQUEST_ID, [wire]).replace(b"\xa0", b"\xa2", 1)
    assert feed(message).rows == [((1,), value)]


def test_a_number_longer_than_any_is_malformed() -> None:
    with pytest.raises(Malformed, match="a number of 10 bytes"):
        decode_value(Tag.COUNTER64, b"\x01" * 10)
    with pytest.raises(Malformed, match="a number of 9 bytes"):
        decode_value(Tag.INTEGER, b"\x01" * 9)


@pytest.mark.parametrize(
    ("tag", "value"),
    [(Tag.GAUGE32, -1), (Tag.INTEGER, b"x"), (Tag.OCTET_STRING, 1), (Tag.NULL, 0), (Tag.COUNTER64, 2**80)],
)
def test_refuses_to_encode_what_does_not_suit(tag: Tag, value: Value) -> None:
    with pytest.raises(ValueError, match=r"suit|negative|too large"):
        encode_value(tag, value)


def test_a_column_ends_where_its_subtree_does() -> None:
    inside, outside = Varbind((*BASE, 5), Tag.INTEGER, 1), Varbind((*BASE[:-1], 102, 1), Tag.INTEGER, 2)
    column = feed(answer([inside, outside]))
    assert column.done
    assert column.rows == [((5,), 1)]
    end = Varbind((*BASE, 5), Tag.END_OF_MIB_VIEW, None)
    assert feed(answer([inside, end])).done
    assert feed(library_answer([VarBind(OID(*BASE), EndOfMibView())])).done


@pytest.mark.parametrize("exception", [NoSuchObject, NoSuchInstance])
def test_other_exceptions_are_no_end(exception: type) -> None:
    with pytest.raises(Malformed, match="no such"):
        feed(library_answer([VarBind(OID(*BASE), exception())]))
    with pytest.raises(Malformed, match="no such"):
        feed(library_answer([VarBind(OID(*BASE, 7), exception())]))


@pytest.mark.parametrize(
    "names",
    [
        [(*BASE, 5), (*BASE, 5)],
        [(*BASE, 5), (*BASE, 4)],
        [(*BASE, 5, 1), (*BASE, 5)],
        [(*BASE, 5), (*BASE[:-1], 100, 9)],
        [BASE],
        [BASE[:-1]],
    ],
)
def test_oids_that_do_not_increase_are_an_error(names: list[Oid]) -> None:
    column = Column(BASE, encode_oid(BASE), {})
    data = answer([Varbind(name, Tag.INTEGER, 1) for name in names])
    with pytest.raises(OutOfOrder, match="loops"):
        column.feed(data, *CODEC.open(data, REQUEST_ID))
    assert not column.done
    assert column.rows == ([((*names[0][len(BASE) :],), 1)] if len(names) > 1 else [])


def test_order_is_checked_across_answers() -> None:
    column = feed(answer([Varbind((*BASE, 9), Tag.INTEGER, 1)]))
    data = answer([Varbind((*BASE, 9), Tag.INTEGER, 1)])
    with pytest.raises(OutOfOrder):
        column.feed(data, *CODEC.open(data, REQUEST_ID))


def test_strangers_are_not_ours() -> None:
    row = VarBind(OID(*BASE, 1), Null())
    pdu = ResponsePDU(row, requestID=REQUEST_ID)
    strangers = [
        library_answer([row], request_id=REQUEST_ID + 1),
        Message(ProtocolVersion.SNMPv2c, b"publix", pdu).encode(),
        Message(ProtocolVersion.SNMPv1, b"public", pdu).encode(),
        Message(ProtocolVersion.SNMPv2c, b"public", GetRequestPDU("1.3", requestID=REQUEST_ID)).encode(),
        b"", b"0", b"\x30\x80", b"\xff" * 60, b"hello, I am no SNMP agent at all",
    ]  # fmt: skip
    for data in strangers:
        with pytest.raises(NotOurs):
            CODEC.open_quick(bytes(data), REQUEST_ID)


def test_error_status_is_refusal() -> None:
    data = library_answer([VarBind(OID(*BASE, 1), Null())], errorStatus=5, errorIndex=1)
    with pytest.raises(Refused, match="genErr") as caught:
        CODEC.open_quick(data, REQUEST_ID)
    assert (caught.value.status, caught.value.index) == (5, 1)


GOOD = answer(
    [
        Varbind((*BASE, 1), Tag.INTEGER, -300),
        Varbind((*BASE, 2), Tag.OCTET_STRING, b"x" * 200),
        Varbind((*BASE, 3, 40000), Tag.COUNTER64, 2**63),
    ]
)


@pytest.mark.parametrize("size", range(len(GOOD)))
def test_no_cut_answer_is_believed(size: int) -> None:
    with pytest.raises(Malformed):
        feed(GOOD[:size])


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_damaged_byte_never_escapes_as_anything_but_a_problem(at: int, byte: int) -> None:
    data = GOOD[:at] + bytes((byte,)) + GOOD[at + 1 :]
    try:
        column = feed(data)
    except Problem:
        return
    assert len(column.rows) <= 3


@given(st.binary(max_size=200))
def test_noise_never_escapes_as_anything_but_a_problem(noise: bytes) -> None:
    for data in (noise, GOOD[:40] + noise):
        with pytest.raises(Problem):
            feed(data)
    with pytest.raises(Problem):
        decode_varbinds(b"\x31" + noise, 0, len(noise) + 1)


def test_bytes_left_over_are_malformed() -> None:
    with pytest.raises(Malformed, match="left over"):
        feed(GOOD + b"\0")
    wire = tlv(0x30, tlv(Tag.OID, encode_oid((*BASE, 1))) + b"\x02\x01\x05\x05\x00")
    data = CODEC.request(Pdu.GET, REQUEST_ID, [wire]).replace(b"\xa0", b"\xa2", 1)
    with pytest.raises(Malformed, match="left over"):
        feed(data)


def test_long_form_lengths_are_understood() -> None:
    name = encode_oid((*BASE, 77))
    value = b"\x04\x82\x00\x03abc"
    body = b"\x06\x81" + bytes((len(name),)) + name + value
    wire = b"\x30\x84\x00\x00\x00" + bytes((len(body),)) + body
    data = CODEC.request(Pdu.GET, REQUEST_ID, [wire]).replace(b"\xa0", b"\xa2", 1)
    assert feed(data).rows == [((77,), b"abc")]


def test_the_index_cache_is_shared_and_right() -> None:
    cache: dict[bytes, Index] = {}
    first = feed(answer([Varbind((*BASE, 70000, 1), Tag.INTEGER, 1)]), cache=cache)
    second = feed(answer([Varbind((*BASE, 70000, 1), Tag.INTEGER, 2)]), cache=cache)
    assert first.rows[0][0] is second.rows[0][0]
    assert second.rows == [((70000, 1), 2)]
