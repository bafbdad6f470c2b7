"""One cluster for the whole run, made by ``make test-kind`` before it. Logs and events are kept when a test fails."""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from kubernetes import client
from kubernetes import config as kube_config

from tests.e2e.support.people import Staff
from tests.kind.support.evidence import collect_evidence
from tests.kind.support.probes import Prober
from tools.kind import config, release
from tools.kind.shell import TimeIsOverError, remaining_s, succeeds
from tools.kind.testing import OBSTACLE, insists

OBSTACLE_MESSAGE = "There is no cluster: {}"


def pytest_collection_modifyitems(items):
    """Tests of the cluster have more time, and are skipped, each by name, where there can be no cluster."""
    reason = os.environ.get(OBSTACLE)
    for item in items:
        if "kind" in item.path.parts:
            item.add_marker(pytest.mark.timeout(1200))
            if reason:
                item.add_marker(pytest.mark.skip(OBSTACLE_MESSAGE.format(reason)))


def pytest_runtest_setup(item):
    """The run ends in time, and says which tests were not reached."""
    try:
        remaining_s(1)
    except TimeIsOverError as error:
        (pytest.fail if insists() else pytest.skip)(str(error))


@pytest.fixture(scope="session", autouse=True)
def cluster():
    """Fails the run with a sentence when nobody made a cluster."""
    if not (config.KUBECONFIG.exists() and succeeds("kubectl", "get", "--raw", "/readyz")):
        pytest.exit("No cluster answers: run make test-kind, which makes one.", returncode=2)
    kube_config.load_kube_config(str(config.KUBECONFIG))


@pytest.fixture(scope="session")
def core(cluster) -> client.CoreV1Api:
    return client.CoreV1Api()


@pytest.fixture(scope="session")
def apps(cluster) -> client.AppsV1Api:
    return client.AppsV1Api()


@pytest.fixture(scope="session")
def autoscaling(cluster) -> client.AutoscalingV2Api:
    return client.AutoscalingV2Api()


@pytest.fixture(scope="session")
def products(cluster):
    """Things that are there in plenty, and that nobody else's test touches."""
    email, password = release.administrator()
    with closing(Staff(config.URL)) as staff:
        staff.login(email, password)
        return [staff.add_product(stock=100_000) for _ in range(3)]


@pytest.fixture(scope="module")
def prober(core) -> Iterator[Prober]:
    prober = Prober(core)
    yield prober
    prober.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed and "kind" in item.path.parts:
        collect_evidence(item.name)
