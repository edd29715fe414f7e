"""Addresses and networks from which a user may work ("strict access"). An empty list allows any."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from functools import lru_cache

from sqlalchemy.orm import Session

from wildcore.errors import Forbidden, NotAllowed, ValidationFailed
from wildcore.i18n import gettext
from wildcore.services import action_log
from wildcore.services.accounts import require_user, require_user_control
from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime
from wildcore.store.tables import User

PERMISSION = "user_management_config_strict_ip"
MAX_NETWORKS = 100
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_of(text: str) -> Address | None:
    """An address; IPv4 within IPv6 reads as IPv4. None when it is none."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def parse(texts: Iterable[str]) -> list[str]:
    """Addresses and networks in their canonical form, each once; ValidationFailed names the first that is neither."""
    found: dict[str, None] = {}
    for text in filter(None, (one.strip() for one in texts)):
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValidationFailed(
                gettext("{text} is no address or network: write 192.0.2.10 or 192.0.2.0/24", text=text[:60]),
                field="allowed_networks",
            ) from None
        single = network.prefixlen == network.max_prefixlen
        found[str(network.network_address) if single else str(network)] = None
    if len(found) > MAX_NETWORKS:
        raise ValidationFailed(gettext("At most {count} networks", count=MAX_NETWORKS), field="allowed_networks")
    return list(found)


def allowed(networks: Iterable[str], ip: str) -> bool:
    """Whether an address lies in one of the networks; any does when there are none."""
    nets = _networks(tuple(networks))
    if not nets:
        return True
    address = address_of(ip)
    return address is not None and any(net.version == address.version and address in net for net in nets)


def apply(actor: Actor, user: User, texts: Collection[str]) -> bool:
    """Set a user's networks within the caller's changes of that user; whether anything changed.

    Forbidden without `user_management_config_strict_ip`; NotAllowed when people would shut themselves out.
    """
    wanted = parse(texts)
    if wanted == list(user.allowed_networks):
        return False
    if not actor.may(PERMISSION):
        raise Forbidden(gettext("Permission {key} is required", key=PERMISSION), field="allowed_networks")
    if user.id == actor.user_id and not allowed(wanted, actor.ip):
        raise NotAllowed(gettext("Your own address {ip} would be shut out", ip=actor.ip), field="allowed_networks")
    user.allowed_networks = wanted
    return True


def set_allowed(session: Session, runtime: Runtime, actor: Actor, user_id: int, texts: Collection[str]) -> list[str]:
    """Set the networks of a user, one's own or another's; in effect at once, also for keys that are in use. What is stored.

    For another user `user_management` is needed too, and all rights that this one has.
    """
    from wildcore.services import keys

    user = require_user(session, actor, user_id)
    if user.id != actor.user_id:
        require_user_control(session, actor, user, runtime)
    keys.refuse_cross(session, actor)
    if apply(actor, user, texts):
        user.updated_at = runtime.now()
        runtime.auth.keys.clear_after_commit(session)
        meta = {"id": user.id, "networks": list(user.allowed_networks)}
        action_log.log(session, actor, "user:strict_ip", message=user.login, meta=meta)
    return list(user.allowed_networks)


@lru_cache(maxsize=1000)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)
