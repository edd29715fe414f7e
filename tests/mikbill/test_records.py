"""MikBill's list: the array read as it comes, and elements of every odd shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildcore.components.mikbill_integration.records import ArrayReader, record
from wildcore.errors import BillingError
from wildcore.model.subscriber import SubscriberClaim

ELEMENT: dict[str, Any] = {
    "search": {"switch": "192.0.2.10", "port": 4, "client_mac": "aa-bb-cc-dd-ee-ff", "onu_ident": "zteg:c69ef036"},
    "data": {
        "uid": 1,
        "billing_link": "/#clientcard/1",
        "agreement": "00001",
        "login": "test",
        "address": {
            "full": "Рівне, Євгенія Борового вулиця 1/15",
            "settlement": "Рівне",
            "lane": "Євгенія Борового вулиця",
            "house": "1",
            "app": "15",
        },
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def elements(texts: list[str]) -> list[Any]:
    reader = ArrayReader()
    return [one for text in texts for one in reader.feed(text)] + reader.end()


def pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@given(st.lists(JSON, max_size=6), st.integers(1, 40), st.sampled_from([None, 1]))
def test_elements_are_those_of_the_whole_array_however_it_is_cut(values: list[Any], size: int, indent: int | None) -> None:
    text = json.dumps(values, ensure_ascii=False, indent=indent)
    assert elements(pieces(text, size)) == values


@given(st.lists(JSON, min_size=1, max_size=4), st.integers(1, 20), st.data())
def test_a_cut_off_array_is_an_error_and_never_a_shorter_list(values: list[Any], size: int, data: st.DataObject) -> None:
    text = json.dumps(values)
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(BillingError):
        elements(pieces(text[:cut], size))


@pytest.mark.parametrize("text", ["", "   ", "null", '{"a": 1}', "<html>", "[1 2]", "[1]x", "[1,,2]", "[,1]"])
def test_what_is_no_array_is_refused(text: str) -> None:
    with pytest.raises(BillingError):
        elements([text])


def test_an_element_becomes_a_record_with_canonical_keys() -> None:
    one = record(ELEMENT)
    assert one is not None
    assert (one.uid, one.agreement, one.login, one.billing_link) == ("1", "00001", "test", "/#clientcard/1")
    assert one.address_full == "Рівне, Євгенія Борового вулиця 1/15"
    assert one.claims == (SubscriberClaim("ZTEGC69EF036", "192.0.2.10", "4", "AABBCCDDEEFF"),)


@pytest.mark.parametrize(
    ("search", "claim"),
    [
        (None, SubscriberClaim()),
        ("nonsense", SubscriberClaim()),
        ({}, SubscriberClaim()),
        ({"switch": None, "port": None, "client_mac": None, "onu_ident": None}, SubscriberClaim()),
        ({"switch": "192.0.2.1", "port": " 3 "}, SubscriberClaim(switch_ip="192.0.2.1", port="3")),
        ({"switch": "192.0.2.1", "port": 3.0}, SubscriberClaim(switch_ip="192.0.2.1", port="3")),
        ({"switch": "192.0.2.1", "port": "Gi0/3"}, SubscriberClaim(switch_ip="192.0.2.1", port="Gi0/3")),
        ({"switch": "192.0.2.1", "port": 0}, SubscriberClaim()),
        ({"switch": "", "port": 3}, SubscriberClaim()),
        ({"onu_ident": "5A544547C69EF036"}, SubscriberClaim(ident="ZTEGC69EF036")),
        ({"client_mac": "not a mac"}, SubscriberClaim()),
    ],
)
def test_searches_of_every_shape(search: Any, claim: SubscriberClaim) -> None:
    one = record({"search": search, "data": {"uid": "7"}})
    assert one is not None
    assert one.claims == (claim,)


@pytest.mark.parametrize("element", [None, 1, "x", [], {}, {"data": {}}, {"data": {"uid": None}}, {"data": {"uid": ""}}])
def test_an_element_without_a_uid_is_left_out(element: Any) -> None:
    assert record(element) is None


@given(JSON)
def test_no_element_makes_it_raise(element: Any) -> None:
    record({"search": element, "data": element})
    record(element)


def test_a_huge_address_and_control_characters_are_cut_to_size() -> None:
    one = record({"data": {"uid": 1, "address": {"full": "a\x00b" + "х" * 10_000_000}}})
    assert one is not None
    assert len(one.address_full) == 1000
    assert "\x00" not in one.address_full
