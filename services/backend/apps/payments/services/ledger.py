"""The double-entry ledger: every movement of money is one entry whose lines sum to zero, booked once per cause."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Sum

from apps.orders.models import Order
from apps.payments.amounts import Shares, returned_shares
from apps.payments.models import Payment, Refund, Transaction, TransactionLine
from apps.payments.states import RefundStatus

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
    """A refund has succeeded: money went back, out of the sale if there was one, else out of what we owed."""
    _returned_book(f"refund:{refund.pk}", Kind.REFUND, refund, refund.amount_minor)


def refund_reverse_book(*, refund: Refund) -> None:
    """A refund that had succeeded has not: the customer's bank sent the money back to us."""
    _returned_book(f"refund_reversed:{refund.pk}", Kind.REFUND_REVERSED, refund, -refund.amount_minor)


def _returned_book(reference: str, kind: Transaction.Kind, refund: Refund, amount: int) -> None:
    """Bring the accounts of the sale to what all succeeded refunds together mean.

    The difference is this entry. So the books do not depend on the order in which refunds succeed and fail.
    """
    payment = refund.payment
    amounts = {Account.CUSTOMER_RECEIVABLE: amount}
    if Transaction.objects.filter(payment=payment, kind=Kind.SALE).exists():
        wanted, booked = _returned(payment), _returned_as_booked(payment)
        amounts = {account: wanted[account] - booked.get(account, 0) for account in wanted}
    _book(reference, kind, payment, {**amounts, Account.PROVIDER_BALANCE: -amount}, refund)


def _returned(payment: Payment) -> dict[Account, int]:
    by_lines, by_amount = Shares(), 0
    for refund in payment.refunds.filter(status=RefundStatus.SUCCEEDED):
        shares = refund_line_shares(refund)
        by_lines += sum(shares.values(), Shares())
        by_amount += 0 if shares else refund.amount_minor
    returned = returned_shares(order_shares(payment.order), by_lines=by_lines, by_amount=by_amount)
    return {Account.REFUNDS: returned.goods, Account.SHIPPING: returned.shipping, Account.TAX: returned.tax}


def _returned_as_booked(payment: Payment) -> dict[str, int]:
    lines = TransactionLine.objects.filter(
        transaction__payment=payment, transaction__kind__in=(Kind.REFUND, Kind.REFUND_REVERSED)
    )
    return dict(lines.values_list("account").annotate(amount=Sum("amount_minor")))


def refund_line_shares(refund: Refund) -> dict[int, Shares]:
    """What each line of a refund returns, by order item id; nothing for a refund by amount."""
    return {
        line["order_item_id"]: Shares(line["goods"], line["shipping"], line["tax"]) for line in refund.lines
    }


def fee_book(*, payment: Payment, fee_minor: int) -> None:
    """The provider kept its fee. Repeating it changes nothing."""
    if not Transaction.objects.filter(reference=f"fee:{payment.pk}").exists():
        amounts = {Account.FEES: fee_minor, Account.PROVIDER_BALANCE: -fee_minor}
        _book(f"fee:{payment.pk}", Kind.FEE, payment, amounts)


def order_shares(order: Order) -> Shares:
    """What an order's total pays for."""
    return Shares(order.subtotal_minor - order.discount_minor, order.shipping_minor, order.tax_minor)


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
