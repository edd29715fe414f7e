"""Coordinates of ONUs by billing's addresses, asked of a geocoder over real HTTP: slowly, once, never over what somebody set."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from tests.services.support import ADMIN, add_device, add_interface, add_subscriber, counted_statements
from wildcore.components.geocoding import nominatim
from wildcore.components.geocoding.component import component
from wildcore.components.geocoding.nominatim import Nominatim
from wildcore.errors import GeocodingError
from wildcore.i18n import _
from wildcore.services import geocoding, interfaces
from wildcore.services.pages_interface import interface_page
from wildcore.services.ports import Billing, BillingSource, Geocoder
from wildcore.services.runtime import Runtime
from wildcore.store.tables import GeocodedAddress, GeocodedInterface, Interface, Subscriber

PLACES = {"Соборна вулиця 1, Рівне": (50.6199, 26.2516), "Соборна вулиця 2, Рівне": (50.62, 26.252)}


@dataclass
class StandIn:
    """A Nominatim that knows some addresses; `answers` are sent first, as (status, text)."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)

    def answer(self, query: dict[str, list[str]]) -> tuple[int, str]:
        self.times.append(monotonic())
        self.asked.append(query["q"][0])
        if self.answers:
            return self.answers.pop(0)
        place = PLACES.get(query["q"][0])
        assert (query["format"], query["limit"]) == (["jsonv2"], ["1"])
        return 200, json.dumps([{"lat": str(place[0]), "lon": str(place[1])}] if place else [])


@dataclass
class Located:
    """A billing whose addresses place ONUs."""

    on: bool = True

    def source(self) -> BillingSource:
        return BillingSource("mikbill", _("MikBill billing"), "https://billing.example", "agreement", set_coordinates=self.on)


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    made = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.agents.append(self.headers["User-Agent"])
            status, text = made.answer(parse_qs(urlsplit(self.path).query))
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def network(runtime: Runtime, stand_in: StandIn) -> list[int]:
    """Three ONUs: two in one house, one next door; the geocoder is set up."""
    device_id = add_device(runtime.db, "192.0.2.1")
    runtime.settings.declare(component.settings)
    runtime.ports.supply("geocoding", Geocoder, lambda: Nominatim(runtime))
    runtime.ports.supply("mikbill_integration", Billing, Located)
    ids = []
    with runtime.db.write() as session:
        values = {"GEOCODER_URL": stand_in.url, "GEOCODER_RATE": 100, "GEOCODER_CONTACT": "noc@provider.example"}
        runtime.settings.set(session, values)
        for at, house in enumerate(("1", "1", "2"), start=1):
            ident = f"ZTEG0000000{at}"
            ids.append(add_interface(session, device_id, str(at), f"gpon-onu_1/1/1:{at}", "ONU", ident=ident, ident_type="SN"))
            one = add_subscriber(session, str(at), f"0000{at}", f"login{at}", f"Рівне, Соборна {house}/{at}", ident=ident)
            row = session.get_one(Subscriber, one)
            row.settlement, row.lane, row.house, row.app = "Рівне", "Соборна вулиця", house, str(at)
    runtime.settings.forget()
    return ids


async def run(runtime: Runtime, **options: float) -> str:
    return await geocoding.set_coordinates(runtime, lambda _stage, _done, _total: None, **options)


def places(runtime: Runtime, ids: list[int]) -> list[tuple[float | None, float | None]]:
    with runtime.db.read() as session:
        rows = {one.id: (one.latitude, one.longitude) for one in session.scalars(select(Interface))}
    return [rows[one] for one in ids]


def move(runtime: Runtime, uid: str, **address: str) -> None:
    with runtime.db.write() as session:
        row = session.scalars(select(Subscriber).where(Subscriber.uid == uid)).one()
        for name, value in address.items():
            setattr(row, name, value)


async def test_a_house_is_asked_once_and_all_its_onus_are_placed(runtime: Runtime, network: list[int], stand_in: StandIn) -> None:
    assert "new coordinates: 3" in await run(runtime)
    first, second = PLACES.values()
    assert places(runtime, network) == [first, first, second]
    assert sorted(stand_in.asked) == sorted(PLACES)
    assert set(stand_in.agents) == {"Wildcore (noc@provider.example)"}
    assert "new coordinates: 0. Addresses asked 0" in await run(runtime)
    assert len(stand_in.asked) == 2
    with runtime.db.read() as session:
        page = interface_page(session, runtime, ADMIN, network[0])
    assert page.geocoded


async def test_coordinates_set_by_hand_stay(runtime: Runtime, network: list[int], stand_in: StandIn) -> None:
    with runtime.db.write() as session:
        interfaces.update_interface(session, runtime, ADMIN, network[0], coordinates=(49.0, 24.0))
    await run(runtime)
    assert places(runtime, network)[0] == (49.0, 24.0)
    with runtime.db.write() as session:
        interfaces.update_interface(session, runtime, ADMIN, network[2], coordinates=(48.0, 23.0))
    move(runtime, "3", house="1")
    await run(runtime)
    assert places(runtime, network)[2] == (48.0, 23.0)
    with runtime.db.read() as session:
        assert not interface_page(session, runtime, ADMIN, network[2]).geocoded
        assert session.scalars(select(GeocodedInterface.interface_id)).all() == [network[1]]


async def test_an_address_that_changed_moves_its_onu(runtime: Runtime, network: list[int], stand_in: StandIn) -> None:
    await run(runtime)
    move(runtime, "1", house="2")
    assert "new coordinates: 1. Addresses asked 0" in await run(runtime)
    assert places(runtime, network)[0] == PLACES["Соборна вулиця 2, Рівне"]


async def test_an_unknown_address_is_remembered_for_a_while(runtime: Runtime, network: list[int], stand_in: StandIn) -> None:
    move(runtime, "3", lane="Нова вулиця")
    assert "unknown 1" in await run(runtime)
    assert "asked 0" in await run(runtime)
    later = replace(runtime, now=lambda: runtime.now() + geocoding.UNKNOWN_SEC + 1)
    assert "asked 1" in await run(later)
    assert places(runtime, network)[2] == (None, None)


async def test_it_keeps_its_pace(runtime: Runtime, network: list[int], stand_in: StandIn) -> None:
    move(runtime, "2", house="2", lane="Нова вулиця")
    with runtime.db.write() as session:
        runtime.settings.set(session, {"GEOCODER_RATE": 4})
    runtime.settings.forget()
    await run(runtime)
    assert len(stand_in.times) == 3
    assert stand_in.times[-1] - stand_in.times[0] > 0.3, "two pauses of 0.25 s; a busy machine may hear the first question late"


async def test_a_run_that_was_stopped_goes_on_from_there(runtime: Runtime, network: list[int], stand_in: StandIn) -> None:
    assert "left for the next run 2" in await run(runtime, run_sec=-1)
    assert places(runtime, network) == [(None, None)] * 3
    move(runtime, "2", lane="Нова вулиця")
    stand_in.answers = [(200, '[{"lat": "50.5", "lon": "26.5"}]'), (503, "busy"), (503, "busy")]
    with pytest.raises(GeocodingError, match=r"HTTP 503.*after 1 of 3 addresses"):
        await run(runtime)
    assert places(runtime, network) == [(50.5, 26.5), (None, None), (None, None)]
    stand_in.asked.clear()
    assert "asked 2, found 1, unknown 1" in await run(runtime)
    assert places(runtime, network)[2] == PLACES["Соборна вулиця 2, Рівне"]


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (429, "slow down", "lower GEOCODER_RATE"),
        (403, "", "lower GEOCODER_RATE"),
        (302, "", "HTTP 302"),
        (200, "<html>hello</html>", "no list of places"),
        (200, '{"error": "x"}', "no list of places"),
        (200, '[{"lat": "north"}]', "no list of places"),
        (200, "[" + "1" * 1_100_000, "no list of places"),
    ],
)
async def test_what_goes_wrong_is_said_in_words(
    runtime: Runtime, network: list[int], stand_in: StandIn, status: int, text: str, words: str
) -> None:
    stand_in.answers = [(status, text)] * 3
    move(runtime, "2", lane="Нова вулиця")
    with pytest.raises(GeocodingError, match=words) as caught:
        await run(runtime)
    assert "0 of 3 addresses" in caught.value.description


async def test_a_geocoder_that_is_not_there(runtime: Runtime, network: list[int], stand_in: StandIn) -> None:
    with runtime.db.write() as session:
        runtime.settings.set(session, {"GEOCODER_URL": "http://127.0.0.1:1"})
    runtime.settings.forget()
    move(runtime, "2", lane="Нова вулиця")
    with pytest.raises(GeocodingError, match="cannot be reached"):
        await run(runtime)


async def test_off_means_off(runtime: Runtime, network: list[int], stand_in: StandIn) -> None:
    runtime.ports.gate(lambda key: key != "mikbill_integration")
    runtime.ports.supply("other_billing", Billing, lambda: Located(on=False))
    assert "MIKBILL_SET_ONT_COORDINATES" in await run(runtime)
    with runtime.db.write() as session:
        runtime.settings.set(session, {"GEOCODER_URL": ""})
    runtime.settings.forget()
    assert "GEOCODER_URL is empty" in await run(runtime)
    assert stand_in.asked == []


async def test_nothing_to_do_costs_few_statements(runtime: Runtime, network: list[int], stand_in: StandIn) -> None:
    await run(runtime)
    runtime.settings.get("GEOCODER_URL")
    with counted_statements(runtime.db) as statements:
        await run(runtime)
    assert len([one for one in statements if "FROM settings" not in one]) <= 2
    with runtime.db.read() as session:
        assert len(session.scalars(select(GeocodedAddress.key)).all()) == 2


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        (("Рівне, Соборна 1/15", "Рівне", "Соборна вулиця", "1"), "Соборна вулиця 1, Рівне"),
        (("Рівне,  Соборна 1", "", "", ""), "Рівне, Соборна 1"),
        (("", "Рівне", "", ""), ""),
    ],
)
def test_how_an_address_is_asked(parts: tuple[str, str, str, str], address: str) -> None:
    assert geocoding.address_of(*parts) == address


def test_one_address_in_other_words_has_one_key() -> None:
    assert geocoding.address_key("Соборна  1, РІВНЕ") == geocoding.address_key("соборна 1, Рівне")


async def test_an_answer_without_end_is_given_up(runtime: Runtime, network: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    given_up = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing() and not reader.at_eof():
            writer.write(b" ")
            await asyncio.sleep(0.01)
        given_up.set()
        writer.close()

    monkeypatch.setattr(nominatim, "LONGEST_SEC", 0.3)
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        with runtime.db.write() as session:
            runtime.settings.set(session, {"GEOCODER_URL": f"http://{host}:{port}"})
        runtime.settings.forget()
        with pytest.raises(GeocodingError, match="in time"):
            await asyncio.wait_for(Nominatim(runtime).locate("Рівне"), 20)
        await given_up.wait()
