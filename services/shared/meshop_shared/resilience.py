"""Deadlines, retries and circuit breakers for outgoing calls. No call leaves a service without a deadline."""

import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from enum import Enum
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from meshop_shared.errors import ServiceUnavailable

T = TypeVar("T")
Clock = Callable[[], float]


class DeadlineExceeded(ServiceUnavailable):
    """503: the time budget of the request is used up."""

    code = "deadline_exceeded"
    message = "The request took too long."


class Deadline:
    """A point in time that a whole call tree must meet. Seconds; monotonic clock."""

    def __init__(self, seconds: float, *, clock: Clock = time.monotonic) -> None:
        self._clock, self._ends = clock, clock() + seconds

    def remaining(self) -> float:
        """Seconds left; raises :class:`DeadlineExceeded` when there are none."""
        left = self._ends - self._clock()
        if left <= 0:
            raise DeadlineExceeded()
        return left

    def timeout(self, at_most: float) -> float:
        """Timeout for one call: ``at_most``, or what is left if that is less."""
        return min(at_most, self.remaining())


#: Deadline of the request being served, for code that is far from the view.
current_deadline: ContextVar[Deadline | None] = ContextVar("current_deadline", default=None)


class BreakerState(Enum):
    """The three states of a circuit breaker (Nygard, Release It!)."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerOpen(ServiceUnavailable):
    """503: the breaker in front of a dependency is open, so the call was not made."""

    code = "dependency_unavailable"
    message = "A service this request needs is not answering."


class CircuitBreaker:
    """Opens after ``failures`` in a row, lets one probe through after ``reset_s``, closes when it succeeds.

    Thread-safe. Only exceptions listed in ``counts`` are failures; others pass through as successes of the link.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int = 5,
        reset_s: float = 5.0,
        counts: tuple[type[BaseException], ...] = (Exception,),
        clock: Clock = time.monotonic,
        on_change: Callable[[str, BreakerState], None] | None = None,
    ) -> None:
        self.name = name
        self._failures, self._reset_s, self._counts = failures, reset_s, counts
        self._clock, self._on_change = clock, on_change
        self._lock = threading.Lock()
        #: Counts changes of state.
        self.epoch = 0
        self._state, self._failed, self._opened_at, self._probing = BreakerState.CLOSED, 0, 0.0, False

    @property
    def state(self) -> BreakerState:
        """Current state; an open breaker whose rest is over reads as half-open."""
        with self._lock:
            if self._state is BreakerState.OPEN and self._clock() - self._opened_at >= self._reset_s:
                return BreakerState.HALF_OPEN
            return self._state

    def admit(self) -> bool:
        """Reserve the right to call, or raise :class:`BreakerOpen`. Follow with ``succeed``, ``fail`` or ``abandon``.

        True for the one call that probes whether an open breaker may close.
        """
        if self._state is BreakerState.CLOSED:  # the usual case needs no lock
            return False
        with self._lock:
            if self._closed():
                return False
            rested = self._clock() - self._opened_at >= self._reset_s
            if not rested or self._probing:
                raise BreakerOpen(extra={"dependency": self.name})
            self._probing = True
            self._set(BreakerState.HALF_OPEN)
            return True

    def succeed(self) -> None:
        """Report that an admitted call worked."""
        if self._state is BreakerState.CLOSED and not self._failed:
            return
        with self._lock:
            self._failed, self._probing = 0, False
            self._set(BreakerState.CLOSED)

    def fail(self, *, epoch: int | None = None) -> None:
        """Report that an admitted call failed.

        With the ``epoch`` of its admission, a call from before the last change of state is not counted: what hung
        through an outage fails after it, too.
        """
        with self._lock:
            if epoch is not None and epoch != self.epoch:
                return
            self._failed += 1
            if self._probing or (self._state is BreakerState.CLOSED and self._failed >= self._failures):
                self._open()

    def abandon(self, *, epoch: int | None = None) -> None:
        """Report that an admitted call was given up before it told anything: if it was the probe, another may go."""
        with self._lock:
            if self._probing and (epoch is None or epoch == self.epoch):
                self._probing = False
                self._set(BreakerState.OPEN)

    def trip(self) -> None:
        """Open now, on evidence other than failed calls (calls that nobody answers, for instance)."""
        with self._lock:
            if self._probing or self._state is BreakerState.CLOSED:
                self._open()

    def _closed(self) -> bool:
        return self._state is BreakerState.CLOSED

    def _open(self) -> None:
        self._probing, self._opened_at = False, self._clock()
        self._set(BreakerState.OPEN)

    def call(self, operation: Callable[[], T]) -> T:
        """Run ``operation`` through the breaker."""
        self.admit()
        try:
            result = operation()
        except self._counts:
            self.fail()
            raise
        except BaseException:
            self.succeed()
            raise
        self.succeed()
        return result

    def _set(self, state: BreakerState) -> None:
        if state is not self._state:
            self._state = state
            self.epoch += 1
            if self._on_change:
                self._on_change(self.name, state)


def retry_call(
    operation: Callable[[], T],
    *,
    on: tuple[type[BaseException], ...],
    attempts: int = 3,
    base_s: float = 0.05,
    max_s: float = 1.0,
    deadline: Deadline | None = None,
) -> T:
    """Call ``operation`` again on ``on`` with full-jitter backoff, within ``deadline``; the last error is raised.

    Only for operations that are safe to repeat.
    """
    retrying = Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_random_exponential(multiplier=base_s, max=max_s),
        retry=retry_if_exception_type(on),
        sleep=lambda seconds: time.sleep(deadline.timeout(seconds) if deadline else seconds),
        reraise=True,
    )
    return retrying(operation)
