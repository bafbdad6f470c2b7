"""Who may talk to whom: every ordered pair of workloads, asked of the rendered policies and of the graph."""

import itertools
import json

import pytest
import yaml

from tests.support.charts import EVERYTHING, NAMESPACE, of_kind, pod_template, render, workloads
from tests.support.policies import mesh_allows, network_allows
from tools.charts.assemble import CHARTS

VALUES = {"values": ("kind",), "more": EVERYTHING}
OUTSIDE_LABELS = {"gateway.networking.k8s.io/gateway-name": "edge"}


def graph():
    document = yaml.safe_load((CHARTS / "platform" / "values.yaml").read_text())
    entries = document["dependencies"]
    ports = {name: entry.get("ports", []) for name, entry in entries.items()}
    calls = {
        (name, callee)
        for name, entry in entries.items()
        for callee, on in entry.get("calls", {}).items()
        if on
    }
    return ports, calls


def pods(documents):
    """Labels and account of one pod of each workload, the ingress of the class included."""
    found = {}
    for workload in workloads(documents):
        template = pod_template(workload)
        labels = template["metadata"]["labels"]
        found[labels["app.kubernetes.io/name"]] = (labels, template["spec"]["serviceAccountName"])
    found["edge"] = (OUTSIDE_LABELS, "edge-istio")
    return found


def ai_services():
    document = yaml.safe_load((CHARTS / "platform" / "values.yaml").read_text())
    return {
        name for name, entry in document["dependencies"].items() if entry["tier"] == "ai" and "ports" in entry
    }


def with_canaries(calls):
    """By identity: the canary of a service has that of the service, and is called by the same."""
    services = ai_services()
    return calls | {(a, f"{b}-canary") for a, b in calls if b in services}


def expected_pairs(ports, calls, names):
    """What the graph allows. Anybody may ask at the ingress, as anybody outside may, if they get out to it."""
    return {(a, b, port) for a, b in calls if a in names and b in names for port in ports[b]}


def matrix(documents):
    ports, _ = graph()
    found = pods(documents)
    network, mesh = set(), set()
    network_policies, mesh_policies = (
        of_kind(documents, "NetworkPolicy"),
        of_kind(documents, "AuthorizationPolicy"),
    )
    for (caller, (labels, account)), (callee, (others, _)) in itertools.permutations(found.items(), 2):
        for port in sorted({p for all_ports in ports.values() for p in all_ports}):
            if network_allows(network_policies, labels, others, port):
                network.add((caller, callee, port))
            principal = f"cluster.local/ns/{NAMESPACE}/sa/{account}"
            if callee != "edge" and mesh_allows(mesh_policies, principal, others, port):
                mesh.add((caller, callee, port))
    return set(found), network, mesh


def test_policies_allow_what_the_graph_says_and_nothing_else():
    ports, calls = graph()
    names, network, mesh = matrix(render(**VALUES))
    assert len(names) == len(ports), "a workload is missing in the graph, or in the charts"
    allowed = expected_pairs(ports, calls, names)
    assert len(allowed) > 60
    assert network == allowed
    assert mesh == allowed


@pytest.mark.parametrize("edge", ["gateway.calls.backend", "worker-email.calls.postgresql"])
def test_an_edge_that_is_taken_out_is_refused_by_both(edge):
    caller, _, callee = edge.split(".")
    ports, calls = graph()
    names, network, mesh = matrix(render(f"dependencies.{edge}=false", **VALUES))
    allowed = expected_pairs(ports, calls, names)
    missing = {(caller, callee, port) for port in ports[callee]}
    assert network == mesh == allowed - missing


def test_nothing_reaches_a_part_that_is_not_there():
    documents = render(values=("kind",))
    for document in of_kind(documents, "NetworkPolicy", "AuthorizationPolicy"):
        assert "elasticsearch" not in json.dumps(document)


@pytest.mark.parametrize("tier", ["data", "ai", "edge"])
def test_only_the_app_tier_and_named_services_go_out_to_the_world(tier):
    document = yaml.safe_load((CHARTS / "platform" / "values.yaml").read_text())
    for name, entry in document["dependencies"].items():
        if entry["tier"] == tier:
            assert "internet" not in entry, name


def test_the_data_tier_calls_nobody_and_the_edge_reaches_no_database():
    document = yaml.safe_load((CHARTS / "platform" / "values.yaml").read_text())["dependencies"]
    data = {name for name, entry in document.items() if entry["tier"] == "data"}
    for name in data:
        assert "calls" not in document[name]
    assert {c for n, e in document.items() if e["tier"] == "edge" for c in e["calls"]} & data == {"redis"}


def test_plaintext_is_refused_and_the_default_is_no():
    documents = render(**VALUES)
    (strict,) = of_kind(documents, "PeerAuthentication")
    assert strict["spec"] == {"mtls": {"mode": "STRICT"}}
    for kind in ("NetworkPolicy", "AuthorizationPolicy"):
        assert [d for d in of_kind(documents, kind) if d["metadata"]["name"] == "default-deny"]


def test_linkerd_names_the_same_callers():
    ports, calls = graph()
    documents = render("global.mesh.provider=linkerd", **VALUES)
    found = {
        (identity.partition(".")[0], document["metadata"]["name"].removeprefix("callers-of-"))
        for document in of_kind(documents, "MeshTLSAuthentication")
        for identity in document["spec"]["identities"]
    }
    calls = with_canaries({(a, b) for a, b in calls if a != "edge"})
    assert {(a, b) for a, b in found if a != "edge-istio"} == calls
    servers = {
        (d["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"], d["spec"]["port"])
        for d in of_kind(documents, "Server")
    }
    called = {callee for _, callee in calls} | {"gateway"}
    assert servers == {(name, port) for name in called for port in ports[name.removesuffix("-canary")]}


def test_a_managed_database_is_reached_at_its_address_only():
    documents = render(values=("production",))
    (relay,) = [d for d in of_kind(documents, "NetworkPolicy") if d["metadata"]["name"] == "relay"]
    blocks = [p["ipBlock"]["cidr"] for rule in relay["spec"]["egress"] for p in rule["to"]]
    assert sorted(blocks) == ["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24"]


def test_callers_of_other_namespaces_are_let_in_by_name():
    entry = {"tier": "app", "namespace": "keda", "account": "keda-operator", "calls": {"rabbitmq": True}}
    documents = render(values=("kind",), more=json.dumps({"dependencies": {"keda": entry}}))
    (mesh,) = [d for d in of_kind(documents, "AuthorizationPolicy") if d["metadata"]["name"] == "rabbitmq"]
    assert (
        "cluster.local/ns/keda/sa/keda-operator"
        in mesh["spec"]["rules"][0]["from"][0]["source"]["principals"]
    )
    (network,) = [d for d in of_kind(documents, "NetworkPolicy") if d["metadata"]["name"] == "rabbitmq"]
    spaces = [
        p["namespaceSelector"] for p in network["spec"]["ingress"][0]["from"] if "namespaceSelector" in p
    ]
    assert spaces == [{"matchLabels": {"kubernetes.io/metadata.name": "keda"}}]
    assert not [d for d in documents if d["metadata"]["name"] == "keda"]


def test_metrics_stay_inside():
    (shop,) = [d for d in of_kind(render(), "HTTPRoute") if d["metadata"]["name"] == "shop"]
    paths = [m["path"]["value"] for rule in shop["spec"]["rules"] for m in rule["matches"]]
    assert "/" not in paths
    assert not [p for p in paths if p.startswith(("/metrics", "/gateway"))]
    assert all("timeouts" in rule for rule in shop["spec"]["rules"])


def test_a_prometheus_of_another_release_reads_metrics_and_nobody_else_does():
    """Its pods are known by the labels that the chart of observability gives them."""
    watcher = render("prometheus.enabled=true", chart="observability", release="meshop-observability")
    prometheus, account = pods(watcher)["prometheus"]
    documents = render(values=("kind", "observed"), more='{"operator": {"enabled": true}}')
    network, mesh = of_kind(documents, "NetworkPolicy"), of_kind(documents, "AuthorizationPolicy")
    found = pods(documents)
    beat, other = found["beat"]
    for program, port in {"relay": 9102, "worker-email": 9102, "operator": 9103}.items():
        labels, _ = found[program]
        assert network_allows(network, prometheus, labels, port)
        assert mesh_allows(mesh, f"cluster.local/ns/{NAMESPACE}/sa/{account}", labels, port)
        assert not network_allows(network, beat, labels, port)
        assert not mesh_allows(mesh, f"cluster.local/ns/{NAMESPACE}/sa/{other}", labels, port)


def test_a_canary_is_called_by_the_same_calls_the_same_and_is_selected_by_nothing_else():
    documents = render(**VALUES)
    ports, calls = graph()
    found = pods(documents)
    for service in ai_services():
        labels, account = found[service]
        labels = {**labels, "app.kubernetes.io/name": f"{service}-canary"}
        for other, (others, principal_account) in found.items():
            principal = f"cluster.local/ns/{NAMESPACE}/sa/{principal_account}"
            for port in ports[service]:
                allowed = (other, service) in calls
                network = of_kind(documents, "NetworkPolicy")
                assert network_allows(network, others, labels, port) is allowed
                mesh = of_kind(documents, "AuthorizationPolicy")
                assert mesh_allows(mesh, principal, labels, port) is allowed
            for port in ports[other]:
                if other != "edge":
                    assert network_allows(network, labels, others, port) is ((service, other) in calls)
        assert account == service
        for document in of_kind(documents, "Service", "PodDisruptionBudget"):
            selector = document["spec"]["selector"]
            assert not (selector.get("matchLabels") or selector).items() <= labels.items()


def test_only_the_operator_reaches_the_api_server():
    documents = render(**VALUES)
    reaching = {
        d["metadata"]["name"]
        for d in of_kind(documents, "NetworkPolicy")
        for rule in d["spec"].get("egress", [])
        if 6443 in [p["port"] for p in rule.get("ports", [])]
    }
    assert reaching == {"operator"}


def test_without_the_operator_there_are_no_canaries():
    assert "canary" not in json.dumps(render(values=("kind",)))
