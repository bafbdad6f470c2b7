"""ModelRollout on a real API server: forward, back, and the complaints that others live with."""

import copy
import time

import pytest

from tests.support.metric_server import MetricServer
from tests.support.operator_world import (
    CANARY,
    ROUTE,
    SERVICE,
    STABLE,
    STABLE_SERVICE,
    events_of,
    eventually,
    reaches,
    rollout,
    status_of,
)

KIND = "ModelRollout"
ROUTE_NAME = ROUTE["metadata"]["name"]
ERRORS = {
    "name": "errors", "max": 0.05, "interval": "1s", "prometheus": {"query": "errors{workload='WORKLOAD'}"}
}  # fmt: skip
CANARY_ERRORS = "errors{workload='recommendations-canary'}"
HOLD = {"pause": {}}


@pytest.fixture
def prometheus():
    with MetricServer() as server:
        yield server


@pytest.fixture
def stable(shop, cluster):
    """The service as the platform installs it."""
    for document in (STABLE, STABLE_SERVICE, ROUTE):
        shop.apply(document)
    eventually(lambda: shop.get("Deployment", SERVICE)["status"].get("readyReplicas") == 4)


@pytest.fixture
def operator(operators, prometheus, stable):
    operators.lead(PROMETHEUS_URL=prometheus.url)
    return operators


def shares(kube):
    """Weight by backend of the platform's route."""
    (rule,) = kube.get("HTTPRoute", ROUTE_NAME)["spec"]["rules"]
    return {ref["name"]: ref.get("weight", 1) for ref in rule["backendRefs"]}


def version_of(kube, name=SERVICE):
    (container,) = kube.get("Deployment", name)["spec"]["template"]["spec"]["containers"]
    return {e["name"]: e["value"] for e in container["env"]}.get("MODEL_VERSION", "latest")


def control(kube, **intent):
    kube.patch(KIND, "better", {"spec": {"control": intent}})


def reasons(kube):
    return [reason for reason, _ in events_of(kube, "better")]


def nothing_is_left(kube):
    """Only what was there before."""
    eventually(lambda: kube.get("Deployment", CANARY) is None and kube.get("Service", CANARY) is None)
    (route,) = kube.list("HTTPRoute")
    assert route["spec"] == {**ROUTE["spec"], "rules": route["spec"]["rules"]}
    assert shares(kube) == {SERVICE: 1}
    (rule,) = route["spec"]["rules"]
    assert rule["filters"] == ROUTE["spec"]["rules"][0]["filters"]
    assert rule["timeouts"] == {"request": "5s"}


def test_a_good_model_is_promoted_through_its_weights(shop, operator):
    steps = [{"setWeight": 10}, HOLD, {"setWeight": 50}, HOLD, {"setWeight": 100}, HOLD]
    shop.create(rollout(steps=steps))
    for number, (weight, pods) in enumerate(((10, 1), (50, 2), (100, 4))):
        eventually(
            lambda n=number: status_of(shop, KIND, "better").get("reason") == f"PausedAtStep{2 * n + 2}"
        )
        eventually(lambda w=weight: shares(shop) == {SERVICE: 100 - w, CANARY: w})
        assert shop.get("Deployment", CANARY)["spec"]["replicas"] == pods
        assert shop.get("Deployment", SERVICE)["spec"]["replicas"] == 4
        assert (version_of(shop, CANARY), version_of(shop)) == ("v2", "latest")
        control(shop, approvedStep=2 * number + 2)
    status = reaches(shop, KIND, "better", "Promoted")
    assert (status["weight"], status["stableVersion"]) == (0, "v2")
    assert version_of(shop) == "v2"
    nothing_is_left(shop)


def test_the_canary_is_selected_by_nothing_of_stables(shop, operator):
    shop.create(rollout(steps=[{"setWeight": 10}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    labels = shop.get("Deployment", CANARY)["spec"]["template"]["metadata"]["labels"]
    assert not STABLE_SERVICE["spec"]["selector"].items() <= labels.items()
    assert shop.get("Service", CANARY)["spec"]["selector"].items() <= labels.items()
    assert shop.get("Deployment", CANARY)["spec"]["template"]["spec"]["serviceAccountName"] == SERVICE


def test_a_bad_model_is_taken_back_in_seconds_and_says_why(shop, operator, prometheus):
    prometheus.values[CANARY_ERRORS] = 0.0
    shop.create(rollout(steps=[{"setWeight": 50}, HOLD], metrics=[ERRORS], background=["errors"]))
    reaches(shop, KIND, "better", "Paused")
    eventually(lambda: shares(shop).get(CANARY) == 50)
    prometheus.values[CANARY_ERRORS] = 0.4
    begin = time.monotonic()
    eventually(lambda: shares(shop) == {SERVICE: 1})
    assert time.monotonic() - begin < 10
    status = reaches(shop, KIND, "better", "RolledBack")
    assert status["reason"] == "AnalysisFailed"
    assert "errors: 0.4 is more than 0.05" in status["message"]
    assert ("AnalysisFailed", f"RollingBack: {status['message']}") in events_of(shop, "better")
    nothing_is_left(shop)
    assert version_of(shop) == "latest"


def test_the_canary_is_scaled_down_after_a_failure(shop, operator, prometheus):
    prometheus.values[CANARY_ERRORS] = 1.0
    steps = [{"setWeight": 10}, {"analysis": {"metrics": ["errors"]}}]
    shop.create(rollout(steps=steps, metrics=[ERRORS], scaleDownDelay="2s"))
    reaches(shop, KIND, "better", "RolledBack")
    assert shop.get("Deployment", CANARY) is not None
    nothing_is_left(shop)


def test_a_slower_or_less_bought_model_is_compared_with_stable(shop, operator, prometheus):
    query = "clicks{workload='WORKLOAD'}"
    metric = {
        "name": "clicks",
        "against": "StableRatio",
        "min": 0.9,
        "interval": "1s",
        "prometheus": {"query": query},
    }
    prometheus.values |= {query.replace("WORKLOAD", CANARY): 8.0, query.replace("WORKLOAD", SERVICE): 10.0}
    steps = [{"setWeight": 10}, {"analysis": {"metrics": ["clicks"]}}]
    shop.create(rollout(steps=steps, metrics=[metric]))
    status = reaches(shop, KIND, "better", "RolledBack")
    (entry,) = status["analysis"]
    assert (entry["value"], entry["stableValue"]) == (8.0, 10.0)
    assert "clicks: 0.8 is less than 0.9" in status["message"]


def test_retry_after_abort(shop, operator):
    shop.create(rollout(steps=[{"setWeight": 10}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    control(shop, action="Abort")
    assert reaches(shop, KIND, "better", "RolledBack")["reason"] == "Aborted"
    nothing_is_left(shop)
    control(shop, action="Run", retry=1, approvedStep=2)
    status = reaches(shop, KIND, "better", "Promoted")
    assert (status["run"], status["retry"]) == (2, 1)


def test_rollback_while_stable_is_unhealthy(shop, operator, cluster):
    shop.create(rollout(steps=[{"setWeight": 50}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    eventually(lambda: shares(shop).get(CANARY) == 50)
    cluster.unready.add(SERVICE)
    eventually(lambda: not shop.get("Deployment", SERVICE)["status"].get("readyReplicas"))
    control(shop, action="Abort")
    eventually(lambda: "requests stay with the canary" in status_of(shop, KIND, "better").get("message", ""))
    assert shares(shop)[CANARY] == 50
    cluster.unready.clear()
    reaches(shop, KIND, "better", "RolledBack")
    nothing_is_left(shop)


def test_abort_after_promote(shop, operator):
    shop.create(rollout())
    reaches(shop, KIND, "better", "Promoted")
    control(shop, action="Abort")
    eventually(lambda: "AbortRefused" in reasons(shop))
    assert status_of(shop, KIND, "better")["phase"] == "Promoted"
    assert version_of(shop) == "v2"


def test_no_traffic_waits_and_ends_at_the_progress_deadline(shop, operator):
    steps = [{"setWeight": 10}, {"analysis": {"metrics": ["errors"]}}]
    shop.create(rollout(steps=steps, metrics=[ERRORS], progressDeadline="5s"))
    eventually(lambda: status_of(shop, KIND, "better").get("reason") == "Analysing")
    status = reaches(shop, KIND, "better", "RolledBack")
    assert status["reason"] == "ProgressDeadlineExceeded"
    assert status["analysis"][0]["verdict"] == "NoData"


@pytest.mark.parametrize(("on_no_data", "phase"), [("Pass", "Promoted"), ("Fail", "RolledBack")])
def test_no_traffic_is_what_the_spec_says_it_is(shop, operator, on_no_data, phase):
    steps = [{"setWeight": 10}, {"analysis": {"metrics": ["errors"]}}]
    shop.create(rollout(steps=steps, metrics=[{**ERRORS, "onNoData": on_no_data}]))
    reaches(shop, KIND, "better", phase)


def test_inconclusive_looks_pause_until_somebody_decides(shop, operator):
    steps = [{"setWeight": 10}, {"analysis": {"metrics": ["errors"]}}]
    metric = {**ERRORS, "onNoData": "Inconclusive", "inconclusiveLimit": 1}
    shop.create(rollout(steps=steps, metrics=[metric]))
    assert reaches(shop, KIND, "better", "Paused")["reason"] == "Inconclusive"
    control(shop, approvedStep=2)
    reaches(shop, KIND, "better", "Promoted")


def test_a_metric_that_cannot_be_measured_takes_it_back(shop, operator, prometheus):
    prometheus.down = True
    steps = [{"setWeight": 10}, {"analysis": {"metrics": ["errors"]}}]
    shop.create(rollout(steps=steps, metrics=[{**ERRORS, "errorLimit": 1}]))
    status = reaches(shop, KIND, "better", "RolledBack")
    assert status["reason"] == "AnalysisError"
    assert "could not be measured" in status["message"]


def test_progress_deadline_of_pods_that_do_not_start(shop, operator, cluster):
    cluster.unready.add(CANARY)
    shop.create(rollout(progressDeadline="5s"))
    assert reaches(shop, KIND, "better", "RolledBack")["reason"] == "ProgressDeadlineExceeded"
    assert shares(shop) == {SERVICE: 1}


def test_a_canary_that_dies_gets_no_more_requests(shop, operator, cluster):
    shop.create(rollout(steps=[{"setWeight": 50}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    cluster.unready.add(CANARY)
    assert reaches(shop, KIND, "better", "RolledBack")["reason"] == "CanaryUnavailable"


def test_route_filters_and_foreign_backends_are_preserved(shop, operator):
    other = {"name": "old-recommendations", "port": 8000, "weight": 3, "kind": "Service", "group": ""}
    route = copy.deepcopy(ROUTE)
    route["spec"]["rules"][0]["backendRefs"].append(other)
    shop.apply(route)
    before = shop.get("HTTPRoute", ROUTE_NAME)["spec"]
    shop.create(rollout(steps=[{"setWeight": 20}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    eventually(lambda: shares(shop) == {SERVICE: 80, CANARY: 20, "old-recommendations": 300})
    assert shop.get("HTTPRoute", ROUTE_NAME)["spec"]["rules"][0]["filters"] == before["rules"][0]["filters"]
    control(shop, action="Abort")
    reaches(shop, KIND, "better", "RolledBack")
    assert shop.get("HTTPRoute", ROUTE_NAME)["spec"] == before


def test_a_new_version_in_the_middle_starts_over_without_requests(shop, operator):
    shop.create(rollout(steps=[{"setWeight": 50}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    shop.patch(KIND, "better", {"spec": {"version": "v3"}})
    eventually(lambda: status_of(shop, KIND, "better").get("run") == 2)
    eventually(lambda: status_of(shop, KIND, "better").get("phase") == "Paused")
    assert version_of(shop, CANARY) == "v3"
    assert status_of(shop, KIND, "better")["version"] == "v3"
    control(shop, approvedStep=2)
    reaches(shop, KIND, "better", "Promoted")
    assert version_of(shop) == "v3"


def test_consecutive_rollouts_leak_nothing(shop, operator):
    shop.create(rollout())
    for version in ("v2", "v3", "v4"):
        shop.patch(KIND, "better", {"spec": {"version": version}})
        eventually(lambda v=version: status_of(shop, KIND, "better").get("stableVersion") == v, timeout_s=30)
        reaches(shop, KIND, "better", "Promoted")
    nothing_is_left(shop)
    assert [d["metadata"]["name"] for d in shop.list("Deployment")] == [SERVICE]
    assert [s["metadata"]["name"] for s in shop.list("Service")] == [SERVICE]
    assert not shop.list("Job")
    assert shop.get(KIND, "better")["metadata"].get("finalizers", []) == []


def test_a_route_of_its_own_is_made_where_there_is_none_and_goes_at_the_end(shop, operator):
    shop.delete("HTTPRoute", ROUTE_NAME)
    shop.create(rollout(steps=[{"setWeight": 30}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    eventually(lambda: len(shop.list("HTTPRoute")) == 1)
    (route,) = shop.list("HTTPRoute")
    assert route["spec"]["parentRefs"][0]["name"] == SERVICE
    eventually(lambda: len(shop.list("HTTPRoute")[0]["spec"]["rules"][0]["backendRefs"]) == 2)
    control(shop, approvedStep=2)
    reaches(shop, KIND, "better", "Promoted")
    eventually(lambda: not shop.list("HTTPRoute"))


def test_requests_are_mirrored_before_any_are_answered(shop, operator):
    shop.create(rollout(steps=[{"mirror": {"percent": 25}}, HOLD, {"setWeight": 10}]))
    reaches(shop, KIND, "better", "Paused")

    def mirrors():
        (rule,) = shop.get("HTTPRoute", ROUTE_NAME)["spec"]["rules"]
        return [f["requestMirror"]["percent"] for f in rule["filters"] if f["type"] == "RequestMirror"]

    eventually(lambda: mirrors() == [25])
    assert shares(shop) == {SERVICE: 1}
    control(shop, approvedStep=2)
    reaches(shop, KIND, "better", "Promoted")
    assert mirrors() == []


def test_an_offline_evaluation_is_a_job(shop, operator, cluster):
    metric = {"name": "offline", "job": {"podTemplate": "reindex"}}
    steps = [{"setWeight": 5}, {"analysis": {"metrics": ["offline"]}}]
    shop.create(rollout(steps=steps, metrics=[metric]))
    reaches(shop, KIND, "better", "Promoted", within_s=40)
    assert len(cluster.jobs) == 1


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(shop, operator):
    shop.create(rollout(dryRun=True))
    status = reaches(shop, KIND, "better", "DryRun")
    assert "step 2: setWeight 50" in status["plan"]
    assert shop.get("Deployment", CANARY) is None
    assert shares(shop) == {SERVICE: 1}


def test_promote_skips_what_is_left_and_pause_holds(shop, operator):
    shop.create(rollout(steps=[{"setWeight": 10}, {"pause": {"duration": "1h"}}, {"setWeight": 20}]))
    reaches(shop, KIND, "better", "Paused")
    control(shop, action="Promote")
    reaches(shop, KIND, "better", "Promoted")


def test_a_promotion_that_does_not_start_is_taken_back(shop, operator, cluster):
    shop.create(rollout(progressDeadline="5s", steps=[{"setWeight": 50}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    cluster.unready.add(SERVICE)
    control(shop, approvedStep=2)
    reaches(shop, KIND, "better", "RollingBack", within_s=30)
    cluster.unready.clear()
    assert reaches(shop, KIND, "better", "RolledBack")["reason"] == "ProgressDeadlineExceeded"
    assert version_of(shop) == "latest"
    nothing_is_left(shop)


def test_deleting_it_gives_requests_back_first(shop, operator):
    shop.create(rollout(steps=[{"setWeight": 50}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    shop.delete(KIND, "better")
    eventually(lambda: shop.get(KIND, "better") is None)
    nothing_is_left(shop)


def test_two_for_one_service_take_turns(shop, operator):
    shop.create(rollout(steps=[{"setWeight": 50}, HOLD]))
    reaches(shop, KIND, "better", "Paused")
    shop.create(rollout("second", version="v3"))
    eventually(lambda: status_of(shop, KIND, "second").get("reason") == "WaitingForService")
    control(shop, action="Abort")
    reaches(shop, KIND, "second", "Promoted")
    assert version_of(shop) == "v3"
