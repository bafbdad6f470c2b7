"""What can go wrong with analytics, each with its stable code."""

from meshop_shared.errors import Conflict, NotFound


class ReportNotFound(NotFound):
    """404: there is no such report, or it is older than reports are kept."""

    code = "report_not_found"
    message = "There is no such report."


class ReportNotReady(Conflict):
    """409: the report is still being made, or has failed; ``extra.status`` says which."""

    code = "report_not_ready"
    message = "This report has no files yet."


class ReportFileNotFound(NotFound):
    """404: the report was not asked for in this format; ``extra.formats`` says in which."""

    code = "report_file_not_found"
    message = "The report was not made in this format."


class ReportLost(Conflict):
    """409: another worker has taken this report over."""

    code = "report_lost"
    message = "Another worker makes this report."
