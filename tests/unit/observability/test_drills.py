"""Drills: enough of them, each for an alert that there is; verdicts that fail when anything is missing."""

from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from apps.core.faults import FAULTS
from config.environment import BackendSettings
from tools.observability.drills.__main__ import Verdict
from tools.observability.drills.faults import DRILLS
from tools.observability.drills.places import ClusterPlace
from tools.observability.rules import alerts_all

pytestmark = pytest.mark.unit


def test_there_are_fifteen_at_least_each_for_an_alert_of_ours():
    assert len({drill.name for drill in DRILLS}) == len(DRILLS) >= 15
    assert {drill.alert for drill in DRILLS} <= {alert.name for alert in alerts_all()}


class Recorder:
    """A place that writes down what is done to it."""

    def __init__(self):
        self.done = []

    def manage(self, *arguments):
        self.done.append(arguments)


@pytest.mark.parametrize(
    "drill", [d for d in DRILLS if "switch" in d.breaks.__qualname__], ids=lambda d: d.name
)
def test_a_switch_of_a_drill_exists_and_is_always_turned_off(drill):
    place = Recorder()
    with pytest.raises(ZeroDivisionError), drill.breaks(place):
        raise ZeroDivisionError
    (on, off) = place.done
    assert on[:2] == ("fault", on[1])
    assert on[1] in FAULTS
    assert off == ("fault", "--clear")


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, True),
        ({"calm": False}, False),
        ({"detected_s": None}, False),
        ({"recovered_s": None}, False),
        ({"served": 0.98}, False),
    ],
)
def test_a_verdict(changes, passed):
    drill = next(drill for drill in DRILLS if drill.held)
    seen = {"drill": drill, "calm": True, "detected_s": 5.0, "served": 1.0, "asked": 9, "recovered_s": 3.0}
    verdict = Verdict(**{**seen, **changes})
    assert verdict.passed is passed
    assert ("passed" in verdict.row()) is passed


def test_without_a_fallback_failures_are_no_fault_of_the_drill():
    drill = next(drill for drill in DRILLS if not drill.held)
    assert Verdict(drill, True, 5.0, 0.1, 9, 3.0).passed


def test_a_public_shop_refuses_faults(monkeypatch):
    for name, value in {
        "PUBLIC_URL": "https://shop.example.com", "MESHOP_FAULTS": "on", "PAYMENT_PROVIDER": "stripe",
        "STRIPE_SECRET_KEY": "sk_x", "STRIPE_WEBHOOK_SECRET": "whsec_x", "EMAIL_URL": "smtp://mail:25",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match="drills belong elsewhere"):
        BackendSettings()
    monkeypatch.setenv("MESHOP_FAULTS", "off")
    assert BackendSettings().is_public


class Listening(ClusterPlace):
    """A cluster in which Prometheus answers nothing, and one can see what it was asked."""

    asked: ClassVar[list[str]] = []

    def _kubectl(self, *arguments):
        self.asked.append(arguments[-1])
        return '{"data": {"result": []}}'


def test_a_query_reaches_a_prometheus_in_a_cluster_as_it_is_written():
    query = 'ALERTS{alertname="BackendSlow",alertstate="firing"} + 1'
    Listening("http://127.0.0.1", "shop").ask("query", query=query)
    (address,) = Listening.asked
    assert parse_qs(urlsplit(address).query) == {"query": [query]}
    assert not set(address) & set(' {}[]"'), "curl would take them for patterns"
