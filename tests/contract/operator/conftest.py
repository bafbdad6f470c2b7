"""One bare API server for all tests of the operator, and operators with the rights that the chart gives them."""

import shutil

import pytest

from tests.support.charts import helm_ensure, of_kind, render
from tests.support.kube_api import NAMESPACE, KubeApi, missing
from tests.support.operator_world import POD_TEMPLATE, Cluster, Operators, clean


@pytest.fixture(scope="session")
def kube(tmp_path_factory):
    if reason := missing():
        pytest.skip(f"No API server can be started: {reason}.")
    server = KubeApi(tmp_path_factory.mktemp("kube"))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def rights(kube):
    """The chart's Role, bound to the account whose token operators have here."""
    helm_ensure()
    documents = render("global.ai.recommendations=true", chart="operator")
    for document in of_kind(documents, "Role", "RoleBinding"):
        document["metadata"]["namespace"] = NAMESPACE
        kube.apply(document)


@pytest.fixture
def shop(kube, rights):
    """The namespace with what a rebuild needs; empty of everything else before and afterwards."""
    clean(kube)
    kube.apply(POD_TEMPLATE)
    yield kube
    clean(kube)


@pytest.fixture
def cluster(shop):
    """Somebody plays kubelet and controllers."""
    with Cluster(shop) as cluster:
        yield cluster
        assert cluster.error is None


@pytest.fixture
def operators(shop, tmp_path):
    """Operator processes; none is left running."""
    operators = Operators(shop, tmp_path / "operators")
    try:
        yield operators
    finally:
        operators.kill_all()
