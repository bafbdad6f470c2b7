"""The double-entry ledger: every movement of money is one entry whose lines sum to zero, booked once per cause."""

from collections.abc import Mapping

from django.db import transaction

from apps.orders.models import Order
from apps.payments.amounts import Shares
from apps.payments.models import Payment, Refund, Transaction, TransactionLine

Account = TransactionLine.Account
Kind = Transaction.Kind


def capture_book(*, payment: Payment) -> None:
    """The provider holds the customer's money for us; until there is a sale we owe it to them."""
    _book(
        f"capture:{payment.pk}",
        Kind.CAPTURE,
        payment,
        {
            Account.PROVIDER_BALANCE: payment.captured_minor,
            Account.CUSTOMER_RECEIVABLE: -payment.captured_minor,
        },
    )


def sale_book(*, payment: Payment, order: Order) -> None:
    """The money has paid for an order."""
    shares = order_shares(order)
    _book(
        f"sale:{payment.pk}",
        Kind.SALE,
        payment,
        {
            Account.CUSTOMER_RECEIVABLE: shares.total,
            Account.REVENUE: -shares.goods,
            Account.SHIPPING: -shares.shipping,
            Account.TAX: -shares.tax,
        },
    )


def refund_book(*, refund: Refund) -> None:
    """Money went back: out of the sale if there was one, else out of what we owed."""
    _book(f"refund:{refund.pk}", Kind.REFUND, refund.payment, _refund_amounts(refund), refund)


def refund_reverse_book(*, refund: Refund) -> None:
    """The customer's bank sent the money back to us."""
    amounts = {account: -amount for account, amount in _refund_amounts(refund).items()}
    _book(f"refund_reversed:{refund.pk}", Kind.REFUND_REVERSED, refund.payment, amounts, refund)


def fee_book(*, payment: Payment, fee_minor: int) -> None:
    """The provider kept its fee. Repeating it changes nothing."""
    if not Transaction.objects.filter(reference=f"fee:{payment.pk}").exists():
        amounts = {Account.FEES: fee_minor, Account.PROVIDER_BALANCE: -fee_minor}
        _book(f"fee:{payment.pk}", Kind.FEE, payment, amounts)


def order_shares(order: Order) -> Shares:
    """What an order's total pays for."""
    return Shares(order.subtotal_minor - order.discount_minor, order.shipping_minor, order.tax_minor)


def _refund_amounts(refund: Refund) -> dict[Account, int]:
    if not Transaction.objects.filter(payment=refund.payment_id, kind=Kind.SALE).exists():
        return {
            Account.CUSTOMER_RECEIVABLE: refund.amount_minor,
            Account.PROVIDER_BALANCE: -refund.amount_minor,
        }
    return {
        Account.REFUNDS: refund.goods_minor,
        Account.SHIPPING: refund.shipping_minor,
        Account.TAX: refund.tax_minor,
        Account.PROVIDER_BALANCE: -refund.amount_minor,
    }


@transaction.atomic(savepoint=False)
def _book(
    reference: str,
    kind: Transaction.Kind,
    payment: Payment,
    amounts: Mapping[Account, int],
    refund: Refund | None = None,
) -> None:
    """Write an entry. Its unique reference makes a second one for the same cause impossible."""
    entry = Transaction.objects.create(
        reference=reference, kind=kind, payment=payment, refund=refund, currency=payment.currency
    )
    TransactionLine.objects.bulk_create(
        TransactionLine(transaction=entry, account=account, amount_minor=amount)
        for account, amount in amounts.items()
        if amount
    )
