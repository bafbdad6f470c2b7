"""Payloads are held to their schema."""

import pytest
from pydantic import ValidationError

from meshop_shared.events import UnknownEvent, event_schemas, payload_check

SHIPPED = {"order_id": 1, "number": "M-1", "user_id": None, "currency": "GBP", "total_minor": 100}


def test_defaults_are_filled_in():
    assert payload_check("order.shipped", 1, SHIPPED) == {**SHIPPED, "tracking": ""}


@pytest.mark.parametrize(
    "change",
    [
        {"order_id": "1"},
        {"total_minor": 1.0},
        {"number": None},
        {"surprise": 1},
    ],
)
def test_what_does_not_fit_is_refused(change):
    with pytest.raises(ValidationError):
        payload_check("order.shipped", 1, {**SHIPPED, **change})


def test_what_is_missing_is_refused():
    with pytest.raises(ValidationError):
        payload_check("order.shipped", 1, {"order_id": 1})


@pytest.mark.parametrize(("type", "version"), [("order.eaten", 1), ("order.shipped", 99)])
def test_an_unknown_event_is_refused(type, version):
    with pytest.raises(UnknownEvent, match=type):
        payload_check(type, version, SHIPPED)


def test_types_and_versions_are_unique():
    models = list(event_schemas().values())
    assert len({(model.TYPE, model.VERSION) for model in models}) == len(models) > 15
