"""Admin pages: what merchandisers decide, and what waits to be indexed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin, ReadOnlyInline
from apps.search.models import (
    DirtyProduct,
    DirtyVector,
    GenerationShard,
    IndexGeneration,
    QueryRule,
    SearchedText,
    SearchSynonym,
    SynonymProposal,
    TextVector,
)
from apps.search.services.proposals import synonym_proposals_decide
from apps.search.services.synonyms import synonyms_changed
from apps.search.texts import normalise, rule_problem


class SynonymForm(forms.ModelForm):
    """Refuses rules that an engine could not read."""

    class Meta:
        model = SearchSynonym
        fields = ("rule", "is_active")

    def clean_rule(self) -> str:
        """Each side needs words."""
        rule = str(self.cleaned_data["rule"])
        if problem := rule_problem(rule):
            raise forms.ValidationError(problem)
        return rule


@admin.register(SearchSynonym)
class SearchSynonymAdmin(admin.ModelAdmin):
    """Synonyms; a change is in use as soon as it is saved."""

    form = SynonymForm
    list_display = ("rule", "is_active", "updated_at")
    list_filter = ("is_active",)
    search_fields = ("rule",)

    def save_model(self, request: HttpRequest, obj: SearchSynonym, form: Any, change: bool) -> None:
        """Save, and tell the engine."""
        super().save_model(request, obj, form, change)
        synonyms_changed()

    def delete_model(self, request: HttpRequest, obj: SearchSynonym) -> None:
        """Delete, and tell the engine."""
        super().delete_model(request, obj)
        synonyms_changed()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete several, and tell the engine once."""
        super().delete_queryset(request, queryset)
        synonyms_changed()


@admin.register(SynonymProposal)
class SynonymProposalAdmin(ReadOnlyAdmin):
    """Synonyms learned from what customers search; approving one makes it a rule."""

    list_display = ("word", "known", "score", "searches", "example", "state", "seen_at")
    list_filter = ("state",)
    search_fields = ("word", "known")
    ordering = ("-searches", "id")
    actions = ("approve", "reject")

    @admin.action(description="Approve: make synonyms of them", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: Any) -> None:
        """Add the rules, and tell the engine."""
        self._decide(request, queryset, approved=True)

    @admin.action(description="Reject: never propose them again", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: Any) -> None:
        """Remember that they are none."""
        self._decide(request, queryset, approved=False)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may add synonyms by hand."""
        return request.user.has_perm("search.add_searchsynonym")

    def _decide(self, request: HttpRequest, queryset: Any, *, approved: bool) -> None:
        decided = synonym_proposals_decide(ids=list(queryset.values_list("pk", flat=True)), approved=approved)
        self.message_user(request, f"{decided} decided.")


class QueryRuleForm(forms.ModelForm):
    """Stores queries as they are looked up."""

    class Meta:
        model = QueryRule
        fields = ("query", "product", "position", "boost", "is_active")

    def clean_query(self) -> str:
        """Lower case, single spaces."""
        return normalise(self.cleaned_data["query"])


@admin.register(QueryRule)
class QueryRuleAdmin(admin.ModelAdmin):
    """Pins and boosts of queries."""

    form = QueryRuleForm
    list_display = ("query", "product", "position", "boost", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("product",)
    search_fields = ("query", "product__name", "product__sku")
    raw_id_fields = ("product",)


class InVainFilter(admin.SimpleListFilter):
    """Texts that found nothing at least once."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """One choice besides all."""
        return [("in_vain", "found nothing")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those with searches in vain."""
        return queryset.filter(in_vain__gt=0) if self.value() == "in_vain" else queryset


@admin.register(SearchedText)
class SearchedTextAdmin(ReadOnlyAdmin):
    """What people search, and what they miss."""

    list_display = ("text", "day", "searches", "in_vain")
    list_filter = (InVainFilter, "day")
    search_fields = ("text",)
    ordering = ("-day", "-searches")
    show_full_result_count = False


@admin.register(DirtyProduct)
class DirtyProductAdmin(ReadOnlyAdmin):
    """Products that wait to be indexed."""

    list_display = ("product_id", "marks", "marked_at", "claimed_until")
    show_full_result_count = False


@admin.register(DirtyVector)
class DirtyVectorAdmin(ReadOnlyAdmin):
    """Products whose vectors wait to be written."""

    list_display = ("product_id", "marks", "marked_at", "claimed_until")
    show_full_result_count = False


@admin.register(TextVector)
class TextVectorAdmin(ReadOnlyAdmin):
    """Texts that have been encoded."""

    list_display = ("id", "encoder", "used_on")
    list_filter = ("encoder",)
    show_full_result_count = False


class GenerationShardInline(ReadOnlyInline):
    """How far the parts of a generation are."""

    model = GenerationShard


@admin.register(IndexGeneration)
class IndexGenerationAdmin(ReadOnlyAdmin):
    """Generations of the index; ``manage.py catalog_reindex`` makes, swaps and deletes them."""

    list_display = ("name", "state", "replaces", "expected", "keep_until", "created_at", "updated_at")
    list_filter = ("state",)
    inlines = (GenerationShardInline,)
