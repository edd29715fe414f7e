"""Nominatim's `/search` (https://nominatim.org/release-docs/latest/api/Search/): one address in one line, the best place back."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from wildcore.components.geocoding import settings as keys
from wildcore.errors import GeocodingError
from wildcore.i18n import gettext
from wildcore.services.runtime import Runtime

TIMEOUT = httpx.Timeout(15.0, connect=10.0)
LONGEST_SEC = 60.0
"""The whole answer: one that comes octet by octet would keep the run for ever."""
LONGEST_ADDRESS = 300
LONGEST_ANSWER = 1_000_000


class Nominatim:
    """The geocoder of the settings (`services.ports.Geocoder`)."""

    def __init__(self, runtime: Runtime) -> None:
        self._settings = runtime.settings

    def pause_sec(self) -> float | None:
        """By GEOCODER_RATE; None while GEOCODER_URL is empty."""
        return 1.0 / float(self._settings.get(keys.RATE.key)) if self._url() else None

    async def locate(self, address: str) -> tuple[float, float] | None:
        """The place of an address. No redirects: billing's addresses go where the operator said and nowhere else."""
        parameters = {"q": address[:LONGEST_ADDRESS], "format": "jsonv2", "limit": "1"}
        url = self._url()
        try:
            async with (
                asyncio.timeout(LONGEST_SEC),
                httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, headers={"User-Agent": self._agent()}) as http,
                http.stream("GET", url, params=parameters) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise GeocodingError(_refusal(answer.status_code))
                text = b""
                async for part in answer.aiter_bytes():
                    text += part
                    if len(text) > LONGEST_ANSWER:
                        raise GeocodingError(gettext("The geocoder's answer is no list of places: is GEOCODER_URL right?"))
        except (TimeoutError, httpx.TimeoutException):
            raise GeocodingError(gettext("The geocoder at {url} does not answer in time.", url=url)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise GeocodingError(
                gettext("The geocoder at {url} cannot be reached: {reason}.", url=url, reason=str(error) or type(error).__name__)
            ) from None
        return _place(text)

    def _url(self) -> str:
        url = str(self._settings.get(keys.URL.key)).rstrip("/")
        return url if not url or url.endswith("/search") else f"{url}/search"

    def _agent(self) -> str:
        contact = " ".join(str(self._settings.get(keys.CONTACT.key)).split())
        said = f"Wildcore ({contact})" if contact else "Wildcore"
        return said.encode("ascii", "replace").decode()


def _place(text: bytes) -> tuple[float, float] | None:
    try:
        rows: Any = httpx.Response(200, content=text).json()
        if not rows and isinstance(rows, list):
            return None
        latitude, longitude = float(rows[0]["lat"]), float(rows[0]["lon"])
    except (ValueError, TypeError, KeyError, IndexError):
        raise GeocodingError(gettext("The geocoder's answer is no list of places: is GEOCODER_URL right?")) from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return latitude, longitude


def _refusal(status: int) -> str:
    if status in (403, 429):
        return gettext(
            "The geocoder refuses more questions (HTTP {status}): lower GEOCODER_RATE, or take one that allows bulk use.",
            status=status,
        )
    return gettext("The geocoder answered with HTTP {status}: is GEOCODER_URL right?", status=status)
