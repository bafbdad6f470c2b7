"""One pass over the invoice lines of Online Retail II, and the articles that follow from it."""

from collections.abc import Callable
from functools import partial
from itertools import islice

from django.db import transaction

from apps.products.imports.errors import Unusable
from apps.products.imports.races import repeat_on_race
from apps.products.imports.records import ArticleRecord, Rejection, UpsertResult
from apps.products.imports.rejects import RejectsFile
from apps.products.imports.report import ImportReport
from apps.products.imports.retail.articles import ArticleLedger
from apps.products.imports.retail.lines import RetailLine, RetailReader
from apps.products.imports.source import Source
from apps.products.imports.taxonomy import Taxonomy
from apps.products.imports.upsert import articles_upsert

PROGRESS_EVERY = 5_000


def retail_lines_read(
    *,
    source: Source,
    reader: RetailReader,
    rejects: RejectsFile,
    keep: Callable[[RetailLine], None],
    progress: Callable[[int, int], None],
) -> tuple[ArticleLedger, ImportReport]:
    """Read the whole file once. Each line goes to ``keep`` and into the ledger, or to ``rejects``.

    Writes nothing to the database, so an interrupted pass is simply repeated.
    """
    ledger, report = ArticleLedger(), ImportReport()
    for record in source.records():
        report.lines_read += 1
        try:
            line = reader.line(record)
        except Unusable as error:
            report.rejected[error.reason] += 1
            rejects.write([Rejection(record.line, error.reason, error.detail)])
        else:
            report.lines_imported += 1
            ledger.add(line)
            keep(line)
        if report.lines_read % PROGRESS_EVERY == 0:
            progress(PROGRESS_EVERY, source.position)
    progress(report.lines_read % PROGRESS_EVERY, source.position)
    return ledger, report


def retail_articles_store(
    *, ledger: ArticleLedger, currency: str, stock: int, batch_size: int, rehearse: bool
) -> UpsertResult:
    """Create or update the articles, each batch in a transaction of its own. ``rehearse`` takes all of it back.

    An article whose SKU is something else in the shop already comes back as rejected.
    """
    taxonomy, total = Taxonomy(), UpsertResult()
    articles = ledger.articles(currency=currency, stock=stock)
    while batch := list(islice(articles, batch_size)):
        store = partial(_store, batch, taxonomy, rehearse=rehearse)
        result = repeat_on_race(store, before_repeat=taxonomy.forget)
        total.created += result.created
        total.updated += result.updated
        total.unchanged += result.unchanged
        total.rejected += result.rejected
    return total


@transaction.atomic
def _store(batch: list[ArticleRecord], taxonomy: Taxonomy, *, rehearse: bool) -> UpsertResult:
    result = articles_upsert(articles=batch, taxonomy=taxonomy)
    if rehearse:
        transaction.set_rollback(True)
        taxonomy.forget()
    return result
