"""A shop at work while its index is rebuilt: staff write, consumers follow, customers search. What is odd is noted."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.db import connections
from django.db.models import F
from django.utils import timezone
from elasticsearch import Elasticsearch

from apps.core.api.pagination import PageAsked
from apps.core.events import event_message
from apps.core.inbox import event_apply
from apps.core.models import OutboxEvent
from apps.core.subscriptions import subscription_named
from apps.products.filters import ProductFilterSet
from apps.products.models import Product
from apps.products.search.port import SearchAsked
from apps.products.services.products import product_update
from apps.search.elastic.client import errors_translated
from apps.search.elastic.engine import ElasticProductSearch
from meshop_shared.errors import MeshopError

_BATCH = 100


@dataclass
class LiveShop:
    """Runs from entering to leaving; then the counters say what happened."""

    client: Elasticsearch
    alias: str
    writes_per_second: float = 50.0
    searchers: int = 1
    #: Between two searches of one searcher; writers need a turn in this process, too.
    pause_s: float = 0.03
    #: Threads that do what the worker's processes do; none where :func:`events_consume` runs elsewhere.
    consumers: int = 2
    seed: int = 1
    writes: int = 0
    searches: int = 0
    #: Answers that were errors, and answers that did not have every product exactly once.
    failed: list[str] = field(default_factory=list)
    partial: list[int] = field(default_factory=list)
    #: For how many seconds what was shown as in stock had been sold out, at most.
    stalest_s: float = 0.0
    slowest_search_s: float = 0.0

    def __enter__(self) -> "LiveShop":
        self._ids = list(
            Product.objects.filter(stock_item__isnull=False, is_active=True).values_list("pk", flat=True)
        )
        self._count = Product.objects.count()
        self._engine = ElasticProductSearch(self.client, timeout_s=30, alias=self.alias)
        self._sold_out: dict[int, float] = {}
        self._stopping = threading.Event()
        loops: list[Callable[[], None]] = [self._write, *[self._search] * self.searchers]
        loops += [
            partial(events_consume, number, of=self.consumers, stopping=self._stopping)
            for number in range(self.consumers)
        ]
        self._threads = [threading.Thread(target=self._run, args=(loop,)) for loop in loops]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _run(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        except Exception as error:  # whoever leaves the shop judges it
            self.failed.append(f"{loop}: {error!r}")
        finally:
            connections.close_all()

    def _write(self) -> None:
        chance = random.Random(self.seed)
        begin = time.monotonic()
        while not self._stopping.is_set():
            pk = chance.choice(self._ids)
            if pk in self._sold_out:
                self._sold_out.pop(pk)
                product_update(product_id=pk, data={"stock": 5})
            elif chance.random() < 0.5:
                product_update(product_id=pk, data={"stock": 0})
                self._sold_out[pk] = time.monotonic()
            else:
                product_update(product_id=pk, data={"price_minor": chance.randrange(100, 10_000)})
            self.writes += 1
            self._stopping.wait(max(0.0, begin + self.writes / self.writes_per_second - time.monotonic()))

    def _search(self) -> None:
        chance = random.Random(self.seed + threading.get_ident())
        while not self._stopping.is_set():
            begin = time.monotonic()
            sold_out = dict(self._sold_out)
            try:
                with errors_translated():
                    found = int(self.client.count(index=self.alias)["count"])
                if found != self._count:
                    self.partial.append(found)
                shown = self._engine.search(
                    asked(size=100, ordering=chance.choice(("price", "-price")), in_stock="true")
                )
            except MeshopError as error:
                self.failed.append(f"{error.code} {error.extra}")
                continue
            self.searches += 2
            self.slowest_search_s = max(self.slowest_search_s, time.monotonic() - begin)
            for pk in shown.ids:
                if pk in sold_out and pk in self._sold_out:
                    self.stalest_s = max(self.stalest_s, begin - sold_out[pk])
            self._stopping.wait(self.pause_s)


def events_consume(number: int, *, of: int, stopping: threading.Event) -> None:
    """What relay and worker do, for every ``of``-th event."""
    subscription = subscription_named("search.index", settings.SUBSCRIPTIONS)
    waiting = OutboxEvent.objects.annotate(part=F("id") % of).filter(published_at=None, part=number)
    while not stopping.is_set():
        rows = list(waiting.order_by("id")[:_BATCH])
        for row in rows:
            if stopping.is_set():
                return  # the rest stays in the outbox, for whoever catches up
            if subscription.wants(row.type):
                event_apply(subscription=subscription, message=event_message(row))
            OutboxEvent.objects.filter(pk=row.pk).update(published_at=timezone.now())
        stopping.wait(0 if rows else 0.02)


def asked(*, size: int, ordering: str, **filters: str) -> SearchAsked:
    """A list of products."""
    found = ProductFilterSet(filters)
    found.validate()
    return SearchAsked(text="", filters=found, ordering=ordering, page=PageAsked(size))
