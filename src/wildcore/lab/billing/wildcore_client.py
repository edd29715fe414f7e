"""What MikBill asks of Wildcore: search, diagnosis, a key for the employee. The key travels in `X-Auth-Key`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx


class WildcoreError(Exception):
    """Wildcore said no, or nothing; the text is for the employee."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subscriber's line was found: the interface object as Wildcore sent it."""

    interface: dict[str, Any]

    @property
    def id(self) -> int:
        """Its id in Wildcore."""
        return int(self.interface["id"])


class WildcoreClient:
    """One Wildcore at `address` with an API key."""

    def __init__(self, address: str, key: str) -> None:
        self._address = address.rstrip("/")
        self._key = key

    async def find_onu(self, ident: str) -> list[Place]:
        """Places of an ONU by serial or MAC, as written in billing; the current one first."""
        return await self._search({"ont_ident": ident})

    async def find_port(self, switch: str, port: int) -> list[Place]:
        """A switch's port by address and number."""
        return await self._search({"device_ip": switch, "interface_name": str(port)})

    async def diagnosis(self, interface_id: int, source: str = "device") -> dict[str, Any]:
        """The diagnosis of an interface, fresh from the device."""
        data = await self._call("GET", f"/component/diagnostic/interface/{interface_id}/diag", {"from": source})
        return data if isinstance(data, dict) else {}

    async def employee_key(self, login: str, user_ip: str) -> str:
        """A key that acts as the employee, for ten minutes."""
        body = {"login": login, "expire_sec": 600, "user_ip": user_ip}
        data = await self._call("POST", "/system/cross-auth", json=body)
        return str(data["auth_key"])

    def onu_page(self, ident: str, key: str) -> str:
        """Address of the ONU's page for the iframe."""
        return f"{self._address}/iframe/ont/{quote(ident, safe='')}?{urlencode({'x-auth-key': key})}"

    def port_page(self, switch: str, port: int, key: str) -> str:
        """Address of the port's page for the iframe."""
        return f"{self._address}/iframe/port/{quote(switch, safe='')}/{port}?{urlencode({'x-auth-key': key})}"

    async def _search(self, query: dict[str, str]) -> list[Place]:
        data = await self._call("GET", "/device-interface/search", query)
        return [Place(one) for one in data] if isinstance(data, list) else []

    async def _call(self, method: str, path: str, query: dict[str, str] | None = None, json: Any = None) -> Any:
        try:
            async with httpx.AsyncClient(timeout=20, follow_redirects=False) as http:
                answer = await http.request(
                    method, f"{self._address}/api/v1{path}", params=query, json=json, headers={"X-Auth-Key": self._key}
                )
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise WildcoreError(f"Wildcore не відповідає ({type(error).__name__})") from None
        if not isinstance(body, dict) or "error" in body or answer.status_code >= 400:
            told = body.get("error") if isinstance(body, dict) else None
            words = told.get("description", "") if isinstance(told, dict) else ""
            raise WildcoreError(words or f"Wildcore відповів HTTP {answer.status_code}")
        return body.get("data")
