"""Weights on routes: shares are right, the rest stays, and taking the canary out gives the route back."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from meshop_operator.rollout.routes import has_backend, mentions, parents_service, rules_make, weight_of

STABLE, CANARY = "search", "search-canary"


def route(*refs, **rule):
    return {"spec": {"parentRefs": [], "rules": [{"backendRefs": list(refs), **rule}]}}


def made(document, weight, mirror=0):
    rules = rules_make(document, service=STABLE, canary=CANARY, weight=weight, mirror=mirror, port=8000)
    return {"spec": {**document["spec"], "rules": rules}}


def refs(document):
    return {ref["name"]: ref.get("weight", 1) for ref in document["spec"]["rules"][0]["backendRefs"]}


weights = st.integers(0, 100)


@given(weights, weights, st.lists(st.integers(0, 50), max_size=3), st.integers(1, 50))
def test_any_weights_one_after_the_other_and_then_none_give_the_route_back(first, second, others, share):
    foreign = [{"name": f"other-{n}", "port": 1, "weight": weight} for n, weight in enumerate(others)]
    own = {"name": STABLE, "port": 8000} | ({"weight": share} if foreign else {})
    before = route(own, *foreign, filters=[{"type": "URLRewrite"}])
    untouched = copy.deepcopy(before)
    once = made(before, first)
    twice = made(once, second)
    assert before == untouched
    assert twice == made(before, second), "what was there before makes no difference"
    assert made(twice, 0) == before
    found = refs(twice)
    if second:
        total = found[STABLE] + found[CANARY]
        assert found[CANARY] * 100 == total * second
        for ref in foreign:
            assert found[ref["name"]] * share == ref["weight"] * total
    assert weight_of(twice, STABLE, CANARY) == second


def test_a_mirror_is_added_to_filters_and_taken_away_again():
    before = route(
        {"name": STABLE, "port": 8000}, filters=[{"type": "URLRewrite"}], timeouts={"request": "5s"}
    )
    during = made(before, 0, mirror=20)
    assert [f["type"] for f in during["spec"]["rules"][0]["filters"]] == ["URLRewrite", "RequestMirror"]
    assert mentions(during, CANARY)
    assert made(during, 0) == before
    assert not mentions(before, CANARY)


def test_rules_for_others_are_left_alone():
    document = route({"name": "another", "port": 1}, filters=[{"type": "URLRewrite"}])
    assert made(document, 50, mirror=5) == document
    assert not has_backend(document, STABLE)


def test_filters_of_a_backend_are_the_canarys_too():
    during = made(route({"name": STABLE, "port": 8000, "filters": [{"type": "X"}]}), 10)
    stable, canary = during["spec"]["rules"][0]["backendRefs"]
    assert canary == {**stable, "name": CANARY, "weight": 10}


def test_a_route_of_a_gateway_is_not_that_of_the_mesh():
    document = route()
    document["spec"]["parentRefs"] = [{"kind": "Gateway", "name": STABLE}]
    assert not parents_service(document, STABLE)
    document["spec"]["parentRefs"].append({"group": "", "kind": "Service", "name": STABLE})
    assert parents_service(document, STABLE)
