"""Every ordered pair of workloads tries to connect; who gets an answer is who the graph lets."""

import pytest
import yaml

from tools.charts.assemble import CHARTS
from tools.kind.config import NAMESPACE


def graph(core):
    """The part of the graph that is installed: ports of each workload, and the calls."""
    values = yaml.safe_load((CHARTS / "platform" / "values.yaml").read_text())["dependencies"]
    accounts = {account.metadata.name for account in core.list_namespaced_service_account(NAMESPACE).items}
    there = {name: entry for name, entry in values.items() if name in accounts}
    ports = {name: entry.get("ports", []) for name, entry in there.items()}
    calls = {(a, b) for a, e in there.items() for b, on in e.get("calls", {}).items() if on and b in there}
    return ports, calls


def has_service(core, name):
    return name in {service.metadata.name for service in core.list_namespaced_service(NAMESPACE).items}


def pod_address(core, name):
    pods = core.list_namespaced_pod(NAMESPACE, label_selector=f"app.kubernetes.io/name={name}").items
    return next(pod.status.pod_ip for pod in pods if pod.status.phase == "Running")


def test_the_full_matrix(core, prober, capsys):
    ports, calls = graph(core)
    listening = [(name, port) for name, numbers in ports.items() for port in numbers]
    wrong, rows = [], []
    for caller in ports:
        row = []
        for callee, port in listening:
            if caller == callee:
                row.append("·")
                continue
            host = callee if has_service(core, callee) else pod_address(core, callee)
            reached = prober.reaches(caller, host, port)
            row.append("+" if reached else "-")
            if reached != ((caller, callee) in calls):
                wrong.append(f"{caller} -> {callee}:{port} {'reached' if reached else 'refused'}")
        rows.append(f"{caller:<18} {' '.join(row)}")
    with capsys.disabled():
        print("\n" + " ".join(["columns:", *(f"{name}:{port}" for name, port in listening)]))
        print("\n".join(rows))
    assert wrong == []


@pytest.mark.parametrize("meshed", [True, False])
def test_strangers_reach_nobody(core, prober, meshed):
    """Without a sidecar the attempt is plaintext: refused by every service and by the databases."""
    name = "stranger" if meshed else "plaintext"
    prober.make_outsider(name, meshed=meshed)
    ports, _ = graph(core)
    reached = [
        f"{callee}:{port}"
        for callee, numbers in ports.items()
        for port in numbers
        if prober.reaches(name, pod_address(core, callee), port)
    ]
    assert reached == []
