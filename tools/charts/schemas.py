"""``values.schema.json`` of every chart, made from one description: ``python -m tools.charts.schemas [--write]``.

Unknown keys are refused everywhere but where keys are names of the user. What a schema cannot say in words that help
is said by templates (``common.checkWorkload``, ``platform/templates/checks.yaml``).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tools.charts.assemble import CHARTS

Schema = dict[str, Any]
AI_SERVICES = (
    "recommendations",
    "semantic-search",
    "dynamic-pricing",
    "chatbot",
    "fraud-detection",
    "demand-forecasting",
    "visual-recognition",
)

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 65535}
ANYTHING: Schema = {"type": "object"}
TEXTS: Schema = {"type": "array", "items": TEXT}
OBJECTS: Schema = {"type": "array", "items": ANYTHING}


def closed(**properties: Schema) -> Schema:
    """An object with these keys and no others."""
    return {"type": "object", "additionalProperties": False, "properties": properties}


def mapping(values: Schema) -> Schema:
    """An object whose keys the user chooses."""
    return {"type": "object", "additionalProperties": values}


def nullable(schema: Schema) -> Schema:
    """The same, or null, which takes a default away."""
    return {**schema, "type": [schema["type"], "null"]}


def one_of(*values: str) -> Schema:
    """One of these words."""
    return {"enum": list(values)}


QUANTITY: Schema = {"type": ["string", "number"]}
#: No booleans: YAML makes one of an unquoted ``off``, and the program would read ``false``.
ENV = mapping({"type": ["string", "integer", "null"]})
ENV_SECRETS = mapping(nullable(closed(secret=TEXT, key=TEXT)))
RESOURCES = closed(requests=mapping(QUANTITY), limits=mapping(QUANTITY))
IMAGE = closed(repository=TEXT, tag=TEXT, digest=TEXT)
CONNECTION = closed(existingSecret=TEXT, key=TEXT)
PROBES = closed(startup=ANYTHING, liveness=ANYTHING, readiness=ANYTHING)
AUTOSCALING = closed(
    enabled=FLAG,
    min={"type": "integer", "minimum": 1},
    max={"type": "integer", "minimum": 1},
    cpu={"type": "integer", "minimum": 1, "maximum": 100},
    queue=TEXT,
    messagesPerReplica={"type": "integer", "minimum": 1},
    behavior=closed(scaleUp=ANYTHING, scaleDown=ANYTHING),
)

GLOBAL = closed(
    publicUrl=TEXT,
    searchUrl=TEXT,
    image=closed(
        registry=TEXT, tag=TEXT, pullPolicy=one_of("IfNotPresent", "Always", "Never"), pullSecrets=OBJECTS
    ),
    priorityClassName=TEXT,
    writableRoot=FLAG,
    spread=one_of("ScheduleAnyway", "DoNotSchedule"),
    mesh=closed(
        provider=one_of("istio", "linkerd", "none"),
        proxy=closed(cpu=QUANTITY, memory=QUANTITY, memoryLimit=QUANTITY),
    ),
    ai=closed(**dict.fromkeys(AI_SERVICES, FLAG)),
    metrics=closed(serviceMonitor=FLAG),
    trustedProxies=TEXTS,
    connections=closed(database=CONNECTION, redis=CONNECTION, broker=CONNECTION, aiDatabase=CONNECTION),
    store=closed(existingSecret=TEXT, env=ENV, envSecrets=ENV_SECRETS),
)

WORKLOAD: dict[str, Schema] = {
    "name": {"type": "string", "maxLength": 40},
    "store": FLAG,
    "waitForMigrations": FLAG,
    "alone": FLAG,
    "service": FLAG,
    "image": IMAGE,
    "command": TEXTS,
    "args": TEXTS,
    "env": ENV,
    "envSecrets": ENV_SECRETS,
    "withoutSecrets": TEXTS,
    "replicas": COUNT,
    "ports": mapping(PORT),
    "probes": PROBES,
    "preStopSleepSeconds": COUNT,
    "graceSeconds": COUNT,
    "minReadySeconds": COUNT,
    "resources": RESOURCES,
    "autoscaling": AUTOSCALING,
    "disruption": closed(enabled=FLAG, maxUnavailable={"type": ["integer", "string"]}),
    "scratch": mapping(closed(size=TEXT, memory=FLAG)),
    "volumes": OBJECTS,
    "volumeMounts": OBJECTS,
    "podAnnotations": mapping(TEXT),
    "nodeSelector": mapping(TEXT),
    "tolerations": OBJECTS,
}
ACCESS_MODE = one_of("ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
BACKEND: dict[str, Schema] = {
    **WORKLOAD,
    "media": closed(existingClaim=TEXT, storageClass=TEXT, accessMode=ACCESS_MODE, size=TEXT),
    "migrations": closed(resources=RESOURCES),
    "demo": closed(products=COUNT, adminEmail=TEXT),
}
AI_SERVICE: dict[str, Schema] = {
    **WORKLOAD,
    "artefacts": closed(persistence=FLAG, size=TEXT, accessMode=ACCESS_MODE, storageClass=TEXT),
    "training": closed(
        enabled=FLAG,
        schedule=TEXT,
        atInstall=FLAG,
        args=TEXTS,
        deadlineSeconds={"type": "integer", "minimum": 1},
        resources=RESOURCES,
    ),
}
WORKER: dict[str, Schema] = {
    "workerCommand": TEXTS,
    "defaults": closed(**WORKLOAD),
    "workloads": mapping(
        nullable(closed(**WORKLOAD, queue=TEXT, concurrency={"type": "integer", "minimum": 1}))
    ),
}
OPERATOR: dict[str, Schema] = {
    **WORKLOAD,
    "enabled": FLAG,
    "lease": TEXT,
    "reindex": closed(
        image=IMAGE, env=ENV, envSecrets=ENV_SECRETS, resources=RESOURCES,
        scratch=mapping(closed(size=TEXT, memory=FLAG)), nodeSelector=mapping(TEXT), tolerations=OBJECTS,
        podAnnotations=mapping(TEXT),
    ),
}  # fmt: skip
STORE = closed(
    enabled=FLAG,
    image=IMAGE,
    user={"type": "integer", "minimum": 1},
    port=PORT,
    script=TEXT,
    credential=closed(url=TEXT),
    env=ENV,
    probe=TEXTS,
    size=TEXT,
    resources=RESOURCES,
)
DATASTORES: dict[str, Schema] = {"enabled": FLAG, "storageClass": TEXT, "stores": mapping(STORE)}
OBSERVABILITY: dict[str, Schema] = {
    "dashboards": closed(enabled=FLAG, label={"type": "string", "minLength": 1}, folder=TEXT),
    "rules": closed(
        enabled=FLAG,
        labels=mapping(TEXT),
        runbooks={"type": "string", "pattern": "^(https?://.*/)?$"},
        text=TEXT,
    ),
    "prometheus": closed(
        **{**WORKLOAD, "image": closed(repository=TEXT, tag=TEXT, digest=TEXT, foreign=FLAG)}, enabled=FLAG
    ),
    "targets": mapping(nullable(PORT)),
    "scrapeInterval": {"type": "string", "pattern": "^[0-9]+(s|m)$"},
}
DEPENDENCY = closed(
    tier=one_of("edge", "app", "ai", "data"),
    ports={"type": "array", "items": PORT},
    protocol=one_of("http", "tcp"),
    calls=mapping(FLAG),
    internet={"type": "array", "items": PORT},
    apiServer=FLAG,
    cidrs=TEXTS,
    namespace=TEXT,
    account=TEXT,
    release=TEXT,
    timeout=TEXT,
    part=TEXT,
)
PLATFORM: dict[str, Schema] = {
    "dependencies": mapping(nullable(DEPENDENCY)),
    "networkPolicies": closed(
        enabled=FLAG,
        dnsNamespace=TEXT,
        meshNamespace=TEXT,
        apiServer=closed(cidrs=TEXTS, ports={"type": "array", "items": PORT}),
    ),
    "meshTrustDomain": TEXT,
    "meshPolicies": closed(
        enabled=FLAG,
        timeouts=FLAG,
        outlierDetection=closed(
            consecutiveGatewayErrors=COUNT, interval=TEXT, baseEjectionTime=TEXT, maxEjectionPercent=COUNT
        ),
    ),
    "ingress": closed(
        enabled=FLAG,
        className=TEXT,
        serviceType=one_of("LoadBalancer", "NodePort", "ClusterIP"),
        nodePort={"type": "integer", "minimum": 0, "maximum": 65535},
        hosts=TEXTS,
        tls=closed(enabled=FLAG, secret=TEXT, annotations=mapping(TEXT)),
        paths=TEXTS,
        timeout=TEXT,
        streams=TEXTS,
        resources=RESOURCES,
    ),
    "shopTest": closed(enabled=FLAG, image=IMAGE, timeoutSeconds=COUNT),
    # Named so that a template can say where they belong.
    "mesh": {},
    "image": {},
    "replicas": {},
    # Charts of their own, each with its own schema.
    **dict.fromkeys(
        ("common", "backend", "worker", "gateway", "datastores", "operator", *AI_SERVICES), ANYTHING
    ),
}
CHART_SCHEMAS = {
    "backend": BACKEND,
    "gateway": WORKLOAD,
    "ai-service": AI_SERVICE,
    "worker": WORKER,
    "datastores": DATASTORES,
    "observability": OBSERVABILITY,
    "crds": {},
    "operator": OPERATOR,
    "platform": PLATFORM,
}


def schema_text(chart: str) -> str:
    """The file of one chart."""
    common = {"global": GLOBAL, "common": ANYTHING}
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Values of the chart {chart}",
        **closed(**{**common, **CHART_SCHEMAS[chart]}),
    }
    return json.dumps(schema, indent=1) + "\n"


def schema_file(chart: str) -> Path:
    """Where it is."""
    return CHARTS / chart / "values.schema.json"


def main() -> int:
    """Compare the files, or write them; 1 when one differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    stale = [
        chart
        for chart in CHART_SCHEMAS
        if not schema_file(chart).exists() or schema_file(chart).read_text() != schema_text(chart)
    ]
    for chart in stale:
        if write:
            schema_file(chart).write_text(schema_text(chart))
        else:
            print(f"{schema_file(chart)} is stale: run python -m tools.charts.schemas --write.")
    return 1 if stale and not write else 0


if __name__ == "__main__":
    sys.exit(main())
