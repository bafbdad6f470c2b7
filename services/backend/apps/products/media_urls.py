"""Uploaded pictures. Their names are digests of their content, so clients may keep them for good."""

import mimetypes

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path

from meshop_shared.errors import MethodNotAllowed, envelope

_TYPES = ("image/jpeg", "image/png", "image/webp")


def media_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve a stored picture; nothing but pictures, and nothing outside the media folder."""
    if request.method not in ("GET", "HEAD"):
        refused = MethodNotAllowed()
        body = envelope(
            code=refused.code, message=refused.message, request_id=getattr(request, "request_id", "")
        )
        return JsonResponse(body, status=refused.status, headers={"Allow": "GET, HEAD"})
    content_type = mimetypes.guess_type(name)[0]
    if content_type not in _TYPES or not name.isprintable():
        raise Http404
    try:
        file = default_storage.open(name)
    except (OSError, SuspiciousFileOperation) as error:
        raise Http404 from error
    response = FileResponse(file, content_type=content_type)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


urlpatterns = [path("<path:name>", media_file)]
