"""Building the index anew beside the one that is searched, and moving the alias in one step."""

from collections.abc import Callable

from django.db.models import Max
from django.utils import timezone

from apps.products.models import Product
from apps.search.documents import documents_after
from apps.search.selectors import synonym_rules
from apps.search.services.indexing import index_catch_up
from apps.search.stores import elastic_index

BATCH = 1_000
Report = Callable[..., None]


def index_rebuild(*, report: Report) -> str:
    """Fill a new index, check its size, search it from now on, delete the former one; return its name.

    Changes that land meanwhile go to both: the new index exists, and so is written to, before the first row is read.
    A run that dies leaves the alias where it was; the next run deletes what it left.
    """
    index = elastic_index()
    previous = index.active()
    for left in set(index.generations()) - {previous}:
        index.delete(left)
    name = timezone.now().strftime("%Y%m%d%H%M%S%f")
    index.create(name)
    index.synonyms_put(synonym_rules())
    last = Product.objects.aggregate(last=Max("pk"))["last"] or 0
    position = done = 0
    while (rendered := documents_after(position, last=last, limit=BATCH)).documents:
        index.write([name], rendered)
        position, done = max(rendered.documents), done + len(rendered.documents)
        report(phase="build", documents=done, position=position, last=last)
    index_catch_up()
    index.finish(name, replicas=0)
    found, expected = index.count(name), Product.objects.count()
    report(phase="verify", documents=found, expected=expected)
    if abs(found - expected) > max(10, expected // 1000):
        raise RuntimeError(f"The new index has {found} documents for {expected} products.")
    index.point(name, previous=previous)
    report(phase="swap", active=name, previous=previous)
    if previous:
        index.delete(previous)
    return name
