"""Additional parameters of devices and models: JSON that people write. Secrets have no place in it: those belong to accesses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from wildcore.errors import ValidationFailed
from wildcore.i18n import gettext
from wildcore.services.action_log import sounds_secret
from wildcore.services.device_accesses import checked_params

LONGEST: Final = 20_000
HIDDEN: Final = "***"
# The documented keys and what they hold; others are kept as they are.
KINDS: Final[dict[str, type]] = {
    "disable_save_description_on_physical_ifaces": bool,
    "load_snooping_info": bool,
    "modules_loading": dict,
    "show_optical_info_from_history": bool,
    "optical_load_only": str,
    "sn_as_ascii": bool,
    "epon_description_block_index": int,
    "enable_auto_cable_diag": bool,
    "oxidized": dict,
    "disabled_modules": list,
}
_WORDS: Final = {bool: "true, false", dict: "{...}", str: '"..."', int: "0, 1, 2 ...", list: "[...]"}


def parse(text: str) -> dict[str, Any]:
    """What a person typed; nothing is an empty object. ValidationFailed says where it is no JSON."""
    if not text.strip():
        return {}
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError as error:
        message = gettext("params: not valid JSON, line {line}, column {column}", line=error.lineno, column=error.colno)
        raise ValidationFailed(message, field="params") from None
    except RecursionError:
        raise ValidationFailed(gettext("{field}: nested too deep", field="params"), field="params") from None
    if not isinstance(parsed, dict):
        raise ValidationFailed(gettext("{field}: must be a JSON object", field="params"), field="params")
    return parsed


def checked(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they may be stored: known keys of their kind, the connection within its ranges, no secrets."""
    for key, kind in KINDS.items():
        value = params.get(key)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise ValidationFailed(gettext("params: {key} is {kind}", key=key, kind=_WORDS[kind]), field="params")
    for name, value in _leaves("", params):
        if value and isinstance(value, str) and sounds_secret(name.rpartition(".")[2]):
            raise ValidationFailed(
                gettext("params: {key} is a secret: keep it in the device access", key=name.lstrip(".")), field="params"
            )
    if len(json.dumps(params, ensure_ascii=False)) > LONGEST:
        raise ValidationFailed(gettext("{field}: at most {longest} characters", field="params", longest=LONGEST), field="params")
    return checked_params(params)


def shown(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they may be told: what an older version let in of secrets is hidden."""
    return {str(key): _shown(str(key), value) for key, value in params.items()}


def text(params: Mapping[str, Any]) -> str:
    """Parameters for a form."""
    return json.dumps(shown(params), ensure_ascii=False, indent=2) if params else ""


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return shown(value)
    if isinstance(value, list):
        return [_shown(name, one) for one in value]
    return HIDDEN if isinstance(value, str) and value and sounds_secret(name) else value


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(path, one)
    else:
        yield path, value
