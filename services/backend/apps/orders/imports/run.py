"""One run of the import, from an opened file to the text of its report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from apps.core.events import event_emit
from apps.orders.imports.history import HistoryResult, orders_import
from apps.orders.imports.staging import LineStage, StagedCounts
from apps.products.imports.checkpoint import checkpoint_advance, checkpoint_finish, checkpoint_open
from apps.products.imports.progress import Progress
from apps.products.imports.readers.flipkart import FlipkartReader
from apps.products.imports.readers.meshop import MeshopReader
from apps.products.imports.records import UpsertResult
from apps.products.imports.rejects import RejectsFile
from apps.products.imports.report import ImportReport
from apps.products.imports.retail.catalogue import retail_articles_store, retail_lines_read
from apps.products.imports.retail.lines import RetailLine, RetailReader
from apps.products.imports.source import Format, Source
from apps.products.imports.stream import articles_import
from apps.products.models import CatalogImport


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the command line asks for."""

    orders: bool
    dry_run: bool
    resume: bool
    batch_size: int
    currency: str
    stock: int
    rejects: Path


def import_run(*, source: Source, options: ImportOptions) -> str:
    """Import ``source``; return the report. The caller holds the import lock.

    Raises :class:`apps.products.imports.errors.ImportFailed` when the file or the disk lets us down.
    """
    checkpoint, interrupted = None, False
    if not options.dry_run:
        kept = {"orders": options.orders, "currency": options.currency, "stock": options.stock}
        checkpoint, interrupted = checkpoint_open(source=source, options=kept, resume=options.resume)
    with RejectsFile(options.rejects) as rejects:
        if source.format == Format.ONLINE_RETAIL:
            report, lines = _retail(source, options, rejects, checkpoint)
        else:
            report, lines = _articles(source, options, rejects, checkpoint)
    if checkpoint is not None:
        _finish(checkpoint, report, interrupted)
    head = [f"{source.path.name}: {source.format}"]
    if options.dry_run:
        head = [f"{head[0]}, dry run: nothing was written, this is what would happen"]
    if options.currency != settings.MESHOP.shop_currency:
        lines.append(
            f"Note: prices without a currency are {options.currency}, the shop sells in "
            f"{settings.MESHOP.shop_currency}; a cart takes one currency only."
        )
    return "\n".join([*head, report.text(rejects_path=str(options.rejects)), *lines])


def _articles(
    source: Source, options: ImportOptions, rejects: RejectsFile, checkpoint: CatalogImport | None
) -> tuple[ImportReport, list[str]]:
    kind = FlipkartReader if source.format == Format.FLIPKART else MeshopReader
    reader = kind(source, currency=options.currency, default_stock=options.stock)
    resumed = checkpoint.line if checkpoint else 0
    with Progress(label="Importing", size=source.size, unit="lines") as progress:
        report = articles_import(
            source=source,
            reader=reader,
            rejects=rejects,
            checkpoint=checkpoint,
            batch_size=options.batch_size,
            progress=progress.advance,
        )
    return report, [f"Went on after line {resumed:,} of an interrupted run."] if resumed else []


def _retail(
    source: Source, options: ImportOptions, rejects: RejectsFile, checkpoint: CatalogImport | None
) -> tuple[ImportReport, list[str]]:
    """The articles need the whole file, so an interrupted run reads it again; what is stored already stays."""
    rejects.rewind(0)
    reader = RetailReader(source, currency=options.currency, with_orders=options.orders)
    with LineStage() as stage:
        with Progress(label="Reading", size=source.size, unit="lines") as progress:
            ledger, report = retail_lines_read(
                source=source,
                reader=reader,
                rejects=rejects,
                keep=stage.add if options.orders else _forget,
                progress=progress.advance,
            )
        size = rejects.sync()
        result = retail_articles_store(
            ledger=ledger,
            currency=options.currency,
            stock=options.stock,
            batch_size=options.batch_size,
            rehearse=options.dry_run,
        )
        report.add_products(result)
        if checkpoint is not None:
            checkpoint_advance(checkpoint, line=report.lines_read, rejects_bytes=size, report=report)
        lines = _refused(result)
        if options.orders:
            lines += _orders(stage, report, options)
    return report, lines


def _forget(line: RetailLine) -> None:
    """Without orders, a line has told all it knows to the ledger."""


def _orders(stage: LineStage, report: ImportReport, options: ImportOptions) -> list[str]:
    staged = stage.group()
    added = HistoryResult(staged.invoices - staged.known_invoices, staged.lines - staged.known_lines)
    if not options.dry_run:
        with Progress(label="Orders", total=staged.invoices, unit="orders") as progress:
            added = orders_import(
                staged=staged,
                currency=options.currency,
                batch_size=options.batch_size,
                progress=progress.advance,
            )
    _reconcile(report, staged, added)
    return [
        f"Orders: {added.orders:,} created, {staged.known_invoices:,} unchanged",
        f"Order lines: {report.lines_imported:,} = {added.lines:,} added + {staged.known_lines:,} unchanged",
    ]


def _reconcile(report: ImportReport, staged: StagedCounts, added: HistoryResult) -> None:
    """Every line that was kept is part of an order now."""
    if not report.lines_imported == staged.lines == added.lines + staged.known_lines:
        raise AssertionError(f"order lines do not reconcile: {report.lines_imported}, {staged}, {added}")


def _refused(result: UpsertResult) -> list[str]:
    if not result.rejected:
        return []
    details = "; ".join(rejection.detail for rejection in result.rejected[:5])
    return [f"Products refused: {len(result.rejected):,} ({details})"]


@transaction.atomic
def _finish(checkpoint: CatalogImport, report: ImportReport, interrupted: bool) -> None:
    """Tell the rest of the shop, once for the whole file, and refresh what the query planner knows.

    An interrupted run may have changed products that this one finds unchanged, and has told nobody.
    """
    checkpoint_finish(checkpoint)
    if report.products_created or report.products_updated or interrupted:
        payload: dict[str, Any] = {
            "source": checkpoint.source,
            "created": report.products_created,
            "updated": report.products_updated,
        }
        event_emit(type="catalogue.imported", aggregate=f"catalogue-import:{checkpoint.pk}", payload=payload)
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE products_product, products_category, products_product_tags, inventory_stockitem"
        )
