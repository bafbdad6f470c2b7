"""A new version of a model answers without anything being restarted."""

import inspect
import subprocess
import time

import pytest

from tests.e2e.support.answers import ok
from tests.e2e.support.people import Person
from tests.kind.support.pods import pods_of, restarts
from tests.kind.support.probes import until
from tests.support import shop_history
from tools.kind.config import NAMESPACE, URL
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


@pytest.fixture
def customer(cluster):
    person = Person(URL)
    person.register()
    yield person
    person.close()


def publish(version):
    subprocess.run(
        ["kubectl", "exec", "--stdin", "--namespace", NAMESPACE, f"deployment/{SERVICE}", "--", "python", "-", version],
        input=inspect.getsource(shop_history) + PUBLISH, env=environment(), text=True, timeout=300, check=True,
    )  # fmt: skip


def served(customer):
    """The version that answers, asked for through the ingress and the gateway."""
    answer = ok(
        customer.http.get(
            f"{URL}/ai/{SERVICE}/v1/model", headers={"Authorization": f"Bearer {customer.access}"}
        )
    )
    return answer["model"] and answer["model"]["version"]


def test_a_new_version_is_served_without_a_restart(core, customer):
    pods = {pod.metadata.name for pod in pods_of(core, SERVICE)}
    assert pods
    before = restarts(core)
    for _ in range(2):
        version = f"kind-{time.time_ns()}"
        publish(version)
        until(lambda version=version: served(customer) == version, 60, f"model {version}")
    assert {pod.metadata.name for pod in pods_of(core, SERVICE)} == pods
    assert restarts(core).items() <= before.items()  # others may have gone meanwhile
