"""Phases keep, delete and abort: what is not searched goes, what is searched never does.

Deleting is written down first, and a generation that is being deleted can never be swapped in again: no alias can come
to point to it meanwhile. The stores refuse to delete what their alias points to besides.
"""

from django.utils import timezone

from apps.core.failpoints import failpoint
from apps.search.errors import GenerationRefused
from apps.search.generations.journal import generation_expect, generation_get, generation_move
from apps.search.generations.models import IndexGeneration
from apps.search.generations.planning import CONTROL
from apps.search.generations.progress import Report, silent
from apps.search.generations.stores import stores_configured
from apps.search.generations.swapping import swap_undo
from apps.search.locks import search_lock


def generations_expire(*, report: Report = silent) -> list[str]:
    """Delete kept generations whose time is over, and what earlier deletions left; their names. Safe to repeat."""
    over = IndexGeneration.objects.filter(state="kept", keep_until__lte=timezone.now())
    names = list((over | IndexGeneration.objects.filter(state="deleting")).values_list("name", flat=True))
    for name in names:
        generation_delete(name=name, report=report)
    report(phase="keep", deleted=names, kept=_kept())
    return names


def generation_delete(*, name: str, report: Report = silent) -> IndexGeneration:
    """Delete a generation from all stores. Safe to repeat. Raises :class:`GenerationRefused` for the live one."""
    with search_lock(CONTROL):
        generation = generation_get(name)
        if generation.state == "deleted":
            return generation
        generation_expect(generation, "planned", "built", "verified", "kept", "deleting")
        stores = stores_configured()
        searched = [store_name for store_name, store in stores.items() if store.active() == name]
        if searched:
            raise GenerationRefused(
                "This generation is searched.", extra={"generation": name, "in": searched}
            )
        if generation.state != "deleting":
            generation_move(generation, "deleting")
        for store_name, store in stores.items():
            failpoint("reindex.deleting")
            store.delete(name)
            report(phase="delete", generation=name, store=store_name)
        failpoint("reindex.gone")
        generation.shards.all().delete()
        generation_move(generation, "deleted", keep_until=None)
    return generation


def generation_abort(*, name: str, report: Report = silent) -> IndexGeneration:
    """Give up a generation on its way: undo its swap if one had begun, then delete it.

    Raises :class:`GenerationRefused` for one that is searched already: roll back instead.
    """
    with search_lock(CONTROL):
        generation = generation_get(name)
        if generation.state == "swapping":
            swap_undo(generation, stores_configured())
            report(phase="swap", generation=name, undone=True)
    if generation.state == "kept":  # it had been live before
        return generation
    return generation_delete(name=name, report=report)


def _kept() -> dict[str, str]:
    kept = IndexGeneration.objects.filter(state="kept").values_list("name", "keep_until")
    return {name: until.isoformat() if until else "" for name, until in kept}
