"""All phases one after the other, from wherever a generation is."""

from collections.abc import Callable
from typing import Any

from apps.search.generations.building import generation_build
from apps.search.generations.catching_up import generation_catch_up
from apps.search.generations.journal import generation_expect, generation_get, generation_open
from apps.search.generations.models import IndexGeneration
from apps.search.generations.planning import PlanOptions, generation_plan
from apps.search.generations.progress import Report, silent
from apps.search.generations.retiring import generations_expire
from apps.search.generations.states import OPEN
from apps.search.generations.stores import stores_configured
from apps.search.generations.swapping import generation_swap
from apps.search.generations.verifying import generation_verify

#: What comes next in each state. The work of a state ends with the step to the following one.
_NEXT: dict[str, tuple[Callable[..., Any], ...]] = {
    "planned": (generation_build,),
    "built": (generation_catch_up, generation_verify),
    "verified": (generation_catch_up, generation_swap),
    "swapping": (generation_swap,),
}


def generation_run(
    *, name: str = "", options: PlanOptions | None = None, report: Report = silent
) -> IndexGeneration:
    """Plan, build, catch up, verify, swap, catch up, and delete what is kept no longer; goes on where it was."""
    generation = generation_plan(name=name, options=options, report=report)
    generation_expect(generation, *OPEN, "live")
    while steps := _NEXT.get(generation.state):
        for step in steps:
            step(name=generation.name, report=report)
        generation.refresh_from_db()
    generation_catch_up(name=generation.name, report=report)
    generations_expire(report=report)
    return generation


def generation_resume(*, report: Report = silent) -> IndexGeneration | None:
    """Go on with the generation on its way; ``None`` when there is none."""
    found = generation_open()
    return generation_run(name=found.name, report=report) if found else None


def generations_status() -> dict[str, Any]:
    """What is searched, on its way, kept, and there without being known."""
    stores = stores_configured()
    known = set(IndexGeneration.objects.values_list("name", flat=True))
    rows = IndexGeneration.objects.exclude(state="deleted").prefetch_related("shards")
    return {
        "active": {name: store.active() for name, store in stores.items()},
        "generations": [_described(row) for row in rows],
        "unknown": {
            name: sorted(set(store.generations()) - known)
            for name, store in stores.items()
            if set(store.generations()) - known
        },
    }


def generation_status(name: str) -> dict[str, Any]:
    """One generation."""
    return _described(generation_get(name))


def _described(row: IndexGeneration) -> dict[str, Any]:
    return {
        "name": row.name,
        "state": row.state,
        "replaces": row.replaces,
        "keep_until": row.keep_until.isoformat() if row.keep_until else None,
        "report": row.report,
        "shards": [
            {
                "store": shard.store, "number": shard.number, "documents": shard.documents,
                "position": shard.position, "last": shard.last, "finished": shard.finished_at is not None,
            }
            for shard in row.shards.all()
        ],
    }  # fmt: skip
