"""What runs by the clock, and the queues of tasks. Every task here may run twice or late without harm."""

from typing import Any

from celery.schedules import crontab

#: Tasks of these apps do not wait behind what fills the default queue.
_QUEUE_BY_APP = {
    "notifications": "email",
    "webhooks": "webhooks",
    "analytics": "analytics",
    "features": "ai",
    "forecasting": "ai",
    "fraud": "ai",
    "pricing": "ai",
    "search": "index",
}

MINUTE, HOUR = 60.0, 3600.0


def task_queue(name: str) -> str:
    """Queue of the task ``apps.<app>.tasks.<task>``."""
    return _QUEUE_BY_APP.get(name.split(".")[1] if name.startswith("apps.") else "", "default")


def every(seconds: float, task: str) -> dict[str, Any]:
    """An entry that is dropped when it could not start before the next is due."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


SCHEDULE = {
    "expire-orders": every(MINUTE, "apps.orders.tasks.expire_orders"),
    "reconcile-payments": every(MINUTE / 2, "apps.payments.tasks.reconcile"),
    "send-due-mails": every(15, "apps.notifications.tasks.send_due_mails"),
    "send-due-webhooks": every(5, "apps.webhooks.tasks.send_due"),
    "sweep-search-index": every(5, "apps.search.tasks.sweep"),
    "mirror-model-versions": every(5 * MINUTE, "apps.features.tasks.mirror_versions"),
    "train-models": {
        "task": "apps.features.tasks.train",
        "schedule": crontab(hour="3", minute="20"),
        "options": {"expires": 6 * HOUR},
    },
    "expire-search-generations": every(HOUR, "apps.search.tasks.expire_generations"),
    "sweep-search-vectors": every(2, "apps.search.tasks.sweep_vectors"),
    "tidy-search-vectors": every(HOUR, "apps.search.tasks.tidy_vectors"),
    "sync-search-synonyms": every(MINUTE, "apps.search.tasks.synonyms"),
    "propose-synonyms": {
        "task": "apps.search.tasks.propose_synonyms",
        "schedule": crontab(hour="2", minute="40"),
        "options": {"expires": 6 * HOUR},
    },
    "flush-activity": every(10, "apps.activity.tasks.flush"),
    "prune-activity": every(HOUR, "apps.activity.tasks.prune"),
    "flush-search-queries": every(MINUTE, "apps.search.tasks.flush_query_log"),
    "prune-search-queries": every(HOUR, "apps.search.tasks.prune_query_log"),
    "prune-carts": every(HOUR, "apps.orders.tasks.prune_carts"),
    "prune-sessions": every(HOUR, "apps.accounts.tasks.prune_sessions"),
    "prune-notifications": every(HOUR, "apps.notifications.tasks.prune"),
    "prune-webhooks": every(HOUR, "apps.webhooks.tasks.prune"),
    "apply-due-prices": every(MINUTE, "apps.pricing.tasks.apply_due"),
    "propose-prices": every(HOUR, "apps.pricing.tasks.propose"),
    "sweep-fraud-labels": every(MINUTE, "apps.fraud.tasks.sweep"),
    "sweep-analytics": every(5, "apps.analytics.tasks.sweep"),
    "make-due-reports": every(15, "apps.analytics.tasks.make_due_reports"),
    "follow-catalogue": every(5 * MINUTE, "apps.analytics.tasks.follow_catalogue"),
    "refresh-segments": every(6 * HOUR, "apps.analytics.tasks.refresh_segments"),
    "refresh-forecasts": every(15 * MINUTE, "apps.forecasting.tasks.refresh"),
    "prune-reports": every(HOUR, "apps.analytics.tasks.prune"),
    "prune-backbone": every(HOUR, "apps.core.tasks.prune"),
}
