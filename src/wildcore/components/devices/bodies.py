"""Bodies of requests about devices, as clients send them: ids plain (`model_id`) or as objects (`model: {id}`)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from wildcore.services.devices import DeviceInput


class Ref(BaseModel):
    """A reference to another object."""

    model_config = ConfigDict(extra="ignore")
    id: int


class Coordinates(BaseModel):
    """A place on the map, in degrees."""

    lat: float
    lon: float


class DeviceBody(BaseModel):
    """A device to add or change; what is absent stays as it is."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())
    ip: str | None = None
    name: str | None = None
    model_id: int | None = None
    model: Ref | None = None
    access_id: int | None = None
    access: Ref | None = None
    group_id: int | None = None
    group: Ref | None = None
    group_ids: list[int] | None = None
    groups: list[Ref] | None = None
    enabled: bool | None = None
    location: str | None = None
    description: str | None = None
    mac: str | None = None
    serial: str | None = None
    coordinates: Coordinates | None = None
    params: dict[str, Any] | list[Any] | None = None
    pollers: dict[str, Any] | list[Any] | None = None

    def wanted(self) -> DeviceInput:
        """What the services take. An empty list stands for an empty object, as PHP clients write it."""
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
            params=None if self.params is None else dict(self.params),
            pollers=None if self.pollers is None else dict(self.pollers),
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

    ip: str
    access_id: int


class GroupBody(BaseModel):
    """A device group."""

    name: str | None = None
    description: str | None = None


class ModelBody(BaseModel):
    """A device model; of the drivers' own models only name, pollers and params are changed."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())
    key: str = ""
    name: str | None = None
    vendor: str = ""
    model: str = ""
    type: str = ""
    family: str = ""
    pollers: dict[str, Any] | list[Any] | None = None
    params: dict[str, Any] | list[Any] | None = None


class ImportBody(BaseModel):
    """A CSV file to import."""

    csv: str = Field(max_length=4_000_000)
    group_id: int | None = None
    delimiter: str = ","
