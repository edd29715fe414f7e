"""What every operation of the API is asked, in this order; `{names}` are ids that the network or an earlier answer gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SKIPPED = {
    "GET /auth/oidc/callback",  # a provider sends browsers there: tests/api/test_sso.py
    "POST /system/metrics-snapshot",  # only for the console's socket: tests/operating
    "GET /system/request-seen",  # only for `wca doctor`: tests/operating
    "POST /security/rights-changed",
    "POST /component/mikbill_integration/sync",  # need billing: tests/api/test_subscriber_sync.py
    "GET /component/mikbill_integration/sync",
    "POST /component/nodeny_plus/sync",  # needs billing: tests/nodeny
    "GET /component/nodeny_plus/sync",
    "POST /user/self/twofa/confirm",  # needs a code of the moment: tests/api/test_twofa.py
    "POST /user/self/twofa/recovery-codes",
    "POST /user/self/twofa/disable",
    "DELETE /user/self/twofa/disable",
    "DELETE /user/{user_id}/twofa",
}


@dataclass(frozen=True)
class Operation:
    """One question: `key` as the description has it, the path to ask, the body, and the status that is right."""

    method: str
    template: str
    path: str
    body: Any = None
    status: int = 200
    makes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """`METHOD /path`."""
        return f"{self.method} {self.template}"


def _ask(methods: str, template: str, path: str = "", body: Any = None, status: int = 200, makes: str = "") -> list[Operation]:
    return [
        Operation(method, template, path or template, body, status, (makes,) if makes else ()) for method in methods.split("|")
    ]


def operations_of(facts: dict[str, str]) -> list[Operation]:
    """All of them."""
    olt, switch = int(facts["olt"]), int(facts["switch"])
    onts, ctrl, ports = "/component/olts/interfaces", "/component/olts_control", "/component/switches_control"
    search, switches = "/component/search_device", "/component/switches"
    onu, port = "{device_id}/{interface:path}", "{device_id}/{interface:path}"
    card = "/component/nodeny_plus/billing/render-diag-card"
    mac, ip = {"mac": "785C.7201.0001"}, {"ip": "10.0.0.5"}
    connection = {"sw_core_connection": {"snmp_port": int(facts["olt_port"]), "snmp_timeout_sec": 0.5}}
    rows = [
        *_ask("GET", "/device"),
        *_ask("GET", "/device/options"),
        *_ask("GET", "/device/{device_id}", "/device/{olt}"),
        *_ask("POST", "/device-access", body={"name": "lab", "params": connection, "public_community": "public"}, makes="access"),
        *_ask("GET", "/device-access"),
        *_ask("GET", "/device-access/{access_id}", "/device-access/{access}"),
        *_ask("PUT", "/device-access/{access_id}", "/device-access/{access}", {"name": "laboratory"}),
        *_ask("POST", "/device-detect", body={"ip": "127.0.0.1", "access_id": 3}),
        *_ask("POST", "/device-group", body={"name": "Kyiv", "description": "Left bank"}, makes="new_group"),
        *_ask("GET", "/device-group"),
        *_ask("GET", "/device-group/{group_id}", "/device-group/{group}"),
        *_ask("PUT", "/device-group/{group_id}", "/device-group/{new_group}", {"description": "Right bank"}),
        *_ask("DELETE", "/device-group/{group_id}", "/device-group/{new_group}"),
        *_ask(
            "POST",
            "/device-model",
            body={"key": "own", "name": "Own", "family": "generic_switch", "type": "SWITCH"},
            makes="model",
        ),
        *_ask("GET", "/device-model"),
        *_ask("GET", "/device-model/{model_id}", "/device-model/{model}"),
        *_ask("POST", "/device", body={"ip": "127.0.0.77", "name": "spare", "access_id": 3, "model_id": 1}, makes="spare"),
        *_ask("PUT", "/device/{device_id}", "/device/{spare}", {"location": "Рівне", "enabled": False}),
        *_ask("POST", "/device-interface", body={"device_id": olt, "bind_key": "900", "name": "by hand"}, makes="hand"),
        *_ask("DELETE", "/device-interface/{interface_id}", "/device-interface/{hand}"),
        *_ask("DELETE", "/device/{device_id}", "/device/{spare}"),
        *_ask("PUT", "/device-model/{model_id}", "/device-model/{model}", {"pollers": {"system": 600}}),
        *_ask("DELETE", "/device-model/{model_id}", "/device-model/{model}"),
        *_ask("DELETE", "/device-access/{access_id}", "/device-access/{access}"),
        *_ask(
            "POST",
            "/device/import",
            body={"csv": "IP;Login;Password;Public community;Private community;Name\n", "delimiter": ";"},
        ),
        *_ask("GET", "/device-interface"),
        *_ask("GET", "/device-interface/search", "/device-interface/search?ont_ident={ident}"),
        *_ask("GET", "/device-interface/by-device/{device_id}", "/device-interface/by-device/{switch}"),
        *_ask("PUT|POST", "/device-interface/ont-list", body={"device_id": olt, "limit": 2}),
        *_ask("GET", "/device-interface/types"),
        *_ask("GET", "/device-interface/stat"),
        *_ask("GET", "/device-interface/duplicates"),
        *_ask("GET", "/device-interface/{interface_id}", "/device-interface/{onu}"),
        *_ask("PUT", "/device-interface/{interface_id}", "/device-interface/{onu}", {"comment": "two flats"}),
        *_ask("GET", "/device-interface/{interface_id}/history", "/device-interface/{onu}/history"),
        *_ask("GET", "/device-interface/{interface_id}/fdb-history", "/device-interface/{onu}/fdb-history"),
        *_ask("GET", "/device-interface/{interface_id}/places", "/device-interface/{onu}/places"),
        *_ask("GET", "/subscriber", "/subscriber?search=00001&limit=10"),
        *_ask("GET", "/subscriber/unmatched"),
        *_ask("GET", "/subscriber/shared"),
        *_ask("GET", "/subscriber/elsewhere"),
        *_ask("GET", "/subscriber/sync", "/subscriber/sync?limit=2"),
        *_ask("GET", "/subscriber/{subscriber_id}", "/subscriber/{subscriber}"),
        *_ask("GET", "/interface-marks"),
        *_ask("GET", "/interface-marks/tags"),
        *_ask("GET", "/interface-marks/{interface_id}", "/interface-marks/{onu}"),
        *_ask("PUT|POST", "/interface-marks/{interface_id}", "/interface-marks/{port}", {"favorite": True, "tags": ["core"]}),
        *_ask("DELETE", "/interface-marks/{interface_id}", "/interface-marks/{port}"),
        *_ask("GET", "/component/diagnostic/interface/{interface_id}/diag", "/component/diagnostic/interface/{onu}/diag"),
        *_ask(
            "GET", "/component/diagnostic/interface/{interface_id}/diag/html", "/component/diagnostic/interface/{onu}/diag/html"
        ),
        *_ask("GET", card, f"{card}?id=1", status=404),
        *_ask("GET", "/component/diagnostic/interface/{interface_id}/links", "/component/diagnostic/interface/{onu}/links"),
        *_ask("POST", "/component/diagnostic/arp-ping", body={"router": switch, **ip}),
        *_ask("GET", "/component/diagnostic/arp-ping", "/component/diagnostic/arp-ping?router=127.0.0.2&ip=10.0.0.5"),
        *_ask("POST", f"{search}/search-mac", body={**mac, "devices": [switch]}),
        *_ask("GET", f"{search}/search-mac", f"{search}/search-mac?mac=785c72010001&devices={switch}"),
        *_ask("POST", f"{search}/search-ip", body={**ip, "devices": [switch]}),
        *_ask("GET", f"{search}/search-ip", f"{search}/search-ip?ip=10.0.0.5&devices={switch}"),
        *_ask("POST", f"{search}/search-ip-with-fdb", body={**ip, "routers": [switch], "devices": [switch]}),
        *_ask(
            "GET", f"{search}/search-ip-with-fdb", f"{search}/search-ip-with-fdb?ip=10.0.0.5&routers={switch}&devices={switch}"
        ),
        *_ask("GET", f"{onts}/onts/{{device_id}}", f"{onts}/onts/{{olt}}"),
        *_ask("GET", f"{onts}/ont/{onu}", f"{onts}/ont/{{olt}}/{{onu_key}}"),
        *_ask("GET", f"{onts}/pon-ports/{{device_id}}", f"{onts}/pon-ports/{{olt}}"),
        *_ask("GET", f"{onts}/physical/{{device_id}}", f"{onts}/physical/{{olt}}"),
        *_ask("GET", "/component/olts/cards/{device_id}", "/component/olts/cards/{olt}", status=400),
        *_ask("GET", "/component/olts/resources/{device_id}", "/component/olts/resources/{olt}"),
        *_ask("GET", "/component/olts/system/supported-modules/{device_id}", "/component/olts/system/supported-modules/{olt}"),
    ]
    for action, body, status in (
        ("ont/reboot", None, 200), ("ont/description", {"description": "flat 15"}, 200), ("ont/reset", None, 400),
        ("ont/dereg", None, 400), ("ont/disable", {"state": "disable"}, 400), ("ont/clear-pon", None, 400),
        ("ont/uni-control", {"num": 1, "state": "disable"}, 400),
    ):  # fmt: skip
        rows += _ask("PUT|POST", f"{ctrl}/{action}/{onu}", f"{ctrl}/{action}/{{olt}}/{{onu_key}}", body, status)
    pon = f"{ctrl}/olt"
    rows += [
        *_ask("PUT|POST", f"{pon}/reset-port/{port}", f"{pon}/reset-port/{{olt}}/{{pon_key}}", None, 400),
        *_ask("PUT|POST", f"{pon}/interface/state/{port}", f"{pon}/interface/state/{{olt}}/{{pon_key}}", {"state": "enable"}),
        *_ask(
            "PUT|POST",
            f"{pon}/interface/description/{port}",
            f"{pon}/interface/description/{{olt}}/{{pon_key}}",
            {"description": "north"},
        ),
    ]
    for action, body, status in (
        ("state", {"state": "enable"}, 200), ("description", {"description": "flat 3"}, 200),
        ("speed", {"speed": "100-full"}, 400), ("clear-counters", None, 400),
        ("vlan", {"id": 10, "type": "tagged", "action": "add"}, 400),
    ):  # fmt: skip
        path = f"{ports}/interface/{action}"
        rows += _ask("PUT|POST", f"{path}/{port}", f"{path}/{{switch}}/{{port_key}}", body, status)
    for action in ("save-config", "reboot", "clear-counters"):
        rows += _ask("PUT|POST", f"{ports}/device/{action}/{{device_id}}", f"{ports}/device/{action}/{{switch}}", None, 400)
    for name, status in (
        ("interfaces", 200), ("link-info", 200), ("vlans", 200), ("fdb", 200), ("counters", 200), ("arp", 200), ("errors", 200),
        ("sfp", 400), ("resources", 200), ("system/supported-modules", 200),
    ):  # fmt: skip
        rows += _ask("GET", f"{switches}/{name}/{{device_id}}", f"{switches}/{name}/{{switch}}", status=status)
    rows += [
        *_ask("GET", f"{switches}/interface/{port}", f"{switches}/interface/{{switch}}/{{port_key}}"),
        *_ask("GET", f"{switches}/cable-diag/{port}", f"{switches}/cable-diag/{{switch}}/{{port_key}}", status=400),
        *_ask("GET", "/switcher-core/{device_id}/modules", "/switcher-core/{olt}/modules"),
        *_ask("GET", "/switcher-core/{source}/{module}/{device_id}", "/switcher-core/cache/system/{olt}"),
        *_ask(
            "POST", "/switcher-core/{source}/{module}/{device_id}", "/switcher-core/cache/link_info/{switch}", {"interface": "1"}
        ),
        *_ask("GET", "/poller/{device_id}", "/poller/{olt}"),
        *_ask("POST", "/poller/run", body={"device_id": olt, "poller": "system"}),
        *_ask("GET", "/portal/search", "/portal/search?query=00001"),
        *_ask("GET", "/portal/nearest-elements", "/portal/nearest-elements?lat=50.62&lon=26.25&distance=500"),
        *_ask("GET|POST", "/logs/actions"),
        *_ask("GET|POST", "/logs/actions-list"),
        *_ask("GET", "/logs/action-names"),
        *_ask("POST", "/logs/action", body={"action": "billing:card_opened", "message": "agreement 00001"}),
        *_ask("GET", "/logs/poller"),
        *_ask("GET", "/logs/device-calls"),
        *_ask("GET", "/component/analytics/signals", "/component/analytics/signals?limit=2"),
        *_ask("GET", "/component/analytics/duplicate-macs"),
        *_ask("GET", "/component/analytics/widgets/bad-signals"),
        *_system(),
        *_people(facts),
    ]
    return rows


def _system() -> list[Operation]:
    return [
        *_ask("GET", "/system/info"),
        *_ask("GET", "/system/settings"),
        *_ask("GET", "/system/configuration"),
        *_ask("PUT", "/system/configuration", body={"APP_NAME": "Wildcore DMS"}),
        *_ask("GET", "/system/configuration/check"),
        *_ask(
            "POST",
            "/system/configuration/check/{key}",
            "/system/configuration/check/mikbill",
            {"MIKBILL_API_ADDR": "http://127.0.0.1:9"},
        ),
        *_ask("GET", "/system-components"),
        *_ask("GET", "/system-components/{key}", "/system-components/mikbill_integration"),
        *_ask("PUT", "/system-components/{key}", "/system-components/styleguide", {"enabled": True}),
        *_ask("GET", "/system-schedule"),
        *_ask("GET", "/system-schedule/preview", "/system-schedule/preview?crontab=0 4,12 * * *"),
        *_ask("GET", "/system-schedule/{key}", "/system-schedule/mikbill_sync_clients"),
        *_ask("PUT", "/system-schedule/{key}", "/system-schedule/mikbill_sync_clients", {"crontab": "0 4 * * *"}),
        *_ask("POST", "/system-schedule/{key}/run", "/system-schedule/mikbill_sync_clients/run"),
        *_ask("GET", "/system-schedule/{key}/runs", "/system-schedule/mikbill_sync_clients/runs"),
        *_ask("GET", "/metrics"),
    ]


def _people(facts: dict[str, str]) -> list[Operation]:
    new = {
        "login": "operator",
        "name": "Operator",
        "password": "A long enough 1!",
        "role_id": -2,
        "group_ids": [int(facts["group"])],
    }
    return [
        *_ask("GET", "/user-role-permissions"),
        *_ask("POST", "/user-role", body={"name": "Support", "permissions": ["olts_info"]}, makes="new_role"),
        *_ask("GET", "/user-role"),
        *_ask("GET", "/user-role/{role_id}", "/user-role/{new_role}"),
        *_ask("PUT", "/user-role/{role_id}", "/user-role/{new_role}", {"description": "First line"}),
        *_ask("DELETE", "/user-role/{role_id}", "/user-role/{new_role}"),
        *_ask("POST", "/user", body=new, makes="user"),
        *_ask("GET", "/user"),
        *_ask("GET", "/user/{user_id}", "/user/{user}"),
        *_ask("PUT", "/user/{user_id}", "/user/{user}", {"name": "First line"}),
        *_ask(
            "POST", "/user/{user_id}/generate-auth-key", "/user/{user}/generate-auth-key", {"description": "script"}, makes="key"
        ),
        *_ask("GET", "/user/{user_id}/sessions", "/user/{user}/sessions"),
        *_ask("PUT", "/user/{user_id}/sessions/{key_id}", "/user/{user}/sessions/{key}", {"description": "a script"}),
        *_ask("DELETE", "/user/{user_id}/sessions/{key_id}", "/user/{user}/sessions/{key}"),
        *_ask("DELETE", "/user/{user_id}/sessions", "/user/{user}/sessions"),
        *_ask("GET", "/user/{user_id}/twofa", "/user/{user}/twofa"),
        *_ask("POST", "/system/cross-auth", body={"login": "operator", "expire_sec": 600, "user_ip": "203.0.113.9"}),
        *_ask("POST", "/auth", body={"login": "operator", "password": "A long enough 1!"}),
        *_ask("DELETE", "/user/{user_id}", "/user/{user}"),
        *_ask("GET", "/security/sign-in-failures"),
        *_ask("DELETE", "/security/sign-in-failures"),
        *_ask("GET", "/user/self"),
        *_ask("PUT", "/user/self", body={"name": "Owner"}),
        *_ask("GET", "/user/self/sessions"),
        *_ask("GET", "/user/self/twofa"),
        *_ask("POST", "/user/self/twofa", body={"password": facts["password"]}),
        *_ask("POST", "/user/self/generate-auth-key", body={"description": "my script"}, makes="own_key"),
        *_ask("PUT", "/user/self/sessions/{key_id}", "/user/self/sessions/{own_key}", {"description": "mine"}),
        *_ask("DELETE", "/user/self/sessions/{key_id}", "/user/self/sessions/{own_key}"),
        *_ask("DELETE", "/user/self/sessions"),
        *_ask("POST", "/logout"),
        *_ask("DELETE", "/logout", status=401),
    ]
