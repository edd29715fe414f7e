"""What can go wrong between a request and its answer, before it becomes a domain error or a walk's problem."""

from __future__ import annotations

from wildcore.errors import DeviceAnswerError, DeviceError, DeviceRefused, DeviceUnreachable

TOO_BIG = 1
NO_SUCH_NAME = 2

# RFC 3416, section 3, in words that tell a person what to do next.
ERROR_STATUS = {
    1: "tooBig: the answer would not fit",
    2: "noSuchName: no such object",
    3: "badValue: the value is not acceptable",
    4: "readOnly: the object cannot be written",
    5: "genErr: the device failed inside",
    6: "noAccess: the community or user has no access to the object",
    7: "wrongType: the object wants another type of value",
    8: "wrongLength: the value is too long or too short",
    9: "wrongEncoding: the value is encoded wrongly",
    10: "wrongValue: the object cannot take this value",
    11: "noCreation: the object does not exist and cannot be created",
    12: "inconsistentValue: the value is not possible in the present state",
    13: "resourceUnavailable: the device has no resources left for it",
    14: "commitFailed: the device could not apply it",
    15: "undoFailed: the device could not apply it, nor undo what it had begun",
    16: "authorizationError: the community or user may not do that",
    17: "notWritable: the object cannot be written",
    18: "inconsistentName: the object cannot be created in the present state",
}


def status_text(status: int) -> str:
    """Error-status in words."""
    return ERROR_STATUS.get(status, f"error-status {status}, which no standard knows")


class Problem(Exception):
    """Something is wrong with an answer; subclasses say what a caller can do about it."""


class Malformed(Problem):
    """The answer cannot be read, or breaks the protocol."""


class NotOurs(Malformed):
    """A datagram that does not belong to the request: another id, community or version. Drop it and wait on."""


class OutOfOrder(Malformed):
    """OIDs do not increase: the device loops. Asking again cannot help."""


class Silence(Problem):
    """No (usable) answer in all the tries; `closed` if the host said that nothing listens on the port."""

    def __init__(self, text: str, *, closed: bool = False, heard: bool = False) -> None:
        super().__init__(text)
        self.closed = closed
        self.heard = heard


class Refused(Problem):
    """The device answered with an error-status; `index` is the 1-based variable it blames, 0 if none."""

    def __init__(self, status: int, index: int) -> None:
        super().__init__(status_text(status))
        self.status = status
        self.index = index


class Denied(Problem):
    """SNMPv3: the device rejects the user, a password or the security level."""


def device_error(problem: Problem, where: str) -> DeviceError:
    """The domain error for a request that failed; `where` names device and request."""
    text = f"{where}: {problem}"
    if isinstance(problem, Silence):
        return DeviceAnswerError(text) if problem.heard else DeviceUnreachable(text)
    if isinstance(problem, (Refused, Denied)):
        return DeviceRefused(text)
    return DeviceAnswerError(text)
