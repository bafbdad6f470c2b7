"""What is measured, by column. One list for tables, statements and answers, so that none of them forgets a measure.

Each measure of an aggregate is the plain sum of the same measure over contributions, so aggregates can be corrected
by adding a difference. ``…_minor`` are minor units of the row's currency, all others count.
"""

#: Of orders. ``placed_*`` are all orders whatever became of them, ``cancelled_*`` those that were cancelled or expired,
#: and the plain ones those that were paid and not cancelled: the sales. Refunds count on their own day. An order with
#: a negative total, as imports of other systems have them, is a credit note.
ORDER_MEASURES = (
    "placed_orders", "placed_minor", "cancelled_orders", "cancelled_minor",
    "orders", "units", "subtotal_minor", "shipping_minor", "tax_minor", "discount_minor", "total_minor",
    "shipped_orders", "delivered_orders",
    "refunds", "refunded_minor", "credit_notes", "credited_minor",
)  # fmt: skip

#: Of articles. ``lines`` are sales that contain the article; ``revenue_minor`` is before discount, without tax;
#: ``returned_*`` are units of refunds that name them, and of credit notes.
ARTICLE_MEASURES = ("lines", "units", "revenue_minor", "returned_units", "returned_minor")


def net_minor(row: object) -> int:
    """What is left of sales after refunds and credit notes, in a row that has the measures of orders."""
    total, refunded, credited = (
        getattr(row, name) for name in ("total_minor", "refunded_minor", "credited_minor")
    )
    return int(total - refunded - credited)
