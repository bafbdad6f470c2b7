"""Admin pages whose edits are recorded, for models that have no services of their own to do it."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.forms.models import model_to_dict
from django.http import HttpRequest

from apps.audit.services import audit_record


class RecordedAdmin(admin.ModelAdmin):
    """Records each creation, change and deletion with the rows before and after it, in its transaction."""

    def audit_snapshot(self, pk: int) -> dict[str, Any]:
        """The row as the database has it, empty if there is none: what is compared and shown."""
        row = self.model._default_manager.filter(pk=pk).first()
        return model_to_dict(row) if row else {}

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """Look at the row before it changes."""
        form.audit_before = self.audit_snapshot(cast(int, obj.pk)) if change else {}  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: list[BaseModelFormSet], change: bool
    ) -> None:
        """Record, with what refers to the row."""
        super().save_related(request, form, formsets, change)
        pk = cast(int, form.instance.pk)
        before = form.audit_before  # type: ignore[attr-defined]
        self.audit(request, "update" if change else "create", pk, before, self.audit_snapshot(pk))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete and record."""
        self.delete_queryset(request, self.model._default_manager.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Delete and record each."""
        with transaction.atomic():
            before = {pk: self.audit_snapshot(pk) for pk in queryset.values_list("pk", flat=True)}
            super().delete_queryset(request, queryset)
            for pk, row in before.items():
                self.audit(request, "delete", pk, row, {})

    def audit(
        self, request: HttpRequest, verb: str, pk: int, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        """Record one action on the row with this key."""
        name = self.opts.model_name
        audit_record(
            actor=cast(AbstractBaseUser, request.user),
            action=f"{name}.{verb}",
            target=f"{name}:{pk}",
            before=before,
            after=after,
        )
