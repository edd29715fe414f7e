"""The doctor on what stands in front of the product: does a proxy pass on who asks, and how?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.operating.doctor_support import found, site
from tests.system.product import running
from wildcore.services import doctor_proxy
from wildcore.services.doctor import FAIL, OK, WARN
from wildcore.services.secretbox import SecretBox


def test_a_token_is_good_for_two_minutes_and_for_its_key_only() -> None:
    box, other = SecretBox(Fernet.generate_key()), SecretBox(Fernet.generate_key())
    token = doctor_proxy.token(box, 1000)
    assert doctor_proxy.token_is_good(box, token, 1100)
    assert not doctor_proxy.token_is_good(box, token, 1200)
    assert not doctor_proxy.token_is_good(other, token, 1000)
    assert not doctor_proxy.token_is_good(box, box.seal("something else 1000"), 1000)
    assert not any(doctor_proxy.token_is_good(box, text, 1000) for text in ("", "x", "ї" * 9, "x" * 9999))


@pytest.mark.system
async def test_what_a_proxy_in_front_of_the_running_server_passes_on(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as product:
        data = tmp_path / "data"
        listen = product.url.removeprefix("http://")

        def proxy(*headers: str) -> Callable[[str, dict[str, str]], tuple[int, dict[str, str], bytes]]:
            """Passes a request on with these headers set, as nginx would."""

            def answer(path: str, given: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
                import httpx

                sent = {"x-wildcore-doctor": given.get("x-wildcore-doctor", ""), "Host": given["host"]}
                sent |= dict(header.split(": ", 1) for header in headers)
                reply = httpx.get(f"{product.url}{path}", headers=sent, trust_env=False)
                return reply.status_code, {"Content-Type": "application/json"}, reply.content

            return answer

        def levels(*headers: str) -> dict[str, str]:
            with site(proxy(*headers)) as url:
                rows = found(data, "--devices", "0", "--url", url, WILDCORE_LISTEN=listen)
            return {check: level for check, (level, _text, _fix) in rows.items() if check.startswith("proxy")}

        right = ("X-Real-IP: 127.0.0.1", "X-Forwarded-Proto: http")
        assert levels(*right) == {"proxy address": OK, "proxy scheme": OK, "proxy host": OK}
        assert levels("X-Real-IP: 198.51.100.7", right[1])["proxy address"] == WARN
        assert levels(right[0], "X-Forwarded-Proto: https")["proxy scheme"] == FAIL
        assert levels(*right, "Host: upstream")["proxy host"] == WARN
        # The header named by the settings is another one than the proxy sets: nobody is believed.
        row = found(data, "--devices", "0", "--url", product.url, WILDCORE_LISTEN=listen)
        assert row["listen"] == (OK, f"The server listens on {listen}", "")
        assert row["proxy address"][0] == OK, "without a proxy"
        with site(lambda _path, _headers: (200, {}, b"hello")) as url:
            assert found(data, "--url", url, code=1, WILDCORE_LISTEN=listen)["proxy"][0] == FAIL
        assert found(data, "--url", "http://127.0.0.1:1", code=1, WILDCORE_LISTEN=listen)["proxy"][0] == FAIL
        answer = await product.http.get(f"{product.url}/api/v1/system/request-seen")
        assert answer.status_code == 404, "others learn nothing"
        key = (await product.api("POST", "/auth", {"login": product.login, "password": product.password}))["key"]
        refused = await product.raw("POST", "/system/metrics-snapshot", {"directory": ".backup-abcdefgh"}, key=key)
        assert refused.status_code == 404, "not even an owner, by HTTP"


def test_what_the_headers_say() -> None:
    sent = doctor_proxy.Sent("https://dms.example", "203.0.113.5")
    seen = {"ip": "127.0.0.1", "real_ip_header": "X-Real-IP", "real_ip": None, "forwarded_for": None, "forwarded_proto": None,
            "host": "dms.example", "forwarded_host": None}  # fmt: skip
    address, scheme, host = doctor_proxy.judge(sent, seen)
    assert (address.level, scheme.level, host.level) == (FAIL, FAIL, OK)
    assert address.fix == "nginx: proxy_set_header X-Real-IP $remote_addr;"
    assert scheme.fix == "nginx: proxy_set_header X-Forwarded-Proto $scheme;"
    untrusted = doctor_proxy.judge(sent, {**seen, "ip": "10.0.0.2", "real_ip": "203.0.113.5"})[0]
    assert (untrusted.level, untrusted.fix) == (FAIL, "add 10.0.0.2 to TRUSTED_PROXY_LIST")
    right = doctor_proxy.judge(sent, {**seen, "ip": "203.0.113.5", "real_ip": "203.0.113.5", "forwarded_proto": "https"})
    assert [one.level for one in right] == [OK, OK, OK]
