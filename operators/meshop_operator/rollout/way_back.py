"""The way back of a rollout, and its rest afterwards. Pure."""

from datetime import datetime

from meshop_operator.life import Life
from meshop_operator.rollout.facts import Seen
from meshop_operator.values import Document, duration_parse, moment_of, moment_text, seconds_until

WAIT_S, SOON_S = 10.0, 1.0
_HELD = " No stable pod is ready: requests stay with the canary until one is."
#: What begins anew with every run.
_PER_RUN = (
    "stepIndex", "step", "weight", "mirror", "scale", "replicas", "outcome", "analysis", "readyAt", "startedAt",
    "completedAt", "scaleDownAt", "stepStartedAt", "previousVersion", "plan",
)  # fmt: skip


class WayBack(Life):
    """Everything that ends with requests at stable."""

    def __init__(self, resource: Document, seen: Seen, now: datetime) -> None:
        super().__init__(resource, now)
        self._seen = seen
        self._stalled = False

    def _new_run(self, reason: str, message: str) -> None:
        for key in _PER_RUN:
            self._status.pop(key, None)
        self._status |= {"run": int(self._status.get("run", 0)) + 1, "version": self._spec["version"]}
        self._go("Pending", reason, message)

    def _take_back(self, reason: str, message: str) -> None:
        """Begin to go back: the very next thing that is written is the weight."""
        self._status |= {"outcome": reason, "mirror": 0}
        if not self._must_wait_for_stable():
            self._status["weight"] = 0
        self._go("RollingBack", reason, message, warning=reason not in ("Aborted", "VersionChanged"))

    def _must_wait_for_stable(self) -> bool:
        """Whether requests would go from pods that work to none."""
        stable, canary = self._seen.stable, self._seen.canary
        return bool(
            self._status.get("weight")
            and (stable is None or stable.ready == 0)
            and canary is not None
            and canary.ready > 0
        )

    def _rolling_back(self) -> None:
        if self._must_wait_for_stable():
            self._stalled = True
            if _HELD not in self._status["message"]:
                self._status["message"] += _HELD
            self._after_s = SOON_S
            return
        self._status |= {"weight": 0, "mirror": 0}
        stable, before = self._seen.stable, self._status.get("previousVersion")
        if before and stable and stable.version == self._status["version"]:
            self._after_s = SOON_S
            return  # the next thing that is done is to bring it back
        if not self._seen.route_clean:
            self._after_s = SOON_S
            return
        outcome = str(self._status.get("outcome", "Aborted"))
        if outcome == "VersionChanged" and not self._is_going:
            self._status["retry"] = self._retry
            self._new_run("VersionWanted", f"{self._spec['version']} is wanted now.")
            return
        self._rolled_back(outcome, str(self._status.get("message", "")))

    def _rolled_back(self, reason: str, message: str) -> None:
        self._status |= {"weight": 0, "mirror": 0, "scaleDownAt": self._scale_down_at()}
        self._finish("RolledBack", reason, message, warning=reason != "Aborted")

    def _resting(self) -> None:
        at = moment_of(self._status, "scaleDownAt")
        if at and self._now < at:
            self._after_s = seconds_until(at, self._now) + 0.1
        else:
            self._status.pop("replicas", None)

    def _scale_down_at(self) -> str:
        return moment_text(self._now + duration_parse(self._spec.get("scaleDownDelay", "30s")))

    def _mind_the_deadline(self, since: str, what: str) -> None:
        begin = moment_of(self._status, since) or self._now
        over = begin + duration_parse(self._spec.get("progressDeadline", "10m"))
        if self._now >= over:
            limit = self._spec.get("progressDeadline", "10m")
            self._take_back("ProgressDeadlineExceeded", f"After {limit}, {what}.")
        else:
            self._wait_for(min(WAIT_S, seconds_until(over, self._now)))
