"""Eyes and hands of CatalogReindex."""

import asyncio
from collections import defaultdict
from datetime import datetime

from meshop_operator.api import AlreadyThere, Api, Changed
from meshop_operator.deciding import Decision
from meshop_operator.kinds import CATALOG_REINDEX, JOB, NAME_LABEL, OWNER_LABEL, POD, POD_TEMPLATE, RUN_LABEL
from meshop_operator.metrics import REINDEX_SPEED
from meshop_operator.reindex.deciding import Seen, reindex_decide, reindex_ttl
from meshop_operator.reindex.jobs import JobFacts, job_facts, job_make, job_name, words_parse
from meshop_operator.reindex.phases import ACTIVE, ENDED, OPEN, SUSPENDABLE, WORK
from meshop_operator.values import Document

#: Pods of a build whose logs are read for progress.
_LOGS_MAX = 20


class Reindexes:
    """The machine of CatalogReindex. See :class:`meshop_operator.deciding.Machine`."""

    kind = CATALOG_REINDEX

    def __init__(self) -> None:
        # Two objects must not take an alias at the same time; another process cannot, for it does not hold the Lease.
        self._claims: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def claim(self, resource: Document, seen: Seen) -> asyncio.Lock | None:
        """Held from looking at who has the alias until it is written down who has."""
        if resource.get("status", {}).get("phase", "") != "Pending" or seen.ahead:
            return None
        return self._claims[resource["spec"].get("alias", "products")]

    async def observe(self, api: Api, resource: Document, now: datetime) -> Seen:
        """Read the Job of the phase with its pods, or who has the alias."""
        status, spec = resource.get("status", {}), resource["spec"]
        phase = status.get("phase", "")
        if phase in ("", "Pending"):
            template = await api.get(POD_TEMPLATE, spec.get("podTemplate", "reindex"))
            ahead = await self._ahead(api, resource)
            return Seen(has_template=template is not None, ahead=ahead)
        if phase not in WORK:
            return Seen()
        job = await api.get(JOB, job_name(resource, status, phase))
        if job is None or not _is_mine(job, resource):
            return Seen()
        pods = await api.list(POD, labels=f"batch.kubernetes.io/job-name={job['metadata']['name']}")
        facts = job_facts(job, pods)
        if phase != "Building" or facts.succeeded or facts.failed:
            return Seen(job=facts)
        documents, speed = await _progress(api, pods, facts)
        REINDEX_SPEED.labels(resource["metadata"]["name"]).set(speed)
        return Seen(job=facts, documents=documents, per_second=speed)

    def decide(self, resource: Document, seen: Seen, now: datetime) -> Decision:
        """See :func:`reindex_decide`."""
        decision = reindex_decide(resource, seen, now)
        left = reindex_ttl({**resource, "status": decision.status}, now)
        if left is None:
            return decision
        return Decision(decision.status, decision.happened, max(0.1, left.total_seconds()))

    def needs_cleanup(self, status: Document) -> bool:
        """A generation on its way is given up before the object goes."""
        return status.get("phase") in OPEN

    async def converge(self, api: Api, resource: Document, seen: Seen, now: datetime) -> None:
        """Have the Job of the phase, and none but it that could still run."""
        status, spec = resource["status"], resource["spec"]
        phase = status["phase"]
        left = reindex_ttl(resource, now)
        if left is not None and left.total_seconds() <= 0:
            await api.delete(self.kind, resource["metadata"]["name"], uid=resource["metadata"]["uid"])
            return
        wanted = job_name(resource, status, phase) if phase in WORK else ""
        # What was seen is the Job of the phase before when this look took a step.
        job = seen.job if seen.job is not None and seen.job.name == wanted else None
        is_change = phase in ENDED or phase == "Pending" or bool(wanted and not job)
        stopped = await self._stop_others(api, resource, wanted) if is_change else False
        if stopped and phase == "Aborting":
            return  # its pods go first; the next look makes the Job
        if not wanted:
            return
        suspend = bool(spec.get("suspend")) and phase in SUSPENDABLE
        if job is not None:
            if job.suspended != suspend and not (job.succeeded or job.failed):
                await api.patch(JOB, wanted, {"spec": {"suspend": suspend}})
            return
        await self._make(api, resource, wanted, suspend=suspend)

    async def _make(self, api: Api, resource: Document, wanted: str, *, suspend: bool) -> None:
        status = resource["status"]
        template = await api.get(POD_TEMPLATE, resource["spec"].get("podTemplate", "reindex"))
        if template is None:
            return  # said in the status of a run that begins; later, the next look finds it again
        job = job_make(resource, status, status["phase"], template)
        if suspend:
            job["spec"]["suspend"] = True
        try:
            await api.create(JOB, job)
        except AlreadyThere:
            found = await api.get(JOB, wanted)
            if found is not None and not _is_mine(found, resource):
                raise Changed(409, "Foreign", f"the Job {wanted} is somebody else's") from None

    async def _stop_others(self, api: Api, resource: Document, wanted: str) -> bool:
        """Delete Jobs of other runs, and those of this one that have not ended; whether any had to go."""
        name, status = resource["metadata"]["name"], resource["status"]
        labels = f"{OWNER_LABEL}={self.kind.name},{NAME_LABEL}={name}"
        found = False
        for job in await api.list(JOB, labels=labels):
            if not _is_mine(job, resource) or job["metadata"]["name"] == wanted:
                continue
            facts: JobFacts = job_facts(job, [])
            running = not (facts.succeeded or facts.failed)
            is_old = job["metadata"]["labels"].get(RUN_LABEL) != str(status["run"])
            if running or is_old:
                await api.delete(JOB, job["metadata"]["name"], uid=job["metadata"]["uid"])
                found = found or running
        return found

    async def _ahead(self, api: Api, resource: Document) -> str:
        """Who has the alias, or was there first among those that wait."""
        own, alias = resource["metadata"], resource["spec"].get("alias", "products")
        mine = (own["creationTimestamp"], own["name"])
        for other in await api.list(self.kind):
            metadata, phase = other["metadata"], other.get("status", {}).get("phase", "")
            if metadata["uid"] == own["uid"] or other["spec"].get("alias", "products") != alias:
                continue
            is_first = (metadata["creationTimestamp"], metadata["name"]) < mine
            waits = phase in ("", "Pending") and is_first and not other["spec"].get("suspend")
            waits = waits and "deletionTimestamp" not in metadata and not _is_stuck(other)
            waits = waits and not (phase == "" and other["spec"].get("schedule"))
            if phase in ACTIVE or waits:
                return str(metadata["name"])
        return ""


def _is_stuck(resource: Document) -> bool:
    return resource.get("status", {}).get("reason") == "PodTemplateMissing"


def _is_mine(child: Document, resource: Document) -> bool:
    owners = child["metadata"].get("ownerReferences", [])
    return any(owner["uid"] == resource["metadata"]["uid"] for owner in owners)


async def _progress(api: Api, pods: list[Document], facts: JobFacts) -> tuple[int, int]:
    """Documents so far and documents a second, from the last lines of pods that work and of those that are done."""
    running = [p["metadata"]["name"] for p in pods if p.get("status", {}).get("phase") == "Running"][
        :_LOGS_MAX
    ]
    container = pods[0]["spec"]["containers"][0]["name"] if pods else ""
    texts = await asyncio.gather(*(api.log_tail(name, container, 3) for name in running))
    said = [words_parse(text) for text in texts]
    done = [int(result.get("documents", 0)) for result in facts.results]
    documents = sum(int(words.get("documents", 0)) for words in said) + sum(done)
    return documents, sum(int(words.get("per_second", 0)) for words in said)
