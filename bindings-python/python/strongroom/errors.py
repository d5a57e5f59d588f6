"""What Strongroom raises.

Every message says what was asked, why it was refused, and what to do. All classes can be constructed, for your own
tests:

>>> error = NotFound("there is no such vault")
>>> error.code
'not_found'
"""

__all__ = [
    "AlreadyExists",
    "Conflict",
    "DeadlineExceeded",
    "InvalidArgument",
    "NotFound",
    "PermissionDenied",
    "PolicyViolation",
    "RateLimited",
    "StrongroomError",
    "Tampered",
    "Unauthenticated",
    "Unavailable",
    "Unsupported",
]


class StrongroomError(Exception):
    """The base of all that Strongroom raises. Catch it last."""

    code: str = ""
    """The kind in snake_case, the same in every language."""

    operation: str
    """The call that failed, such as `vaults.create`; empty outside one."""

    def __init__(self, message: str = "", *, operation: str = "") -> None:
        super().__init__(message)
        self.operation = operation

    def __str__(self) -> str:
        message = super().__str__()
        return f"{self.operation}: {message}" if self.operation else message


class InvalidArgument(StrongroomError):
    """An argument is malformed, out of range or of the wrong type. Nothing was done, nothing was read."""

    code = "invalid_argument"


class Unauthenticated(StrongroomError):
    """The token is unknown, expired, revoked or not of this account."""

    code = "unauthenticated"


class PermissionDenied(StrongroomError):
    """The caller's role is too low for the call."""

    code = "permission_denied"


class PolicyViolation(PermissionDenied):
    """The account's policy forbids it, whoever calls."""

    code = "policy_violation"


class NotFound(StrongroomError):
    """There is no such thing, or the caller may not know that there is."""

    code = "not_found"


class AlreadyExists(StrongroomError):
    """A thing of that name exists already; `id` names it."""

    code = "already_exists"

    id: "str | None"
    """The id of the thing that exists, where the caller may know it."""

    def __init__(self, message: str = "", *, operation: str = "", id: "str | None" = None) -> None:
        super().__init__(message, operation=operation)
        self.id = id


class Conflict(StrongroomError):
    """The thing changed in the meantime, or its state forbids the call."""

    code = "conflict"


class RateLimited(StrongroomError):
    """Too many calls; try again after `retry_after`."""

    code = "rate_limited"

    retry_after: "float | None"
    """Seconds to wait before another try."""

    def __init__(self, message: str = "", *, operation: str = "", retry_after: "float | None" = None) -> None:
        super().__init__(message, operation=operation)
        self.retry_after = retry_after


class Tampered(StrongroomError):
    """Stored or received data was changed, forged or rolled back. Nothing of it was used."""

    code = "tampered"


class Unavailable(StrongroomError):
    """The store can't be reached or used now. Retried before it is raised."""

    code = "unavailable"


class DeadlineExceeded(Unavailable, TimeoutError):
    """The call made no progress within its timeout. Also a `TimeoutError`."""

    code = "deadline_exceeded"


class Unsupported(StrongroomError):
    """This backend, or this version, can't do it; the message says what to use instead."""

    code = "unsupported"


BY_CODE: "dict[str, type[StrongroomError]]" = {
    cls.code: cls
    for cls in (
        InvalidArgument,
        Unauthenticated,
        PermissionDenied,
        PolicyViolation,
        NotFound,
        AlreadyExists,
        Conflict,
        RateLimited,
        Tampered,
        Unavailable,
        DeadlineExceeded,
        Unsupported,
    )
}
