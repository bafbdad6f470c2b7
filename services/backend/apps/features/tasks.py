"""Entry points of the worker."""

from celery import shared_task

from apps.features.services import models_train
from apps.features.versions import model_versions_mirror


@shared_task(soft_time_limit=4 * 3600)
def train() -> None:
    """Train the models that this deployment's workers train."""
    models_train()


@shared_task
def mirror_versions() -> int:
    """Show in the admin which models there are."""
    return model_versions_mirror()
