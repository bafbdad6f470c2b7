"""One error class and one envelope for every service.

Every failure a client sees is ``{"code", "message", "extra", "request_id"}``. ``code`` is stable and
machine-readable; ``message`` is for people; ``extra`` carries details such as ``extra.fields`` for validation.
"""

from typing import Any, ClassVar


class MeshopError(Exception):
    """Base of all expected failures. Subclasses fix ``status`` (HTTP) and the default ``code`` and ``message``."""

    status: ClassVar[int] = 500
    code: str = "internal_error"
    message: str = "Something went wrong."

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.extra = extra or {}
        self.headers = headers or {}
        super().__init__(self.message)


class ValidationFailed(MeshopError):
    """400: the request cannot be understood; ``extra.fields`` maps field names to lists of sentences."""

    status = 400
    code = "validation_error"
    message = "The request is not valid."

    @classmethod
    def for_field(cls, field: str, sentence: str) -> "ValidationFailed":
        """Build the error for one field."""
        return cls(extra={"fields": {field: [sentence]}})


class NotAuthenticated(MeshopError):
    """401: credentials are missing, wrong or expired."""

    status = 401
    code = "not_authenticated"
    message = "Authentication credentials were not provided or are not valid."


class PermissionDenied(MeshopError):
    """403: the caller is known and may not do this."""

    status = 403
    code = "permission_denied"
    message = "You do not have permission to do this."


class NotFound(MeshopError):
    """404: the thing does not exist, or is not the caller's to see."""

    status = 404
    code = "not_found"
    message = "Not found."


class MethodNotAllowed(MeshopError):
    """405: the path exists, the method does not."""

    status = 405
    code = "method_not_allowed"
    message = "This method is not allowed here."


class Conflict(MeshopError):
    """409: the request is well formed but the current state does not allow it."""

    status = 409
    code = "conflict"
    message = "The request conflicts with the current state."


class PayloadTooLarge(MeshopError):
    """413: the body is larger than this endpoint takes."""

    status = 413
    code = "payload_too_large"
    message = "The request body is too large."


class Unprocessable(MeshopError):
    """422: understood, but contradicts an earlier request."""

    status = 422
    code = "unprocessable"
    message = "The request cannot be processed."


class RateLimited(MeshopError):
    """429: too many requests; ``Retry-After`` says when to come back."""

    status = 429
    code = "rate_limited"
    message = "Too many requests. Try again later."

    @classmethod
    def retry_after(cls, seconds: float) -> "RateLimited":
        """Build the error with its ``Retry-After`` header, in whole seconds, at least one."""
        wait = max(1, round(seconds))
        return cls(extra={"retry_after": wait}, headers={"Retry-After": str(wait)})


class ServiceUnavailable(MeshopError):
    """503: something this request cannot do without is down."""

    status = 503
    code = "service_unavailable"
    message = "The service is temporarily unavailable."


#: Codes for statuses that a framework raises on its own (unknown route, malformed body ...).
CODE_BY_STATUS: dict[int, str] = {
    cls.status: cls.code
    for cls in (
        ValidationFailed,
        NotAuthenticated,
        PermissionDenied,
        NotFound,
        MethodNotAllowed,
        Conflict,
        PayloadTooLarge,
        Unprocessable,
        RateLimited,
        ServiceUnavailable,
        MeshopError,
    )
} | {406: "not_acceptable", 415: "unsupported_media_type"}


def envelope(
    *,
    code: str,
    message: str,
    extra: dict[str, Any] | None = None,
    request_id: str | None = None,
    trace_id: str = "",
) -> dict[str, Any]:
    """Return the body of an error answer. ``trace_id`` is that of a recorded trace, and stands in ``extra``."""
    traced = {**(extra or {}), "trace_id": trace_id} if trace_id else extra or {}
    return {"code": code, "message": message, "extra": traced, "request_id": request_id or ""}
