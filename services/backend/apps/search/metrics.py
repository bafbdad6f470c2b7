"""How far the search index is behind, and in which state its generations are."""

from typing import Final

from django.db.models import Count
from prometheus_client import Gauge

from apps.core.measures import gauges_read
from apps.search.generations.models import IndexGeneration
from apps.search.generations.states import TRANSITIONS

_MODE: Final = "livemax"
DIRTY = Gauge(
    "meshop_search_dirty_products", "Products that the index has to catch up with.", multiprocess_mode=_MODE
)
LAG = Gauge(
    "meshop_search_lag_seconds", "For how long the oldest of them has been waiting.", multiprocess_mode=_MODE
)
DIRTY_VECTORS = Gauge(
    "meshop_search_dirty_vectors", "Products whose vectors have to be made.", multiprocess_mode=_MODE
)
GENERATIONS = Gauge(
    "meshop_index_generations", "Generations of the index in a state.", ["state"], multiprocess_mode=_MODE
)
BUILT = Gauge(
    "meshop_index_documents", "Documents of the generation that is being built.", multiprocess_mode=_MODE
)
OPEN_AGE = Gauge(
    "meshop_index_open_seconds",
    "Since the generation that is not finished was planned.",
    multiprocess_mode=_MODE,
)

_BACKLOG = """
SELECT (SELECT count(*) FROM search_dirtyproduct),
       (SELECT greatest(0, extract(epoch FROM clock_timestamp() - min(marked_at))) FROM search_dirtyproduct),
       (SELECT count(*) FROM search_dirtyvector),
       (SELECT sum(s.documents) FROM search_generationshard s JOIN search_indexgeneration g ON g.name = s.generation_id
        WHERE g.state IN ('planned', 'built', 'verified', 'swapping')),
       (SELECT max(extract(epoch FROM clock_timestamp() - created_at)) FROM search_indexgeneration
        WHERE state IN ('planned', 'built', 'verified', 'swapping'))
"""


def index_measure() -> None:
    """Read the tables of what is to be indexed, and the journal."""
    gauges_read(_BACKLOG, DIRTY, LAG, DIRTY_VECTORS, BUILT, OPEN_AGE)
    counts = dict(IndexGeneration.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in TRANSITIONS:
        GENERATIONS.labels(state).set(counts.get(state, 0))
