"""Reports: made by a worker, kept in the database.

A worker holds a report by a lease that it renews with each page. One that dies lets the lease run out; the sweep then
gives the report to another, at most :data:`ATTEMPTS` times. Files appear whole, in the transaction that ends it.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.analytics.errors import ReportLost
from apps.analytics.models import ReportChunk, ReportFile, SalesReport
from apps.analytics.reports.csv_file import csv_write
from apps.analytics.reports.pdf_file import pdf_write
from apps.analytics.reports.rows import ReportRows
from apps.analytics.reports.xlsx_file import xlsx_write
from apps.analytics.statement_time import statements_may_take_long

ATTEMPTS = 3
#: Longer than gathering the rows, or any one page, takes.
LEASE = timedelta(minutes=5)
CHUNK_BYTES = 512 * 1024
_WRITERS: dict[str, Callable[[ReportRows, Path, Callable[[int], None]], None]] = {
    SalesReport.Format.CSV: csv_write,
    SalesReport.Format.XLSX: xlsx_write,
    SalesReport.Format.PDF: pdf_write,
}
Status = SalesReport.Status

log = structlog.get_logger(__name__)


def report_make(*, report_id: int) -> bool:
    """Make a report if nobody else does; ``False`` if there was nothing to do or it failed.

    Whatever goes wrong is written down; after the last attempt the report has failed for good.
    """
    attempt = _claim(report_id)
    if attempt is None:
        return False
    try:
        _make(SalesReport.objects.get(pk=report_id), attempt)
    except Exception as error:  # the edge of the worker: one report must not stop the others
        log.exception("report failed", report=report_id, attempt=attempt)
        status = Status.FAILED if attempt >= ATTEMPTS else Status.PENDING
        _held(report_id, attempt).update(
            status=status,
            lease_until=None,
            error=f"{type(error).__name__}: {error}"[:300].replace("\x00", ""),
        )
        return False
    return True


def reports_make_due() -> int:
    """Make every report that waits, or whose worker has died; return how many were made."""
    due = SalesReport.objects.filter(_due()).order_by("created_at")
    return sum(report_make(report_id=pk) for pk in list(due.values_list("pk", flat=True)[:20]))


def _due() -> Q:
    return Q(status=Status.PENDING) | Q(status=Status.RUNNING, lease_until__lt=timezone.now())


def _claim(report_id: int) -> int | None:
    """Take a report that is due; which attempt this is. One that has killed its last worker has failed."""
    due = SalesReport.objects.filter(_due(), pk=report_id)
    due.filter(attempts__gte=ATTEMPTS).update(
        status=Status.FAILED, lease_until=None, error="Its worker died.", finished_at=timezone.now()
    )
    taken = due.filter(attempts__lt=ATTEMPTS).update(
        status=Status.RUNNING, progress=0, attempts=F("attempts") + 1, lease_until=timezone.now() + LEASE
    )
    return SalesReport.objects.values_list("attempts", flat=True).get(pk=report_id) if taken else None


def _held(report_id: int, attempt: int) -> QuerySet[SalesReport]:
    """The report, as long as this attempt is the one at work on it."""
    return SalesReport.objects.filter(pk=report_id, status=Status.RUNNING, attempts=attempt)


def _make(report: SalesReport, attempt: int) -> None:
    with (
        TemporaryDirectory(prefix="report-") as folder,
        statements_may_take_long(),
        ReportRows(report) as rows,
    ):
        files, done = [], 0
        whole = max(1, rows.count * len(report.formats))

        def advance(count: int) -> None:
            nonlocal done
            done += count
            _renew(report.pk, attempt, progress=min(99, 100 * done // whole))

        for format in report.formats:
            files.append(Path(folder) / f"report.{format}")
            _WRITERS[format](rows, files[-1], advance)
        _finish(report, attempt, files, rows.count)


def _renew(report_id: int, attempt: int, *, progress: int) -> None:
    """Say how far it is, and that we live. Raises :class:`ReportLost` when another worker has it by now."""
    lease = timezone.now() + LEASE
    if not _held(report_id, attempt).update(progress=progress, lease_until=lease):
        raise ReportLost()


@transaction.atomic
def _finish(report: SalesReport, attempt: int, files: list[Path], rows: int) -> None:
    finished = _held(report.pk, attempt).update(
        status=Status.DONE, progress=100, rows=rows, lease_until=None, error="", finished_at=timezone.now()
    )
    if not finished:
        raise ReportLost()
    for file in files:
        _keep(report, file)


def _keep(report: SalesReport, file: Path) -> None:
    """Store a file, a chunk at a time."""
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    kept = ReportFile.objects.create(
        report=report, format=file.suffix[1:], size=file.stat().st_size, sha256=digest
    )
    with file.open("rb") as content:
        number = 0
        while chunk := content.read(CHUNK_BYTES):
            ReportChunk.objects.create(file=kept, number=number, content=chunk)
            number += 1
