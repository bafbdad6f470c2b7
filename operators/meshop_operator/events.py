"""Events: one for each transition, however often the operator dies meanwhile."""

import hashlib
from datetime import datetime

from meshop_operator.api import AlreadyThere, Api
from meshop_operator.kinds import EVENT, Kind
from meshop_operator.values import Document, moment_text

_MESSAGE_MAX = 1000


def event_make(
    kind: Kind, resource: Document, *, key: str, reason: str, message: str, warning: bool, now: datetime
) -> Document:
    """An Event about ``resource``. Its name is made of ``key``, which names the transition, so it is there once."""
    metadata = resource["metadata"]
    digest = hashlib.sha256(f"{metadata['uid']} {key}".encode()).hexdigest()[:16]
    moment = moment_text(now)
    return {
        "metadata": {"name": f"{metadata['name']}.{digest}", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": kind.api_version, "kind": kind.name, "name": metadata["name"],
            "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": "Warning" if warning else "Normal",
        "reason": reason,
        "message": message[:_MESSAGE_MAX],
        "source": {"component": "meshop-operator"},
        "reportingComponent": "meshop.io/operator",
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }  # fmt: skip


async def event_write(api: Api, event: Document) -> None:
    """Write it unless it is there."""
    try:
        await api.create(EVENT, event)
    except AlreadyThere:
        return
