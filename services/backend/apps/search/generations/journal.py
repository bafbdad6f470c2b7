"""Reading and writing the journal. A state changes by compare-and-set: of two who try the same step, one does it."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from apps.search.errors import GenerationRefused
from apps.search.generations.models import IndexGeneration
from apps.search.generations.states import OPEN, transition_check
from meshop_shared.errors import NotFound


def generation_get(name: str) -> IndexGeneration:
    """One generation. Raises ``NotFound``."""
    found = IndexGeneration.objects.filter(name=name).first()
    if found is None:
        raise NotFound(f"There is no generation {name}.")
    return found


def generation_open() -> IndexGeneration | None:
    """The one on its way, if there is one."""
    return IndexGeneration.objects.filter(state__in=OPEN).first()


def generation_live() -> IndexGeneration | None:
    """The one that is searched, if there is one."""
    return IndexGeneration.objects.filter(state="live").first()


def generation_expect(generation: IndexGeneration, *states: str) -> None:
    """Raise :class:`GenerationRefused` unless it is in one of ``states``."""
    if generation.state not in states:
        raise GenerationRefused(
            extra={"generation": generation.name, "state": generation.state, "needed": list(states)}
        )


def generation_move(generation: IndexGeneration, state: str, **fields: Any) -> IndexGeneration:
    """Take a step of its life. Raises :class:`GenerationRefused` when somebody else took one meanwhile."""
    transition_check(generation.state, state)
    changed = IndexGeneration.objects.filter(pk=generation.pk, state=generation.state).update(
        state=state, updated_at=Now(), **fields
    )
    if not changed:
        raise GenerationRefused(
            "Somebody else changed this generation.",
            extra={"generation": generation.name, "expected": generation.state},
        )
    generation.refresh_from_db()
    return generation


@transaction.atomic
def generation_promote(generation: IndexGeneration, *, keep_until: Any) -> None:
    """It is searched now; what was searched before is kept for a while."""
    before = generation_live()
    if before is not None and before.pk != generation.pk:
        generation_move(before, "kept", keep_until=keep_until)
    generation_move(generation, "live", came_from="", keep_until=None)
