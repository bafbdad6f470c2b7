"""After somebody has shopped, every expression of rules and dashboards finds data in a real Prometheus."""

import contextlib

from tests.support.polling import wait_until
from tools.observability.panels import BOARDS
from tools.observability.rules import expressions, rules_document
from tools.servers.prometheus import prometheus_ask

#: What a local stack cannot have, and why.
EXCEPTIONS = {
    "meshop-mesh": "there are no sidecars outside of a cluster",
    "meshop-operator": "there is no operator outside of a cluster",
}


def found(prometheus, expression):
    return prometheus_ask(prometheus, "query", query=expression)["result"]


def test_all_programs_are_asked(prometheus):
    def up():
        return {row["metric"]["job"] for row in found(prometheus, "up == 1")}

    wait_until(lambda: up() >= {"gateway", "backend", "relay", "worker"}, timeout_s=60, what="targets")
    assert found(prometheus, "up == 0") == []


def test_every_measurement_is_made_and_the_servers_are_up(prometheus, shopping):
    for name in ("meshop_broker_up", "meshop_redis_up", "meshop_gateway_redis_up"):
        wait_until(lambda name=name: bool(found(prometheus, f"min({name}) == 1")), timeout_s=30, what=name)
    assert found(prometheus, "meshop_measure_failures_total > 0") == []


def test_every_panel_draws(prometheus, shopping):
    def empty():
        return [
            (board.uid, panel.title, expression)
            for board in BOARDS
            if board.uid not in EXCEPTIONS
            for _, panels in board.rows
            for panel in panels
            for expression, _ in panel.queries
            if not found(prometheus, expression.replace("$__rate_interval", "10m"))
        ]

    with contextlib.suppress(AssertionError):
        wait_until(lambda: not empty(), timeout_s=60, every_s=2)
    assert empty() == []


def test_every_rule_has_something_to_look_at(prometheus, shopping):
    """An alert answers nothing while all is well, so its comparison is taken away."""
    for expression in expressions(rules_document()["groups"]):
        found(prometheus, expression)
    broken = [
        rule
        for group in prometheus_ask(prometheus, "rules")["groups"]
        for rule in group["rules"]
        if rule["health"] == "err"
    ]
    assert broken == []
    records = {rule["record"] for g in rules_document()["groups"] for rule in g["rules"] if "record" in rule}
    wait_until(
        lambda: all(found(prometheus, record) for record in records), timeout_s=60, what="recording rules"
    )
