"""Decoders take anything and never raise; what they let through is physically possible."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildcore.drivers import decode
from wildcore.drivers.q_bridge import port_reader, written_ports
from wildcore.drivers.zte import A, B, Place, epon_power, pack_a, pack_b, pack_epon, place_of, unpack_a, unpack_b, unpack_epon
from wildcore.transport.snmp.types import Value

VALUES = st.one_of(
    st.none(),
    st.integers(),
    st.integers(-(2**31), 2**32),
    st.binary(max_size=300),
    st.text(max_size=60).map(lambda text: text.encode()),
    st.from_regex(r"[-+]?[0-9]{1,400}(\.[0-9]{1,30})? ?(dBm|mW|C|V)?", fullmatch=True).map(str.encode),
    st.lists(st.integers(0, 2**32 - 1), max_size=20).map(tuple),
)

POWERS = {
    "dbm_text": decode.dbm_text,
    "zte_onu_power": decode.zte_onu_power,
    "epon_power": epon_power,
    "tenths": decode.tenths(decode.DBM),
    "hundredths": decode.hundredths(decode.DBM),
    "thousandths": decode.thousandths(decode.DBM, none=(-80_000,)),
    "units": decode.units(decode.DBM),
}


@pytest.mark.parametrize("name", POWERS)
@given(value=VALUES)
def test_power_is_none_or_possible(name: str, value: Value) -> None:
    result = POWERS[name](value)
    assert result is None or -50 <= result <= 10


@given(VALUES)
def test_temperature_voltage_and_distance_are_none_or_possible(value: Value) -> None:
    for read in (decode.celsius_256, decode.units(decode.CELSIUS), decode.thousandths(decode.CELSIUS)):
        result = read(value)
        assert result is None or -60 <= result <= 150
    for read in (decode.volts_100uv, decode.units(decode.VOLTS)):
        result = read(value)
        assert result is None or 0 <= result <= 10
    distance = decode.distance_m(value)
    assert distance is None or 0 < distance <= 120_000


@given(VALUES)
def test_everything_else_never_raises_and_has_its_form(value: Value) -> None:
    text = decode.text(value)
    assert text is None or all(ord(char) >= 32 and not 127 <= ord(char) < 160 for char in text)
    mac = decode.mac(value)
    assert mac is None or (len(mac) == 12 and set(mac) <= set("0123456789ABCDEF"))
    serial = decode.serial(value)
    assert serial is None or len(serial) in (12, 16)
    when = decode.date_and_time(value)
    assert when is None or 2000 <= when.year <= 2099
    vlan = decode.vlan_id(value)
    assert vlan is None or 1 <= vlan <= 4094
    for count in (decode.counter(value), decode.ticks_sec(value), decode.duration_sec(value)):
        assert count is None or count >= 0
    assert all(port > 0 for port in decode.ports(value))
    assert all(port > 0 for port in written_ports(value))
    decode.integer(value)
    decode.number(value)
    assert decode.enum({1: "one"}, "other")(value) in (None, "one", "other")
    word = decode.raw({1: "one"})(value)
    assert word is None or word == "one" or word.lstrip("-").isdigit()


@given(st.integers(1, 9), st.integers(0, 99), st.integers(0, 99))
def test_port_packings_have_inverses(shelf: int, slot: int, port: int) -> None:
    place = Place(shelf, slot, port)
    assert unpack_a(pack_a(place)) == unpack_b(pack_b(place)) == place
    assert place_of(place.bind_key) == place


@given(st.integers(0, 31), st.integers(1, 8), st.integers(1, 255))
def test_epon_packing_has_an_inverse(slot: int, port: int, onu: int) -> None:
    place = Place(1, slot, port, onu)
    assert unpack_epon(pack_epon(place)) == place


@given(st.lists(st.integers(0, 2**32 - 1), max_size=4).map(tuple))
def test_foreign_rows_are_no_onus(index: tuple[int, ...]) -> None:
    for packing in (A, B):
        for key in (packing.key, packing.serial_key, packing.uni_key):
            found = key(index)
            assert found is None or place_of(str(found["bind_key"])) is not None


def test_packings_of_captures() -> None:
    assert unpack_a(268501248) == Place(1, 1, 1)  # C320
    assert unpack_b(285278465) == Place(1, 1, 1)  # C620
    assert unpack_b(0x11011301) == Place(1, 19, 1)
    assert Place(1, 2, 1, 1).bind_key == "10201001"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"0.03 mW (-14.61 dBm)", -14.61),
        (b"0.00 mW (-28.24 dBm)", -28.24),
        (b"6.56 dbm", 6.56),
        (b"-10.47", -10.47),
        (b"0.02 mW", -16.99),
        (b"", None),
        (b"--", None),
        (b"0.00 mW (-inf dBm)", None),
        (None, None),
    ],
)
def test_power_as_text(value: Value, expected: float | None) -> None:
    result = decode.dbm_text(value)
    assert result == (None if expected is None else pytest.approx(expected, abs=0.005))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(65535, None), (0, -30.0), (4135, -21.73), (65036, -31.0), (15000, 0.0), (30001, None), (-1, None)],
)
def test_power_that_zte_passes_on(value: int, expected: float | None) -> None:
    assert decode.zte_onu_power(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-213, -21.3), (2**32 - 213, -21.3), (65535, None), (2147483648, None), (2147483647, None), (-500, -50.0),
        (-501, None), (b"-213", -21.3), (b"", None),
    ],
)  # fmt: skip
def test_tenths_with_sentinels_and_twos_complement(value: Value, expected: float | None) -> None:
    assert decode.tenths(decode.DBM)(value) == expected


@pytest.mark.parametrize(
    "value",
    [b"ZTEG\xc6\x9e\xf0\x36", b"ZTEGC69EF036", b"zteg:c69ef036", b"5A544547C69EF036", b"1,ZTEGC69EF036", b"ZTEGC69EF036\x00"],
)
def test_serial_in_every_notation(value: bytes) -> None:
    assert decode.serial(value) == "ZTEGC69EF036"


@pytest.mark.parametrize("value", [b"", bytes(8), b"not a serial", b"AAAAAA", 5, None])
def test_no_serial(value: Value) -> None:
    assert decode.serial(value) is None


@pytest.mark.parametrize(
    "value",
    [
        bytes.fromhex("aabbccddeeff"), b"aa:bb:cc:dd:ee:ff", b"AABB.CCDD.EEFF", b"aa-bb-cc-dd-ee-ff", b"aabbccddeeff",
        b"61:61:3a:62:62:3a:63:63:3a:64:64:3a:65:65:3a:66:66", b"aa bb cc dd ee ff ",
    ],
)  # fmt: skip
def test_mac_in_every_notation(value: bytes) -> None:
    assert decode.mac(value) == "AABBCCDDEEFF"


@pytest.mark.parametrize("value", [b"", bytes(6), b"\xff" * 6, b"AAAAAA:", b"00:00:00:00:00:00", 7])
def test_no_mac(value: Value) -> None:
    assert decode.mac(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("вул. Шевченка".encode(), "вул. Шевченка"), ("вул. Шевченка".encode("cp1251"), "вул. Шевченка"),
        (b"name\x00\x00\x00", "name"), (b"two\r\nlines", "two lines"), (b"\x1b[31mred", "[31mred"), (b"", ""),
        (12, "12"), ((1, 3, 6), "1.3.6"), (None, None),
    ],
)  # fmt: skip
def test_text_of_odd_encodings(value: Value, expected: str | None) -> None:
    assert decode.text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (bytes((0x07, 0xE8, 12, 23, 10, 34, 15, 0)), datetime(2024, 12, 23, 10, 34, 15)),  # noqa: DTZ001
        (bytes((0x07, 0xE8, 12, 23, 10, 34, 15, 0, 43, 2, 0)), datetime(2024, 12, 23, 10, 34, 15)),  # noqa: DTZ001
        (b"2024-12-23 10:34:15", datetime(2024, 12, 23, 10, 34, 15)),  # noqa: DTZ001
        (b"2023 /2 /18  3:42:40", datetime(2023, 2, 18, 3, 42, 40)),  # noqa: DTZ001
        (bytes(8), None), (bytes((0x07, 0xE8, 13, 1, 0, 0, 0, 0)), None), (b"0000-00-00 00:00:00", None), (b"--", None),
        (bytes((0x07, 0xB2, 1, 1, 0, 0, 0, 0)), None),  # 1970: a clock that was never set
    ],
)  # fmt: skip
def test_dates(value: bytes, expected: datetime | None) -> None:
    assert decode.date_and_time(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"9 Days 10 Hours 13 Minutes 51 Seconds", 814_431), (b"2d 23:51:13", 258_673), (b"08:38:43", 31_123), (77, 77),
     (b"", None)],
)  # fmt: skip
def test_durations(value: Value, expected: int | None) -> None:
    assert decode.duration_sec(value) == expected


def test_port_lists() -> None:
    assert decode.ports(bytes.fromhex("80000001")) == (1, 32)
    read = port_reader([b"", b"0,4097,4099", b"4106"])
    assert read(b"0,4097,4099") == (4097, 4099)
    assert read(b"4106") == (4106,)
    assert port_reader([b"4106", b"\xf0"])(b"\xf0") == (1, 2, 3, 4)
