"""Turns every failure into the one envelope, whoever raised it."""

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.settings import api_settings

from meshop_shared.errors import (
    CODE_BY_STATUS,
    MeshopError,
    NotAuthenticated,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    ValidationFailed,
    envelope,
)
from meshop_shared.tracing import trace_id_recorded

log = structlog.get_logger(__name__)


def _flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Flatten DRF's nested details to ``{"items.0.quantity": ["..."]}``."""
    if isinstance(detail, dict):
        parts = [(_join(prefix, str(key)), value) for key, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        parts = [(_join(prefix, str(index)), value) for index, value in enumerate(detail)]
    else:
        sentences = detail if isinstance(detail, list) else [detail]
        return {prefix or "non_field_errors": [str(item) for item in sentences]} if sentences else {}
    fields: dict[str, list[str]] = {}
    for name, value in parts:
        fields.update(_flatten(value, name))
    return fields


def _join(prefix: str, name: str) -> str:
    """Name a nested field; what is wrong with an object as a whole goes by the object's own name."""
    if not prefix:
        return name
    return prefix if name == api_settings.NON_FIELD_ERRORS_KEY else f"{prefix}.{name}"


def to_meshop_error(error: Exception) -> MeshopError | None:
    """Translate a framework's exception; ``None`` for a crash."""
    match error:
        case MeshopError():
            return error
        case drf.ValidationError():
            return ValidationFailed(extra={"fields": _flatten(error.detail)})
        case drf.ParseError():
            return ValidationFailed(str(error.detail), code="malformed_body")
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return NotAuthenticated()
        case Http404():
            return NotFound()
        case DjangoPermissionDenied() | drf.PermissionDenied():
            return PermissionDenied()
        case RequestDataTooBig():
            return PayloadTooLarge()
        case SuspiciousOperation():
            return ValidationFailed()
    return None


def _headers(error: MeshopError) -> dict[str, str]:
    """Every 401 names its scheme (RFC 9110 section 15.5.2), and why a token was refused (RFC 6750 section 3.1)."""
    if error.status != 401:
        return error.headers
    refused = error.code in ("token_expired", "token_invalid", "session_ended")
    return {"WWW-Authenticate": 'Bearer error="invalid_token"' if refused else "Bearer"} | error.headers


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's ``EXCEPTION_HANDLER``. Crashes go on to ``server_error``."""
    request_id = getattr(context["request"], "request_id", "")
    known = to_meshop_error(error)
    if known is not None:
        body = envelope(
            code=known.code,
            message=known.message,
            extra=known.extra,
            request_id=request_id,
            trace_id=trace_id_recorded(),
        )
        return Response(body, status=known.status, headers=_headers(known))
    if isinstance(error, drf.APIException):
        code = CODE_BY_STATUS.get(error.status_code, "http_error")
        body = envelope(
            code=code, message=str(error.detail), request_id=request_id, trace_id=trace_id_recorded()
        )
        headers = {"Allow": ", ".join(context["view"].allowed_methods)} if error.status_code == 405 else None
        return Response(body, status=error.status_code, headers=headers)
    return None


def error_answer(request: HttpRequest, error: MeshopError) -> JsonResponse:
    """The envelope, outside of a view."""
    body = envelope(
        code=error.code,
        message=error.message,
        extra=error.extra,
        request_id=getattr(request, "request_id", ""),
        trace_id=trace_id_recorded(),
    )
    return JsonResponse(body, status=error.status, headers=_headers(error))


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """400 raised outside a view."""
    return error_answer(request, to_meshop_error(exception) or ValidationFailed())


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    """403 raised outside a view."""
    return error_answer(request, PermissionDenied())


def page_not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """No route matches."""
    return error_answer(request, NotFound("There is nothing at this path."))


def server_error(request: HttpRequest) -> JsonResponse:
    """A crash: say nothing about it outside, everything inside."""
    log.exception("unhandled error", path=request.path)  # noqa: LOG004 - Django calls this while handling it
    return error_answer(request, MeshopError())
