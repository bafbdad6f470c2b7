"""Children of a ModelRollout, built from what is there. Pure; nothing that is given is changed."""

import copy
import hashlib
import json
import math
from typing import Any

from meshop_operator.kinds import GROUP, MODEL_ROLLOUT, NAME_LABEL, OWNER_LABEL, RUN_LABEL
from meshop_operator.values import Document, duration_parse

MODEL_VERSION = "MODEL_VERSION"
DIGEST = f"{GROUP}/digest"
_NAME = "app.kubernetes.io/name"
#: The `version` of a stable Deployment that names none: whichever was promoted last.
UNPINNED = "latest"


def canary_name(service: str) -> str:
    """Deployment and Service of the canary."""
    return f"{service}-canary"


def route_name(service: str) -> str:
    """The HTTPRoute that the operator makes where there is none."""
    return f"{service}-rollout"


def owner_reference(resource: Document) -> Document:
    """Children go with their owner; nobody waits for them."""
    metadata = resource["metadata"]
    return {
        "apiVersion": MODEL_ROLLOUT.api_version, "kind": MODEL_ROLLOUT.name, "name": metadata["name"],
        "uid": metadata["uid"], "controller": True, "blockOwnerDeletion": False,
    }  # fmt: skip


def model_version(deployment: Document, service: str) -> str:
    """The version that a Deployment serves."""
    for entry in container_of(deployment["spec"]["template"], service).get("env", []):
        if entry["name"] == MODEL_VERSION:
            return str(entry.get("value") or UNPINNED)
    return UNPINNED


def container_of(template: Document, service: str) -> Document:
    """The container named as the service, else the first one."""
    containers = template["spec"]["containers"]
    found: Document = next((c for c in containers if c["name"] == service), containers[0])
    return found


def template_pinned(template: Document, service: str, version: str) -> Document:
    """A copy of a pod template that serves ``version``; empty unpins it."""
    made = copy.deepcopy(template)
    container = container_of(made, service)
    env = [entry for entry in container.get("env", []) if entry["name"] != MODEL_VERSION]
    container["env"] = [*env, {"name": MODEL_VERSION, "value": version}] if version else env
    return made


def canary_replicas(stable: int, weight: int) -> int:
    """As many pods as its share of requests needs, and one at least."""
    return max(1, math.ceil(stable * weight / 100))


def canary_deployment(resource: Document, stable: Document, *, replicas: int) -> Document:
    """Stable's template with another version, under labels that select nothing of stable's."""
    service = resource["spec"]["service"]
    name = canary_name(service)
    template = template_pinned(stable["spec"]["template"], service, resource["status"]["version"])
    labels = {**stable["spec"]["selector"]["matchLabels"], _NAME: name}
    template["metadata"] = {
        **template.get("metadata", {}),
        "labels": {**template.get("metadata", {}).get("labels", {}), **labels},
    }
    for spread in template["spec"].get("topologySpreadConstraints", []):
        spread["labelSelector"] = {"matchLabels": labels}
    body: Document = {
        "replicas": replicas, "revisionHistoryLimit": 1, "selector": {"matchLabels": labels},
        "progressDeadlineSeconds": 600, "template": template,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
    }  # fmt: skip
    return _child(resource, name, labels, body)


def canary_service(resource: Document, stable: Document, selector: dict[str, str]) -> Document:
    """The Service of the canary's pods, with stable's ports."""
    ports = [
        {key: port[key] for key in ("name", "port", "targetPort", "protocol", "appProtocol") if key in port}
        for port in stable["spec"]["ports"]
    ]
    return _child(
        resource, canary_name(resource["spec"]["service"]), selector, {"selector": selector, "ports": ports}
    )


def route_make(resource: Document) -> Document:
    """A route of our own: everything to the service, for its callers in the mesh or for those at a Gateway."""
    spec, service = resource["spec"], resource["spec"]["service"]
    wanted = spec.get("route", {})
    parent = wanted.get("parent") or {"kind": "Service", "name": service}
    reference: Document = {"kind": parent["kind"], "name": parent["name"]}
    if parent["kind"] == "Service":
        reference |= {"group": "", "port": spec.get("port", 8000)}
    else:
        reference["group"] = "gateway.networking.k8s.io"
    if parent.get("sectionName"):
        reference["sectionName"] = parent["sectionName"]
    rule: Document = {"backendRefs": [{"kind": "Service", "name": service, "port": spec.get("port", 8000)}]}
    if wanted.get("pathPrefix"):
        rule["matches"] = [{"path": {"type": "PathPrefix", "value": wanted["pathPrefix"]}}]
    body: Document = {"parentRefs": [reference], "rules": [rule]}
    if wanted.get("hostnames"):
        body["hostnames"] = wanted["hostnames"]
    return _child(resource, route_name(service), {}, body)


def evaluation_name(resource: Document, metric: str) -> str:
    """The Job of a metric, in one run."""
    metadata = resource["metadata"]
    key = f"{metadata['uid']} {resource['status'].get('run')} {resource['status'].get('version')} {metric}"
    return f"{resource['spec']['service'][:30]}-eval-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def evaluation_job(resource: Document, metric: Document, template: Document) -> Document:
    """An offline evaluation of the version."""
    spec, status = resource["spec"], resource["status"]
    pod = copy.deepcopy(template["template"])
    labels = _labels(resource) | {RUN_LABEL: str(status.get("run", 1))}
    pod["metadata"] = {
        **pod.get("metadata", {}),
        "labels": {**pod.get("metadata", {}).get("labels", {}), **labels},
    }
    pod["spec"]["restartPolicy"] = "Never"
    container = pod["spec"]["containers"][0]
    own: dict[str, Any] = {"MODEL_NAME": spec["service"].replace("-", "_"), MODEL_VERSION: status["version"]}
    env = [entry for entry in container.get("env", []) if entry["name"] not in own]
    container["env"] = [*env, *({"name": key, "value": value} for key, value in own.items())]
    container["terminationMessagePolicy"] = "FallbackToLogsOnError"
    deadline = duration_parse(metric["job"].get("deadline", "30m")).total_seconds()
    body = {"backoffLimit": 1, "activeDeadlineSeconds": int(deadline), "template": pod}
    made = _child(resource, evaluation_name(resource, metric["name"]), {}, body)
    made["metadata"]["labels"] |= labels
    return made


def digest_of(child: Document) -> str:
    """What a child was made as; a change of it is a reason to write it again."""
    return hashlib.sha256(json.dumps(child["spec"], sort_keys=True).encode()).hexdigest()[:16]


def _labels(resource: Document) -> dict[str, str]:
    return {OWNER_LABEL: MODEL_ROLLOUT.name, NAME_LABEL: resource["metadata"]["name"]}


def _child(resource: Document, name: str, labels: dict[str, str], spec: Document) -> Document:
    made: Document = {
        "metadata": {
            "name": name,
            "namespace": resource["metadata"]["namespace"],
            "labels": {**labels, "app.kubernetes.io/part-of": "meshop", **_labels(resource)},
            "ownerReferences": [owner_reference(resource)],
        },
        "spec": spec,
    }
    made["metadata"]["annotations"] = {DIGEST: digest_of(made)}
    return made
