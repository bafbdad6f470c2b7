"""Reports to print: totals, a chart, and the first rows. Whoever wants all rows takes CSV or a workbook."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from apps.analytics.reports.rows import Column, ReportRows
from meshop_shared.money import currency_exponent, minor_to_decimal_string

#: Rows shown; a page holds some 40.
ROWS = 400
_LONGEST = 46
_GREY = colors.HexColor("#e8edf2")
_LINES = (("Total", colors.HexColor("#2b6cb0")), ("Net", colors.HexColor("#c05621")))


def pdf_write(rows: ReportRows, file: Path, progress: Callable[[int], None]) -> None:
    """Write the report; names are shown in the Latin alphabet's part of the built-in font."""
    style = getSampleStyleSheet()
    report = rows.report
    story: list[Flowable] = [
        Paragraph(escape(rows.layout.title), style["Title"]),
        Paragraph(f"{report.start} to {report.end}, {report.currency}", style["Heading3"]),
        Paragraph(_summary(rows), style["BodyText"]),
        Spacer(1, 8),
    ]
    if len(rows.series) > 1:
        story += [_chart(rows), Spacer(1, 8)]
    story.append(_table(rows))
    if rows.count > ROWS:
        story.append(
            Paragraph(f"The first {ROWS} of {rows.count:,} rows; CSV and XLSX have all.", style["BodyText"])
        )
    document = SimpleDocTemplate(
        str(file), pagesize=landscape(A4), title=rows.layout.title, author="Meshop", invariant=True
    )
    document.build(story, onFirstPage=_number, onLaterPages=_number)
    progress(rows.count)


def _summary(rows: ReportRows) -> str:
    currency = rows.report.currency
    orders = sum(point.orders for point in rows.series)
    total, net = (sum(getattr(point, name) for point in rows.series) for name in ("total", "net"))
    return (
        f"{orders:,} orders, {minor_to_decimal_string(total, currency)} {currency} sold, "
        f"{minor_to_decimal_string(net, currency)} {currency} after refunds and credit notes. {rows.count:,} rows."
    )


def _number(canvas: Any, document: Any) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(landscape(A4)[0] - 40, 24, f"{canvas.getPageNumber()}")


def _chart(rows: ReportRows) -> Drawing:
    drawing = Drawing(720, 190)
    plot = LinePlot()
    plot.x, plot.y, plot.width, plot.height = 60, 30, 640, 140
    scale = 10 ** currency_exponent(rows.report.currency)
    days = [point.at.toordinal() for point in rows.series]
    plot.data = [
        list(zip(days, [getattr(point, name.lower()) / scale for point in rows.series], strict=True))
        for name, _ in _LINES
    ]
    for index, (_, colour) in enumerate(_LINES):
        plot.lines[index].strokeColor = colour
    plot.xValueAxis.valueMin, plot.xValueAxis.valueMax = days[0], days[-1]
    marks = sorted({days[(len(days) - 1) * part // 6] for part in range(7)})
    labels = {point.at.toordinal(): point.at.isoformat() for point in rows.series}
    plot.xValueAxis.valueSteps = marks
    plot.xValueAxis.labelTextFormat = lambda value: labels.get(int(value), "")
    plot.yValueAxis.labelTextFormat = "%0.0f"
    drawing.add(plot)
    legend = Legend()
    legend.x, legend.y, legend.fontSize, legend.columnMaximum, legend.deltax = 560, 186, 8, 1, 60
    legend.colorNamePairs = [(colour, name) for name, colour in _LINES]
    drawing.add(legend)
    drawing.add(String(60, 178, f"Sales per {rows.step}, {rows.report.currency}", fontSize=9))
    return drawing


def _table(rows: ReportRows) -> Table:
    columns, currency = rows.layout.columns, rows.report.currency
    lines = [[column.title for column in columns]]
    for page in rows.pages(limit=ROWS):
        lines += [
            [_text(column, value, currency) for column, value in zip(columns, row, strict=True)]
            for row in page
        ]
    table = Table(lines, repeatRows=1)
    right = [
        ("ALIGN", (index, 0), (index, -1), "RIGHT")
        for index, column in enumerate(columns)
        if column.kind in ("count", "money")
    ]
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), "Helvetica", 7),
                ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 7),
                ("BACKGROUND", (0, 0), (-1, 0), _GREY),
                ("LINEBELOW", (0, 0), (-1, -1), 0.25, _GREY),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
                *right,
            ]
        )
    )
    return table


def _text(column: Column, value: Any, currency: str) -> str:
    if column.kind == "money":
        return minor_to_decimal_string(int(value), currency)
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
