"""Admin pages of accounts."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from apps.accounts.models import Address, RefreshToken, TokenFamily, User, UserProfile
from apps.accounts.services.sessions import family_revoke, sessions_revoke
from apps.accounts.snapshots import group_snapshot, user_snapshot
from apps.audit.recorded_admin import RecordedAdmin
from apps.core.admin import ReadOnlyAdmin


class LowerCaseEmailField(forms.EmailField):
    """E-mails are stored in lower case."""

    def clean(self, value: Any) -> str:
        """Return the lower-case address."""
        return str(super().clean(value)).lower()


class UserAddForm(AdminUserCreationForm):
    """Creates a user with a password, hashed like any other."""

    email = LowerCaseEmailField(max_length=254)

    class Meta:
        model = User
        fields = ("email",)


class UserEditForm(UserChangeForm):
    """Changes everything but the password, which has a page of its own."""

    email = LowerCaseEmailField(max_length=254)

    class Meta:
        model = User
        fields = "__all__"


class UserPasswordForm(AdminPasswordChangeForm):
    """Sets a password and ends the user's sessions."""

    def save(self, commit: bool = True) -> User:
        """Save, and sign the user out everywhere."""
        user = cast(User, super().save(commit=commit))
        sessions_revoke(user_id=user.pk, reason="password_set")
        return user


class UserProfileInline(admin.StackedInline):
    """The profile on the user's page."""

    model = UserProfile
    can_delete = False


@admin.register(User)
class UserAdmin(RecordedAdmin, DjangoUserAdmin):
    """Customers and staff."""

    add_form, form, change_password_form = UserAddForm, UserEditForm, UserPasswordForm
    inlines = (UserProfileInline,)
    ordering = ("-id",)
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "first_name", "last_name")
    readonly_fields = ("last_login", "date_joined")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Name", {"fields": ("first_name", "last_name")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)

    def audit_snapshot(self, pk: int) -> dict[str, Any]:
        """Who they are and what they may do."""
        return user_snapshot(pk)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and sign out who may not come in any more: services that only see tokens would go on serving them."""
        super().save_model(request, obj, form, change)
        if change and not obj.is_active:
            sessions_revoke(user_id=obj.pk, reason="deactivated")

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Record that a password was set."""
        before = self._password(id)
        response = super().user_change_password(request, id, form_url)
        if self._password(id) != before:
            self.audit(request, "set_password", int(id), {}, {"password": "set"})
        return response

    @staticmethod
    def _password(id: str) -> str | None:
        known = id.isascii() and id.isdigit()
        return User.objects.filter(pk=id).values_list("password", flat=True).first() if known else None


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(RecordedAdmin, DjangoGroupAdmin):
    """What the members of a group may do. Those of ``apps.accounts.roles`` are made anew by each migration."""

    def audit_snapshot(self, pk: int) -> dict[str, Any]:
        """Its name and permissions."""
        return group_snapshot(pk)


@admin.register(Address)
class AddressAdmin(admin.ModelAdmin):
    """Address book entries."""

    list_display = ("full_name", "line1", "city", "country", "type", "is_default", "user")
    list_filter = ("type", "is_default")
    list_select_related = ("user",)
    search_fields = ("full_name", "postal_code", "user__email")
    autocomplete_fields = ("user",)
    show_full_result_count = False


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnlyAdmin):
    """Sessions. They can be ended, by those who may change them."""

    list_display = ("id", "user", "created_at", "revoked_at", "revoke_reason")
    list_filter = ("revoke_reason",)
    list_select_related = ("user",)
    search_fields = ("=id", "user__email")
    actions = ("end_sessions",)
    show_full_result_count = False

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether the action below is offered."""
        return request.user.has_perm("accounts.change_tokenfamily")

    @admin.action(description="End selected sessions", permissions=["end"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[TokenFamily]) -> None:
        """Revoke each family."""
        for family in queryset:
            family_revoke(family_id=family.pk, reason="staff")


@admin.register(RefreshToken)
class RefreshTokenAdmin(ReadOnlyAdmin):
    """When tokens were made and used; their hashes stay where they are."""

    list_display = ("id", "family_id", "created_at", "expires_at", "used_at")
    fields = ("family", "created_at", "expires_at", "used_at")
    search_fields = ("=family__id", "family__user__email")
    show_full_result_count = False
