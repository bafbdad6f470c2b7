"""Admin pages: the words of mails, with a preview, and what was sent."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from apps.core.admin import ReadOnlyAdmin
from apps.notifications.catalogue import MAIL_KINDS
from apps.notifications.models import EmailLog, EmailTemplate, Notification
from apps.notifications.rendering import subject_render, template_problems, template_render
from apps.notifications.services.mails import email_send_again
from apps.notifications.services.templates import PARTS, template_reset


class EmailTemplateForm(forms.ModelForm):
    """Refuses what could not be rendered."""

    class Meta:
        model = EmailTemplate
        fields = PARTS

    def clean(self) -> dict[str, Any]:
        """Check every part against the sample of its kind of mail."""
        data = super().clean() or {}
        for part in PARTS:
            for problem in template_problems(data.get(part) or "", MAIL_KINDS[self.instance.key].sample):
                self.add_error(part, problem)
        return data


@admin.register(EmailTemplate)
class EmailTemplateAdmin(admin.ModelAdmin):
    """The words of each kind of mail. Kinds are made by the code, so none can be added or deleted."""

    form = EmailTemplateForm
    list_display = ("key", "purpose", "subject", "updated_at", "preview")
    fields = ("key", "purpose", "variables", *PARTS)
    readonly_fields = ("key", "purpose", "variables")
    actions = ("reset",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EmailTemplate]:
        """Leave out kinds that this release does not send any more."""
        return super().get_queryset(request).filter(key__in=MAIL_KINDS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds kinds of mail by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody deletes them."""
        return False

    @admin.display
    def purpose(self, template: EmailTemplate) -> str:
        """When it is sent."""
        return MAIL_KINDS[template.key].purpose

    @admin.display
    def variables(self, template: EmailTemplate) -> str:
        """What the words may name."""
        return ", ".join(_names(MAIL_KINDS[template.key].sample))

    @admin.display
    def preview(self, template: EmailTemplate) -> str:
        """A link to the mail as it would look."""
        return format_html(
            '<a href="{}">preview</a>',
            reverse("admin:notifications_emailtemplate_preview", args=[template.pk]),
        )

    @admin.action(description="Go back to the first words", permissions=["change"])
    def reset(self, request: HttpRequest, templates: QuerySet[EmailTemplate]) -> None:
        """Forget what staff wrote."""
        for template in templates:
            template_reset(template=template)

    def get_urls(self) -> list[URLPattern]:
        """Add the preview."""
        view = self.admin_site.admin_view(self.preview_view)
        name = "notifications_emailtemplate_preview"
        return [path("<int:template_id>/preview/", view, name=name), *super().get_urls()]

    def preview_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """The mail with plausible values. HTML is shown in a frame that may run and load nothing."""
        template = get_object_or_404(self.get_queryset(request), pk=template_id)
        if not self.has_view_permission(request, template):
            return HttpResponse(status=403)
        sample = MAIL_KINDS[template.key].sample
        context = {
            **self.admin_site.each_context(request),
            "title": f"Preview of {template.key}",
            "subject": subject_render(template.subject, sample),
            "text": template_render(template.text, sample, html=False),
            "html": template_render(template.html, sample, html=True),
        }
        return TemplateResponse(request, "notifications/preview.html", context)


@admin.register(EmailLog)
class EmailLogAdmin(ReadOnlyAdmin):
    """What was sent, to whom, and what was not."""

    list_display = ("id", "template", "recipient", "state", "attempts", "created_at", "sent_at", "error")
    list_filter = ("state", "template")
    search_fields = ("=recipient", "=event_id")
    show_full_result_count = False
    actions = ("send_again",)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Who may send a mail once more."""
        return request.user.has_perm("notifications.change_emaillog")

    @admin.action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, rows: QuerySet[EmailLog]) -> None:
        """Queue the mails once more."""
        for row in rows:
            email_send_again(row=row)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Entries of users' inboxes."""

    list_display = ("id", "user", "kind", "title", "created_at", "read_at")
    list_filter = ("kind",)
    search_fields = ("=user__email",)
    list_select_related = ("user",)
    show_full_result_count = False


def _names(values: Any, prefix: str = "") -> list[str]:
    """Every name below some values, as a template writes them."""
    names: list[str] = []
    for key, value in values.items():
        if isinstance(value, dict):
            names += _names(value, f"{prefix}{key}.")
        else:
            names.append(f"{prefix}{key}")
            if isinstance(value, list) and value:
                names += [f"(each) {name}" for name in value[0]]
    return names
