"""The life of a rollout as a pure function: no server, no clock."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from meshop_operator.rollout.analysis import Look
from meshop_operator.rollout.deciding import rollout_decide
from meshop_operator.rollout.facts import Seen, Workload
from meshop_operator.rollout.manifests import (
    canary_deployment,
    canary_replicas,
    model_version,
    template_pinned,
)
from tests.unit.operator.worlds import at, rollout

STABLE = Workload(4, 4, True, "v1")
ERRORS = {"name": "errors", "max": 0.1, "interval": "5s", "prometheus": {"query": "q"}}


def look(resource, *, canary=None, stable=STABLE, seconds=0, **facts):
    """One look; pods of the canary are as many as wanted, if it is not said."""
    status = resource.get("status", {})
    pods = int(status.get("replicas", 0))
    canary = canary or (Workload(pods, pods, True, status["version"]) if pods else None)
    seen = Seen(stable=stable, canary=canary, route="r", **facts)
    decision = rollout_decide(resource, seen, at(seconds))
    return {**resource, "status": decision.status}


def walk(resource, until, **facts):
    for _ in range(30):
        if resource.get("status", {}).get("phase") == until:
            return resource
        resource = look(resource, **facts)
    raise AssertionError(resource["status"])


def test_weights_are_raised_only_when_there_are_pods_for_them():
    resource = walk(rollout(), "Progressing")
    assert resource["status"]["replicas"] == 1
    resource = look(resource)  # 20 percent
    too_few = look(look(resource), canary=Workload(3, 2, False, "v2"))
    assert (too_few["status"]["weight"], too_few["status"]["replicas"]) == (20, 3)
    assert look(too_few)["status"]["weight"] == 60


def test_a_look_at_a_time_that_is_not_due_is_not_counted():
    spec = {"metrics": [ERRORS], "steps": [{"setWeight": 20}, {"analysis": {"metrics": ["errors"]}}]}
    resource = look(walk(rollout(**spec), "Progressing"))
    resource = look(resource, looks={"errors": Look(0.0)}, seconds=1)
    assert resource["status"]["analysis"][0]["passes"] == 1
    assert look(resource, seconds=2)["status"]["analysis"] == resource["status"]["analysis"]


def test_the_weight_is_0_in_the_same_status_that_says_why():
    resource = walk(
        rollout(metrics=[ERRORS], background=["errors"], steps=[{"setWeight": 50}, {"pause": {}}]), "Paused"
    )
    back = look(resource, looks={"errors": Look(0.9)}, route_clean=False)
    assert (back["status"]["phase"], back["status"]["weight"], back["status"]["outcome"]) == (
        "RollingBack", 0, "AnalysisFailed",
    )  # fmt: skip
    assert look(back, route_clean=False)["status"]["phase"] == "RollingBack", "the route is not back yet"
    assert look(back)["status"]["phase"] == "RolledBack"


def test_pods_of_the_canary():
    assert [canary_replicas(4, weight) for weight in (0, 1, 25, 26, 100)] == [1, 1, 1, 2, 4]
    assert canary_replicas(0, 50) == 1


def test_a_template_that_is_pinned_is_a_copy():
    template = {
        "spec": {
            "containers": [{"name": "s", "env": [{"name": "MODEL_VERSION", "value": "old"}, {"name": "A"}]}]
        }
    }
    before = copy.deepcopy(template)
    pinned = template_pinned(template, "s", "new")
    assert template == before
    deployment = {"spec": {"template": pinned}}
    assert model_version(deployment, "s") == "new"
    assert model_version({"spec": {"template": template_pinned(pinned, "s", "")}}, "s") == "latest"


def test_spreading_of_the_canary_counts_its_own_pods():
    labels = {"app.kubernetes.io/name": "recommendations"}
    stable = {
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "containers": [{"name": "recommendations"}],
                    "topologySpreadConstraints": [{"labelSelector": {"matchLabels": labels}}],
                },
            },
        }
    }
    resource = {**rollout(), "status": {"version": "v2"}}
    made = canary_deployment(resource, stable, replicas=2)
    (spread,) = made["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == {"app.kubernetes.io/name": "recommendations-canary"}
    assert stable["spec"]["template"]["metadata"]["labels"] == labels


intents = st.sampled_from([None, "Run", "Pause", "Promote", "Abort", "retry", "v3", "approve", "delete"])
numbers = st.sampled_from([None, 0.0, 0.9])


@given(st.lists(st.tuples(intents, numbers, st.booleans(), st.booleans()), max_size=60))
def test_whatever_happens_requests_go_to_a_canary_only_while_it_is_judged(story):
    """And an end has weight 0, and the canary never changes its version while it has requests."""
    steps = [{"setWeight": 30}, {"pause": {}}, {"analysis": {"metrics": ["errors"]}}, {"setWeight": 100}]
    resource, now = rollout(steps=steps, metrics=[ERRORS], background=["errors"]), 0
    stable_version = "v1"
    for intent, number, canary_works, stable_works in story:
        now += 6
        spec, control = dict(resource["spec"]), dict(resource["spec"].get("control", {}))
        if intent in ("Run", "Pause", "Promote", "Abort"):
            control["action"] = intent
        elif intent == "retry":
            control |= {"action": "Run", "retry": control.get("retry", 0) + 1}
        elif intent == "approve":
            control["approvedStep"] = 4
        elif intent == "v3":
            spec["version"] = "v3"
        elif intent == "delete":
            resource["metadata"] = {**resource["metadata"], "deletionTimestamp": "2026-11-23T12:00:00Z"}
        generation = resource["metadata"]["generation"] + (intent is not None)
        metadata = {**resource["metadata"], "generation": generation}
        resource = {**resource, "spec": {**spec, "control": control}, "metadata": metadata}
        before = resource.get("status", {})
        pods = int(before.get("replicas", 0))
        ready = pods if canary_works else 0
        if before.get("phase") == "Promoting":
            stable_version = before["version"]
        elif before.get("phase") == "RollingBack" and before.get("previousVersion"):
            stable_version = before["previousVersion"]
        stable = Workload(4, 4 if stable_works else 0, stable_works, stable_version)
        canary = Workload(pods, ready, ready == pods, before["version"]) if pods else None
        resource = look(
            resource, canary=canary, stable=stable, seconds=now, looks={"errors": Look(number)},
        )  # fmt: skip
        status = resource["status"]
        if status["weight"]:
            assert status["phase"] in ("Progressing", "Paused", "Promoting", "RollingBack")
            assert status["version"] == before["version"]
        if status["phase"] == "RollingBack" and status["weight"]:
            assert not stable_works
            assert ready
        if status["phase"] in ("Promoted", "RolledBack", "Pending", "DryRun"):
            assert not status["weight"]
