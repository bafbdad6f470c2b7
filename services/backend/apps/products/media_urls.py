"""Uploaded pictures. Their names are digests of their content, so clients may keep them for good."""

import mimetypes

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_safe

from apps.core.api.errors import page_not_found
from meshop_shared.errors import NotFound

_TYPES = ("image/jpeg", "image/png", "image/webp")


@require_safe
def media_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve a stored picture; nothing but pictures, and nothing outside the media folder."""
    content_type = mimetypes.guess_type(name)[0]
    if content_type not in _TYPES or not name.isprintable():
        return page_not_found(request, NotFound())
    try:
        file = default_storage.open(name)
    except (OSError, SuspiciousFileOperation, ValueError):
        return page_not_found(request, NotFound())
    response = FileResponse(file, content_type=content_type)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


urlpatterns = [path("<path:name>", media_file)]
