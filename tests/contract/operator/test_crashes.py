"""SIGKILL at every boundary of every phase: the run ends as it should, nothing is made twice and nothing is left."""

import os
import time

import pytest

from tests.support.operator_world import (
    CANARY,
    ROUTE,
    SERVICE,
    STABLE,
    STABLE_SERVICE,
    Operators,
    events_of,
    eventually,
    reaches,
    reindex,
    rollout,
    status_of,
)
from tests.support.wire import Wire

#: Every phase is left in another of these places in each turn; three turns are all of them.
TURNS = range(int(os.environ.get("OPERATOR_CRASH_TURNS", "1")))
#: Before the status is written; after it; after children are made.
WHERE = ("decided", "noted", "made")
#: For a machine that does other things meanwhile.
DEADLINE_S = 90
REINDEX_PHASES = (
    "Pending", "Planning", "Building", "CatchingUp", "Verifying", "AwaitingApproval", "Preparing", "Swapping",
    "Settling", "Keeping",
)  # fmt: skip
ROLLOUT_PHASES = ("Pending", "Starting", "Progressing", "Promoting", "Promoted")
#: Another takes over at once instead of waiting for the Lease of the dead one.
QUICK = {"LEASE_S": "1.2", "LEASE_RENEW_S": "0.9", "LEASE_RETRY_S": "0.3"}


@pytest.fixture
def operators(shop, tmp_path):
    operators = Operators(shop, tmp_path / "operators", **QUICK)
    try:
        yield operators
    finally:
        operators.kill_all()


def points_of(kind, phases, turn):
    """A place for each phase."""
    return [f"{kind}:{phase}:{WHERE[(number + turn) % 3]}" for number, phase in enumerate(phases)]


def once(names):
    return len(names) == len(set(names))


def dies(kube, operators, kind, name, victim, point):
    """Start an operator that kills itself at a point, and wait until it has."""
    process = operators.start(victim, MESHOP_FAILPOINT=point)
    eventually(lambda: process.poll() is not None, timeout_s=DEADLINE_S, every_s=0.1, what=point)
    assert process.returncode == -9, f"{point}: {status_of(kube, kind, name)} {operators.log(victim)[-2000:]}"
    del operators.running[victim]


def survive(kube, operators, kind, document, points, end):
    """Run one object through all ``points``, each of which kills an operator; the last one goes on to the ``end``."""
    kube.create(document)
    name = document["metadata"]["name"]
    for number, point in enumerate(points):
        dies(kube, operators, kind, name, f"victim-{number}", point)
    operators.start("last")
    return reaches(kube, kind, name, end)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("turn", TURNS)
def test_a_rebuild_survives_a_kill_in_every_phase(shop, cluster, operators, turn):
    points = points_of("CatalogReindex", REINDEX_PHASES, turn)
    status = survive(shop, operators, "CatalogReindex", reindex("killed"), points, "Keeping")
    assert (status["run"], status["verified"]) == (1, "Yes")
    names = [name for name, _ in cluster.commands]
    assert once(names)
    assert [name.rpartition("-")[2] for name in names] == [
        "plan", "build", "catchup", "verify", "prepare", "swap", "settle",
    ]  # fmt: skip
    assert all(len(uids) == 1 for uids in cluster.jobs.values())
    owners = {o["uid"] for job in shop.list("Job") for o in job["metadata"]["ownerReferences"]}
    assert owners == {shop.get("CatalogReindex", "killed")["metadata"]["uid"]}
    assert once([reason for reason, _ in events_of(shop, "killed")])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("turn", TURNS)
def test_a_failing_rebuild_is_given_up_whoever_is_killed(shop, cluster, operators, turn):
    cluster.faults["verify"] = 1
    points = points_of("CatalogReindex", ("Verifying", "Aborting", "Failed"), turn)
    status = survive(shop, operators, "CatalogReindex", reindex("fails"), points, "Failed")
    assert status["reason"] == "VerificationFailed"
    assert all(len(uids) == 1 for uids in cluster.jobs.values())
    assert [name.rpartition("-")[2] for name, _ in cluster.commands][-1] == "abort"


@pytest.fixture
def stable(shop, cluster):
    for document in (STABLE, STABLE_SERVICE, ROUTE):
        shop.apply(document)
    eventually(lambda: shop.get("Deployment", SERVICE)["status"].get("readyReplicas") == 4)


def assert_as_before(kube):
    eventually(lambda: kube.get("Deployment", CANARY) is None and kube.get("Service", CANARY) is None)
    (route,) = kube.list("HTTPRoute")
    (rule,) = route["spec"]["rules"]
    assert {ref["name"]: ref.get("weight", 1) for ref in rule["backendRefs"]} == {SERVICE: 1}
    assert [d["metadata"]["name"] for d in kube.list("Deployment")] == [SERVICE]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("turn", TURNS)
def test_a_rollout_survives_a_kill_in_every_phase(shop, cluster, operators, stable, turn):
    points = points_of("ModelRollout", ROLLOUT_PHASES, turn)
    status = survive(shop, operators, "ModelRollout", rollout(), points, "Promoted")
    assert (status["run"], status["stableVersion"]) == (1, "v2")
    assert_as_before(shop)
    assert once(events_of(shop, "better"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("turn", TURNS)
def test_a_rollback_survives_a_kill_in_every_phase(shop, cluster, operators, stable, turn):
    document = rollout(steps=[{"setWeight": 50}, {"pause": {}}])
    shop.create(document)
    operators.start("first")
    reaches(shop, "ModelRollout", "better", "Paused")
    operators.kill("first")
    shop.patch("ModelRollout", "better", {"spec": {"control": {"action": "Abort"}}})
    for number, point in enumerate(points_of("ModelRollout", ("RollingBack", "RolledBack"), turn)):
        dies(shop, operators, "ModelRollout", "better", f"victim-{number}", point)
    operators.start("last")
    assert reaches(shop, "ModelRollout", "better", "RolledBack")["reason"] == "Aborted"
    assert_as_before(shop)


def test_a_standby_takes_over_within_20_seconds(shop, cluster, tmp_path):
    """With the Lease as it is in production."""
    operators = Operators(shop, tmp_path / "pair")
    try:
        operators.start("a")
        eventually(lambda: shop.get("Lease", "meshop-operator") is not None)
        operators.start("b")
        cluster.held.add("build")
        shop.create(reindex("taken"))
        reaches(shop, "CatalogReindex", "taken", "Building")
        assert shop.get("Lease", "meshop-operator")["spec"]["holderIdentity"] == "a"
        begin = time.monotonic()
        operators.kill("a")
        cluster.held.clear()
        reaches(shop, "CatalogReindex", "taken", "Keeping")
        assert time.monotonic() - begin < 20 + 5  # the run itself takes a second or two
        lease = shop.get("Lease", "meshop-operator")["spec"]
        assert (lease["holderIdentity"], lease["leaseTransitions"]) == ("b", 1)
        assert operators.stop("b") == 0
        assert shop.get("Lease", "meshop-operator")["spec"].get("holderIdentity", "") == ""
    finally:
        operators.kill_all()


@pytest.mark.timeout(300)
def test_both_are_killed_and_the_api_server_is_out_of_reach_for_30_seconds(shop, cluster, stable, operators):
    """What comes back finds no way to the API server at first, and goes on once there is one."""
    shop.create(reindex("cut"))
    shop.create(rollout(steps=[{"setWeight": 50}, {"pause": {}}]))
    cluster.held.add("build")
    with Wire(shop.port) as wire:
        server = f"https://127.0.0.1:{wire.port}"
        operators.start("a", server=server)
        operators.start("b", server=server)
        reaches(shop, "CatalogReindex", "cut", "Building")
        reaches(shop, "ModelRollout", "better", "Paused")
        wire.cut()
        operators.kill("a")
        operators.kill("b")
        operators.start("a", server=server)
        operators.start("b", server=server)
        shop.patch("ModelRollout", "better", {"spec": {"control": {"action": "Abort"}}})
        cluster.held.clear()
        begin = time.monotonic()
        eventually(lambda: time.monotonic() - begin > 30, timeout_s=40, every_s=0.5)
        assert status_of(shop, "CatalogReindex", "cut")["phase"] == "Building"
        assert all(process.poll() is None for process in operators.running.values())
        wire.mend()
        reaches(shop, "CatalogReindex", "cut", "Keeping")
        assert reaches(shop, "ModelRollout", "better", "RolledBack")["reason"] == "Aborted"
    assert_as_before(shop)
    assert all(len(uids) == 1 for uids in cluster.jobs.values())
