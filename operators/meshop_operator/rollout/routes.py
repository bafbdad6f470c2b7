"""Weights on an HTTPRoute. Pure; nothing of a route changes but the shares of the service's own backends.

In a rule with other backends too, all weights are multiplied by 100, so that theirs stay in proportion to those of
stable and canary together; taking the canary out divides them again. A route without a canary is as it was.
"""

import copy
from typing import Any

from meshop_operator.values import Document

_SCALE = 100
_WEIGHT_MAX = 1_000_000


def parents_service(route: Document, service: str) -> bool:
    """Whether the route is for calls of this Service inside the mesh."""
    for parent in route["spec"].get("parentRefs", []):
        is_core = parent.get("group", "gateway.networking.k8s.io") == ""
        if is_core and parent.get("kind") == "Service" and parent["name"] == service:
            return True
    return False


def has_backend(route: Document, service: str) -> bool:
    """Whether any rule sends requests to the Service."""
    return any(_find(rule, service) is not None for rule in route["spec"].get("rules", []))


def weight_of(route: Document, service: str, canary: str) -> int:
    """Percent that the canary gets of what the service gets: the largest of all rules."""
    found = 0
    for rule in route["spec"].get("rules", []):
        stable, other = _find(rule, service), _find(rule, canary)
        if stable is None or other is None:
            continue
        a, b = _weight(rule["backendRefs"][stable]), _weight(rule["backendRefs"][other])
        if b:
            found = max(found, round(100 * b / (a + b)))
    return found


def mentions(route: Document, canary: str) -> bool:
    """Whether anything of the route still speaks of the canary."""
    return any(
        _find(rule, canary) is not None or any(_mirrors_to(f, canary) for f in rule.get("filters", []))
        for rule in route["spec"].get("rules", [])
    )


def rules_make(
    route: Document, *, service: str, canary: str, weight: int, mirror: int, port: int
) -> list[Any]:
    """The rules with so many percent for the canary, and so many mirrored to it."""
    rules = [_restored(rule, service, canary) for rule in copy.deepcopy(route["spec"].get("rules", []))]
    for rule in rules:
        if _find(rule, service) is None:
            continue
        if weight > 0:
            _split(rule, service, canary, weight)
        if mirror > 0:
            target = {"kind": "Service", "name": canary, "port": port}
            made = {"type": "RequestMirror", "requestMirror": {"backendRef": target, "percent": mirror}}
            rule["filters"] = [*rule.get("filters", []), made]
    return rules


def _split(rule: Document, service: str, canary: str, weight: int) -> None:
    refs = rule["backendRefs"]
    place = _find(rule, service)
    assert place is not None
    stable = refs[place]
    share = 1
    if len(refs) > 1:
        share = min(_weight(stable), _WEIGHT_MAX // _SCALE)
        for other in refs:
            if other is not stable:
                other["weight"] = min(_WEIGHT_MAX, _weight(other) * _SCALE)
    refs.insert(place + 1, {**copy.deepcopy(stable), "name": canary, "weight": share * weight})
    stable["weight"] = share * (100 - weight)


def _restored(rule: Document, service: str, canary: str) -> Document:
    """The rule without the canary."""
    if filters := [f for f in rule.get("filters", []) if not _mirrors_to(f, canary)]:
        rule["filters"] = filters
    else:
        rule.pop("filters", None)
    place = _find(rule, canary)
    if place is None:
        return rule
    refs = rule["backendRefs"]
    taken = _weight(refs.pop(place))
    stable_place = _find(rule, service)
    if stable_place is None:
        return rule
    stable = refs[stable_place]
    if len(refs) == 1:
        stable.pop("weight", None)
        return rule
    stable["weight"] = _weight(stable) + taken
    if all(_weight(ref) % _SCALE == 0 for ref in refs):
        for ref in refs:
            ref["weight"] = _weight(ref) // _SCALE
    return rule


def _find(rule: Document, name: str) -> int | None:
    for place, ref in enumerate(rule.get("backendRefs", [])):
        if ref["name"] == name and ref.get("kind", "Service") == "Service" and not ref.get("namespace"):
            return place
    return None


def _weight(ref: Document) -> int:
    return int(ref.get("weight", 1))


def _mirrors_to(one: Document, canary: str) -> bool:
    target = one.get("requestMirror", {}).get("backendRef", {})
    return bool(one.get("type") == "RequestMirror" and target.get("name") == canary)
