"""Protocols that components supply, and where services find them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from wildcore.i18n import Text


@dataclass(frozen=True, slots=True)
class BillingSource:
    """How a billing system shows itself: the `source` of its subscribers, its title and its address (no slash at the end)."""

    key: str
    title: Text
    address: str
    search_field: str


class Billing(Protocol):
    """A billing system whose subscribers we keep."""

    def source(self) -> BillingSource:
        """Key, title, address and the field that global search shows (`uid`, `agreement` or `login`)."""
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

    def _all(self, protocol: object) -> list[Any]:
        return [make() for key, kind, make in self._factories if kind is protocol and self._enabled(key)]
