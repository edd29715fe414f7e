"""ZTE xPON enterprise tables (3902.1012, 3902.1015, 3902.1082) and their index packings.

Sources: captures of C320 and C620, switcher-core, Ubilling's templates, MIBs as shipped with LibreNMS.

A = 0x1 nibble, shelf-1 nibble, slot, port, 00. B = 0x11, shelf, slot, port. C (EPON ONU) = 0x3 nibble, shelf nibble, slot
5 bits, port-1 3 bits, ONU, 00. D (EPON ONU, 16-port cards) = 0x9 nibble, shelf nibble, slot 4 bits, port-1 4 bits, ONU, 00.
Bind keys are `SLLPPNNN` (shelf, slot, port, ONU; ONU 000 is the port): `10201001` is gpon-onu_1/2/1:1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from wildcore.drivers import decode
from wildcore.drivers.table import Column, Table
from wildcore.model.ident import IdentType
from wildcore.model.interface import AdminState, Counters, LinkStatus
from wildcore.model.olt import Card
from wildcore.model.onu import OnuIdent, OnuOptical, OnuReasons, OnuState, OnuStatus, OnuUni, OnuVendor, PonPort
from wildcore.transport.snmp.types import Index, Value

T1012: Final = "1.3.6.1.4.1.3902.1012.3"
T1015: Final = "1.3.6.1.4.1.3902.1015"
T1082: Final = "1.3.6.1.4.1.3902.1082"
ONUS: Final = f"{T1082}.500.10.2.3"
EPON: Final = f"{T1015}.1010.1.7.4.1"
EPON_OPTICS: Final = f"{T1015}.1010.1.1.1.29.1"


class Place(NamedTuple):
    """Where a port or an ONU is; `onu` 0 is the port itself."""

    shelf: int
    slot: int
    port: int
    onu: int = 0

    @property
    def bind_key(self) -> str:
        """`10201001`."""
        return f"{self.shelf}{self.slot:02}{self.port:02}{self.onu:03}"

    @property
    def port_key(self) -> str:
        """Bind key of the PON port."""
        return self._replace(onu=0).bind_key

    @property
    def path(self) -> str:
        """`1/2/1` or `1/2/1:1`."""
        path = f"{self.shelf}/{self.slot}/{self.port}"
        return f"{path}:{self.onu}" if self.onu else path


def place_of(bind_key: str) -> Place | None:
    """Inverse of `Place.bind_key`."""
    if len(bind_key) != 8 or not (bind_key.isascii() and bind_key.isdigit()):
        return None
    return Place(int(bind_key[0]), int(bind_key[1:3]), int(bind_key[3:5]), int(bind_key[5:]))


def _sane(shelf: int, slot: int, port: int, onu: int = 0) -> Place | None:
    return Place(shelf, slot, port, onu) if 1 <= shelf <= 9 and slot <= 99 and port <= 99 and onu <= 999 else None


def unpack_a(number: int) -> Place | None:
    """0x10010100 -> 1/1/1."""
    if number >> 28 != 1 or number & 0xFF:
        return None
    return _sane((number >> 24 & 0xF) + 1, number >> 16 & 0xFF, number >> 8 & 0xFF)


def pack_a(place: Place) -> int:
    """1/1/1 -> 0x10010100."""
    return 1 << 28 | (place.shelf - 1) << 24 | place.slot << 16 | place.port << 8


def unpack_b(number: int) -> Place | None:
    """0x11010101 -> 1/1/1."""
    return _sane(number >> 16 & 0xFF, number >> 8 & 0xFF, number & 0xFF) if number >> 24 == 0x11 else None


def pack_b(place: Place) -> int:
    """1/1/1 -> 0x11010101."""
    return 0x11 << 24 | place.shelf << 16 | place.slot << 8 | place.port


def unpack_epon(number: int) -> Place | None:
    """0x30080100 -> 1/1/1:1 (C), 0x90100100 likewise (D); a shelf of 0 is the first and only one."""
    if number & 0xFF:
        return None
    shelf, onu = (number >> 24 & 0xF) or 1, number >> 8 & 0xFF
    if number >> 28 == 3:
        return _sane(shelf, number >> 19 & 0x1F, (number >> 16 & 0x7) + 1, onu)
    if number >> 28 == 9:
        return _sane(shelf, number >> 20 & 0xF, (number >> 16 & 0xF) + 1, onu)
    return None


def pack_epon(place: Place, shelf: int = 0) -> int:
    """1/1/1:1 -> 0x30080100, packing C."""
    return 3 << 28 | shelf << 24 | place.slot << 19 | (place.port - 1) << 16 | place.onu << 8


@dataclass(frozen=True, slots=True)
class Packing:
    """How a table's rows are numbered: one number for the port, then the ONU, then (UNI tables) its port."""

    unpack: Callable[[int], Place | None]
    pack: Callable[[Place], int]

    def key(self, index: Index) -> dict[str, object] | None:
        """ONU row."""
        place = self.unpack(index[0]) if len(index) == 2 and 1 <= index[1] <= 999 else None
        return None if place is None else {"bind_key": place._replace(onu=index[1]).bind_key}

    def serial_key(self, index: Index) -> dict[str, object] | None:
        """ONU row of idents."""
        found = self.key(index)
        return None if found is None else {**found, "type": IdentType.SN}

    def uni_key(self, index: Index) -> dict[str, object] | None:
        """UNI row."""
        found = self.key(index[:2]) if len(index) == 3 else None
        return None if found is None else {**found, "num": index[2]}

    def index(self, bind_key: str) -> Index | None:
        """Index of an ONU's row."""
        place = place_of(bind_key)
        return None if place is None or not place.onu else (self.pack(place), place.onu)


A: Final = Packing(unpack_a, pack_a)
B: Final = Packing(unpack_b, pack_b)


def _epon_key(index: Index) -> dict[str, object] | None:
    place = unpack_epon(index[0]) if len(index) == 1 else None
    return None if place is None or not place.onu else {"bind_key": place.bind_key}


def _epon_mac_key(index: Index) -> dict[str, object] | None:
    found = _epon_key(index)
    return None if found is None else {**found, "type": IdentType.MAC}


def _epon_index(bind_key: str) -> Index | None:
    place = place_of(bind_key)
    return None if place is None or not place.onu or not 1 <= place.port <= 8 else (pack_epon(place),)


def _port_key(index: Index) -> dict[str, object] | None:
    place = unpack_b(index[0]) if len(index) == 1 else None
    return None if place is None else {"bind_key": place.bind_key}


def _card_key(index: Index) -> dict[str, object] | None:
    return {"name": f"{index[1]}/{index[2]}"} if len(index) == 3 else None


PHASES: Final = ("logging", "LOS", "syncMib", "working", "DyingGasp", "authFailed", "OffLine")
_PHASE_STATES: Final = {
    "working": OnuState.ONLINE, "LOS": OnuState.LOS, "DyingGasp": OnuState.POWER_OFF,
    "logging": OnuState.OFFLINE, "syncMib": OnuState.OFFLINE, "authFailed": OnuState.OFFLINE, "OffLine": OnuState.OFFLINE,
}  # fmt: skip
REASONS: Final = {
    1: "unknown", 2: "LOS", 3: "LOSi", 4: "LOFi", 5: "SFi", 6: "LOAi", 7: "LOAMi", 8: "AuthFail", 9: "PowerOff",
    10: "DeactiveSucc", 11: "DeactiveFail", 12: "Reboot", 13: "Shutdown",
}  # fmt: skip
EPON_STATES: Final = {1: OnuState.POWER_OFF, 2: OnuState.OFFLINE, 3: OnuState.ONLINE}
EPON_STATE_WORDS: Final = {1: "power-off", 2: "offline", 3: "online"}
EPON_REASONS: Final = {1: "unknown", 14: "bugsell", 21: "LOS", 22: "PowerOff", 23: "timestamp-drift"}
ADMIN: Final = decode.enum({1: AdminState.ENABLED, 2: AdminState.DISABLED}, AdminState.UNKNOWN)
LINK: Final = decode.enum({1: LinkStatus.UP, 2: LinkStatus.DOWN}, LinkStatus.UNKNOWN)
SPEEDS: Final = {
    1: "Auto", 2: "10-Half", 3: "10-Full", 4: "100-Half", 5: "100-Full", 6: "1000-Full", 65535: "",
}  # fmt: skip

OLT_RX: Final = decode.thousandths(decode.DBM, none=(-80_000, 65_535_000, 65_535, -1))
ONU_VOLTAGE: Final = decode.scaled(0.02, 0.5, 10, none=(65_535,))
MODULE_POWER: Final = decode.thousandths(decode.DBM, none=(2_147_483_647,))


def epon_power(value: Value) -> float | None:
    """EPON optics come as text in dBm, or as thousandths or hundredths (by magnitude: no power is below -50 dBm)."""
    if isinstance(value, bytes):
        return decode.dbm_text(value)
    if not isinstance(value, int) or value == 0:
        return None
    return decode.scaled(0.001 if abs(value) > 5000 else 0.01, *decode.DBM, none=(65_535, -80_000))(value)


@dataclass(frozen=True, slots=True)
class Registered:
    """An ONU that the OLT is configured for, by whatever table tells of it."""

    bind_key: str
    serial: str = ""
    name: str = ""
    description: str = ""
    type: str = ""


def _registered(packing: Packing, base: str, serial: str) -> Table[Registered]:
    return Table(
        Registered, packing.key, index=packing.index, serial=Column(f"{base}.{serial}", decode.serial),
        name=Column(f"{base}.2", decode.text), description=Column(f"{base}.3", decode.text),
    )  # fmt: skip


def _status(packing: Packing, base: str, first: int) -> Table[OnuStatus]:
    words = {first + number: word for number, word in enumerate(PHASES)}
    states = {number: _PHASE_STATES[word] for number, word in words.items()}
    return Table(
        OnuStatus, packing.key, index=packing.index,
        state=Column(f"{base}.4", decode.enum(states, OnuState.UNKNOWN)),
        bind_raw=Column(f"{base}.4", decode.raw(words)), admin=Column(f"{base}.1", ADMIN),
    )  # fmt: skip


def _reasons(packing: Packing, base: str) -> Table[OnuReasons]:
    return Table(
        OnuReasons, packing.key, index=packing.index, last_down_reason=Column(f"{base}.7", decode.raw(REASONS)),
        last_reg=Column(f"{base}.5", decode.date_and_time), last_dereg=Column(f"{base}.6", decode.date_and_time),
    )  # fmt: skip


def _optical(packing: Packing, onu: str, olt_rx: str, distance: str) -> Table[OnuOptical]:
    one = (1,)
    return Table(
        OnuOptical, packing.key, index=packing.index,
        rx_dbm=Column(f"{onu}.10", decode.zte_onu_power, suffix=one),
        tx_dbm=Column(f"{onu}.14", decode.zte_onu_power, suffix=one),
        temperature_c=Column(f"{onu}.19", decode.celsius_256, suffix=one),
        voltage_v=Column(f"{onu}.17", ONU_VOLTAGE, suffix=one),
        olt_rx_dbm=Column(olt_rx, OLT_RX),
        distance_m=Column(distance, decode.distance_m),
    )  # fmt: skip


def _serials(packing: Packing, where: str) -> Table[OnuIdent]:
    return Table(
        OnuIdent, packing.serial_key, index=packing.index, ident=Column(where, decode.serial, required=True)
    )  # fmt: skip


def _counters(packing: Packing, base: str, incoming: int, outgoing: int) -> Table[Counters]:
    return Table(
        Counters, packing.key, index=packing.index, in_octets=Column(f"{base}.{incoming}", decode.counter),
        out_octets=Column(f"{base}.{outgoing}", decode.counter),
    )  # fmt: skip


DISTANCE_A: Final = f"{T1012}.11.4.1.2"
REGISTERED: Final = (_registered(A, f"{T1012}.28.1.1", "5"), _registered(B, f"{ONUS}.3.1", "6"))
RANGED: Final = (
    Table(Registered, A.key, index=A.index, type=Column(DISTANCE_A, decode.text)),
    Table(Registered, B.key, index=B.index, type=Column(f"{ONUS}.10.1.2", decode.text)),
)
"""ONUs that are only known by a distance: a view that hides the rest, or a partial capture."""
STATUS: Final = (_status(A, f"{T1012}.28.2.1", 0), _status(B, f"{ONUS}.8.1", 1))
GPON_REASONS: Final = (_reasons(A, f"{T1012}.28.2.1"), _reasons(B, f"{ONUS}.8.1"))
OPTICAL: Final = (
    _optical(A, f"{T1012}.50.12.1.1", f"{T1015}.1010.11.2.1.2", DISTANCE_A),
    _optical(B, f"{T1082}.500.20.2.2.2.1", f"{T1082}.500.1.2.4.2.1.2", f"{ONUS}.10.1.2"),
)
SERIALS: Final = (_serials(A, f"{T1012}.28.1.1.5"), _serials(B, f"{ONUS}.3.1.6"), _serials(B, f"{ONUS}.3.1.18"))
VENDORS: Final = (
    Table(OnuVendor, A.key, index=A.index, vendor=Column(f"{T1012}.50.11.2.1.1", decode.text),
          model=Column(f"{T1012}.28.1.1.1", decode.text)),
    Table(OnuVendor, B.key, index=B.index, vendor=Column(f"{T1082}.500.20.2.1.2.1.1", decode.text),
          model=Column(f"{ONUS}.3.1.1", decode.text), sw_version=Column(f"{T1082}.500.20.2.1.2.1.2", decode.text),
          equipment_id=Column(f"{T1082}.500.20.2.1.2.1.8", decode.text)),
)  # fmt: skip
UNIS: Final = (
    Table(OnuUni, B.uni_key, index=B.index, many=True, oper=Column(f"{T1082}.500.20.2.3.2.1.6", LINK, required=True),
          admin=Column(f"{T1082}.500.20.2.3.2.1.5", ADMIN), speed=Column(f"{T1082}.500.20.2.3.2.1.7", decode.raw(SPEEDS))),
    Table(OnuUni, A.uni_key, index=A.index, many=True, oper=Column(f"{T1012}.50.14.1.1.6", LINK, required=True)),
)  # fmt: skip
COUNTERS: Final = (_counters(A, f"{T1015}.1010.5.56.1.1", 2, 3), _counters(B, f"{T1082}.500.4.2.2.2.1", 1, 44))

EPON_REGISTERED: Final = Table(
    Registered, _epon_key, index=_epon_index, type=Column(f"{EPON}.5", decode.text),
    description=Column(f"{EPON}.1", decode.text), serial=Column(f"{EPON}.7", decode.mac),
)  # fmt: skip
EPON_STATUS: Final = Table(
    OnuStatus, _epon_key, index=_epon_index,
    state=Column(f"{EPON}.17", decode.enum(EPON_STATES, OnuState.UNKNOWN), required=True),
    bind_raw=Column(f"{EPON}.17", decode.raw(EPON_STATE_WORDS)), admin=Column(f"{EPON}.6", ADMIN),
)  # fmt: skip
EPON_MACS: Final = Table(
    OnuIdent, _epon_mac_key, index=_epon_index, ident=Column(f"{EPON}.7", decode.mac, required=True)
)  # fmt: skip
EPON_WHYS: Final = Table(
    OnuReasons, _epon_key, index=_epon_index, last_down_reason=Column(f"{EPON}.27", decode.raw(EPON_REASONS)),
    last_reg=Column(f"{EPON}.12", decode.date_and_time), last_dereg=Column(f"{EPON}.26", decode.date_and_time),
)  # fmt: skip
EPON_OPTICAL: Final = Table(
    OnuOptical, _epon_key, index=_epon_index,
    rx_dbm=Column(f"{EPON_OPTICS}.5", epon_power), tx_dbm=Column(f"{EPON_OPTICS}.4", epon_power),
    temperature_c=Column(f"{EPON_OPTICS}.1", decode.units(decode.CELSIUS, none=(0,))),
    voltage_v=Column(f"{EPON_OPTICS}.2", decode.units((0.5, 10))),
)  # fmt: skip
EPON_TYPES: Final = Table(OnuVendor, _epon_key, index=_epon_index, model=Column(f"{EPON}.5", decode.text))

_MODULES: Final = f"{T1082}.30.40.2.4.1"
PON_OPTICAL: Final = Table(
    PonPort, _port_key, tx_dbm=Column(f"{_MODULES}.3", MODULE_POWER),
    temperature_c=Column(f"{_MODULES}.8", decode.thousandths(decode.CELSIUS)),
    voltage_v=Column(f"{_MODULES}.6", decode.thousandths((0.5, 10))),
    bias_ma=Column(f"{_MODULES}.5", decode.thousandths(decode.MILLIAMPS, none=(2_147_483_647,))),
)  # fmt: skip


def _cards(base: str) -> Table[Card]:
    states = {
        1: "inService", 2: "notInService", 3: "hwOnline", 4: "hwOffline", 5: "configuring", 6: "configFailed",
        7: "typeMismatch", 8: "deactivated", 9: "faulty", 10: "invalid", 11: "noPower",
    }  # fmt: skip
    percent = decode.units(decode.PERCENT)
    return Table(
        Card, _card_key, type=Column(f"{base}.4", decode.text), state=Column(f"{base}.5", decode.raw(states)),
        ports=Column(f"{base}.7", decode.whole(0, 512)), cpu_pct=Column(f"{base}.9", percent),
        memory_pct=Column(f"{base}.11", percent), serial=Column(f"{base}.14", decode.text),
        hw_version=Column(f"{base}.23", decode.text), sw_version=Column(f"{base}.27", decode.text),
        temperature_c=Column(f"{T1082}.10.10.2.1.6.1.2", decode.units((-40, 150))),
    )  # fmt: skip


CARDS: Final = (_cards(f"{T1082}.10.1.2.4.1"), _cards(f"{T1015}.2.1.1.3.1"))
