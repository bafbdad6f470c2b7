"""Admin pages of payments, read-only: money moves through services only."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin, ReadOnlyInline
from apps.payments.models import (
    FakeProviderObject,
    Payment,
    PaymentMethod,
    Refund,
    StripeEvent,
    Transaction,
    TransactionLine,
)


class RefundInline(ReadOnlyInline):
    """Refunds."""

    model = Refund
    fields = ("created_at", "status", "origin", "amount_minor", "reason", "failure_code")


class TransactionLineInline(ReadOnlyInline):
    """The sides of an entry."""

    model = TransactionLine
    fields = ("account", "amount_minor")


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """Payments; the page's address is not shown, for whoever has it can pay there."""

    list_display = (
        "id", "order", "user", "status", "amount_minor", "refunded_minor", "currency", "provider", "created_at",
    )  # fmt: skip
    list_filter = ("status", "provider")
    list_select_related = ("order", "user")
    exclude = ("session_url",)
    search_fields = ("=order__number", "=user__email", "=session_id", "=intent_id", "=charge_id")
    show_full_result_count = False
    inlines = (RefundInline,)


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """Refunds of all payments."""

    list_display = ("id", "payment", "status", "origin", "amount_minor", "reason", "actor", "created_at")
    list_filter = ("status", "origin")
    list_select_related = ("payment", "actor")
    search_fields = ("=provider_refund_id", "=payment__order__number")
    show_full_result_count = False


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ReadOnlyAdmin):
    """Stored cards."""

    list_display = ("id", "user", "brand", "last4", "status", "created_at")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    show_full_result_count = False


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin):
    """The journal."""

    list_display = ("id", "reference", "kind", "payment", "refund", "currency", "created_at")
    list_filter = ("kind",)
    list_select_related = ("payment", "refund")
    search_fields = ("=reference", "=payment__order__number")
    show_full_result_count = False
    inlines = (TransactionLineInline,)


@admin.register(TransactionLine)
class TransactionLineAdmin(ReadOnlyAdmin):
    """All lines, by account."""

    list_display = ("id", "transaction", "account", "amount_minor")
    list_filter = ("account",)
    list_select_related = ("transaction",)
    show_full_result_count = False


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """Webhook events and what became of them."""

    list_display = ("event_id", "type", "state", "payment", "attempts", "created", "received_at")
    list_filter = ("state", "type")
    list_select_related = ("payment",)
    search_fields = ("=event_id", "=intent_id")
    show_full_result_count = False


@admin.register(FakeProviderObject)
class FakeProviderObjectAdmin(ReadOnlyAdmin):
    """What the fake provider remembers."""

    list_display = ("id", "parent")
    search_fields = ("=id", "=parent")
    show_full_result_count = False
