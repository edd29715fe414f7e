"""Subscribers and the reports of them as JSON and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wildcore.i18n import Lazy, Text, _, gettext, ngettext
from wildcore.model.ident import ident_text, mac_text
from wildcore.services import bindings, likely_fixes, similar_idents
from wildcore.services.likely_fixes import Fix
from wildcore.services.presenting import ident_json, subscriber_json, time_text
from wildcore.services.subscriber_lists import ClaimView, SubscriberRow
from wildcore.services.subscriber_places import SubscriberPlace
from wildcore.services.subscriber_reports import Elsewhere, Shared, Unmatched
from wildcore.services.subscribers import SubscriberView
from wildcore.services.sync_reports import Change, SourceSyncs, SyncView
from wildcore.services.times import ago

REASONS: Mapping[str, tuple[Lazy, Lazy]] = {
    bindings.IDENT_UNSEEN: (
        _("the ONU was never seen"),
        _("Compare with the label of the ONU. Perhaps it was never switched on, or its OLT is not among the devices."),
    ),
    bindings.NO_SWITCH: (_("no such switch"), _("Correct the switch's address in billing, or add the switch to the devices.")),
    bindings.NO_PORT: (_("the switch has no such port"), _("Correct the port in billing.")),
    bindings.MAC_UNSEEN: (
        _("the address was not seen"),
        _("Correct the address in billing, or the equipment is off. Switches' addresses must be polled."),
    ),
    bindings.MAC_UPLINK: (
        _("the address is seen on uplinks only"),
        _("The switch or OLT below the uplink is not among the devices, or is not polled."),
    ),
    bindings.NO_CLAIM: (
        _("billing names no place"),
        _("Give the subscriber an ONU, a switch with a port or an address in billing."),
    ),
}
SLIPS: Mapping[str, Lazy] = {
    similar_idents.ALIKE: _("look-alike characters"),
    similar_idents.SWAPPED: _("two neighbouring characters swapped"),
    similar_idents.SAME_END: _("the last eight characters are the same"),
    similar_idents.MISSING: _("one character missing or too many"),
    similar_idents.ONE: _("one character differs"),
    similar_idents.TWO: _("two characters differ"),
}


def reason_words(reason: str) -> Text:
    """Why a claim leads nowhere."""
    return REASONS[reason][0] if reason in REASONS else reason


def advice(reason: str) -> Text:
    """What to do where nothing comes near."""
    return REASONS[reason][1] if reason in REASONS else ""


def fix_text(fix: Fix) -> str:
    """A likely fix in one line; where it is, is said apart (`fix.interface`, `fix.device`)."""
    if fix.kind == likely_fixes.IDENT:
        parts = [fix.value, str(SLIPS.get(fix.how, fix.how))]
        parts += [gettext("gone from its OLT")] if fix.gone else []
        parts += [gettext("it has a subscriber already")] if fix.taken else []
        return ", ".join(parts)
    if fix.kind == likely_fixes.PORT:
        return gettext("port {name}", name=fix.value)
    if fix.kind == likely_fixes.PORTS:
        return gettext("there are the ports {ports}", ports=fix.value)
    if fix.kind == likely_fixes.SWITCH:
        return gettext("switch {ip}", ip=fix.value)
    if fix.kind == likely_fixes.UPLINK:
        return ngettext("an uplink with {n} address", "an uplink with {n} addresses", fix.count)
    return gettext("last seen {ago}", ago=ago(fix.at))


def place_words(fix: Fix) -> str:
    """Where a fix is."""
    return ", ".join(part for part in (fix.interface, fix.device) if part)


def claim_words(claim: ClaimView) -> str:
    """All that billing says of the place, in one line."""
    port = gettext("{switch}, port {port}", switch=claim.switch_ip, port=claim.port) if claim.switch_ip else ""
    return "; ".join(part for part in (ident_text(claim.ident) if claim.ident else "", port, mac_text(claim.mac)) if part)


def row_json(row: SubscriberRow) -> dict[str, Any]:
    """A subscriber with what billing claims and where that is; `matched` once any claim leads somewhere."""
    return {
        **_who(row.view),
        "matched": bool(row.places),
        "claims": [claim_json(one) for one in row.claims],
        "places": [place_json(one) for one in row.places],
        "updated_at": time_text(row.updated_at),
    }


def unmatched_json(row: Unmatched) -> dict[str, Any]:
    """A claim that leads nowhere."""
    return {
        "id": row.claim.id,
        "reason": row.claim.unmatched,
        "reason_text": str(reason_words(row.claim.unmatched)),
        "advice": str(advice(row.claim.unmatched)),
        "claim": claim_json(row.claim),
        "fixes": [fix_json(one) for one in row.fixes],
        "subscriber": _who(row.view),
    }


def shared_json(row: Shared) -> dict[str, Any]:
    """A place with several subscribers; `suspicious` for ONUs: a switch port may well serve a house."""
    return {
        "interface": place_json(row.place),
        "suspicious": row.place.is_onu,
        "count": len(row.subscribers),
        "subscribers": [{**_who(one), "strength": one.strength} for one in row.subscribers],
    }


def elsewhere_json(row: Elsewhere) -> dict[str, Any]:
    """A subscriber whose ONU is elsewhere than billing says; `differs` is device or port."""
    return {
        "id": row.claim.id,
        "differs": "port" if row.same_device else "device",
        "claim": claim_json(row.claim),
        "claimed_device": {"id": row.switch[0], "name": row.switch[1]} if row.switch else None,
        "seen_at": place_json(row.place),
        "subscriber": _who(row.view),
    }


def claim_json(claim: ClaimView) -> dict[str, Any]:
    """What billing says of the place; null where it does not say."""
    return {
        "ident": ident_text(claim.ident) if claim.ident else None,
        "switch_ip": claim.switch_ip or None,
        "port": claim.port or None,
        "mac_address": mac_text(claim.mac) if claim.mac else None,
        "unmatched": claim.unmatched or None,
    }


def place_json(place: SubscriberPlace) -> dict[str, Any]:
    """A port or ONU in short; levels in dBm."""
    return {
        "interface_id": place.interface_id,
        "name": place.name,
        "type": place.type,
        "bind_key": place.bind_key,
        "status": place.status,
        "description": place.description,
        "ident": ident_json(place.ident, place.ident_type),
        "gone_at": time_text(place.gone_at),
        "rx": place.rx_dbm,
        "olt_rx": place.olt_rx_dbm,
        "strength": place.strength or None,
        "device": {"id": place.device_id, "ip": place.device_ip, "name": place.device_name},
    }


def fix_json(fix: Fix) -> dict[str, Any]:
    """A likely fix, also in words."""
    return {
        "kind": fix.kind,
        "value": fix.value,
        "how": fix.how or None,
        "taken": fix.taken,
        "gone": fix.gone,
        "interface_id": fix.interface_id,
        "device_id": fix.device_id,
        "place": place_words(fix),
        "text": fix_text(fix),
    }


def source_syncs_json(source: SourceSyncs) -> dict[str, Any]:
    """The syncs of one billing system."""
    return {
        "source": source.key,
        "title": str(source.title),
        "command": source.command or None,
        "schedule": source.schedule.key if source.schedule else None,
        "enabled": source.schedule.enabled if source.schedule else False,
        "next_run": time_text(source.schedule.next_at) if source.schedule else None,
        "running": source.running,
        "progress": source.progress,
        "syncs": [sync_json(one) for one in source.syncs],
        "changes": [change_json(one) for one in source.changes],
    }


def sync_json(sync: SyncView) -> dict[str, Any]:
    """One sync; `counts` is null for whoever sees some device groups only."""
    return {
        "id": sync.id,
        "trigger": sync.trigger,
        "started_at": time_text(sync.started_at),
        "finished_at": time_text(sync.finished_at),
        "result": sync.result,
        "error": sync.error or None,
        "duration_sec": sync.duration_sec,
        "counts": dict(sync.counts) or None,
        "fetch_ms": sync.fetch_ms,
        "write_ms": sync.write_ms,
    }


def change_json(change: Change) -> dict[str, Any]:
    """What a sync did to one subscriber."""
    return {
        "what": change.what,
        "uid": change.uid,
        "agreement": change.agreement,
        "login": change.login,
        "fields": {name: [old, new] for name, old, new in change.fields},
    }


def _who(view: SubscriberView) -> dict[str, Any]:
    return {"id": view.id, "source": view.source, "source_title": str(view.source_title), **subscriber_json(view)}
