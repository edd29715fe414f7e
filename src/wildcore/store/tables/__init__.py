"""The database's tables. Importing this package registers all of them on `Base.metadata`."""

from wildcore.store.tables.base import Base
from wildcore.store.tables.billing import Binding, GeocodedAddress, GeocodedInterface, Subscriber, SubscriberClaim, SubscriberSync
from wildcore.store.tables.logs import DeviceCall, InterfaceMark, PollRun
from wildcore.store.tables.network import (
    Device,
    DeviceAccess,
    DeviceGroup,
    DeviceGroupLink,
    DeviceModel,
    FdbHistory,
    Interface,
    InterfaceHistory,
    ModuleAnswer,
    OnuValues,
)
from wildcore.store.tables.people import (
    OWNER_ROLE_ID,
    SYSTEM_ROLE_ID,
    ActionLog,
    AuthKey,
    Generation,
    RecoveryCode,
    Role,
    SignInFailure,
    User,
    UserGroup,
)
from wildcore.store.tables.work import ComponentRow, Lease, Poll, ScheduleRow, ScheduleRun, SettingRow

# Ids are never used again on SQLite either: an address or a log line that names a deleted object must not come to mean another,
# and metric series are kept by id.
for _table in Base.metadata.tables.values():
    if [column.name for column in _table.primary_key.columns] == ["id"]:
        _table.dialect_options["sqlite"]["autoincrement"] = True

__all__ = [
    "OWNER_ROLE_ID",
    "SYSTEM_ROLE_ID",
    "ActionLog",
    "AuthKey",
    "Base",
    "Binding",
    "ComponentRow",
    "Device",
    "DeviceAccess",
    "DeviceCall",
    "DeviceGroup",
    "DeviceGroupLink",
    "DeviceModel",
    "FdbHistory",
    "Generation",
    "GeocodedAddress",
    "GeocodedInterface",
    "Interface",
    "InterfaceHistory",
    "InterfaceMark",
    "Lease",
    "ModuleAnswer",
    "OnuValues",
    "Poll",
    "PollRun",
    "RecoveryCode",
    "Role",
    "ScheduleRow",
    "ScheduleRun",
    "SettingRow",
    "SignInFailure",
    "Subscriber",
    "SubscriberClaim",
    "SubscriberSync",
    "User",
    "UserGroup",
]
