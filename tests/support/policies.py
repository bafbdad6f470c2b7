"""What policies mean, as Kubernetes and Istio decide, asked of plain documents: rendered ones or a cluster's own."""

from collections.abc import Iterable
from typing import Any

Document = dict[str, Any]
Labels = dict[str, str]


def matches(selector: Document, labels: Labels) -> bool:
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())


def _peer_allows(rules: Iterable[Document] | None, side: str, labels: Labels, port: int) -> bool:
    """Whether one rule lets a pod of our namespace through at a port."""
    for rule in rules or []:
        ports = [p["port"] for p in rule.get("ports", []) if p["protocol"] == "TCP"]
        if rule.get("ports") and port not in ports:
            continue
        if side not in rule:
            return True
        for peer in rule[side]:
            here = "namespaceSelector" not in peer and "ipBlock" not in peer
            if here and matches(peer["podSelector"], labels):
                return True
    return False


def network_allows(policies: list[Document], caller: Labels, callee: Labels, port: int) -> bool:
    """A pod that a NetworkPolicy selects may only do what some policy allows, in both directions."""

    def direction(kind: str, own: Labels, other: Labels, side: str) -> bool:
        chosen = [
            p["spec"]
            for p in policies
            if kind in p["spec"]["policyTypes"] and matches(p["spec"]["podSelector"], own)
        ]
        return not chosen or any(_peer_allows(p.get(kind.lower()), side, other, port) for p in chosen)

    return direction("Egress", caller, callee, "to") and direction("Ingress", callee, caller, "from")


def mesh_allows(policies: list[Document], principal: str, callee: Labels, port: int) -> bool:
    """With any AuthorizationPolicy that allows something for a workload, only what one of their rules allows."""
    chosen = []
    for policy in policies:
        spec = policy["spec"]
        if "targetRefs" in spec:
            applies = any(
                t["kind"] == "Gateway" and callee.get("gateway.networking.k8s.io/gateway-name") == t["name"]
                for t in spec["targetRefs"]
            )
        else:
            applies = matches(spec.get("selector", {}), callee)
        if applies:
            chosen.append(spec)

    def rule_allows(rule: Document) -> bool:
        sources = [p for f in rule.get("from", []) for p in f["source"]["principals"]]
        ports = [p for t in rule.get("to", []) for p in t["operation"]["ports"]]
        return (not rule.get("from") or principal in sources) and (not ports or str(port) in ports)

    return not chosen or any(rule_allows(rule) for spec in chosen for rule in spec.get("rules", []))
