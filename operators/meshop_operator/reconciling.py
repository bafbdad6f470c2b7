"""One look at an object, whatever its kind: observe, decide, write down, then do.

What is intended is in the status before it is done, children have names that the status gives, and doing compares with
what is there: a process that dies at any point leaves what the next look finishes, and nothing is made twice.
"""

from datetime import datetime, timedelta
from typing import Any

from meshop_operator.api import Api, ApiError, NamespaceGoes
from meshop_operator.deciding import Decision, Happened, Machine
from meshop_operator.events import event_make, event_write
from meshop_operator.failpoints import failpoint
from meshop_operator.kinds import FINALIZER, SKIP_CLEANUP
from meshop_operator.metrics import PHASE_SECONDS, TRANSITIONS
from meshop_operator.values import Document, duration_parse, moment_of, moment_parse


async def reconcile(machine: Machine[Any], api: Api, name: str, now: datetime) -> float | None:
    """Look once; seconds after which to look again, ``None`` for not by itself.

    Raises :class:`ApiError`, and what the guard of ``api`` raises; a repetition is due then.
    """
    resource = await api.get(machine.kind, name)
    if resource is None:
        return None
    going = "deletionTimestamp" in resource["metadata"]
    if going and FINALIZER not in resource["metadata"].get("finalizers", []):
        return None
    if going and _is_skipped(resource):
        await _release(machine, api, resource)
        return None
    try:
        seen = await machine.observe(api, resource, now)
        claim = machine.claim(resource, seen)
        if claim is None:
            return await _look(machine, api, resource, seen, now)
        async with claim:
            seen = await machine.observe(api, resource, now)
            return await _look(machine, api, resource, seen, now)
    except NamespaceGoes:
        if going:
            await _release(machine, api, resource)
            return None
        raise


async def _look(
    machine: Machine[Any], api: Api, resource: Document, seen: Any, now: datetime
) -> float | None:
    going = "deletionTimestamp" in resource["metadata"]
    before = resource.get("status", {})
    decision = machine.decide(resource, seen, now)
    phase = decision.status.get("phase", "")
    where = phase if phase != before.get("phase") else ""
    if going:
        over = _is_over(resource, now)
        if over or not machine.needs_cleanup(decision.status):
            if over:
                await _tell(machine, api, resource, _GIVEN_UP, now)
            elif decision.status != before:
                await _write(machine, api, resource, decision, now)
            await _release(machine, api, resource)
            return None
    elif machine.needs_cleanup(decision.status) and not _is_held(resource):
        resource = await _hold(machine, api, resource)
    failpoint(machine.kind.name, where, "decided")
    if decision.status != before:
        resource = await _write(machine, api, resource, decision, now)
        _count(machine, before, decision, now)
    failpoint(machine.kind.name, where, "noted")
    await machine.converge(api, resource, seen, now)
    failpoint(machine.kind.name, where, "made")
    if not going and _is_held(resource) and not machine.needs_cleanup(decision.status):
        await _release(
            machine, api, resource
        )  # so that nothing waits for an operator that is not there any more
    return 0.0 if where else decision.after_s


_GIVEN_UP = Happened(
    "cleanup-given-up", "CleanupGivenUp",
    "The clean-up did not end within spec.deletionDeadline; see docs/runbooks/operator.md.", True,
)  # fmt: skip


async def _write(
    machine: Machine[Any], api: Api, resource: Document, decision: Decision, now: datetime
) -> Document:
    """Events first, whose names keep them from being told twice; then the status, if nobody changed the object."""
    for happened in decision.happened:
        await _tell(machine, api, resource, happened, now)
    return await api.replace(
        machine.kind, resource["metadata"]["name"], {**resource, "status": decision.status}, status=True
    )


async def _tell(
    machine: Machine[Any], api: Api, resource: Document, happened: Happened, now: datetime
) -> None:
    event = event_make(
        machine.kind, resource, key=happened.key, reason=happened.reason, message=happened.message,
        warning=happened.warning, now=now,
    )  # fmt: skip
    try:
        await event_write(api, event)
    except NamespaceGoes:
        if "deletionTimestamp" not in resource["metadata"]:
            raise


def _count(machine: Machine[Any], before: Document, decision: Decision, now: datetime) -> None:
    old, new = before.get("phase", ""), decision.status.get("phase", "")
    if old == new:
        return
    TRANSITIONS.labels(machine.kind.name, new, decision.status.get("reason", "")).inc()
    since = moment_of(before, "phaseStartedAt")
    if old and since:
        PHASE_SECONDS.labels(machine.kind.name, old).observe(max(0.0, (now - since).total_seconds()))


def _is_held(resource: Document) -> bool:
    return FINALIZER in resource["metadata"].get("finalizers", [])


async def _hold(machine: Machine[Any], api: Api, resource: Document) -> Document:
    metadata = resource["metadata"]
    finalizers = [*metadata.get("finalizers", []), FINALIZER]
    change = {"metadata": {"finalizers": finalizers, "resourceVersion": metadata["resourceVersion"]}}
    return await api.patch(machine.kind, metadata["name"], change)


async def _release(machine: Machine[Any], api: Api, resource: Document) -> None:
    metadata = resource["metadata"]
    current = await api.get(machine.kind, metadata["name"])
    if current is None or current["metadata"]["uid"] != metadata["uid"]:
        return
    finalizers = [f for f in current["metadata"].get("finalizers", []) if f != FINALIZER]
    version = current["metadata"]["resourceVersion"]
    try:
        await api.patch(
            machine.kind,
            metadata["name"],
            {"metadata": {"finalizers": finalizers, "resourceVersion": version}},
        )
    except ApiError as error:
        if error.status != 404:
            raise


def _is_skipped(resource: Document) -> bool:
    return (resource["metadata"].get("annotations") or {}).get(SKIP_CLEANUP) == "true"


def _is_over(resource: Document, now: datetime) -> bool:
    begin = moment_parse(resource["metadata"]["deletionTimestamp"])
    limit: timedelta = duration_parse(resource["spec"].get("deletionDeadline", "2m"))
    return now >= begin + limit
