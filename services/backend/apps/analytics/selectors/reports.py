"""Reading reports and their files."""

from collections.abc import Iterator

from django.db.models import QuerySet

from apps.analytics.errors import ReportFileNotFound, ReportNotFound, ReportNotReady
from apps.analytics.models import ReportChunk, ReportFile, SalesReport


def report_list() -> QuerySet[SalesReport]:
    """All reports with their files."""
    return SalesReport.objects.prefetch_related("files")


def report_get(*, report_id: int) -> SalesReport:
    """One report with its files. Raises :class:`ReportNotFound`."""
    report = report_list().filter(pk=report_id).first()
    if report is None:
        raise ReportNotFound()
    return report


def report_file_get(*, report_id: int, format: str) -> ReportFile:
    """A finished file. Raises :class:`ReportNotFound`, :class:`ReportNotReady` and :class:`ReportFileNotFound`."""
    report = report_get(report_id=report_id)
    if format not in report.formats:
        raise ReportFileNotFound(extra={"formats": report.formats})
    found = next((file for file in report.files.all() if file.format == format), None)
    if found is None:
        raise ReportNotReady(extra={"status": report.status})
    return found


def report_file_content(file: ReportFile) -> Iterator[bytes]:
    """The bytes of a file, a chunk at a time: memory is that of one chunk."""
    number = 0
    while (
        chunk := ReportChunk.objects.filter(file=file, number=number)
        .values_list("content", flat=True)
        .first()
    ):
        yield bytes(chunk)
        number += 1
