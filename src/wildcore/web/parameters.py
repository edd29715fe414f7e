"""Path and query parameters of a GET, read without FastAPI's general way, which costs as much as a search in the database.

The fields are FastAPI's own, and whatever does not fit is left to it: what is refused, and in which words, is decided there.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from fastapi.dependencies.models import Dependant
from pydantic import AliasChoices

_PLAIN = (int, float, str, bool, types.NoneType)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    key: str
    field: Any
    required: bool
    default: Any


@dataclass(frozen=True, slots=True)
class PlainParameters:
    """The parameters of a handler that takes only single values from path and query."""

    path: tuple[_Field, ...]
    query: tuple[_Field, ...]

    def read(self, path: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any] | None:
        """Values by name; None when one is missing or does not fit."""
        values: dict[str, Any] = {}
        for fields, given in ((self.path, path), (self.query, query)):
            for one in fields:
                text = given.get(one.key)
                if text is None:
                    if one.required:
                        return None
                    values[one.name] = one.default
                    continue
                values[one.name], errors = one.field.validate(text)
                if errors:
                    return None
        return values


def plain_parameters(dependant: Dependant) -> PlainParameters | None:
    """How to read a handler's parameters; None when it takes anything but single values from path and query."""
    if dependant.dependencies or dependant.header_params or dependant.cookie_params or dependant.body_params:
        return None
    path, query = (tuple(map(_field, some)) for some in (dependant.path_params, dependant.query_params))
    if None in path or None in query:
        return None
    return PlainParameters(path, query)  # type: ignore[arg-type]


def _field(field: Any) -> _Field | None:
    info = field.field_info
    required = info.is_required()
    default = None if required else field.default
    plain = all(one in _PLAIN or (isinstance(one, type) and issubclass(one, Enum)) for one in _leaves(info.annotation))
    changes = info.validate_default or isinstance(info.validation_alias, AliasChoices) or not isinstance(default, _PLAIN)
    if not plain or changes:
        return None
    return _Field(field.name, field.validation_alias or field.alias, field, required, default)


def _leaves(hint: Any) -> list[Any]:
    origin = get_origin(hint)
    if origin is Annotated:
        return _leaves(get_args(hint)[0])
    if origin is Literal:
        return [type(one) for one in get_args(hint)]
    if origin in (Union, types.UnionType):
        return [leaf for one in get_args(hint) for leaf in _leaves(one)]
    return [hint]
