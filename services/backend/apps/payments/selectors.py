"""Reading payments."""

from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Sum

from apps.payments.errors import PaymentNotFound
from apps.payments.models import Payment, PaymentMethod, Transaction, TransactionLine


def payment_list(*, user_id: int | None, order_id: int | None = None) -> QuerySet[Payment]:
    """Payments with their orders and refunds: one user's, or everybody's for ``None``."""
    payments = Payment.objects.select_related("order").prefetch_related("refunds")
    if user_id is not None:
        payments = payments.filter(user_id=user_id)
    return payments.filter(order_id=order_id) if order_id is not None else payments


def payment_get(*, payment_id: int, user_id: int | None) -> Payment:
    """One payment; ``user_id`` limits it to that user's. Raises :class:`PaymentNotFound`."""
    payment = payment_list(user_id=user_id).filter(pk=payment_id).first()
    if payment is None:
        raise PaymentNotFound()
    return payment


def transaction_list(*, user_id: int | None) -> QuerySet[Transaction]:
    """Journal entries with their lines: of one user's payments, or all for ``None``."""
    entries = Transaction.objects.select_related("payment").prefetch_related("lines")
    return entries if user_id is None else entries.filter(payment__user_id=user_id)


def payment_method_list(*, user_id: int) -> QuerySet[PaymentMethod]:
    """The cards that a user keeps."""
    return PaymentMethod.objects.filter(user_id=user_id, status=PaymentMethod.Status.ACTIVE)


@dataclass(frozen=True, slots=True)
class LedgerFinding:
    """Where the books and the payments disagree."""

    what: str
    id: int
    expected: int
    found: int


def ledger_audit() -> list[LedgerFinding]:
    """Compare the ledger with the payments, in four queries; nothing is found when all is well.

    Every entry sums to zero, and per payment the provider's balance is what was captured less what was refunded and
    the fee, and refunds are counted as they stand.
    """
    account = TransactionLine.Account
    findings = [
        LedgerFinding("entry does not balance", pk, 0, total)
        for pk, total in Transaction.objects.annotate(total=Sum("lines__amount_minor"))
        .exclude(total=0)
        .exclude(total=None)
        .values_list("pk", "total")
    ]
    held = Sum(
        "transactions__lines__amount_minor",
        filter=Q(transactions__lines__account=account.PROVIDER_BALANCE)
        & ~Q(transactions__kind=Transaction.Kind.FEE),
        default=0,
    )
    findings += [
        LedgerFinding("provider balance", pk, expected, found)
        for pk, expected, found in Payment.objects.annotate(
            held=held, expected=F("captured_minor") - F("refunded_minor")
        )
        .exclude(held=F("expected"))
        .values_list("pk", "expected", "held")
    ]
    for name, column, statuses in (
        ("refunds reserved", "refund_reserved_minor", ("requested", "pending", "succeeded")),
        ("refunds returned", "refunded_minor", ("succeeded",)),
    ):
        standing = Sum("refunds__amount_minor", filter=Q(refunds__status__in=statuses), default=0)
        findings += [
            LedgerFinding(name, pk, expected, found)
            for pk, expected, found in Payment.objects.annotate(standing=standing)
            .exclude(standing=F(column))
            .values_list("pk", "standing", column)
        ]
    return findings
