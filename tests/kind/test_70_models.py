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
from tests.support import shop_demand, shop_history
from tools.kind.config import AI_SERVICES, NAMESPACE, URL
from tools.kind.shell import environment

SERVICE = "recommendations"
#: Learns from a made-up history and publishes, as a training does whose model has beaten its baselines.
PUBLISH = f'''
import os, sys
from meshop_shared.ai.registry import Registry
from meshop_shared.ai.training import Requirement, Trained, publish
from recommendations.fitting import recommender_fit

history = shop_history(customers=60, days=60)
trained = Trained(
    artefact=lambda: recommender_fit(history, today=int(history.day.max()), seed=1).dumps(),
    data_digest=history.digest(), split="", metrics={{"x": 1}}, baselines={{}},
    requirements=(Requirement("x", None, 1),),
)
publish(
    name="{SERVICE}", version=sys.argv[1], seed=1, trained=trained,
    registry=Registry(os.environ["AI_DATABASE_URL"]), store=os.environ["MODEL_STORE"], promote=True,
)
'''


#: Sales of a made-up shop up to yesterday, apart from the real ones, as the worker would have written them.
SELL = """
import os
from datetime import UTC, datetime
from meshop_shared.ai.features import SALES, FeatureStore

sales = list(shop_sales(articles=40))
shift = datetime.now(UTC).toordinal() - 1 - max(sale.day for sale in sales)
store = FeatureStore(os.environ["AI_DATABASE_URL"])
store.prepare()
store.put(SALES, [
    (10**12 + number, 10**12 + number, None, sale.sku, sale.name, sale.category,
     datetime.fromordinal(sale.day + shift).replace(tzinfo=UTC), int(sale.quantity), round(sale.price * 100), False)
    for number, sale in enumerate(sales)
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


def served(customer, service=SERVICE):
    """The version that answers, asked for through the ingress and the gateway."""
    answer = ok(
        customer.http.get(
            f"{URL}/ai/{service}/v1/model", headers={"Authorization": f"Bearer {customer.access}"}
        )
    )
    return answer["model"] and answer["model"]["version"]


def test_a_new_version_is_served_without_a_restart(core, customer):
    pods = {pod.metadata.name for pod in pods_of(core, SERVICE)}
    assert pods
    before = restarts(core)
    for _ in range(2):
        version = f"kind-{time.time_ns()}"
        run_in(SERVICE, inspect.getsource(shop_history) + PUBLISH, version)
        until(lambda version=version: served(customer) == version, 60, f"model {version}")
    assert {pod.metadata.name for pod in pods_of(core, SERVICE)} == pods
    assert restarts(core).items() <= before.items()  # others may have gone meanwhile


def test_the_training_of_the_chart_publishes_what_the_service_serves(customer):
    """A Job of its CronJob, judged at two cut-offs instead of six."""
    jobs = client.BatchV1Api()
    run_in("demand-forecasting", inspect.getsource(shop_demand) + SELL)
    spec = jobs.read_namespaced_cron_job("train-demand-forecasting", NAMESPACE).spec.job_template.spec
    spec.template.spec.containers[0].args += ["--cutoffs", "2"]
    name, before = f"train-{time.time_ns()}", served(customer, "demand_forecasting")
    jobs.create_namespaced_job(NAMESPACE, client.V1Job(metadata=client.V1ObjectMeta(name=name), spec=spec))
    until(lambda: jobs.read_namespaced_job(name, NAMESPACE).status.succeeded, 300, "the end of the training")
    until(lambda: served(customer, "demand_forecasting") not in (None, before), 60, "its model")


@pytest.mark.parametrize("service", AI_SERVICES.values())
def test_ai_services_scale_by_their_load(autoscaling, service):
    def conditions():
        status = autoscaling.read_namespaced_horizontal_pod_autoscaler(service, NAMESPACE).status
        return {condition.type: condition.status for condition in status.conditions or []}

    until(lambda: conditions().get("ScalingActive") == "True", 120, f"the load of {service}")
