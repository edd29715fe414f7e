"""Bodies of requests about devices, as clients send them: ids plain (`model_id`) or as objects (`model: {id}`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from wildcore.kit.params import BodyId, BodyNumber, JsonObject, Title, Words, no_list
from wildcore.services.devices import DeviceInput

Secret = Annotated[str, Field(max_length=1000)]


class Ref(BaseModel):
    """A reference to another object."""

    model_config = ConfigDict(extra="ignore")
    id: BodyId


class Coordinates(BaseModel):
    """A place on the map, in degrees."""

    lat: Annotated[float, BodyNumber, Field(ge=-90, le=90)]
    lon: Annotated[float, BodyNumber, Field(ge=-180, le=180)]


class DeviceBody(BaseModel):
    """A device to add or change; what is absent stays as it is."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())
    ip: Title | None = None
    name: Title | None = None
    model_id: BodyId | None = None
    model: Ref | None = None
    access_id: BodyId | None = None
    access: Ref | None = None
    group_id: BodyId | None = None
    group: Ref | None = None
    group_ids: list[BodyId] | None = None
    groups: list[Ref] | None = None
    enabled: bool | None = None
    location: Words | None = None
    description: Words | None = None
    mac: Title | None = None
    serial: Title | None = None
    coordinates: Coordinates | None = None
    params: JsonObject | None = None
    pollers: JsonObject | None = None

    def wanted(self) -> DeviceInput:
        """What the services take."""
        return DeviceInput(
            ip=self.ip,
            name=self.name,
            model_id=self.model_id if self.model is None else self.model.id,
            access_id=self.access_id if self.access is None else self.access.id,
            group_ids=self._groups(),
            enabled=self.enabled,
            location=self.location,
            description=self.description,
            mac=self.mac,
            serial=self.serial,
            latitude=self.coordinates.lat if self.coordinates else None,
            longitude=self.coordinates.lon if self.coordinates else None,
            clear_coordinates="coordinates" in self.model_fields_set and self.coordinates is None,
            params=self.params,
            pollers=self.pollers,
        )

    def _groups(self) -> tuple[int, ...] | None:
        if self.groups is not None:
            return tuple(one.id for one in self.groups)
        if self.group_ids is not None:
            return tuple(self.group_ids)
        one = self.group.id if self.group is not None else self.group_id
        return None if one is None else (one,)


class DetectBody(BaseModel):
    """Where to look, and with which access."""

    ip: Title
    access_id: BodyId


class GroupBody(BaseModel):
    """A device group."""

    name: Title | None = None
    description: Words | None = None


class ModelBody(BaseModel):
    """A device model; of the drivers' own models only name, pollers and params are changed."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())
    key: Title = ""
    name: Title | None = None
    vendor: Title = ""
    model: Title = ""
    type: Title = ""
    family: Title = ""
    pollers: JsonObject | None = None
    params: JsonObject | None = None


class ImportBody(BaseModel):
    """A CSV file to import."""

    csv: str = Field(max_length=4_000_000)
    group_id: BodyId | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class AccessBody(BaseModel):
    """An access; secrets that are absent stay, empty ones are cleared. They may stand below `secrets` or beside `name`."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
    name: Title | None = None
    params: JsonObject | None = None
    secrets: Annotated[dict[str, Secret | None], BeforeValidator(no_list)] | None = None
    public_community: Secret | None = None
    private_community: Secret | None = None
    login: Secret | None = None
    password: Secret | None = None
    v3_user: Secret | None = None
    v3_auth_protocol: Secret | None = None
    v3_auth_password: Secret | None = None
    v3_priv_protocol: Secret | None = None
    v3_priv_password: Secret | None = None
    v3_context: Secret | None = None
