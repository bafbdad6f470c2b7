"""Judging by numbers."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from meshop_operator.rollout.analysis import (
    Look,
    Verdict,
    entry_after,
    look_judge,
    metric_due,
    metric_outcome,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PROMETHEUS = {"name": "m", "prometheus": {"query": "q"}}
JOB = {"name": "m", "job": {"podTemplate": "p"}}


@pytest.mark.parametrize(
    ("metric", "look", "verdict"),
    [
        ({"max": 1}, Look(1.0), Verdict.GOOD),
        ({"max": 1}, Look(1.01), Verdict.BAD),
        ({"min": 1}, Look(0.99), Verdict.BAD),
        ({"max": 1}, Look(None), Verdict.NO_DATA),
        ({"max": 1}, Look(math.nan), Verdict.NO_DATA),
        ({"max": 1, "onNoData": "Pass"}, Look(None), Verdict.GOOD),
        ({"max": 1, "onNoData": "Fail"}, Look(None), Verdict.BAD),
        ({"max": 1, "onNoData": "Inconclusive"}, Look(math.nan), Verdict.INCONCLUSIVE),
        ({"max": 1, "minSamples": 10}, Look(5.0, samples=9), Verdict.NO_DATA),
        ({"max": 1, "minSamples": 10}, Look(5.0, samples=10), Verdict.BAD),
        ({"max": 1, "minSamples": 10}, Look(5.0), Verdict.NO_DATA),
        ({"max": 1}, Look(error="down"), Verdict.ERROR),
        ({"max": 1.5, "against": "StableRatio"}, Look(3.0, 2.0), Verdict.GOOD),
        ({"max": 1.5, "against": "StableRatio"}, Look(3.1, 2.0), Verdict.BAD),
        ({"max": 1.5, "against": "StableRatio"}, Look(3.0, None), Verdict.NO_DATA),
        ({"max": 1.5, "against": "StableRatio"}, Look(0.0, 0.0), Verdict.GOOD),
        ({"max": 1.5, "against": "StableRatio"}, Look(0.1, 0.0), Verdict.BAD),
        ({"min": 0.9, "against": "StableRatio"}, Look(0.1, 0.0), Verdict.GOOD),
        ({"max": 0.01, "against": "StableDifference"}, Look(0.05, 0.045), Verdict.GOOD),
        ({"max": 0.01, "against": "StableDifference"}, Look(0.05, 0.01), Verdict.BAD),
    ],
)
def test_one_look(metric, look, verdict):
    assert look_judge({**PROMETHEUS, **metric}, look)[0] is verdict


@pytest.mark.parametrize(
    ("metric", "look", "verdict"),
    [
        ({}, Look(), Verdict.WAITING),
        ({}, Look(done=True), Verdict.GOOD),
        ({}, Look(done=False), Verdict.BAD),
        ({"min": 0.9}, Look(0.8, done=True), Verdict.BAD),
        ({"min": 0.9}, Look(0.95, done=True), Verdict.GOOD),
    ],
)
def test_the_end_of_a_job(metric, look, verdict):
    assert look_judge({**JOB, **metric}, look)[0] is verdict


def looked(metric, *looks):
    entry = {}
    for look in looks:
        entry = entry_after({**PROMETHEUS, **metric}, entry, look, NOW)
    return metric_outcome({**PROMETHEUS, **metric}, entry)[0]


def test_so_many_good_looks_are_needed():
    metric = {"max": 1, "count": 3}
    assert looked(metric, Look(0.0), Look(0.0)) is Verdict.WAITING
    assert looked(metric, Look(0.0), Look(None), Look(0.0), Look(0.0)) is Verdict.GOOD


def test_so_many_bad_looks_are_borne():
    metric = {"max": 1, "failureLimit": 1, "count": 9}
    assert looked(metric, Look(2.0)) is Verdict.WAITING
    assert looked(metric, Look(2.0), Look(0.0), Look(2.0)) is Verdict.BAD


def test_errors_count_only_one_after_the_other():
    metric = {"max": 1, "errorLimit": 1, "count": 9}
    bad = Look(error="x")
    assert looked(metric, bad, Look(0.0), bad) is Verdict.WAITING
    assert looked(metric, bad, bad) is Verdict.ERROR


def test_inconclusive_looks_are_borne_up_to_their_limit():
    metric = {"max": 1, "onNoData": "Inconclusive", "inconclusiveLimit": 1, "count": 9}
    assert looked(metric, Look(), Look()) is Verdict.INCONCLUSIVE


def test_numbers_that_json_does_not_know_are_left_out():
    entry = entry_after({**PROMETHEUS, "max": 1}, {"value": 3.0}, Look(math.inf), NOW)
    assert "value" not in entry


def test_when_it_is_due():
    metric = {**PROMETHEUS, "interval": "10s"}
    assert metric_due(metric, {}, NOW) == 0
    entry = {"lookedAt": "2026-11-23T00:00:00Z"}
    assert metric_due(metric, entry, NOW + timedelta(seconds=4)) == 6
