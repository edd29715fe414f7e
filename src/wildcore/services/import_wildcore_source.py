"""Reads a running Wildcore over its public API (`/api/v1`, key in X-Auth-Key), tolerant to the shapes that its versions answer.

A list may be an array, an object by id, or an array one level below `data`; a server may page, ignore `limit` and `offset`, or
cap them. Objects that were read once are not taken again, and an answer that brings nothing new ends the list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from wildcore.errors import WildcoreError

Json = dict[str, Any]
PAGE = 500
_MOST = 1_000_000
_INNER = ("rows", "items", "list", "data", "result")
SECTIONS: dict[str, str] = {
    "groups": "/device-group",
    "models": "/device-model",
    "accesses": "/device-access",
    "devices": "/device",
    "roles": "/user-role",
    "users": "/user",
}


class SourceError(WildcoreError):
    """The other system did not answer, or its answer is unusable."""


class _Refused(SourceError):
    """One section is not there or the key has no right to it; the others may be."""


@dataclass(frozen=True, slots=True)
class Source:
    """All that was read. `missing`: section -> why it could not be."""

    address: str
    sections: dict[str, list[Json]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def rows(self, section: str) -> list[Json]:
        """The objects of a section."""
        return self.sections.get(section, [])


def read(
    address: str, key: str, *, verify: bool = True, say: Callable[[str], None], transport: httpx.BaseTransport | None = None
) -> Source:
    """Read every section. SourceError when nothing answers or the key is refused; one refused section is only noted."""
    base = address.strip().rstrip("/").removesuffix("/api/v1")
    if not base.startswith(("http://", "https://")):
        raise SourceError(f"{address!r} is no address: write for example https://dms.example")
    source = Source(base)
    headers = {"X-Auth-Key": key, "Accept": "application/json"}
    with httpx.Client(headers=headers, verify=verify, timeout=120, follow_redirects=False, transport=transport) as client:
        for section, path in SECTIONS.items():
            try:
                source.sections[section] = _list(client, f"{base}/api/v1{path}")
                say(f"Read {len(source.sections[section])} {section}")
            except _Refused as error:
                source.missing[section] = error.description
                say(f"Not read: {section}: {error.description}")
    if not source.sections:
        raise SourceError(f"Nothing could be read from {base}: {next(iter(source.missing.values()), '?')}")
    return source


def _list(client: httpx.Client, url: str) -> list[Json]:
    found: dict[Any, Json] = {}
    offset = 0
    while True:
        content = _get(client, url, {"limit": PAGE, "offset": offset})
        rows = _rows(content.get("data"))
        new = [row for row in rows if _identity(row) not in found]
        found.update((_identity(row), row) for row in new)
        meta = content.get("meta")
        total = meta.get("total") if isinstance(meta, dict) else None
        done = len(found) >= total if isinstance(total, int) else len(rows) < PAGE
        # A server that knows no offset sends the same rows again; one that caps `limit` sends fewer than asked for.
        if done or not new or len(found) > _MOST:
            return list(found.values())
        offset += len(rows)


def _get(client: httpx.Client, url: str, query: Mapping[str, int]) -> Json:
    try:
        answer = client.get(url, params=dict(query))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"{url} does not answer: {str(error) or type(error).__name__}. Nothing was changed") from None
    if answer.is_redirect:
        raise SourceError(f"{url} sends on to {answer.headers.get('location', '?')}: give that address")
    try:
        content = answer.json()
    except ValueError:
        raise SourceError(f"{url} answers with a page instead of data (HTTP {answer.status_code}): is it Wildcore?") from None
    failure = content.get("error") if isinstance(content, dict) else None
    said = str(failure.get("description") or failure.get("type") or "") if isinstance(failure, dict) else ""
    if answer.status_code == 401:
        raise SourceError(f"The key is refused: {said or 'it is unknown or has expired'}. Nothing was changed")
    if answer.status_code in (403, 404, 405, 501):
        raise _Refused(f"HTTP {answer.status_code} {said}".strip())
    if answer.status_code >= 400 or failure or not isinstance(content, dict):
        raise SourceError(f"{url} failed: HTTP {answer.status_code} {said}. Nothing was changed")
    return content


def _rows(data: Any) -> list[Json]:
    if isinstance(data, dict):
        inner = next((data[name] for name in _INNER if isinstance(data.get(name), list | dict)), None)
        data = inner if inner is not None else [value for value in data.values() if isinstance(value, dict)]
    if isinstance(data, dict):
        data = list(data.values())
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def _identity(row: Json) -> Any:
    found = row.get("id")
    return found if isinstance(found, int | str) else json.dumps(row, sort_keys=True, default=str)


def text(value: Any, longest: int = 10_000) -> str:
    """A text field: numbers as text, nothing as ""."""
    return str(value).strip()[:longest] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def flag(value: Any, default: bool = True) -> bool:
    """A yes or no as the versions write it: true, 1, "1", "yes", "Enabled"."""
    if isinstance(value, bool):
        return value
    word = text(value).lower()
    if not word:
        return default
    return word in ("1", "true", "yes", "on", "enabled", "active")


def mapping(value: Any) -> Json:
    """An object; PHP writes an empty one as `[]`, and some fields hold JSON as a text."""
    if isinstance(value, str) and value.strip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return {str(key): one for key, one in value.items()} if isinstance(value, Mapping) else {}


def reference(row: Json, name: str) -> Json:
    """What a row refers to: `{name: {id, ...}}`, `{name_id: 5}` or `{name: 5}`, as an object with what is known."""
    value = row.get(name)
    if isinstance(value, Mapping):
        return mapping(value)
    if isinstance(value, str) and value:
        return {"name": value}
    found = value if isinstance(value, int) and not isinstance(value, bool) else row.get(f"{name}_id")
    return {"id": found} if isinstance(found, int | str) and found != "" else {}


def references(row: Json, *names: str) -> list[Json]:
    """A list of references under the first of these names that is there: objects or ids."""
    for name in names:
        value = row.get(name)
        value = list(value.values()) if isinstance(value, dict) and "id" not in value else value
        if isinstance(value, dict):
            return [mapping(value)]
        if isinstance(value, list):
            return [mapping(one) if isinstance(one, Mapping) else {"id": one} for one in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return [{"id": value}]
    return []


def coordinates(value: Any) -> tuple[float, float] | None:
    """`{"lat", "lon"}`, `[lat, lon]` or `"lat,lon"`; None for anything else and for 0, 0, which stands for unknown."""
    if isinstance(value, Mapping):
        value = [value.get("lat", value.get("latitude")), value.get("lon", value.get("lng", value.get("longitude")))]
    if isinstance(value, str):
        value = value.replace(";", ",").split(",")
    try:
        lat, lon = (float(one) for one in value)
    except (TypeError, ValueError):
        return None
    return (lat, lon) if (lat, lon) != (0, 0) and -90 <= lat <= 90 and -180 <= lon <= 180 else None
