"""Admin pages: models of the AI services."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.features.models import ModelVersion


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Versions that were trained, and which of them were promoted; as of some minutes ago."""

    list_display = ("name", "version", "trained_at", "promoted_at", "digest")
    list_filter = ("name",)
    search_fields = ("=version", "=digest")
    ordering = ("name", "-promoted_at", "-trained_at")
