"""What an API server says to wrong specs: no, with a sentence that names the field."""

import copy

import pytest
import yaml

from tools.charts.assemble import CHARTS

REINDEX = {
    "apiVersion": "meshop.io/v1alpha1",
    "kind": "CatalogReindex",
    "metadata": {"name": "nightly", "namespace": "shop"},
    "spec": {"shards": 4},
}
ROLLOUT = {
    "apiVersion": "meshop.io/v1alpha1",
    "kind": "ModelRollout",
    "metadata": {"name": "better", "namespace": "shop"},
    "spec": {
        "service": "recommendations",
        "version": "2026-11-23",
        "metrics": [{"name": "errors", "max": 0.01, "prometheus": {"query": "up"}}],
        "steps": [{"setWeight": 10}, {"analysis": {"metrics": ["errors"]}}, {"setWeight": 50}],
    },
}
STEP = "a step has exactly one of setWeight, setScale, mirror, pause, warmup and analysis"
#: What is changed in a spec that is right, the field that the answer must name, and words that it must have.
WRONG_REINDEXES = [
    ({"shards": 0}, "spec.shards", "greater than or equal to 1"),
    ({"shards": 101}, "spec.shards", "less than or equal to 100"),
    ({"shards": "four"}, "spec.shards", "must be of type integer"),
    ({"parallelism": 5}, "spec.parallelism", "parallelism is at most shards"),
    ({"alias": "orders"}, "spec.alias", 'supported values: "products"'),
    ({"documentsPerSecond": -1}, "spec.documentsPerSecond", "greater than or equal to 0"),
    ({"index": {"shards": 0}}, "spec.index.shards", "greater than or equal to 1"),
    ({"index": {"replicas": 11}}, "spec.index.replicas", "less than or equal to 10"),
    ({"keepFor": "tomorrow"}, "spec.keepFor", "keepFor is a duration, written as 30m"),
    ({"keepFor": "1s"}, "spec.keepFor", "keepFor is between 1m and 2160h"),
    ({"approval": "Maybe"}, "spec.approval", 'supported values: "Automatic", "Manual"'),
    ({"schedule": "every night"}, "spec.schedule", "schedule has the five fields of cron"),
    ({"schedule": "0 3 * * 1", "timeZone": "+1"}, "spec.timeZone", "timeZone is a name of the IANA database"),
    ({"timeZone": "Europe/Berlin"}, "spec.timeZone", "timeZone is of a schedule"),
    ({"schedule": "0 3 * * 1", "approval": "Manual"}, "spec.approval", "somebody has to approve every run"),
    (
        {"schedule": "0 3 * * 1", "ttlSecondsAfterFinished": 1},
        "spec.ttlSecondsAfterFinished",
        "a schedule never does",
    ),
    ({"ttlSecondsAfterFinished": -5}, "spec.ttlSecondsAfterFinished", "greater than or equal to 0"),
    ({"phaseDeadline": "6"}, "spec.phaseDeadline", "phaseDeadline is a duration"),
    ({"phaseDeadline": "1s"}, "spec.phaseDeadline", "phaseDeadline is between 10s and 168h"),
    ({"retries": 21}, "spec.retries", "less than or equal to 20"),
    ({"preflight": {"diskFactor": -1}}, "spec.preflight.diskFactor", "greater than or equal to 0"),
    ({"podTemplate": "Re Index"}, "spec.podTemplate", "podTemplate is the name of a PodTemplate"),
    ({"deletionDeadline": "2h"}, "spec.deletionDeadline", "deletionDeadline is at most 1h"),
    ({"control": {"action": "Stop"}}, "spec.control.action", 'supported values: "Run", "Abort", "Rollback"'),
    ({"control": {"retry": -1}}, "spec.control.retry", "greater than or equal to 0"),
    ({"suspend": "yes"}, "spec.suspend", "must be of type boolean"),
]
METRIC = {"name": "errors", "max": 0.01, "prometheus": {"query": "up"}}
WRONG_ROLLOUTS = [
    ({"service": None}, "spec.service", "Required value"),
    ({"version": None}, "spec.version", "Required value"),
    ({"steps": None}, "spec.steps", "Required value"),
    ({"service": "Recommendations"}, "spec.service", "service is the name of a Service"),
    ({"version": "a b"}, "spec.version", "version is letters, digits"),
    ({"version": "latest"}, "spec.version", "version must name one version"),
    ({"port": 0}, "spec.port", "greater than or equal to 1"),
    ({"steps": []}, "spec.steps", "should have at least 1 items"),
    ({"steps": [{"setWeight": 10}, {}]}, "spec.steps[1]", STEP),
    ({"steps": [{"setWeight": 10, "pause": {}}]}, "spec.steps[0]", STEP),
    ({"steps": [{"setWeight": 101}]}, "spec.steps[0].setWeight", "less than or equal to 100"),
    ({"steps": [{"setWeight": 0}]}, "spec.steps", "steps must give the canary requests"),
    (
        {"steps": [{"setWeight": 1}, {"pause": {"duration": "soon"}}]},
        "spec.steps[1].pause.duration",
        "pause.duration is a duration",
    ),
    ({"steps": [{"setWeight": 1}, {"warmup": {}}]}, "spec.steps[1].warmup.duration", "Required value"),
    (
        {"steps": [{"setWeight": 1}, {"setScale": {"replicas": 0}}]},
        "spec.steps[1].setScale.replicas",
        "greater than or equal to 1",
    ),
    ({"steps": [{"mirror": {"percent": 200}}]}, "spec.steps[0].mirror.percent", "less than or equal to 100"),
    (
        {"steps": [{"setWeight": 1}, {"analysis": {"metrics": ["latency"]}}]},
        "spec.steps",
        "steps.analysis.metrics names a metric that is not among metrics",
    ),
    ({"background": ["latency"]}, "spec.background", "background names a metric that is not among metrics"),
    (
        {"metrics": [{"name": "errors", "max": 1}]},
        "spec.metrics[0]",
        "exactly one of prometheus, http and job",
    ),
    ({"metrics": [{"name": "errors", "prometheus": {"query": "up"}}]}, "spec.metrics[0]", "needs min or max"),
    ({"metrics": [{**METRIC, "min": 1}]}, "spec.metrics[0].min", "min is at most max"),
    (
        {"metrics": [{**METRIC, "minSamples": 5}]},
        "spec.metrics[0].minSamples",
        "minSamples needs prometheus.samples",
    ),
    ({"metrics": [{**METRIC, "interval": "0s"}]}, "spec.metrics[0].interval", "interval is at least 1s"),
    ({"metrics": [{**METRIC, "onNoData": "Guess"}]}, "spec.metrics[0].onNoData", "supported values"),
    ({"metrics": [{**METRIC, "against": "Yesterday"}]}, "spec.metrics[0].against", "supported values"),
    ({"metrics": [METRIC, METRIC]}, "spec.metrics[1]", "Duplicate value"),
    (
        {"metrics": [{"name": "errors", "max": 1, "http": {"url": "ftp://x"}}]},
        "spec.metrics[0].http.url",
        "http.url is a URL",
    ),
    (
        {"metrics": [{"name": "errors", "against": "StableRatio", "job": {"podTemplate": "x"}}]},
        "spec.metrics[0].against",
        "which a job does by itself",
    ),
    ({"route": {"parent": {"kind": "Ingress", "name": "x"}}}, "spec.route.parent.kind", "supported values"),
    (
        {"route": {"parent": {"kind": "Service", "name": "chatbot"}}},
        "spec.route.parent",
        "of kind Service is the service itself",
    ),
    ({"route": {"pathPrefix": "ai"}}, "spec.route.pathPrefix", "begins with a slash"),
    ({"progressDeadline": "1s"}, "spec.progressDeadline", "progressDeadline is at least 5s"),
    ({"scaleDownDelay": "-1s"}, "spec.scaleDownDelay", "scaleDownDelay is a duration"),
    ({"control": {"action": "Rollback"}}, "spec.control.action", "supported values"),
    ({"control": {"approvedStep": 0}}, "spec.control.approvedStep", "greater than or equal to 1"),
]


def changed(document, change):
    """A copy with some fields of the spec replaced, or, by None, taken out."""
    made = copy.deepcopy(document)
    made["spec"] = {key: value for key, value in {**made["spec"], **change}.items() if value is not None}
    return made


def test_specs_that_are_right_are_taken(kube):
    for document in (REINDEX, ROLLOUT):
        answer = kube.http.post(f"{kube.collection(document)}?dryRun=All", json=document)
        assert answer.status_code == 201, answer.text


CASES = [(REINDEX, *case) for case in WRONG_REINDEXES] + [(ROLLOUT, *case) for case in WRONG_ROLLOUTS]


@pytest.mark.parametrize(
    ("right", "change", "field", "words"), CASES, ids=[f"{case[2]}-{n}" for n, case in enumerate(CASES)]
)
def test_a_wrong_spec_is_refused_with_a_sentence_that_names_the_field(kube, right, change, field, words):
    answer = kube.try_create(changed(right, change))
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert field in [cause["field"] for cause in body["details"]["causes"]], body["message"]
    assert words in body["message"]


def test_a_name_that_would_not_fit_into_those_of_jobs_is_refused(kube):
    document = changed(REINDEX, {})
    document["metadata"]["name"] = "n" * 41
    answer = kube.try_create(document)
    assert answer.status_code == 422
    assert "metadata.name is at most 40 characters" in answer.json()["message"]


def test_fields_that_do_not_exist_are_named(kube):
    answer = kube.http.post(
        f"{kube.collection(REINDEX)}?fieldValidation=Strict", json=changed(REINDEX, {"shard": 3})
    )
    assert answer.status_code == 400
    assert 'unknown field "spec.shard"' in answer.json()["message"]


def test_what_it_is_about_cannot_be_changed_later(kube):
    document = changed(ROLLOUT, {})
    document["metadata"]["name"] = "unchangeable"
    kube.create(document)
    answer = kube.http.patch(
        kube.path(document),
        json={"spec": {"service": "chatbot"}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 422
    assert "service cannot be changed" in answer.json()["message"]
    kube.delete("ModelRollout", "unchangeable")


def test_defaults_are_filled_in(kube):
    answer = kube.http.post(f"{kube.collection(REINDEX)}?dryRun=All", json=changed(REINDEX, {"shards": None}))
    spec = answer.json()["spec"]
    assert (spec["shards"], spec["keepFor"], spec["approval"], spec["alias"]) == (
        1,
        "24h",
        "Automatic",
        "products",
    )


def definitions():
    return [
        yaml.safe_load(file.read_text()) for file in sorted((CHARTS / "crds" / "templates").glob("*.yaml"))
    ]


#: Names that say it all.
PLAIN = {
    "name",
    "kind",
    "url",
    "address",
    "query",
    "sectionName",
    "percent",
    "replicas",
    "duration",
    "deadline",
    "metrics",
}


def undocumented(schema, path):
    """Fields of a spec that `kubectl explain` would say nothing about."""
    found = []
    for name, field in schema.get("properties", {}).items():
        here = f"{path}.{name}"
        plain = name in PLAIN
        if "description" not in field and not plain:
            found.append(here)
        found += undocumented(field.get("items", field), here)
    return found


def test_every_field_explains_itself():
    for definition in definitions():
        (version,) = definition["spec"]["versions"]
        properties = version["schema"]["openAPIV3Schema"]["properties"]
        assert undocumented(properties["spec"], definition["spec"]["names"]["kind"]) == []


def test_names_and_columns():
    names = {d["spec"]["names"]["kind"]: d["spec"]["names"] for d in definitions()}
    assert (names["CatalogReindex"]["shortNames"], names["ModelRollout"]["shortNames"]) == (["crx"], ["mro"])
    assert all(found["categories"] == ["meshop"] for found in names.values())
    columns = {
        d["spec"]["names"]["kind"]: [
            c["name"] for c in d["spec"]["versions"][0]["additionalPrinterColumns"] if not c.get("priority")
        ]
        for d in definitions()
    }
    assert columns["CatalogReindex"] == [
        "Phase",
        "Progress",
        "Docs",
        "Lag",
        "Verified",
        "Active",
        "Reason",
        "Age",
    ]
    assert columns["ModelRollout"] == [
        "Model",
        "Stable",
        "Canary",
        "Step",
        "Weight",
        "Phase",
        "Reason",
        "Age",
    ]


def test_objects_outlive_an_upgrade_of_their_definition(kube):
    document = changed(REINDEX, {"keepFor": "30m"})
    document["metadata"]["name"] = "kept"
    kube.create(document)
    try:
        for definition in definitions():
            schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            schema["properties"]["spec"]["properties"]["next"] = {"type": "string"}
            definition["metadata"]["labels"]["version"] = "next"
            kube.apply(definition)
        found = kube.get("CatalogReindex", "kept")
        assert found["spec"]["keepFor"] == "30m"
    finally:
        for definition in definitions():
            kube.apply(definition)
        kube.delete("CatalogReindex", "kept")


def test_definitions_stay_when_the_chart_goes():
    for definition in definitions():
        assert definition["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
