"""One cluster for the whole run, as ``make kind-up`` leaves it. Logs and events are kept when a test fails."""

from collections.abc import Iterator

import pytest
from kubernetes import client
from kubernetes import config as kube_config

from tests.kind.support.probes import Prober
from tools.errors import ToolError
from tools.kind import config
from tools.kind.shell import kubectl, succeeds

EVIDENCE = config.HOME / "evidence"


def pytest_collection_modifyitems(items):
    for item in items:
        if "kind" in item.path.parts:
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session", autouse=True)
def cluster():
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


def collect_evidence(name: str) -> None:
    """Events, pods and logs as they are now, in a folder named after the test."""
    folder = EVIDENCE / "".join(letter if letter.isalnum() else "-" for letter in name)[:80]
    folder.mkdir(parents=True, exist_ok=True)
    own = ("--namespace", config.NAMESPACE)
    questions = {
        "events": ("get", "events", *own, "--sort-by=.lastTimestamp"),
        "pods": ("describe", "pods", *own),
        "logs": ("logs", *own, "--selector=app.kubernetes.io/part-of=meshop", "--tail=200", "--prefix",
                 "--max-log-requests=60"),
    }  # fmt: skip
    for file, question in questions.items():
        try:
            text = kubectl(*question)
        except ToolError as error:
            text = str(error)
        (folder / f"{file}.txt").write_text(text)
