"""Admin pages of categories and tags."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from treebeard.admin import TreeAdmin
from treebeard.forms import movenodeform_factory

from apps.products.models import Category, Tag
from apps.products.services.categories import category_changed, category_delete
from apps.products.services.tags import tag_changed, tags_delete


@admin.register(Category)
class CategoryAdmin(TreeAdmin):
    """The tree; nodes are dragged or moved by form."""

    form = movenodeform_factory(Category)
    list_display = ("name", "slug")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Category, form: ModelForm, change: bool) -> None:
        """Save, then let products follow: they are found by the names of their categories."""
        super().save_model(request, obj, form, change)
        category_changed(category_id=obj.pk)

    def move_node(self, request: HttpRequest) -> HttpResponse:
        """Move by dragging."""
        response = cast(HttpResponse, super().move_node(request))
        node = request.POST.get("node", "")
        if response.status_code == 200 and node.isdigit():
            category_changed(category_id=int(node))
        return response

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        """Delete with all below; products stay."""
        category_delete(category_ids=[obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        """Delete with all below; products stay."""
        category_delete(category_ids=list(queryset.values_list("pk", flat=True)))


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    """Tags."""

    list_display = ("name", "slug")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        """Save, then let products follow: they are found by their tags."""
        super().save_model(request, obj, form, change)
        tag_changed(tag_id=obj.pk)

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        """Delete; products stay."""
        tags_delete(tag_ids=[obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        """Delete; products stay."""
        tags_delete(tag_ids=list(queryset.values_list("pk", flat=True)))
