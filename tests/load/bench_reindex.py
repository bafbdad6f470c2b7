# ruff: noqa: E402 - Django must be set up before its models are imported
"""``make bench-reindex``: what does a reindex cost beside a bare bulk load of the same documents, and does memory grow?

Builds the index of 10,000 and 100,000 demo products (``BENCH_REINDEX_SIZES``, by comma; the last may be 1000000) and,
in turns with it, loads the same documents, rendered before: as many requests at a time as the build has, or one,
whichever is quicker. Then rebuilds while staff write 50 times a second and customers search, and says what encoding
costs apart. Exits with 1 when a search failed, a write was missed, or stock was stale.
"""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import django

django.setup()

import numpy as np
import orjson
from django.conf import settings
from django.db import connection
from tokenizers import Tokenizer

from apps.products.models import Product
from apps.search.documents import Rendered, documents_of, documents_streamed
from apps.search.elastic.client import elastic_client
from apps.search.generations.building import BATCH, SENDERS, generation_build
from apps.search.generations.catching_up import generation_catch_up
from apps.search.generations.planning import generation_plan
from apps.search.generations.retiring import generation_abort, generation_delete
from apps.search.generations.running import generation_run
from apps.search.generations.stores import TextStore, text_store
from apps.search.generations.verifying import content_differences, id_differences
from apps.search.vectors.points import point_text
from meshop_shared.embeddings.minilm import MiniLmEncoder
from tests.support.live_shop import LiveShop, events_consume
from tests.support.peak_memory import PeakMemory
from tools.paths import BACKEND, TEXT_MODEL

SIZES = [int(size) for size in os.environ.get("BENCH_REINDEX_SIZES", "10000,100000").split(",")]
#: Above this the rendered documents do not fit beside everything else, so there is no bare load to compare with.
RAW_UP_TO = 200_000
ROUNDS = int(os.environ.get("BENCH_REINDEX_ROUNDS", "5"))
ENCODED = int(os.environ.get("BENCH_REINDEX_TEXTS", "1000"))
PARTS = os.environ.get("BENCH_REINDEX_PARTS", "load,live,vectors").split(",")
NAIVE = 100
CONSUMERS = 2
LIMIT, MEMORY_LIMIT, STALE_LIMIT_S = 0.8, 1.2, 5.0

memory: dict[int, float] = {}


def main() -> int:
    """Measure what was asked for."""
    for size in SIZES:
        _grow(size)
        if "load" in PARTS:
            _load(size)
    noticed = _live() if "live" in PARTS else 0
    if "vectors" in PARTS:
        _vectors()
    return noticed


def _load(size: int) -> None:
    memory[size] = _memory(size)
    print(f"\n{size:,} products: the process that builds takes {memory[size]:.0f} MiB", end="")
    print(
        f", {memory[size] / memory[SIZES[0]]:.2f} × those for {SIZES[0]:,} (asked: at most {MEMORY_LIMIT} ×)",
        flush=True,
    )
    if size <= RAW_UP_TO:
        _compare(size)


def _grow(size: int) -> None:
    grow = [sys.executable, "manage.py", "demo_catalog", "--products", str(size), "--seed", "1"]
    subprocess.run(grow, cwd=BACKEND, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(
            "TRUNCATE search_dirtyproduct"
        )  # the import marked everything; nothing is searched yet


def _memory(size: int) -> float:
    """Peak of a process that builds, in MiB."""
    name = f"memory{size}"
    _reindex("--phase", "plan", "--generation", name)
    peak = _reindex("--phase", "build", "--generation", name)
    generation_abort(name=name)
    return peak


def _reindex(*arguments: str) -> float:
    """Run the command; the peak of its memory in MiB."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "catalog_reindex", *arguments], cwd=BACKEND, stdout=subprocess.DEVNULL
    )
    peak = PeakMemory(process.pid)
    peak.start()
    assert process.wait() == 0
    peak.join()
    return peak.mib


def _compare(size: int) -> None:
    """Bare loads and builds in turns, so that the machine's drift meets both."""
    store = text_store()
    batches = [_requests(rendered) for rendered in _everything()]
    rates: dict[str, list[float]] = {
        "bare, one request at a time": [],
        f"bare, {SENDERS['text']} at a time": [],
        "reindex": [],
    }
    bare_one, bare_more, reindex = rates
    for turn in range(ROUNDS + 1):
        rates[bare_one].append(_bare(store, f"bare{turn}", batches, senders=1))
        rates[bare_more].append(_bare(store, f"more{turn}", batches, senders=SENDERS["text"]))
        name = f"bench{size}_{turn}"
        generation_plan(name=name)
        begin = time.monotonic()
        generation_build(name=name)
        rates[reindex].append(size / (time.monotonic() - begin))
        generation_delete(name=name)
        if turn == 0:  # only warms Elasticsearch up
            for found in rates.values():
                found.clear()
    print(f"  documents/s, median of {ROUNDS} in turns")
    for what, found in rates.items():
        print(f"  {what:32}{statistics.median(found):9,.0f}   {', '.join(f'{one:,.0f}' for one in found)}")
    ratios = [
        built / max(one, more)
        for one, more, built in zip(rates[bare_one], rates[bare_more], rates[reindex], strict=True)
    ]
    print(
        f"  reindex / quicker bare load of its turn: {statistics.median(ratios):.2f} "
        f"(asked: at least {LIMIT}; {min(ratios):.2f} to {max(ratios):.2f})"
    )


def _everything() -> list[Rendered]:
    first = Product.objects.order_by("pk").values_list("pk", flat=True)[0] - 1
    last = Product.objects.order_by("-pk").values_list("pk", flat=True)[0]
    return list(documents_streamed(first, last=last, limit=RAW_UP_TO, batch=BATCH["text"]))


def _requests(rendered: Rendered) -> list[bytes]:
    lines = []
    for pk, document in rendered.documents.items():
        lines += [orjson.dumps({"index": {"_id": str(pk)}}), orjson.dumps(document)]
    return lines


def _bare(store: TextStore, name: str, batches: list[list[bytes]], *, senders: int) -> float:
    """Documents a second of loading what has been rendered, refreshed at the end like a build."""
    client = elastic_client(settings.MESHOP.elasticsearch_url).options(request_timeout=60)
    store.create(name)
    begin = time.monotonic()
    with ThreadPoolExecutor(senders) as pool:
        send = lambda lines: client.bulk(index=store.physical(name), operations=lines, filter_path="errors")  # noqa: E731
        assert not any(answer["errors"] for answer in pool.map(send, batches))
    store.finish(name, replicas=0)
    rate = sum(map(len, batches)) / 2 / (time.monotonic() - begin)
    store.delete(name)
    return rate


def _live() -> int:
    """Rebuild while the shop is at work; 1 when somebody noticed."""
    store = text_store()
    generation_run(name="live1")
    client = elastic_client(settings.MESHOP.elasticsearch_url)
    with _consumers(), LiveShop(client, store.alias, consumers=0) as shop:
        begin = time.monotonic()
        _reindex("--generation", "live2")  # in a process of its own, as in life
        taken = time.monotonic() - begin
        time.sleep(3)
    generation_catch_up(name="live2")
    missed = 0
    for name in ("live1", "live2"):
        store.refresh(name)
        ids = list(Product.objects.values_list("pk", flat=True))
        missed += len(id_differences(store, name) | content_differences(store, name, ids))
    print(f"\nreindex of {len(ids):,} products while the shop is open: {taken:.0f} s")
    print(
        f"  {shop.writes:,} writes ({shop.writes / (taken + 3):.0f}/s), {missed} missed in both generations (asked: 0)"
    )
    print(
        f"  {shop.searches:,} searches, {len(shop.failed)} failed, {len(shop.partial)} saw a part (asked: 0 and 0)"
    )
    print(
        f"  slowest {shop.slowest_search_s:.2f} s, stalest stock {shop.stalest_s:.1f} s "
        f"(asked: at most {STALE_LIMIT_S})"
    )
    return int(bool(missed or shop.failed or shop.partial or shop.stalest_s > STALE_LIMIT_S))


@contextmanager
def _consumers() -> Iterator[None]:
    """The worker's two processes."""
    command = [sys.executable, "-m", "tests.load.bench_reindex", "--consume"]
    processes = [subprocess.Popen([*command, str(number)]) for number in range(CONSUMERS)]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def _vectors() -> None:
    """What encoding costs, beside one text at a time."""
    encoder = MiniLmEncoder(TEXT_MODEL)
    ids = list(Product.objects.order_by("pk").values_list("pk", flat=True)[:ENCODED])
    texts = [point_text(document) for document in documents_of(ids).documents.values()]
    names = [text.partition(".")[0] for text in texts]
    print("\nMiniLM, texts/s                     batches   one by one   one by one, padded as published")
    padding = Tokenizer.from_file(str(TEXT_MODEL / "tokenizer.json"))
    for what, chosen in (("names", names), ("what is indexed of a product", texts)):
        quick = _rate(len(chosen), lambda chosen=chosen: encoder.encode(chosen))
        single = _rate(NAIVE, lambda chosen=chosen: [encoder.encode([text]) for text in chosen[:NAIVE]])
        padded = _rate(
            NAIVE, lambda chosen=chosen: [_padded(encoder, padding, text) for text in chosen[:NAIVE]]
        )
        print(
            f"  {what:32}{quick:9,.0f}{single:9,.0f} ({quick / single:.1f} ×){padded:9,.0f} ({quick / padded:.1f} ×)"
        )


def _padded(encoder: MiniLmEncoder, tokenizer: Tokenizer, text: str) -> None:
    """The loop of a first attempt: the tokenizer as it is published pads every text to 128 pieces."""
    pieces = tokenizer.encode(text)
    feed = {"ids": np.array([pieces.ids]), "mask": np.array([pieces.attention_mask])}
    encoder._session.run(["vectors"], feed)


def _rate(count: int, work) -> float:
    begin = time.perf_counter()
    work()
    return count / (time.perf_counter() - begin)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--consume"]:
        events_consume(int(sys.argv[2]), of=CONSUMERS, stopping=threading.Event())
    sys.exit(main())
