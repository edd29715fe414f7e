"""One tree of domain failures.

Services and everything below raise these; only `web/errors.py` knows HTTP status codes and only the CLI knows exit codes.
Each carries a `description` meant for a person: what happened, to what, and what to do.
"""

from __future__ import annotations


class WildcoreError(Exception):
    """Base of all expected failures. `field` names the input that is wrong, where there is one."""

    def __init__(self, description: str, *, field: str | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.field = field


class BadRequest(WildcoreError):
    """The request makes no sense as it stands."""


class ValidationFailed(WildcoreError):
    """A value is out of its range or of a wrong form; `field` names it."""


class Unauthenticated(WildcoreError):
    """Nobody is signed in, or the key is unknown, expired or revoked."""


class Forbidden(WildcoreError):
    """The actor is known, but lacks the permission."""


class NotFound(WildcoreError):
    """No such object, or the actor may not know of it."""


class NotAllowed(WildcoreError):
    """The action is never allowed in this state (deleting oneself, the last owner ...)."""


class Conflict(WildcoreError):
    """The object clashes with one that exists, or the work is already running."""


class Unsupported(WildcoreError):
    """The device's family has no such capability."""


class ConfigurationError(WildcoreError):
    """The installation cannot work as configured: port taken, directory not writable, database too new."""


class DeviceError(WildcoreError):
    """A device did not do what was asked of it."""


class DeviceUnreachable(DeviceError):
    """No answer within the allowed time and tries."""


class DeviceAnswerError(DeviceError):
    """An answer came, but it is broken or breaks the protocol."""


class DeviceRefused(DeviceError):
    """The device answered with an error: no such object, not writable, wrong value ..."""


class DeviceKept(DeviceRefused):
    """The device took a write and keeps something else than was written: `kept` instead of `wanted`."""

    def __init__(self, kept: str, wanted: str) -> None:
        super().__init__(f"the device keeps {kept!r} instead of {wanted!r}")
        self.kept, self.wanted = kept, wanted


class GeocodingError(WildcoreError):
    """The geocoder did not answer, or its answer is unusable."""


class BillingError(WildcoreError):
    """The billing system did not answer, or its answer is unusable."""
