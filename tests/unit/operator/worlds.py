"""Specs and statuses for the pure parts: defaults as the API server fills them in."""

from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(seconds):
    return BEGIN + timedelta(seconds=seconds)


def reindex(**spec):
    return {
        "metadata": {
            "name": "r", "namespace": "shop", "uid": "0f0f0f0f-1", "generation": 1,
            "creationTimestamp": "2026-11-23T12:00:00Z", "resourceVersion": "1",
        },
        "spec": {"alias": "products", "shards": 2, "keepFor": "24h", "approval": "Automatic", **spec},
    }  # fmt: skip


def rollout(**spec):
    return {
        "metadata": {
            "name": "m", "namespace": "shop", "uid": "0f0f0f0f-2", "generation": 1,
            "creationTimestamp": "2026-11-23T12:00:00Z", "resourceVersion": "1",
        },
        "spec": {
            "service": "recommendations", "version": "v2", "progressDeadline": "10m", "scaleDownDelay": "30s",
            "steps": [{"setWeight": 20}, {"setWeight": 60}], **spec,
        },
    }  # fmt: skip
