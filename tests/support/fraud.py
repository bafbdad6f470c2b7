"""Answers of the fraud service, and staff who may decide."""

from typing import Any

from django.contrib.auth.models import Permission

from apps.accounts.models import User
from tests.support.factories import user_make

MODEL = {"name": "fraud_detection", "version": "test", "digest": "0" * 64}
REASON = {
    "code": "known_fraud_ip",
    "text": "3 orders from this network turned out to be fraud.",
    "weight": 2.0,
}


def scored(action: str, probability: float, **more: Any) -> dict[str, Any]:
    """An answer to ``/v1/score``."""
    return {
        "source": "model", "model": MODEL, "reasons": [REASON["text"]], "details": [REASON], "action": action,
        "probability": probability, "expected_costs": {"accept": 9.0, "review": 4.0, "hold": 3.5}, "counted": True,
        "trained_on": "synthetic", **more,
    }  # fmt: skip


def analyst_make() -> User:
    """Somebody of the staff who sees reviews and decides them."""
    user = user_make(is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=("view_fraudreview", "change_fraudreview"))
    )
    return user
