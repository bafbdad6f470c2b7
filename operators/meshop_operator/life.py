"""One look at an object while it is decided upon: a copy of its status, changed by the step that is due. Pure."""

from datetime import datetime

from meshop_operator.deciding import Happened
from meshop_operator.values import Document, moment_text

_MESSAGE_MAX = 600


class Life:
    """What both kinds say in the same way: phases, reasons, Events, and when to look again."""

    def __init__(self, resource: Document, now: datetime) -> None:
        self._resource, self._now = resource, now
        self._spec: Document = resource["spec"]
        self._metadata: Document = resource["metadata"]
        self._before: Document = resource.get("status", {})
        self._status: Document = {key: value for key, value in self._before.items() if key != "conditions"}
        self._happened: list[Happened] = []
        self._after_s: float | None = None
        self._generation = int(self._metadata.get("generation", 1))

    @property
    def _phase(self) -> str:
        return str(self._status.get("phase", ""))

    @property
    def _control(self) -> Document:
        return dict(self._spec.get("control", {}))

    @property
    def _retry(self) -> int:
        return int(self._control.get("retry", 0))

    @property
    def _is_going(self) -> bool:
        """Whether the object is being deleted."""
        return "deletionTimestamp" in self._metadata

    def _go(self, phase: str, reason: str, message: str, *, warning: bool = False) -> None:
        """A transition, which is told."""
        if self._phase != phase:
            self._status["phaseStartedAt"] = moment_text(self._now)
        self._status |= {"phase": phase, "reason": reason, "message": message[:_MESSAGE_MAX]}
        self._tell(reason, f"{phase}: {message}", warning=warning)

    def _finish(self, phase: str, reason: str, message: str, *, warning: bool = False) -> None:
        self._status["completedAt"] = moment_text(self._now)
        self._go(phase, reason, message, warning=warning)

    def _say(self, reason: str, message: str) -> None:
        """A reason that is no transition."""
        self._status |= {"reason": reason, "message": message[:_MESSAGE_MAX]}

    def _refuse(self, reason: str, message: str) -> None:
        """An intent that cannot be met; told once for each change of the spec."""
        if self._status.get("refusedAt") != self._generation:
            self._status["refusedAt"] = self._generation
            self._say(reason, message)
            self._tell(reason, message, warning=True)

    def _tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        status = self._status
        place = f"{status.get('run')} {status.get('attempt', 0)} {self._phase} {status.get('stepIndex', 0)}"
        self._happened.append(Happened(f"{place} {reason} {self._generation}", reason, message, warning))

    def _wait_for(self, wait_s: float) -> None:
        """Look again after so long at the latest."""
        wait_s = max(0.1, wait_s)
        self._after_s = wait_s if self._after_s is None else min(wait_s, self._after_s)
