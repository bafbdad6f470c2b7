"""CatalogReindex on a real API server: phases, intents, and what happens when something fails."""

import time

import pytest

from tests.support.operator_world import BROKEN, events_of, eventually, reaches, reindex, status_of

KIND = "CatalogReindex"
PHASES = ["plan", "build", "catch_up", "verify", "catch_up", "swap", "catch_up"]


def phases_run(cluster):
    """What the program was called for, in order."""
    return [args[args.index("--phase") + 1] for _, args in cluster.commands]


def control(kube, name, **intent):
    kube.patch(KIND, name, {"spec": {"control": intent}})


def test_a_rebuild_runs_its_phases_in_order_each_once(shop, cluster, operators):
    operators.lead()
    shop.create(reindex("plain", shards=3, documentsPerSecond=50))
    status = reaches(shop, KIND, "plain", "Keeping")
    assert phases_run(cluster) == PHASES
    assert all(len(uids) == 1 for uids in cluster.jobs.values())
    assert (status["verified"], status["progress"], status["documents"]) == ("Yes", "3/3", 1000)
    assert (status["activeGeneration"], status["previousGeneration"]) == (status["generation"], "g0")
    truths = {c["type"]: c["status"] for c in status["conditions"]}
    assert truths == {"Ready": "True", "Reconciling": "False", "Stalled": "False"}
    assert status["observedGeneration"] == 1
    (build,) = [job for job in shop.list("Job") if job["metadata"]["name"].endswith("build")]
    assert (build["spec"]["completionMode"], build["spec"]["completions"]) == ("Indexed", 3)
    told = [reason for reason, _ in events_of(shop, "plain")]
    assert len(told) == len(set(told))
    assert {"Created", "Started", "Verified", "SwappingDone"} <= set(told)
    assert shop.get(KIND, "plain")["metadata"].get("finalizers", []) == []


def test_a_failed_verification_keeps_the_old_generation_and_says_why(shop, cluster, operators):
    cluster.faults["verify"] = 1
    operators.lead()
    shop.create(reindex("broken"))
    status = reaches(shop, KIND, "broken", "Failed")
    assert (status["reason"], status["failedPhase"], status["verified"]) == (
        "VerificationFailed", "Verifying", "Failed",
    )  # fmt: skip
    assert "7" in status["message"]
    assert BROKEN["message"] in status["message"]
    assert status["activeGeneration"] == "g0"
    assert phases_run(cluster) == ["plan", "build", "catch_up", "verify", "abort"]


def test_what_has_failed_begins_again_when_that_is_asked_for(shop, cluster, operators):
    cluster.faults["build"] = 1
    operators.lead()
    shop.create(reindex("again"))
    first = reaches(shop, KIND, "again", "Failed")
    control(shop, "again", retry=1)
    status = reaches(shop, KIND, "again", "Keeping")
    assert status["run"] == 2
    assert status["generation"] != first["generation"]
    eventually(lambda: not [j for j in shop.list("Job") if "-r1-" in j["metadata"]["name"]])


def test_an_abort_stops_the_build_first_and_a_retry_after_it_works(shop, cluster, operators):
    cluster.held.add("build")
    operators.lead()
    shop.create(reindex("aborted"))
    eventually(lambda: "build" in phases_run(cluster))
    control(shop, "aborted", action="Abort")
    status = reaches(shop, KIND, "aborted", "Aborted")
    assert phases_run(cluster) == ["plan", "build", "abort"]
    assert not [j for j in shop.list("Job") if j["metadata"]["name"].endswith("build")]
    assert status["reason"] == "AbortAsked"
    cluster.held.clear()
    control(shop, "aborted", action="Run", retry=1)
    assert reaches(shop, KIND, "aborted", "Keeping")["run"] == 2


def test_an_abort_after_the_swap_is_refused_and_told_once(shop, cluster, operators):
    operators.lead()
    shop.create(reindex("late"))
    reaches(shop, KIND, "late", "Keeping")
    control(shop, "late", action="Abort")
    eventually(lambda: "AbortRefused" in [reason for reason, _ in events_of(shop, "late")])
    assert status_of(shop, KIND, "late")["phase"] == "Keeping"
    assert "abort" not in phases_run(cluster)


def test_a_rollback_searches_the_generation_before_again(shop, cluster, operators):
    operators.lead()
    shop.create(reindex("back"))
    reaches(shop, KIND, "back", "Keeping")
    control(shop, "back", action="Rollback")
    status = reaches(shop, KIND, "back", "RolledBack")
    assert status["activeGeneration"] == "g0"
    args = cluster.commands[-1][1]
    assert args[args.index("--generation") + 1] == status["generation"]


def test_a_rollback_that_fails_leaves_what_is_searched(shop, cluster, operators):
    cluster.faults["rollback"] = 1
    operators.lead()
    shop.create(reindex("stays"))
    reaches(shop, KIND, "stays", "Keeping")
    control(shop, "stays", action="Rollback")
    eventually(lambda: "RollbackFailed" in [r for r, _ in events_of(shop, "stays")])
    status = reaches(shop, KIND, "stays", "Keeping")
    assert status["activeGeneration"] == status["generation"]
    control(shop, "stays", action="Rollback", retry=1)  # said once more
    assert reaches(shop, KIND, "stays", "RolledBack")["activeGeneration"] == "g0"
    assert phases_run(cluster).count("rollback") == 2


def test_manual_approval_waits_for_the_name_of_the_generation(shop, cluster, operators):
    operators.lead()
    shop.create(reindex("gate", approval="Manual"))
    status = reaches(shop, KIND, "gate", "AwaitingApproval")
    control(shop, "gate", approved="another")
    eventually(lambda: status_of(shop, KIND, "gate").get("observedGeneration") == 2)
    assert status_of(shop, KIND, "gate")["phase"] == "AwaitingApproval"
    assert "swap" not in phases_run(cluster)
    control(shop, "gate", approved=status["generation"])
    reaches(shop, KIND, "gate", "Keeping")


def test_a_suspended_run_suspends_its_job_and_goes_on_where_it_was(shop, cluster, operators):
    cluster.held.add("build")
    operators.lead()
    shop.create(reindex("paused"))
    reaches(shop, KIND, "paused", "Building")
    eventually(lambda: [j for j in shop.list("Job") if j["metadata"]["name"].endswith("build")])
    shop.patch(KIND, "paused", {"spec": {"suspend": True}})
    (name,) = [j["metadata"]["name"] for j in shop.list("Job") if j["metadata"]["name"].endswith("build")]
    eventually(lambda: shop.get("Job", name)["spec"].get("suspend") is True)
    cluster.held.clear()
    assert status_of(shop, KIND, "paused")["reason"] == "Suspended"
    shop.patch(KIND, "paused", {"spec": {"suspend": False}})
    reaches(shop, KIND, "paused", "Keeping")
    assert len(cluster.jobs[name]) == 1


def test_one_run_at_a_time_has_the_alias_and_the_others_follow(shop, cluster, operators):
    operators.lead()
    cluster.held.add("build")
    for number in range(3):
        shop.create(reindex(f"crowd-{number}"))
    reaches(shop, KIND, "crowd-0", "Building")
    eventually(lambda: status_of(shop, KIND, "crowd-1").get("reason") == "WaitingForAlias")
    assert "crowd-0" in status_of(shop, KIND, "crowd-2").get("message", "crowd-0")
    cluster.held.clear()
    for number in range(3):
        reaches(shop, KIND, f"crowd-{number}", "Keeping", within_s=60)
    runs = [name.split("-r1-")[0] for name, _ in cluster.commands]
    assert runs == sorted(runs), "phases of two runs were mixed"


def test_a_schedule_makes_up_for_one_missed_time(shop, cluster, operators):
    operators.lead()
    document = reindex("nightly", schedule="* * * * *", suspend=True)
    shop.create(document)
    eventually(lambda: status_of(shop, KIND, "nightly").get("phase") == "Scheduled")
    assert not cluster.commands
    shop.patch(KIND, "nightly", {"status": {"lastScheduledAt": "2026-01-01T00:00:00Z"}}, status=True)
    shop.patch(KIND, "nightly", {"spec": {"suspend": False}})
    status = reaches(shop, KIND, "nightly", "Keeping")
    assert status["run"] == 1
    assert status["lastScheduledAt"] > "2026-11"


def test_what_is_over_is_deleted_after_its_time_and_takes_its_jobs_along(shop, cluster, operators):
    cluster.faults["plan"] = 1
    operators.lead()
    shop.create(reindex("short", ttlSecondsAfterFinished=0))
    eventually(lambda: shop.get(KIND, "short") is None, timeout_s=30)
    eventually(lambda: not shop.list("Job"))


def test_deleting_a_run_gives_its_generation_up_first(shop, cluster, operators):
    cluster.held.add("build")
    operators.lead()
    shop.create(reindex("gone"))
    reaches(shop, KIND, "gone", "Building")
    shop.delete(KIND, "gone")
    eventually(lambda: shop.get(KIND, "gone") is None, timeout_s=30)
    assert phases_run(cluster)[-1] == "abort"
    eventually(lambda: not shop.list("Job"))


def test_a_deletion_that_cannot_clean_up_ends_at_its_deadline(shop, cluster, operators):
    cluster.held |= {"build", "abort"}
    operators.lead()
    shop.create(reindex("stuck", deletionDeadline="3s"))
    reaches(shop, KIND, "stuck", "Building")
    begin = time.monotonic()
    shop.delete(KIND, "stuck")
    eventually(lambda: shop.get(KIND, "stuck") is None, timeout_s=20)
    assert time.monotonic() - begin >= 2
    assert "CleanupGivenUp" in [reason for reason, _ in events_of(shop, "stuck")]


def test_the_annotation_lets_an_object_go_at_once(shop, cluster, operators):
    cluster.held |= {"build", "abort"}
    operators.lead()
    shop.create(reindex("escape", deletionDeadline="1h"))
    reaches(shop, KIND, "escape", "Building")
    shop.patch(KIND, "escape", {"metadata": {"annotations": {"meshop.io/skip-cleanup": "true"}}})
    shop.delete(KIND, "escape")
    eventually(lambda: shop.get(KIND, "escape") is None, timeout_s=10)


def test_a_missing_pod_template_is_said_and_waited_for(shop, cluster, operators):
    operators.lead()
    shop.create(reindex("early", podTemplate="elsewhere"))
    eventually(lambda: status_of(shop, KIND, "early").get("reason") == "PodTemplateMissing")
    truths = {c["type"]: c["status"] for c in status_of(shop, KIND, "early")["conditions"]}
    assert truths["Stalled"] == "True"
    template = shop.get("PodTemplate", "reindex")
    made = {"apiVersion": "v1", "kind": "PodTemplate", "template": template["template"]}
    shop.create({**made, "metadata": {"name": "elsewhere", "namespace": "shop"}})
    reaches(shop, KIND, "early", "Keeping", within_s=40)


@pytest.mark.parametrize("phase", ["plan", "build", "catch_up", "swap"])
def test_a_phase_that_fails_before_the_swap_gives_the_generation_up(shop, cluster, operators, phase):
    cluster.faults[phase] = 1
    operators.lead()
    shop.create(reindex("fails"))
    status = reaches(shop, KIND, "fails", "Failed")
    assert phases_run(cluster)[-1] == "abort"
    assert status.get("activeGeneration", "g0") == "g0"
