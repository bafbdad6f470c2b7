"""Entry points of the worker."""

from celery import shared_task

from apps.features.services import models_train


@shared_task(soft_time_limit=4 * 3600)
def train() -> None:
    """Train the models that this deployment's workers train."""
    models_train()
