"""Phases swap and rollback: move both aliases, or neither.

The intent is in the journal before an alias moves: what is to be searched, and what each alias must point to now.
Qdrant goes first, because a text search of the old generation beside vectors of the new one finds the same products,
and Elasticsearch, which most searches ask, decides. Who finds a generation ``swapping`` reads the aliases themselves:
each is where it was or where it should be, and the swap is finished, or undone when that is impossible.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.core.failpoints import failpoint
from apps.search.errors import EngineRefused, EngineUnavailable, GenerationRefused
from apps.search.generations.catching_up import generation_catch_up
from apps.search.generations.journal import (
    generation_expect,
    generation_get,
    generation_live,
    generation_move,
    generation_promote,
)
from apps.search.generations.models import IndexGeneration
from apps.search.generations.planning import CONTROL
from apps.search.generations.progress import Report, silent
from apps.search.generations.stores import TEXT, VECTORS, GenerationStore, stores_configured
from apps.search.generations.verifying import generation_verify
from apps.search.locks import search_lock

#: The order in which aliases move.
ORDER = (VECTORS, TEXT)
_MOVED = {VECTORS: lambda: failpoint("reindex.vectors_moved"), TEXT: lambda: failpoint("reindex.text_moved")}


def generation_swap(*, name: str, report: Report = silent) -> IndexGeneration:
    """Search this generation from now on; what was searched is kept for the hours of the plan. Safe to repeat.

    Raises :class:`GenerationRefused` unless it is verified, and when an alias is not where it was expected: then every
    alias that had moved is back.
    """
    with search_lock(CONTROL):
        generation = generation_get(name)
        if generation.state == "live":
            return generation
        generation_expect(generation, "verified", "kept", "swapping")
        stores = stores_configured()
        if generation.state != "swapping":
            _intend(generation, stores)
        failpoint("reindex.swap_intended")
        try:
            _move(generation, stores)
        except (EngineUnavailable, EngineRefused, LookupError) as error:
            swap_undo(generation, stores)
            report(phase="swap", generation=name, undone=True, error=str(error))
            raise GenerationRefused(
                "The aliases could not be moved; searches go where they went before.",
                extra={"generation": name, "reason": str(error), **getattr(error, "extra", {})},
            ) from error
        kept = timezone.now() + timedelta(hours=generation.option("keep_hours"))
        generation_promote(generation, keep_until=kept)
        failpoint("reindex.swapped")
    report(phase="swap", generation=name, active=name, previous=generation.expected)
    return generation


def generation_rollback(*, name: str = "", report: Report = silent) -> IndexGeneration:
    """Search what was searched before the live generation, after bringing it up to date.

    The one that is left is kept in turn. With ``name``, the generation that is to be left, safe to repeat: when it is
    not searched any more, nothing is done. Raises :class:`GenerationRefused` when there is nothing to go back to.
    """
    live = generation_live()
    if name and live is not None and live.name != name and generation_get(name).state == "kept":
        report(phase="rollback", generation=live.name, left=name, nothing="it is not searched any more")
        return live
    if name and (live is None or live.name != name):
        raise GenerationRefused(extra={"asked": name, "live": live.name if live else None})
    kept = IndexGeneration.objects.filter(state__in=("kept", "swapping"))
    previous = kept.filter(name=live.replaces).first() if live else None
    if previous is None:
        raise GenerationRefused("There is no kept generation to go back to.")
    if previous.state == "kept":
        generation_catch_up(name=previous.name, report=report)
        generation_verify(name=previous.name, report=report)
    return generation_swap(name=previous.name, report=report)


def swap_undo(generation: IndexGeneration, stores: dict[str, GenerationStore]) -> None:
    """Bring aliases back to where they were before the swap. Raises when a store does not answer: repeat it then."""
    for store_name in reversed(ORDER):
        if store_name in generation.expected:
            store, before = stores[store_name], generation.expected[store_name]
            if _goal(generation, store_name) != before and store.active() == _goal(generation, store_name):
                _point(store, before, now=store.active())
            failpoint("reindex.alias_back")
    generation_move(generation, generation.came_from, came_from="", expected={})


def _intend(generation: IndexGeneration, stores: dict[str, GenerationStore]) -> None:
    live = generation_live()
    expected: dict[str, Any] = {name: store.active() for name, store in stores.items()}
    for store_name, found in expected.items():
        known = live.name if live and store_name in live.stores else None
        if found not in (known, generation.name):
            raise GenerationRefused(
                "An alias points elsewhere than the journal says.",
                extra={"store": store_name, "found": found, "expected": known},
            )
    if missing := [name for name in generation.stores if not stores[name].exists(generation.name)]:
        raise GenerationRefused(extra={"generation": generation.name, "missing_in": missing})
    generation_move(generation, "swapping", expected=expected, came_from=generation.state)


def _move(generation: IndexGeneration, stores: dict[str, GenerationStore]) -> None:
    for store_name in ORDER:
        if store_name not in generation.expected:
            continue
        store, before = stores[store_name], generation.expected[store_name]
        found, goal = store.active(), _goal(generation, store_name)
        if found not in (before, goal):
            raise LookupError(f"the alias {store.alias} points to {found}, not to {before}")
        if found != goal:
            _point(store, goal, now=found)
        _MOVED[store_name]()


def _goal(generation: IndexGeneration, store_name: str) -> str | None:
    """Where its alias should point: nowhere in a store that the generation does not have."""
    return generation.name if store_name in generation.stores else None


def _point(store: GenerationStore, goal: str | None, *, now: str | None) -> None:
    if goal is not None:
        store.point(goal, previous=now)
    elif now is not None:
        store.unpoint(now)
