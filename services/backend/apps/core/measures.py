"""Gauges that somebody has to go and read. The table itself is ``config/measures.py``."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from django.db import connection
from django.utils.module_loading import import_string
from prometheus_client import Counter, Gauge

FAILED = Counter("meshop_measure_failures_total", "Measurements that could not be made.", ["measure"])

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Measure:
    """A function without arguments that brings its gauges up to date, in well under a second."""

    #: Dotted path.
    function: str
    every_s: float

    @property
    def name(self) -> str:
        """For its label."""
        return self.function.rpartition(".")[2]


class Measurer:
    """Makes each measurement when its time has come, the first at once."""

    def __init__(self, measures: Iterable[Measure], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._due = dict.fromkeys(measures, 0.0)
        self._clock = clock

    def run(self) -> None:
        """Make what is due. One that fails is counted and logged, and leaves the others alone."""
        now = self._clock()
        for measure, due in self._due.items():
            if now < due:
                continue
            self._due[measure] = now + measure.every_s
            try:
                import_string(measure.function)()
            except Exception as error:  # a gauge that cannot be read must not stop the relay
                FAILED.labels(measure.name).inc()
                log.warning(
                    "not measured", measure=measure.name, error=f"{type(error).__name__}: {error}"[:200]
                )


def gauges_read(statement: str, *gauges: Gauge) -> None:
    """Set ``gauges`` to the columns of the one row of ``statement``; empty is 0."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    for gauge, value in zip(gauges, row, strict=True):
        gauge.set(float(value or 0))
