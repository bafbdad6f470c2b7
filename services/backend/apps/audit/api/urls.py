"""Paths under ``/api/audit/``."""

from django.urls import path

from apps.audit.api.views import AuditListApi

urlpatterns = [path("", AuditListApi.as_view(), name="audit-list")]
