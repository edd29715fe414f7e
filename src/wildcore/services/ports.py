"""Protocols that components supply, and where services find them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wildcore.i18n import Text
from wildcore.model.subscriber import SubscriberRecord


@dataclass(frozen=True, slots=True)
class BillingSource:
    """How a billing system shows itself: the `source` of its subscribers, its title and its address (no slash at the end).

    `schedule` is the key of the schedule that takes its subscribers, `command` the console command that does the same.
    `set_coordinates`: ONUs take their coordinates from its addresses.
    """

    key: str
    title: Text
    address: str
    search_field: str
    schedule: str = ""
    command: str = ""
    max_removal_percent: float = 20.0
    set_coordinates: bool = False


class Billing(Protocol):
    """A billing system whose subscribers we keep. It only tells of them; storing and binding is the core's work."""

    def source(self) -> BillingSource:
        """Key, title, address and the field that global search shows (`uid`, `agreement` or `login`)."""
        ...

    def records(self) -> AsyncIterator[Sequence[SubscriberRecord | None]]:
        """All subscribers in parts, as they arrive. Raises BillingError that says what to do.

        The list is whole only when the iterator has ended without an error; parts given before may be of a list that is cut off.
        None stands for an element that cannot be used (no uid, no object): it is counted and told. Several records of one uid
        are one subscriber with several claims.
        """
        ...

    async def find(self, ident: str) -> list[SubscriberRecord]:
        """Who has the ONU with this ident (a canonical key: serial or MAC) now; [] when billing knows nobody.

        Raises BillingError. The caller limits the time.
        """
        ...


class Geocoder(Protocol):
    """Tells where an address is."""

    def pause_sec(self) -> float | None:
        """Least time between two questions, None while it is switched off."""
        ...

    async def locate(self, address: str) -> tuple[float, float] | None:
        """Latitude and longitude of an address in one line, None when it knows none. Raises GeocodingError."""
        ...


class Ports:
    """Implementations of protocols by the components that are switched on."""

    def __init__(self) -> None:
        self._factories: list[tuple[str, type, Callable[[], Any]]] = []
        self._enabled: Callable[[str], bool] = lambda _key: True

    def gate(self, enabled: Callable[[str], bool]) -> None:
        """Ask this before an implementation is handed out: whether its component is switched on."""
        self._enabled = enabled

    def supply(self, component: str, protocol: type, factory: Callable[[], Any]) -> None:
        """Register an implementation of a protocol by a component."""
        self._factories.append((component, protocol, factory))

    def billings(self) -> list[Billing]:
        """Billing systems whose components are switched on."""
        return self._all(Billing)

    def geocoder(self) -> Geocoder | None:
        """The geocoder that is switched on and has an address, if any."""
        return next((one for one in self._all(Geocoder) if one.pause_sec() is not None), None)

    def _all(self, protocol: object) -> list[Any]:
        return [make() for key, kind, make in self._factories if kind is protocol and self._enabled(key)]
