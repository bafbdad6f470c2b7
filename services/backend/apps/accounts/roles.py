"""Which staff group may do what. Endpoints ask for permissions; only this table speaks of roles.

``manage.py migrate`` makes the groups match it exactly: for other combinations make other groups in the admin.
Administrators are superusers and may do everything.
"""

from itertools import product

ADMINISTRATOR = "administrator"


def _can(actions: str, app: str, models: str) -> tuple[str, ...]:
    return tuple(f"{app}.{action}_{model}" for action, model in product(actions.split(), models.split()))


_SEE_STOCK = _can("view", "inventory", "stockitem stockmovement stockreservation")
_SEE_ORDERS = _can("view", "orders", "cart cartitem order orderitem orderevent returnrequest")
_SEE_PAYMENTS = _can("view", "payments", "payment refund transaction transactionline")
_SEE_CATALOGUE = _can(
    "view", "products", "category tag product productvariant productimage productreview pricehistory"
)
_SEE_CUSTOMERS = _can("view", "accounts", "user userprofile address tokenfamily")
_SEE_SUPPORT = _can("view", "support", "policy ticket")
_SEE_MAILS = _can("view", "notifications", "emailtemplate emaillog notification")
_SEE_ANALYTICS = _can(
    "view",
    "analytics",
    "dailysales productanalytics categoryanalytics useractivity customersegment salesreport soldarticle",
)
_REVIEWS = ("products.view_productreview", "products.change_productreview", "products.moderate_review")

PERMISSIONS_BY_ROLE: dict[str, tuple[str, ...]] = {
    "catalogue": (
        *_can("add change delete", "products", "category tag product productvariant productimage"),
        *_SEE_CATALOGUE,
        *_REVIEWS,
        *_SEE_STOCK,
        *_can("view add change", "pricing", "priceproposal"),
        *_can("view change", "pricing", "pricelimit pricefreeze"),
    ),
    "orders": (
        *_SEE_ORDERS,
        "orders.change_order",
        "orders.change_returnrequest",
        "orders.fulfil_order",
        "fraud.view_fraudreview",
        "fraud.change_fraudreview",
        *_SEE_STOCK,
        *_SEE_PAYMENTS,
        "payments.view_stripeevent",
        "payments.add_refund",
    ),
    "support": (
        *_SEE_ORDERS,
        "orders.change_order",
        "orders.change_returnrequest",
        *_SEE_SUPPORT,
        *_can("add change delete", "support", "policy"),
        "support.change_ticket",
        *_SEE_PAYMENTS,
        "payments.add_refund",
        *_SEE_CUSTOMERS,
        *_SEE_MAILS,
        "notifications.change_emaillog",
        *_REVIEWS,
        "products.view_product",
    ),
    "integrations": (
        *_can("view add change delete", "webhooks", "webhookendpoint"),
        *_can("view change", "webhooks", "webhookdelivery"),
        "webhooks.view_webhookattempt",
    ),
    "analyst": (
        *_SEE_CATALOGUE,
        *_SEE_ORDERS,
        *_SEE_STOCK,
        *_SEE_PAYMENTS,
        *_SEE_ANALYTICS,
        "fraud.view_fraudreview",
        *_can("view", "pricing", "priceproposal pricelimit pricefreeze"),
        "analytics.add_salesreport",
    ),
}
