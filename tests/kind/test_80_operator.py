"""The operator in a mesh: weights that requests follow, models that are taken back without anybody noticing."""

import inspect
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from kubernetes import client

from tests.e2e.support.people import Person
from tests.kind.support.load import Crowd
from tests.kind.support.objects import Numbers, Objects
from tests.kind.support.pods import pods_of
from tests.kind.support.probes import until
from tests.kind.support.searching import Searchers, Writers, audit, drift, poison, searched
from tests.kind.test_70_models import LEARN_TO_RECOMMEND, PUBLISH, run_in
from tests.support import shop_history
from tools.kind.config import AI_SERVICES, NAMESPACE, URL
from tools.kind.shell import kubectl

SERVICE = "recommendations"
CANARY = f"{SERVICE}-canary"
SAMPLE = 1_000
LEASE = "meshop-operator"
REBUILD = {"shards": 2, "keepFor": "30m"}
#: The three ways in which a model is worse: the metric, what it is held to, and the numbers that break that.
WORSE = {
    "errors": ({"against": "StableDifference", "max": 0.02}, 0.001, 0.4),
    "slow": ({"against": "StableRatio", "max": 1.5}, 20.0, 90.0),
    "clicks": ({"against": "StableRatio", "min": 0.95}, 0.10, 0.05),
}

pytestmark = pytest.mark.skipif(
    SERVICE not in AI_SERVICES.values(), reason=f"{SERVICE} is not among the services that the cluster runs"
)


@pytest.fixture(scope="module")
def rollouts(cluster):
    return Objects("ModelRollout")


@pytest.fixture(scope="module")
def numbers(cluster):
    with Numbers() as server:
        for workload in (SERVICE, CANARY):
            for metric, (_, good, _) in WORSE.items():
                server.put(workload, metric, good)
        yield server


@pytest.fixture(scope="module")
def version(cluster):
    """A model in the registry that nobody serves yet; afterwards the service takes what was promoted last again."""
    name = f"rollout-{time.time_ns()}"
    publish = PUBLISH.replace("promote=True", "promote=False")
    run_in(SERVICE, inspect.getsource(shop_history) + LEARN_TO_RECOMMEND + publish, SERVICE, name)
    yield name
    kubectl("set", "env", f"deployment/{SERVICE}", "MODEL_VERSION-", "--namespace", NAMESPACE)
    kubectl("rollout", "status", f"deployment/{SERVICE}", "--namespace", NAMESPACE, "--timeout=180s")


class Askers(Crowd):
    """They ask the service through ingress and gateway which model answers, and count versions."""

    def __init__(self, count):
        super().__init__(count)
        self.versions = Counter()

    def _live(self, number):
        with closing(Person(URL)) as person:
            person.register()
            headers = {"Authorization": f"Bearer {person.access}"}
            with httpx.Client(base_url=URL, timeout=30, headers=headers) as http:
                while not self._stop.is_set():
                    status, version = asked(http)
                    self.count(status)
                    with self._lock:
                        self.versions[version] += 1


def asked(http):
    """Status and version of one answer."""
    try:
        answer = http.get(f"/ai/{SERVICE}/v1/model")
    except httpx.HTTPError as error:
        return type(error).__name__, None
    model = answer.json().get("model") if answer.is_success else None
    return str(answer.status_code), model and model["version"]


def share_of(version, customer):
    """Percent of answers that a version gives."""
    headers = {"Authorization": f"Bearer {customer.access}"}

    def some(count):
        with httpx.Client(base_url=URL, timeout=30, headers=headers) as http:
            return [asked(http) for _ in range(count)]

    with ThreadPoolExecutor(4) as pool:
        answers = [answer for part in pool.map(some, [SAMPLE // 4] * 4) for answer in part]
    assert {status for status, _ in answers} == {"200"}
    return 100 * sum(1 for _, found in answers if found == version) / len(answers)


@pytest.fixture
def customer(cluster):
    person = Person(URL)
    person.register()
    yield person
    person.close()


def test_two_are_there_and_one_works(core):
    until(lambda: len(pods_of(core, "operator")) == 2, 120, "two operators")
    lease = client.CoordinationV1Api().read_namespaced_lease(LEASE, NAMESPACE)
    assert lease.spec.holder_identity in {pod.metadata.name for pod in pods_of(core, "operator")}


def test_another_works_when_the_pod_of_the_first_goes(core):
    leases = client.CoordinationV1Api()
    holder = leases.read_namespaced_lease(LEASE, NAMESPACE).spec.holder_identity
    core.delete_namespaced_pod(holder, NAMESPACE, grace_period_seconds=0)
    begin = time.monotonic()
    until(
        lambda: leases.read_namespaced_lease(LEASE, NAMESPACE).spec.holder_identity not in ("", holder),
        60,
        "another",
    )
    assert time.monotonic() - begin <= 20
    until(lambda: len(pods_of(core, "operator")) == 2, 120, "two operators")


@pytest.mark.parametrize("metric", WORSE)
def test_a_worse_model_is_taken_back_and_no_request_fails(
    rollouts, numbers, version, customer, apps, metric, capsys
):
    """Numbers come from a server of the test; that requests follow the weights is what is real here."""
    bounds, good, bad = WORSE[metric]
    numbers.put(CANARY, metric, good)
    spec = {
        "service": SERVICE, "version": version, "scaleDownDelay": "5s", "background": [metric],
        "steps": [{"setWeight": 50}, {"pause": {}}],
        "metrics": [
            {"name": metric, "interval": "2s", "minSamples": 50, **bounds,
             "http": {"url": f"{numbers.url()}/WORKLOAD/{metric}"}}
        ],
    }  # fmt: skip
    with Askers(2) as askers, rollouts.made("worse", **spec):
        rollouts.reaches("worse", "Paused")
        until(lambda: askers.versions[version] > 20, 60, "answers of the canary")
        numbers.put(CANARY, metric, bad)
        begin = time.monotonic()
        status = rollouts.reaches("worse", "RollingBack", "RolledBack", within_s=30)
        until(lambda: rollouts.status("worse")["weight"] == 0, 10, "weight 0")
        took = time.monotonic() - begin
        assert took < 12  # the next look comes within two seconds
        assert status["reason"] == "AnalysisFailed"
        assert metric in status["message"]
        rollouts.reaches("worse", "RolledBack")
        told = lines("mro")
        until(lambda: share_of(version, customer) == 0, 30, "no answer of the canary")
        until(lambda: CANARY not in names(apps), 60, "the canary's end")
    with capsys.disabled():
        print(
            f"\nworse by {metric}: weight 0 after {took:.1f} s, answers {dict(askers.statuses)}",
            told,
            sep="\n",
        )
    assert askers.failures == {}


def names(apps):
    return {deployment.metadata.name for deployment in apps.list_namespaced_deployment(NAMESPACE).items}


def test_a_good_model_is_promoted_and_requests_follow_each_weight(rollouts, version, customer, apps, capsys):
    weights = (20, 50, 80)
    steps = [step for weight in weights for step in ({"setWeight": weight}, {"pause": {}})]
    found, told = {}, []
    with Askers(1) as askers, rollouts.made("better", service=SERVICE, version=version, steps=steps):
        for number, weight in enumerate(weights):
            paused = f"PausedAtStep{2 * number + 2}"
            until(lambda p=paused: rollouts.status("better").get("reason") == p, 300, f"weight {weight}")
            until(lambda w=weight: abs(share_of(version, customer) - w) <= 5, 60, f"{weight} percent")
            found[weight] = share_of(version, customer)
            told.append(lines("mro"))
            rollouts.control("better", approvedStep=2 * number + 2)
        status = rollouts.reaches("better", "Promoted", within_s=400)
        told.append(lines("mro"))
        assert status["stableVersion"] == version
        until(lambda: share_of(version, customer) == 100, 60, "everybody's answer")
        until(lambda: CANARY not in names(apps), 90, "the canary's end")
    with capsys.disabled():
        print(f"\nshares measured {found}, answers {dict(askers.statuses)}", *told, sep="\n")
    assert all(abs(share - weight) <= 5 for weight, share in found.items())
    assert askers.failures == {}


@pytest.fixture(scope="module")
def rebuilds(apps, products):
    """Where Elasticsearch is on the cluster; something is searched already."""
    (backend,) = apps.read_namespaced_deployment("backend", NAMESPACE).spec.template.spec.containers
    if not any(entry.name == "ELASTICSEARCH_URL" and entry.value for entry in backend.env):
        pytest.skip("there is no Elasticsearch on this cluster (global.searchUrl)")
    rebuilds = Objects("CatalogReindex")
    if not searched():
        with rebuilds.made("first", **REBUILD):
            status = rebuilds.reaches("first", "Keeping", "Complete", "Failed", within_s=600)
            assert status["phase"] != "Failed", status["message"]
    return rebuilds


def test_a_live_catalogue_is_rebuilt_and_taken_back(rebuilds, products, capsys):
    """Nobody who searches notices, no write is missed: not by the new generation, nor by the one gone back to."""
    before, told, found, written = searched(), [], [], Counter()
    with Searchers(2, products) as searchers, rebuilds.made("live", **REBUILD):
        with Writers(products) as writers:
            status = rebuilds.reaches("live", "Keeping", "Failed", within_s=600)
        assert status["phase"] == "Keeping", status["message"]
        assert (status["previousGeneration"], searched()) == (before, status["generation"])
        written += writers.statuses
        found.append(drift(audit()))
        told.append(lines("crx"))
        with Writers(products) as writers:
            until(lambda: writers.statuses["200"] >= 10, 120, "writes after the swap")
            rebuilds.control("live", action="Rollback")
            status = rebuilds.reaches("live", "RolledBack", within_s=300)
        assert (status["activeGeneration"], searched()) == (before, before)
        written += writers.statuses
        found.append(drift(audit()))
        told.append(lines("crx"))
    with capsys.disabled():
        print(f"\nsearches {dict(searchers.statuses)} by {dict(searchers.sources)}, writes {dict(written)}")
        print(f"missing, outdated, surplus, waiting after swap and rollback: {found}", *told, sep="\n")
    assert searchers.failures == {}
    assert searchers.sources["elasticsearch"] > 0
    assert set(written) == {"200"}
    assert found == [(0, 0, 0, 0)] * 2


def test_a_generation_that_lacks_something_is_never_searched(rebuilds, products, capsys):
    before, lost = searched(), products[0]["id"]
    with Searchers(1, products) as searchers, rebuilds.made("broken", **REBUILD):
        until(lambda: rebuilds.status("broken").get("generation"), 60, "a generation")
        poison(rebuilds.status("broken")["generation"], lost)
        status = rebuilds.reaches("broken", "Failed", "Keeping", within_s=600)
        told = lines("crx")
    with capsys.disabled():
        print(f"\n{told}\n{status['message']}\nsearches {dict(searchers.statuses)}")
    assert (status["phase"], status["reason"]) == ("Failed", "VerificationFailed")
    assert str(lost) in status["message"]
    assert searched() == before
    assert drift(audit()) == (0, 0, 0, 0)
    assert searchers.failures == {}


def lines(kind):
    """What ``kubectl get`` says: a header and a line for each."""
    return kubectl("get", kind, "--namespace", NAMESPACE).rstrip()
