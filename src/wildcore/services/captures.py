"""`capture:show`: what the drivers make of a recorded device, asked over real UDP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final

from wildcore.drivers.base import Driver, Params, vlan_sessions
from wildcore.drivers.registry import Detected, call, detect, driver_for, modules_of
from wildcore.errors import BadRequest, DeviceError
from wildcore.model.answer import Answer
from wildcore.model.ident import ident_text, mac_text
from wildcore.model.interface import InterfaceType
from wildcore.transport.gate import Priority
from wildcore.transport.hub import DeviceHub
from wildcore.transport.replay import MibView, ReplayAgent, StaticMib, read_snmprec
from wildcore.transport.snmp.types import SnmpTarget

_CONTEXT: Final = re.compile(r"(?P<base>.+)@(?P<context>[^@]+)\.snmprec\Z")
_TIMEOUT_SEC: Final = 2.0
_LINK_OF_STATE: Final = {"Online": "Up", "Unknown": "Unknown"}


async def show(path: str | Path) -> dict[str, Any]:
    """Serve the capture as an agent on 127.0.0.1, detect it, ask for every module it has.

    Returns what `wca capture:show FILE -o json` prints: `model`, `family`, `system`, `interfaces`, `onus`, `fdb`,
    `vlans`, `neighbours`, `resources`, `modules` (the rest, by module name) and `problems` (texts, `module: what`).
    Files `FILE@NN.snmprec` beside it are served as its per-VLAN contexts. Raises `BadRequest` for a file that is no
    capture.
    """
    rows, contexts = _read(Path(path))
    async with ReplayAgent(rows, contexts=contexts) as agent, DeviceHub() as hub:
        target = SnmpTarget(agent.host, agent.port, timeout_sec=_TIMEOUT_SEC, repeats=2)
        session = hub.session(target, Priority.PERSON)
        detected = await detect(session)
        params = Params()
        if contexts:
            views = vlan_sessions(target, lambda other: hub.session(other, Priority.PERSON))
            params = Params(lambda vlan: views(vlan) if views is not None and str(vlan) in contexts else None)
        driver = driver_for(detected.model.key, session, params)
        answers, problems = await _ask_all(driver, detected.model.key)
    return _result(detected, answers, problems)


def _read(path: Path) -> tuple[MibView, dict[str, MibView]]:
    try:
        rows = StaticMib(read_snmprec(path))
        contexts: dict[str, MibView] = {}
        if not _CONTEXT.match(path.name):
            for sibling in sorted(path.parent.glob(f"{path.name.removesuffix('.snmprec')}@*.snmprec")):
                found = _CONTEXT.match(sibling.name)
                if found is not None:
                    contexts[found["context"]] = StaticMib(read_snmprec(sibling))
    except OSError as error:
        raise BadRequest(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise BadRequest(str(error)) from None
    return rows, contexts


async def _ask_all(driver: Driver, model_key: str) -> tuple[dict[str, Answer[Any]], list[str]]:
    answers: dict[str, Answer[Any]] = {}
    problems: list[str] = []
    for module in modules_of(model_key):
        if module.control:
            continue
        try:
            answer = answers[module.name] = await call(driver, module.name)
        except DeviceError as error:
            problems.append(f"{module.name}: {error.description}")
            continue
        problems += [f"{module.name}: {problem}" for problem in answer.problems]
    return answers, problems


def _result(detected: Detected, answers: Mapping[str, Answer[Any]], problems: list[str]) -> dict[str, Any]:
    plain = {name: [_plain(row) for row in answer.rows] for name, answer in answers.items()}
    links = {row["bind_key"]: row for row in plain.get("link_info", [])}
    states = {row["bind_key"]: row for row in plain.get("pon_onts_status", [])}
    by_key = {row["bind_key"]: row["if_index"] for row in plain.get("interfaces_list", [])}
    system = plain["system"][0] if plain.get("system") else _plain(detected.system)
    shown = ("system", "interfaces_list", "link_info", "fdb", "vlans", "lldp_info", "sys_resources")
    return {
        "model": _plain(detected.model),
        "family": detected.model.family,
        "system": {**system, "mac": mac_text(system["mac"]) if system["mac"] else None},
        "interfaces": [_interface(row, links, states) for row in plain.get("interfaces_list", [])],
        "onus": _onus(plain),
        "fdb": [{**row, "mac": mac_text(row["mac"])} for row in plain.get("fdb", [])],
        "vlans": [
            {**row, **{f"{kind}_if_indexes": [by_key[key] for key in row[kind] if key in by_key]
                       for kind in ("tagged", "untagged")}}
            for row in plain.get("vlans", [])
        ],
        "neighbours": plain.get("lldp_info", []),
        "resources": next(iter(plain.get("sys_resources", [])), None),
        "modules": {name: rows for name, rows in plain.items() if name not in shown},
        "problems": problems,
    }  # fmt: skip


def _interface(row: dict[str, Any], links: Mapping[str, dict[str, Any]], states: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    link = links.get(row["bind_key"], {})
    state = states.get(row["bind_key"], {}).get("state", "Unknown")
    status = link.get("oper") or _LINK_OF_STATE.get(state, "Down")
    more = {name: link.get(name) for name in ("admin", "speed_mbps", "nway_status", "mtu") if link}
    if link:
        more["mac"] = mac_text(link["mac"]) if link["mac"] else None
    return {"if_index": row["if_index"], "name": row["name"], "type": row["type"], "status": status, **row, **more}


def _onus(plain: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    onus: dict[str, dict[str, Any]] = {
        row["bind_key"]: {
            "name": row["name"], "bind_key": row["bind_key"], "if_index": row["if_index"], "ident": None,
            "ident_type": None, "state": "Unknown", "description": row["description"], "rx_dbm": None, "tx_dbm": None,
            "olt_rx_dbm": None, "olt_tx_dbm": None, "temperature_c": None, "voltage_v": None, "distance_m": None,
        }
        for row in plain.get("interfaces_list", [])
        if row["type"] == InterfaceType.ONU
    }  # fmt: skip
    for module in ("pon_onts_status", "pon_onts_optical", "pon_onts_descr", "pon_onts_vendor"):
        for row in plain.get(module, []):
            if (onu := onus.get(row["bind_key"])) is not None:
                onu.update(row)
    for module in ("pon_onts_serial", "pon_onts_mac_addr"):
        for row in plain.get(module, []):
            if (onu := onus.get(row["bind_key"])) is not None:
                onu["ident"], onu["ident_type"] = ident_text(row["ident"], row["type"]), row["type"]
    return list(onus.values())


def _plain(record: Any) -> dict[str, Any]:
    """A record as JSON knows it: words for enums, text for times, lists for tuples."""
    return {name: _value(value) for name, value in asdict(record).items()}


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, tuple | list):
        return [_value(part) for part in value]
    return value
