"""Importing files that hold one article a line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from django.db import transaction

from apps.products.imports.checkpoint import checkpoint_advance, checkpoint_reset
from apps.products.imports.errors import Unusable
from apps.products.imports.races import repeat_on_race
from apps.products.imports.records import ArticleRecord, Rejection
from apps.products.imports.rejects import RejectsFile
from apps.products.imports.report import ImportReport
from apps.products.imports.source import RawRecord, Source
from apps.products.imports.taxonomy import Taxonomy
from apps.products.imports.upsert import articles_upsert
from apps.products.models import CatalogImport


class Reader(Protocol):
    """Knows one format."""

    def article(self, record: RawRecord) -> ArticleRecord:
        """Turn one record into an article. Raises :class:`Unusable`."""
        ...


@dataclass(slots=True)
class Batch:
    """Lines that are committed together. ``end`` is the number of data lines up to its last one."""

    end: int = 0
    size: int = 0
    articles: list[ArticleRecord] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


def articles_import(
    *,
    source: Source,
    reader: Reader,
    rejects: RejectsFile,
    checkpoint: CatalogImport | None,
    batch_size: int,
    progress: Callable[[int, int], None],
) -> ImportReport:
    """Import every line once; without ``checkpoint`` it is a rehearsal that leaves the database as it was.

    Each batch commits its products, its stock, its count and its place in the file together, so that a run killed
    at any moment goes on after the last committed batch. ``progress`` is told lines and bytes.
    """
    if checkpoint is not None and not rejects.can_resume(checkpoint.rejects_bytes):
        checkpoint_reset(checkpoint)
    done = checkpoint.line if checkpoint else 0
    rejects.rewind(checkpoint.rejects_bytes if checkpoint else 0)
    report = ImportReport.from_counters(checkpoint.counters if checkpoint else {})
    taxonomy = Taxonomy()
    for batch in _batches(source, reader, skip=done, size=batch_size):
        valid = rejects.sync()

        def undo(valid: int = valid) -> None:
            taxonomy.forget()
            rejects.rewind(valid)

        commit = partial(_commit, batch, report, taxonomy, rejects, checkpoint)
        report = repeat_on_race(commit, before_repeat=undo)
        progress(batch.size, source.position)
    return report


def _batches(source: Source, reader: Reader, *, skip: int, size: int) -> Iterator[Batch]:
    """Cut the file after every ``size`` lines. Lines that an earlier run dealt with only count for repeated SKUs."""
    seen: set[int] = set()
    batch = Batch()
    for number, record in enumerate(source.records(), start=1):
        outcome = _outcome(record, reader, seen)
        if number <= skip:
            continue
        if isinstance(outcome, Rejection):
            batch.rejected.append(outcome)
        else:
            batch.articles.append(outcome)
        batch.end, batch.size = number, batch.size + 1
        if batch.size == size:
            yield batch
            batch = Batch()
    if batch.size:
        yield batch


def _outcome(record: RawRecord, reader: Reader, seen: set[int]) -> ArticleRecord | Rejection:
    if record.problem:
        return Rejection(record.line, record.problem)
    try:
        article = reader.article(record)
    except Unusable as error:
        return Rejection(record.line, error.reason, error.detail)
    # Hashes instead of texts keep the memory of a file with a million SKUs below 100 MB.
    skus = [hash(sku) for sku in (article.sku, *(variant.sku for variant in article.variants or ()))]
    if len(set(skus)) < len(skus) or any(sku in seen for sku in skus):
        return Rejection(record.line, "duplicate_sku", article.sku)
    seen.update(skus)
    return article


@transaction.atomic
def _commit(
    batch: Batch,
    before: ImportReport,
    taxonomy: Taxonomy,
    rejects: RejectsFile,
    checkpoint: CatalogImport | None,
) -> ImportReport:
    report = ImportReport.from_counters(before.counters())
    result = articles_upsert(articles=batch.articles, taxonomy=taxonomy)
    rejected = sorted([*batch.rejected, *result.rejected], key=lambda rejection: rejection.line)
    report.add_products(result)
    report.lines_read += batch.size
    report.lines_imported += result.created + result.updated + result.unchanged
    report.rejected.update(rejection.reason for rejection in rejected)
    report.check()
    rejects.write(rejected)
    if checkpoint is None:
        transaction.set_rollback(True)
        taxonomy.forget()
    else:
        size = rejects.sync()
        checkpoint_advance(checkpoint, line=batch.end, rejects_bytes=size, report=report)
    return report
