"""Eyes and hands of ModelRollout."""

import asyncio
from collections import defaultdict
from datetime import datetime

from meshop_operator.api import AlreadyThere, Api, Changed
from meshop_operator.deciding import Decision
from meshop_operator.kinds import (
    DEPLOYMENT,
    HTTP_ROUTE,
    JOB,
    MODEL_ROLLOUT,
    NAME_LABEL,
    OWNER_LABEL,
    POD,
    POD_TEMPLATE,
    RUN_LABEL,
    SERVICE,
    Kind,
)
from meshop_operator.metrics import ANALYSIS_VALUE, ROLLOUT_WEIGHT
from meshop_operator.reindex.jobs import job_facts
from meshop_operator.rollout import manifests, routes
from meshop_operator.rollout.analysis import Look, is_number
from meshop_operator.rollout.deciding import rollout_decide
from meshop_operator.rollout.facts import ENDED, LIVE, Seen, Workload, metrics_due
from meshop_operator.rollout.measuring import Meter
from meshop_operator.rollout.surroundings import ahead_of, belongs, is_ours, look_around
from meshop_operator.values import Document, moment_of


class Rollouts:
    """The machine of ModelRollout. See :class:`meshop_operator.deciding.Machine`."""

    kind = MODEL_ROLLOUT

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        # Two objects must not take a service at the same time; another process cannot, for it does not hold the Lease.
        self._claims: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def claim(self, resource: Document, seen: Seen) -> asyncio.Lock | None:
        """Held from looking at who has the service until it is written down who has."""
        if resource.get("status", {}).get("phase", "") != "Pending" or seen.ahead or seen.problem:
            return None
        return self._claims[resource["spec"]["service"]]

    async def observe(self, api: Api, resource: Document, now: datetime) -> Seen:
        """Read Deployments and route, and look at the metrics that are due."""
        spec, status = resource["spec"], resource.get("status", {})
        service, phase = spec["service"], status.get("phase", "")
        canary = manifests.canary_name(service)
        stable_now, canary_now = await asyncio.gather(
            api.get(DEPLOYMENT, service), api.get(DEPLOYMENT, canary)
        )
        stable = _workload(stable_now, service)
        if phase in ("", "Pending"):
            problem, route, owned = await look_around(api, resource, stable_now, canary_now)
            ahead = await ahead_of(api, resource)
            return Seen(stable=stable, problem=problem, ahead=ahead, route=route, route_owned=owned)
        route_now = await api.get(HTTP_ROUTE, status["route"]) if status.get("route") else None
        looks = await self._looks(api, resource, now)
        return Seen(
            stable=stable, canary=_workload(canary_now, service),
            route_clean=route_now is None or not routes.mentions(route_now, canary), looks=looks,
        )  # fmt: skip

    def decide(self, resource: Document, seen: Seen, now: datetime) -> Decision:
        """See :func:`rollout_decide`."""
        decision = rollout_decide(resource, seen, now)
        ROLLOUT_WEIGHT.labels(resource["spec"]["service"]).set(decision.status.get("weight", 0))
        return decision

    def needs_cleanup(self, status: Document) -> bool:
        """Requests go back to stable before the object goes."""
        return status.get("phase") in LIVE

    async def converge(self, api: Api, resource: Document, seen: Seen, now: datetime) -> None:
        """Weights first, for they may be urgent; then pods, then what is not needed any more."""
        status, service = resource["status"], resource["spec"]["service"]
        phase = status["phase"]
        if phase not in LIVE and phase not in ENDED:
            return
        over = moment_of(status, "scaleDownAt")
        is_over = phase in ENDED and (over is None or now >= over)
        if phase != "Starting" and status.get("route"):
            await self._set_weights(api, resource)
        if phase == "Promoting":
            await self._pin(api, service, status["version"])
        before = status.get("previousVersion")
        if phase == "RollingBack" and before and seen.stable and seen.stable.version == status["version"]:
            await self._pin(api, service, "" if before == manifests.UNPINNED else before)
        if is_over:
            await self._clear(api, resource)
        elif status.get("replicas"):
            await self._ensure_canary(api, resource)
            await self._ensure_evaluations(api, resource)

    # Looking.

    async def _looks(self, api: Api, resource: Document, now: datetime) -> dict[str, Look]:
        due = metrics_due(resource["spec"], resource.get("status", {}), now)
        service = resource["spec"]["service"]

        async def one(metric: Document) -> Look:
            if "job" in metric:
                return await self._evaluation(api, resource, metric)
            return await self._meter.look(metric, service)

        found = await asyncio.gather(*(one(metric) for metric in due))
        looks = {metric["name"]: look for metric, look in zip(due, found, strict=True)}
        for name, look in looks.items():
            for track, value in (("canary", look.value), ("stable", look.stable)):
                if value is not None and is_number(value):
                    ANALYSIS_VALUE.labels(service, name, track).set(value)
        return looks

    async def _evaluation(self, api: Api, resource: Document, metric: Document) -> Look:
        name = manifests.evaluation_name(resource, metric["name"])
        job = await api.get(JOB, name)
        if job is None:
            return Look()
        facts = job_facts(job, await api.list(POD, labels=f"batch.kubernetes.io/job-name={name}"))
        if not (facts.succeeded or facts.failed):
            return Look()
        said = facts.results[-1] if facts.results else facts.error or {}
        value = said.get("value")
        message = str(said.get("message", facts.reason))
        return Look(value=float(value) if value is not None else None, done=facts.succeeded, message=message)

    # Doing.

    async def _set_weights(self, api: Api, resource: Document) -> None:
        status, service = resource["status"], resource["spec"]["service"]
        name, canary = status["route"], manifests.canary_name(service)
        route = await api.get(HTTP_ROUTE, name)
        weight, mirror = int(status.get("weight", 0)), int(status.get("mirror", 0))
        if route is None:
            if not (status.get("routeOwned") and (weight or mirror)):
                return
            route = await api.create(HTTP_ROUTE, manifests.route_make(resource))
        rules = routes.rules_make(
            route, service=service, canary=canary, weight=weight, mirror=mirror,
            port=int(resource["spec"].get("port", 8000)),
        )  # fmt: skip
        if rules != route["spec"].get("rules", []):
            version = route["metadata"]["resourceVersion"]
            change = {"metadata": {"resourceVersion": version}, "spec": {"rules": rules}}
            await api.patch(HTTP_ROUTE, name, change)

    async def _pin(self, api: Api, service: str, version: str) -> None:
        stable = await api.get(DEPLOYMENT, service)
        if stable is None or manifests.model_version(stable, service) == (version or manifests.UNPINNED):
            return
        template = manifests.template_pinned(stable["spec"]["template"], service, version)
        await api.replace(DEPLOYMENT, service, {**stable, "spec": {**stable["spec"], "template": template}})

    async def _ensure_canary(self, api: Api, resource: Document) -> None:
        service = resource["spec"]["service"]
        stable, own_service = await asyncio.gather(api.get(DEPLOYMENT, service), api.get(SERVICE, service))
        if stable is None or own_service is None:
            return
        replicas = int(resource["status"]["replicas"])
        deployment = manifests.canary_deployment(resource, stable, replicas=replicas)
        selector = deployment["spec"]["selector"]["matchLabels"]
        await self._ensure(api, SERVICE, manifests.canary_service(resource, own_service, selector), resource)
        await self._ensure(api, DEPLOYMENT, deployment, resource)

    async def _ensure(self, api: Api, kind: Kind, wanted: Document, resource: Document) -> None:
        """Make a child, or write it again when it was made as something else."""
        name = wanted["metadata"]["name"]
        found = await api.get(kind, name)
        if found is None:
            try:
                await api.create(kind, wanted)
            except AlreadyThere:
                return
            return
        if not belongs(found, resource):
            if not is_ours(found):
                raise Changed(409, "Foreign", f"{kind.name} {name} is somebody else's")
            await api.delete(
                kind, name, uid=found["metadata"]["uid"]
            )  # an earlier rollout's; the next look makes ours
            return
        digest = wanted["metadata"]["annotations"][manifests.DIGEST]
        if (found["metadata"].get("annotations") or {}).get(manifests.DIGEST) != digest:
            kept = {
                "resourceVersion": found["metadata"]["resourceVersion"],
                "annotations": {manifests.DIGEST: digest},
            }
            await api.patch(kind, name, {"metadata": kept, "spec": wanted["spec"]})

    async def _ensure_evaluations(self, api: Api, resource: Document) -> None:
        """A Job for each offline metric of the step that is at hand."""
        status, steps = resource["status"], resource["spec"]["steps"]
        index = int(status.get("stepIndex", 0))
        if status["phase"] != "Progressing" or index >= len(steps):
            return
        names = steps[index].get("analysis", {}).get("metrics", [])
        for metric in resource["spec"].get("metrics", []):
            if "job" not in metric or metric["name"] not in names:
                continue
            if await api.get(JOB, manifests.evaluation_name(resource, metric["name"])) is not None:
                continue
            template = await api.get(POD_TEMPLATE, metric["job"]["podTemplate"])
            if template is not None:
                try:
                    await api.create(JOB, manifests.evaluation_job(resource, metric, template))
                except AlreadyThere:
                    continue

    async def _clear(self, api: Api, resource: Document) -> None:
        """Take away pods, Service and own route of the canary, and Jobs of earlier runs."""
        service, status = resource["spec"]["service"], resource["status"]
        canary = manifests.canary_name(service)
        for kind, name in (
            (HTTP_ROUTE, manifests.route_name(service)),
            (DEPLOYMENT, canary),
            (SERVICE, canary),
        ):
            found = await api.get(kind, name)
            if found is not None and belongs(found, resource):
                await api.delete(kind, name, uid=found["metadata"]["uid"])
        labels = f"{OWNER_LABEL}={self.kind.name},{NAME_LABEL}={resource['metadata']['name']}"
        for job in await api.list(JOB, labels=labels):
            is_old = job["metadata"]["labels"].get(RUN_LABEL) != str(status.get("run"))
            if is_old and belongs(job, resource):
                await api.delete(JOB, job["metadata"]["name"], uid=job["metadata"]["uid"])


def _workload(deployment: Document | None, service: str) -> Workload | None:
    if deployment is None:
        return None
    spec, status = deployment["spec"], deployment.get("status", {})
    replicas, ready = int(spec.get("replicas", 1)), int(status.get("readyReplicas") or 0)
    settled = (
        int(status.get("observedGeneration") or 0) >= int(deployment["metadata"]["generation"])
        and int(status.get("updatedReplicas") or 0) >= replicas
        and int(status.get("replicas") or 0) == int(status.get("updatedReplicas") or 0)
        and ready >= replicas
    )
    return Workload(replicas, ready, settled, manifests.model_version(deployment, service))
