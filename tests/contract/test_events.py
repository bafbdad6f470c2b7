"""The events that the code emits, their schemas, and their page agree."""

import ast
import re
from collections.abc import Iterator

import pytest

from config.subscriptions import SUBSCRIPTIONS
from meshop_shared.events import event_schemas
from tools.event_docs import PAGE, events_page
from tools.paths import BACKEND

TYPES = {type for type, _ in event_schemas()}
#: An event that a trigger writes to the outbox.
BY_TRIGGER = re.compile(r"INSERT INTO core_outboxevent .*\n\s*VALUES \(gen_random_uuid\(\), '([a-z_.]+)'")
EMITTERS = ("event_emit", "_announce", "_changed", "_emit", "refund_emit")


def emitted() -> Iterator[tuple[str, str]]:
    """Where an event is emitted, and a pattern of its type: from literals, and from the fixed parts of f-strings."""
    for path in sorted((BACKEND / "apps").rglob("migrations/*.py")):
        for type in BY_TRIGGER.findall(path.read_text()):
            yield str(path.relative_to(BACKEND)), re.escape(type)
    for path in sorted((BACKEND / "apps").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in EMITTERS:
                place = f"{path.relative_to(BACKEND)}:{node.lineno}"
                named = [keyword.value for keyword in node.keywords if keyword.arg == "type"]
                for value in [*named, *node.args]:
                    if isinstance(value, ast.Constant) and re.fullmatch(
                        r"[a-z_]+\.[a-z_]+", str(value.value)
                    ):
                        yield place, re.escape(str(value.value))
                    if isinstance(value, ast.JoinedStr):
                        parts = [
                            re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in value.values
                        ]
                        if value in named:
                            yield place, "".join(parts)


EMITTED = list(emitted())


def test_emitters_are_found():
    assert len(EMITTED) > 10


@pytest.mark.parametrize(("place", "pattern"), EMITTED)
def test_what_is_emitted_has_a_schema(place, pattern):
    assert any(re.fullmatch(pattern, type) for type in TYPES), f"{place} emits an event without a schema"


@pytest.mark.parametrize("type", sorted(TYPES))
def test_every_schema_is_emitted_somewhere(type):
    assert any(re.fullmatch(pattern, type) for _, pattern in EMITTED), f"nobody emits {type}"


def test_types_are_named_aggregate_dot_what_happened():
    assert [type for type in TYPES if not re.fullmatch(r"[a-z]+\.[a-z_]+", type)] == []


def test_every_event_says_what_it_means():
    assert [model for model in event_schemas().values() if not (model.__doc__ or "").strip()] == []


def test_the_page_is_current():
    assert PAGE.read_text() == events_page(), "run: python -m tools.event_docs --write"


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS, ids=lambda subscription: subscription.consumer)
def test_every_subscription_can_be_served(subscription):
    from django.utils.module_loading import import_string

    from apps.core.broker import QUEUES

    assert callable(import_string(subscription.handler))
    assert subscription.queue in QUEUES
    for pattern in subscription.events:
        assert any(subscription.wants(type) for type in TYPES), f"{pattern} matches no event"


def test_consumers_have_names_of_their_own():
    names = [subscription.consumer for subscription in SUBSCRIPTIONS]
    assert len(names) == len(set(names))
