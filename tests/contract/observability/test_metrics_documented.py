"""The page of metrics says what the code exports, and every label says why it is bounded."""

import pytest
from django.utils.module_loading import import_string

from config.measures import MEASURES
from tools.metric_docs import LABELS, PAGE, metrics_all, metrics_page

pytestmark = pytest.mark.contract
METRICS = metrics_all()


def test_there_are_metrics_of_every_program():
    assert {metric.name.split("_")[1] for metric in METRICS} >= {
        "http",
        "gateway",
        "ai",
        "outbox",
        "tasks",
        "orders",
    }
    assert len(METRICS) > 60


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == metrics_page(), "run python -m tools.metric_docs --write"


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_has_a_name_of_ours_a_meaning_and_bounded_labels(metric):
    assert metric.name.startswith("meshop_")
    assert metric.help.endswith((".", "…", "oversell guard."))
    assert set(metric.labels) <= LABELS.keys(), "say in tools/metric_docs.py why its labels are bounded"


def test_every_explained_label_is_used():
    assert LABELS.keys() == {label for metric in METRICS for label in metric.labels}


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_every_measurement_exists(measure):
    assert callable(import_string(measure.function))
