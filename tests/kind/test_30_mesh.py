"""Every ordered pair of workloads tries to connect; who gets an answer is who the graph lets."""

import json

import pytest
import yaml

from tests.kind.support.pods import pods_of
from tests.support.policies import network_allows
from tools.charts.assemble import CHARTS
from tools.kind import release
from tools.kind.config import NAMESPACE, RELEASE
from tools.kind.shell import kubectl

EDGE_LABELS = {"gateway.networking.k8s.io/gateway-name": "edge"}


class Graph:
    """The part of the graph that is installed, and how its workloads are known."""

    def __init__(self, core):
        values = yaml.safe_load((CHARTS / "platform" / "values.yaml").read_text())["dependencies"]
        there = {account.metadata.name for account in core.list_namespaced_service_account(NAMESPACE).items}
        services = {service.metadata.name for service in core.list_namespaced_service(NAMESPACE).items}
        accounts = {name: "edge-istio" if name == "edge" else name for name in values}
        self.accounts = {name: account for name, account in accounts.items() if account in there}
        self.calls = {
            (name, callee)
            for name in self.accounts
            for callee, on in values[name].get("calls", {}).items()
            if on and callee in self.accounts
        }
        # Whatever is outside may ask at the ingress: it is nobody's callee.
        self.targets = {
            (name, port): name if name in services else pods_of(core, name)[0].status.pod_ip
            for name in self.accounts
            if name != "edge"
            for port in values[name].get("ports", [])
        }

    def labels(self, name):
        """The labels of its pods."""
        if name == "edge":
            return EDGE_LABELS
        return {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": RELEASE}

    def attempts(self, prober):
        """What every workload hears from every port of every other."""
        for caller, account in self.accounts.items():
            others = {target: host for target, host in self.targets.items() if target[0] != caller}
            heard = prober.answers(caller, [(host, port) for (_, port), host in others.items()], account)
            for (callee, port), host in others.items():
                yield caller, callee, port, heard[host, port]

    def differences(self, prober):
        """Attempts that ended otherwise than the graph says, and all attempts."""
        found = {(caller, callee, port): answer for caller, callee, port, answer in self.attempts(prober)}
        wrong = [
            f"{caller} -> {callee}:{port} {answer}"
            for (caller, callee, port), answer in found.items()
            if answer != ("reached" if (caller, callee) in self.calls else "refused")
        ]
        return wrong, found


@pytest.fixture(scope="module")
def graph(core):
    return Graph(core)


def table(graph, found):
    """The whole matrix: a row for each caller."""
    signs = {"reached": "+", "refused": "."}
    columns = list(graph.targets)
    lines = [f"{number:>3} = {name}:{port}" for number, (name, port) in enumerate(columns, 1)]
    lines.append(" " * 20 + " ".join(f"{number:>2}" for number in range(1, len(columns) + 1)))
    for caller in graph.accounts:
        row = [signs.get(found.get((caller, *column), ""), " ") for column in columns]
        lines.append(f"{caller:<20}" + " ".join(f"{sign:>2}" for sign in row))
    return "\n".join(lines)


def test_the_full_matrix(graph, prober, capsys):
    wrong, found = graph.differences(prober)
    with capsys.disabled():
        print(
            f"\n{table(graph, found)}\n{len(found)} attempts, {list(found.values()).count('reached')} reached"
        )
    assert wrong == []
    assert len(found) > 120


def test_network_policies_of_the_cluster_say_the_same(graph):
    policies = json.loads(kubectl("get", "networkpolicies", "--namespace", NAMESPACE, "--output=json"))[
        "items"
    ]
    wrong = [
        (caller, callee, port)
        for caller in graph.accounts
        for callee, port in graph.targets
        if caller != callee
        and network_allows(policies, graph.labels(caller), graph.labels(callee), port)
        != ((caller, callee) in graph.calls)
    ]
    assert wrong == []


def test_an_edge_that_is_taken_out_is_refused(graph, prober):
    """The same attempts as above find exactly the edge that is missing, so they would find any other."""
    release.install("--set", "dependencies.worker-index.calls.redis=false")
    try:
        wrong, _ = graph.differences(prober)
    finally:
        release.install()
    assert wrong == ["worker-index -> redis:6379 refused"]


@pytest.mark.parametrize("meshed", [True, False])
def test_strangers_reach_nobody(core, graph, prober, meshed):
    """In the mesh, an identity that nobody names; outside of it, plaintext: both refused by services and databases."""
    name = "stranger" if meshed else "plaintext"
    prober.make_outsider(name, meshed=meshed)
    addresses = {callee: pods_of(core, callee)[0].status.pod_ip for callee, _ in graph.targets}
    targets = [
        (host if meshed else addresses[callee], port) for (callee, port), host in graph.targets.items()
    ]
    answers = prober.answers(name, targets)
    assert len(answers) == len(graph.targets)
    assert set(answers.values()) == {"refused"}
