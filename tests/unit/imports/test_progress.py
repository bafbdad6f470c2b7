from io import StringIO

from apps.products.imports import progress as progress_module
from apps.products.imports.progress import Progress


class Terminal(StringIO):
    def isatty(self):
        return True


def test_a_log_gets_plain_lines_now_and_then(monkeypatch):
    moments = iter([0.0, 1.0, 6.0, 6.5, 7.0])
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: next(moments))
    stream = StringIO()
    with Progress(label="Reading", unit="lines", size=1_000, stream=stream) as progress:
        progress.advance(10, 100)
        progress.advance(10, 500)
    assert stream.getvalue().splitlines() == ["Reading: 20 lines, 50 %", "Reading: 20 lines, 50 %"]


def test_nothing_done_says_nothing():
    stream = StringIO()
    with Progress(label="Reading", unit="lines", total=0, stream=stream):
        pass
    assert stream.getvalue() == ""


def test_a_terminal_gets_a_bar():
    stream = Terminal()
    with Progress(label="Growing", unit="products", total=4, stream=stream) as progress:
        progress.advance(4)
    assert "100%" in stream.getvalue()
