"""Who consumes which events: the whole wiring between the apps, in one table."""

from apps.core.subscriptions import Subscription
from apps.webhooks.patterns import public_types

SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription(
        consumer="products.purge",
        events=("product.*", "price.*", "category.*", "tag.*", "catalogue.*", "review.*"),
        queue="default",
        handler="apps.products.consumers.on_catalogue_changed",
    ),
    Subscription(
        consumer="search.index",
        events=(
            "product.*",
            "price.changed",
            "stock.changed",
            "category.*",
            "tag.changed",
            "catalogue.imported",
            "review.*",
        ),
        queue="index",
        handler="apps.search.consumers.on_catalogue_changed",
    ),
    Subscription(
        consumer="payments.close",
        events=("order.cancelled", "order.expired"),
        queue="default",
        handler="apps.payments.consumers.on_order_closed",
    ),
    Subscription(
        consumer="payments.refund",
        events=("refund.requested",),
        queue="default",
        handler="apps.payments.consumers.on_refund_requested",
    ),
    Subscription(
        consumer="notifications.tell",
        events=("order.*", "refund.succeeded"),
        queue="email",
        handler="apps.notifications.consumers.on_event",
    ),
    Subscription(
        consumer="notifications.password_reset",
        events=("user.password_reset_requested",),
        queue="email",
        handler="apps.notifications.consumers.on_password_reset_requested",
    ),
    Subscription(
        consumer="features.sales",
        events=("order.placed", "order.cancelled", "order.expired"),
        queue="ai",
        handler="apps.features.consumers.on_order",
    ),
    Subscription(
        consumer="features.products",
        events=("product.created", "product.updated", "product.deleted", "catalogue.imported"),
        queue="ai",
        handler="apps.features.consumers.on_product",
    ),
    Subscription(
        consumer="features.prices",
        events=("price.changed", "product.created", "catalogue.imported"),
        queue="ai",
        handler="apps.features.consumers.on_price",
    ),
    Subscription(
        consumer="features.activity",
        events=("activity.recorded",),
        queue="ai",
        handler="apps.features.consumers.on_activity",
    ),
    Subscription(
        consumer="features.searches",
        events=("searches.counted",),
        queue="ai",
        handler="apps.features.consumers.on_searches",
    ),
    Subscription(
        consumer="analytics.orders",
        events=(
            "order.placed",
            "order.paid",
            "order.shipped",
            "order.delivered",
            "order.cancelled",
            "order.expired",
            "refund.succeeded",
            "refund.failed",
        ),
        queue="analytics",
        handler="apps.analytics.consumers.on_order_changed",
    ),
    Subscription(
        consumer="analytics.imports",
        events=("orders.imported",),
        queue="analytics",
        handler="apps.analytics.consumers.on_orders_imported",
    ),
    Subscription(
        consumer="analytics.catalogue",
        events=(
            "product.updated",
            "product.deleted",
            "category.changed",
            "category.deleted",
            "catalogue.imported",
        ),
        queue="analytics",
        handler="apps.analytics.consumers.on_catalogue_changed",
    ),
    Subscription(
        consumer="analytics.reports",
        events=("report.requested",),
        queue="analytics",
        handler="apps.analytics.consumers.on_report_requested",
    ),
    Subscription(
        consumer="webhooks.deliver",
        events=tuple(public_types()),
        queue="webhooks",
        handler="apps.webhooks.consumers.on_event",
        listens="apps.webhooks.selectors.endpoints_listen",
    ),
)
