"""Jobs of a rebuild: made from a PodTemplate, read back as facts. Pure."""

import copy
import json
from dataclasses import dataclass
from typing import Any

from meshop_operator.kinds import CATALOG_REINDEX, NAME_LABEL, OWNER_LABEL, RUN_LABEL
from meshop_operator.reindex.phases import WORK
from meshop_operator.values import Document, duration_parse

#: Where a program writes its last word, for the kubelet to put it into the pod's status.
RESULT_FILE = "/dev/termination-log"
_HOUR_S = 3600


@dataclass(frozen=True)
class JobFacts:
    """What a Job has come to. ``results`` are the last words of pods that ended well, ``error`` of one that did not."""

    name: str
    uid: str = ""
    succeeded: bool = False
    failed: bool = False
    completed: int = 0
    suspended: bool = False
    results: tuple[Document, ...] = ()
    error: Document | None = None
    reason: str = ""


def job_name(resource: Document, status: Document, phase: str) -> str:
    """The one name of the Job of a phase, of an attempt, of a run, of this very object."""
    metadata = resource["metadata"]
    attempt = f"-{status['attempt']}" if status.get("attempt") else ""
    return f"{metadata['name']}-{metadata['uid'][:5]}-r{status['run']}-{WORK[phase].suffix}{attempt}"


def job_command(spec: Document, status: Document, phase: str) -> list[str]:
    """The program of a phase."""
    target = status.get("previousGeneration", "") if phase == "Deleting" else status["generation"]
    command = [
        "python",
        "manage.py",
        "catalog_reindex",
        "--phase",
        WORK[phase].command,
        "--generation",
        target,
    ]
    command += ["--result", RESULT_FILE]
    if phase == "Planning":
        index = spec.get("index", {})
        keep_hours = duration_parse(spec["keepFor"]).total_seconds() / _HOUR_S
        command += [
            "--shards", str(spec["shards"]), "--rate", str(spec.get("documentsPerSecond", 0)),
            "--index-shards", str(index.get("shards", 1)), "--replicas", str(index.get("replicas", 0)),
            "--keep-hours", f"{keep_hours:g}",
            "--disk-factor", f"{spec.get('preflight', {}).get('diskFactor', 1.5):g}",
        ]  # fmt: skip
    if phase == "Building":
        command += ["--shard", f"$(JOB_COMPLETION_INDEX)/{spec['shards']}"]
    return command


def job_make(resource: Document, status: Document, phase: str, template: Document) -> Document:
    """The Job of the phase that the status is in."""
    spec, name = resource["spec"], job_name(resource, status, phase)
    labels = {
        OWNER_LABEL: CATALOG_REINDEX.name,
        NAME_LABEL: resource["metadata"]["name"],
        RUN_LABEL: str(status["run"]),
    }
    pod = copy.deepcopy(template["template"])
    pod_metadata = pod.setdefault("metadata", {})
    pod_metadata["labels"] = {**(pod_metadata.get("labels") or {}), **labels}
    pod_spec = pod["spec"]
    pod_spec["restartPolicy"] = "Never"
    container = pod_spec["containers"][0]
    container["args"] = job_command(spec, status, phase)
    container["terminationMessagePolicy"] = "FallbackToLogsOnError"
    container["terminationMessagePath"] = RESULT_FILE
    job_spec: Document = {
        "backoffLimit": int(spec.get("retries", 2)),
        "activeDeadlineSeconds": int(duration_parse(spec.get("phaseDeadline", "6h")).total_seconds()),
        "template": pod,
    }
    if phase == "Building":
        shards = int(spec["shards"])
        retries = job_spec.pop("backoffLimit")
        job_spec |= {
            "completionMode": "Indexed", "completions": shards,
            "parallelism": min(shards, int(spec.get("parallelism") or shards)),
            "backoffLimitPerIndex": retries, "maxFailedIndexes": 0,
        }  # fmt: skip
    return {
        "metadata": {
            "name": name,
            "namespace": resource["metadata"]["namespace"],
            "labels": {**labels, "app.kubernetes.io/part-of": "meshop"},
            "ownerReferences": [owner_reference(resource)],
        },
        "spec": job_spec,
    }


def owner_reference(resource: Document) -> Document:
    """Children go with their owner; nobody waits for them."""
    metadata = resource["metadata"]
    return {
        "apiVersion": CATALOG_REINDEX.api_version, "kind": CATALOG_REINDEX.name, "name": metadata["name"],
        "uid": metadata["uid"], "controller": True, "blockOwnerDeletion": False,
    }  # fmt: skip


def job_facts(job: Document, pods: list[Document]) -> JobFacts:
    """Read a Job and its pods."""
    status = job.get("status", {})
    truths = {c["type"]: c for c in status.get("conditions", []) if c["status"] == "True"}
    failure = truths.get("Failed") or truths.get("FailureTarget")
    results, error = [], None
    for pod in sorted(pods, key=lambda found: found["metadata"].get("creationTimestamp", "")):
        code, message = _last_words(pod)
        if code == 0 and message:
            results.append(message)
        elif code:
            error = message or error
    return JobFacts(
        name=job["metadata"]["name"], uid=job["metadata"].get("uid", ""), succeeded="Complete" in truths,
        failed=failure is not None, completed=_completed(job), suspended=bool(job["spec"].get("suspend")),
        results=tuple(results), error=error, reason=(failure or {}).get("reason", ""),
    )  # fmt: skip


def _completed(job: Document) -> int:
    return int(job.get("status", {}).get("succeeded") or 0)


def _last_words(pod: Document) -> tuple[int | None, Document]:
    """Exit code of the pod's program, and the last JSON line of what it said."""
    for container in pod.get("status", {}).get("containerStatuses", []):
        ended: Any = container.get("state", {}).get("terminated")
        if ended:
            return int(ended.get("exitCode", 1)), words_parse(ended.get("message", ""))
    return None, {}


def words_parse(text: str) -> Document:
    """The last line that is a JSON object with an error or a phase; empty when there is none."""
    found: Document = {}
    for line in text.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and ("error" in said or "phase" in said):
            found = said
    return found
