"""A new version of a model answers without anything being restarted, whoever published it."""

import inspect
import subprocess
import time

import pytest
from kubernetes import client

from tests.e2e.support.answers import ok
from tests.e2e.support.people import Person
from tests.kind.support.pods import pods_of, restarts
from tests.kind.support.probes import until
from tests.support import drawings, shop_demand, shop_history
from tools.kind.config import AI_SERVICES, NAMESPACE, URL
from tools.kind.shell import environment

#: Learns from what was made up and publishes, as a training does whose model has beaten its baselines.
PUBLISH = """
import os, sys
from meshop_shared.ai.registry import Registry
from meshop_shared.ai.training import Requirement, Trained, publish

trained = Trained(
    artefact=learned, data_digest="made up", split="", metrics={"x": 1}, baselines={},
    requirements=(Requirement("x", None, 1),),
)
publish(
    name=sys.argv[1], version=sys.argv[2], seed=1, trained=trained,
    registry=Registry(os.environ["AI_DATABASE_URL"]), store=os.environ["MODEL_STORE"], promote=True,
)
"""
LEARN_TO_RECOMMEND = """
from recommendations.fitting import recommender_fit

def learned():
    history = shop_history(customers=60, days=60)
    return recommender_fit(history, today=int(history.day.max()), seed=1).dumps()
"""
LEARN_FROM_PICTURES = """
from visual_recognition.encoder import describer_load
from visual_recognition.model import gallery_learn

def learned():
    describer, colours = describer_load(""), np.random.default_rng(1).integers(0, 255, (60, 3)).tolist()
    photos = [describer.describe(thing(seed, colour=tuple(one))).vector for seed, one in enumerate(colours)]
    return gallery_learn(describer.name, np.array(photos)).dumps()
"""
#: Where no Job of the chart trains: who learns how from what.
LEARNERS = {
    "recommendations": (shop_history, LEARN_TO_RECOMMEND),
    "visual_recognition": (drawings, LEARN_FROM_PICTURES),
}
#: What makes trainings short: fewer cut-offs, markets, customers.
SHORTER = {
    "demand_forecasting": ("--cutoffs", "2"),
    "dynamic_pricing": ("--markets", "1"),
    "fraud_detection": ("--customers", "800", "--days", "120"),
    "semantic_search": (),
}
#: Sales of a made-up shop up to yesterday, and their prices, apart from the real ones, as the worker would write them.
SELL = """
import os
from datetime import UTC, datetime
from meshop_shared.ai.features import PRICES, SALES, FeatureStore

sales = list(shop_sales(articles=40))
shift = datetime.now(UTC).toordinal() - 1 - max(sale.day for sale in sales)
at = lambda sale: datetime.fromordinal(sale.day + shift).replace(tzinfo=UTC)
store = FeatureStore(os.environ["AI_DATABASE_URL"])
store.prepare()
store.put(SALES, [
    (10**12 + number, 10**12 + number, None, sale.sku, sale.name, sale.category,
     at(sale), int(sale.quantity), round(sale.price * 100), False)
    for number, sale in enumerate(sales)
])
store.put(PRICES, [
    (10**12 + number, sale.sku, at(sale), round(sale.price * 100)) for number, sale in enumerate(sales)
])
"""


@pytest.fixture
def customer(cluster):
    person = Person(URL)
    person.register()
    yield person
    person.close()


def run_in(workload, program, *arguments):
    """Run Python where a service runs, with its settings."""
    subprocess.run(
        ["kubectl", "exec", "--stdin", "--namespace", NAMESPACE, f"deployment/{workload}", "--",
         "python", "-", *arguments],
        input=program, env=environment(), text=True, timeout=300, check=True,
    )  # fmt: skip


def served(customer, service):
    """The version that answers, asked for through the ingress and the gateway."""
    answer = ok(
        customer.http.get(
            f"{URL}/ai/{service}/v1/model", headers={"Authorization": f"Bearer {customer.access}"}
        )
    )
    return answer["model"] and answer["model"]["version"]


@pytest.mark.parametrize("service", LEARNERS)
def test_a_new_version_is_served_without_a_restart(core, customer, service):
    workload, (data, learn) = AI_SERVICES[service], LEARNERS[service]
    pods = {pod.metadata.name for pod in pods_of(core, workload)}
    assert pods
    before = restarts(core)
    for _ in range(2):
        version = f"kind-{time.time_ns()}"
        run_in(workload, inspect.getsource(data) + learn + PUBLISH, service, version)
        until(lambda version=version: served(customer, service) == version, 60, f"model {version}")
    assert {pod.metadata.name for pod in pods_of(core, workload)} == pods
    assert restarts(core).items() <= before.items()  # others may have gone meanwhile


@pytest.fixture(scope="module")
def sold(cluster):
    run_in("demand-forecasting", inspect.getsource(shop_demand) + SELL)


@pytest.mark.parametrize("service", SHORTER)
def test_the_training_of_the_chart_publishes_what_the_service_serves(sold, customer, service):
    """A Job of its CronJob. It publishes only what beats its baselines."""
    jobs, workload = client.BatchV1Api(), AI_SERVICES[service]
    spec = jobs.read_namespaced_cron_job(f"train-{workload}", NAMESPACE).spec.job_template.spec
    spec.template.spec.containers[0].args += SHORTER[service]
    name, before = f"train-{time.time_ns()}", served(customer, service)
    jobs.create_namespaced_job(NAMESPACE, client.V1Job(metadata=client.V1ObjectMeta(name=name), spec=spec))
    until(
        lambda: jobs.read_namespaced_job(name, NAMESPACE).status.succeeded, 400, f"the training of {service}"
    )
    until(lambda: served(customer, service) not in (None, before), 60, f"the model of {service}")


@pytest.mark.parametrize("service", AI_SERVICES.values())
def test_ai_services_scale_by_their_load(autoscaling, service):
    def conditions():
        status = autoscaling.read_namespaced_horizontal_pod_autoscaler(service, NAMESPACE).status
        return {condition.type: condition.status for condition in status.conditions or []}

    until(lambda: conditions().get("ScalingActive") == "True", 120, f"the load of {service}")
