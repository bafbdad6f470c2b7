"""Probes and metrics."""

import redis
import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from drf_spectacular.utils import extend_schema, inline_serializer
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

log = structlog.get_logger(__name__)


class HealthApi(APIView):
    """``GET /api/health/``."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="health",
        responses=inline_serializer("Health", {"status": serializers.ChoiceField(choices=["healthy"])}),
    )
    def get(self, request: Request) -> Response:
        """Say that the shop is there."""
        return Response({"status": "healthy"})


def healthz(request: HttpRequest) -> JsonResponse:
    """Liveness: answers without any I/O."""
    return JsonResponse({"status": "healthy"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Readiness: 503 without the database, which nothing works without; a lost cache only slows us."""
    checks = {"database": "ok", "cache": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        checks["database"] = "unavailable"
    try:
        cache.get("readyz")
    except redis.RedisError:
        checks["cache"] = "unavailable"
    ready = checks["database"] == "ok"
    if not ready:
        log.warning("not ready", checks=checks)
    return JsonResponse(
        {"status": "ready" if ready else "unavailable", "checks": checks}, status=200 if ready else 503
    )


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus exposition, summed over worker processes."""
    registry = CollectorRegistry()
    if settings.MESHOP.prometheus_multiproc_dir:
        multiprocess.MultiProcessCollector(registry)
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
