"""Conditions of a status, as `kubectl wait` and dashboards read them."""

from datetime import datetime

from meshop_operator.values import Document, moment_text

READY, RECONCILING, STALLED = "Ready", "Reconciling", "Stalled"


def conditions_make(
    before: list[Document],
    *,
    truths: dict[str, bool],
    reason: str,
    message: str,
    observed_generation: int,
    now: datetime,
) -> list[Document]:
    """One condition for each of ``truths``; the moment of a transition stays while the truth does."""
    known = {condition["type"]: condition for condition in before}
    made = []
    for kind, truth in truths.items():
        text = "True" if truth else "False"
        old = known.get(kind)
        since = old["lastTransitionTime"] if old and old["status"] == text else moment_text(now)
        made.append(
            {
                "type": kind, "status": text, "reason": reason or "Unknown", "message": message,
                "lastTransitionTime": since, "observedGeneration": observed_generation,
            }
        )  # fmt: skip
    return made
