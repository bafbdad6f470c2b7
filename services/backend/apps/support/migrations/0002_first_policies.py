"""The shop's first texts; staff replace them in the admin."""

from django.db import migrations

FIRST = [
    (
        "shipping",
        "Shipping",
        "delivery, postage, dispatch, courier, how long, shipping cost, delivery time, free shipping",
        "Shipping costs {shipping_flat} {currency} per order. "
        "Shipping is free from a subtotal of {shipping_free_from} {currency}. "
        "Paid orders are handed to the carrier within two working days. "
        "Delivery takes three to five working days after that. "
        "The tracking number is in the order's timeline once it was shipped.",
    ),
    (
        "returns",
        "Returns and refunds",
        "return, refund, send back, money back, exchange, broken, damaged, wrong item, return window",
        "You can return articles within 30 days after delivery. "
        "Articles must be unused and in their packaging, unless they arrived damaged. "
        "Ask for a return here or with your order, and we send you a label. "
        "Refunds go back the way you paid, within five working days after the parcel arrived.",
    ),
    (
        "payment",
        "Payment",
        "pay, card, credit card, debit card, invoice, paypal, currency, secure, charge, declined",
        "You pay by credit or debit card when you check out. "
        "Prices are in {currency}. "
        "Your card is charged when you pay, and card numbers never reach our servers. "
        "An order that is not paid in time is cancelled and its articles can be sold again.",
    ),
    (
        "cancellation",
        "Cancelling an order",
        "cancel, change order, change my mind, stop order, after shipping",
        "You can cancel an order until it was shipped. "
        "If you had paid, the money goes back the way it came. "
        "An order that was shipped cannot be cancelled, but it can be returned.",
    ),
    (
        "privacy",
        "Privacy",
        "data, personal data, gdpr, delete account, privacy, who sees",
        "We use your data to deliver what you ordered and to answer you. "
        "We sell it to nobody.",
    ),
    (
        "contact",
        "Contact",
        "contact, phone, email, opening hours, human, agent, customer service, complaint",
        "Ask here for a person and we open a ticket for you. "
        "Tickets are answered within one working day.",
    ),
]


def forwards(apps, schema_editor):
    policy = apps.get_model("support", "Policy")
    for slug, title, keywords, body in FIRST:
        policy.objects.get_or_create(slug=slug, defaults={"title": title, "keywords": keywords, "body": body})


class Migration(migrations.Migration):
    dependencies = [("support", "0001_initial")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
