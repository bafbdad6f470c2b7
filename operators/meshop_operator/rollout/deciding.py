"""What follows from what is seen: the whole life of a rollout, as a pure function of object, facts and time."""

from datetime import datetime
from typing import Any

from meshop_operator.conditions import READY, RECONCILING, STALLED, conditions_make
from meshop_operator.deciding import Decision
from meshop_operator.rollout.facts import ENDED, FORWARD, LIVE, Seen
from meshop_operator.rollout.way_back import WAIT_S
from meshop_operator.rollout.way_forward import WayForward
from meshop_operator.values import Document, moment_text


def rollout_decide(resource: Document, seen: Seen, now: datetime) -> Decision:
    """Take one step at most."""
    life = _Rollout(resource, seen, now)
    life.step()
    return life.decision()


class _Rollout(WayForward):
    """Beginnings, intents and the whole."""

    def step(self) -> None:
        """The one step that is due."""
        if not self._phase:
            self._status |= {"run": 0, "retry": self._retry}
            self._new_run("Created", "Wanted; looks whether it can begin.")
            return
        if not self._intend():
            _PHASES[self._phase](self)
        if self._seen.stable is not None:
            self._status["stableVersion"] = self._seen.stable.version

    def decision(self) -> Decision:
        """What came of it."""
        status = self._status
        status["observedGeneration"] = self._generation
        status["version"] = status.get("version") or self._spec["version"]
        status["step"] = f"{min(self._index, len(self._steps))}/{len(self._steps)}"
        status["weight"], phase = int(status.get("weight", 0)), self._phase
        status["conditions"] = conditions_make(
            self._before.get("conditions", []),
            truths={
                READY: phase in ("Promoted", "DryRun"),
                RECONCILING: phase in LIVE or phase == "Pending",
                STALLED: self._stalled or phase == "RolledBack",
            },
            reason=str(status.get("reason", "")), message=str(status.get("message", "")),
            observed_generation=self._generation, now=self._now,
        )  # fmt: skip
        return Decision(status, tuple(self._happened), self._after_s)

    def _intend(self) -> bool:
        """What a person wants; whether that was a step."""
        action, phase = self._action, self._phase
        retry = self._retry
        if phase in ENDED and not self._is_going:
            if self._status.get("version") != self._spec["version"]:
                self._status["retry"] = retry
                self._new_run("VersionWanted", f"{self._spec['version']} is wanted now.")
                return True
            if phase == "RolledBack" and retry > int(self._status.get("retry", 0)) and action != "Abort":
                self._status["retry"] = retry
                self._new_run("Retried", "Begins again, because control.retry was raised.")
                return True
        if action == "Abort" and phase in FORWARD:
            self._take_back("Aborted", "Given up, as control.action says.")
            return True
        if action == "Abort" and phase == "Pending":
            self._rolled_back("Aborted", "Given up before it began.")
            return True
        if action == "Abort" and phase == "Promoted":
            self._refuse("AbortRefused", "It is promoted; to go back, roll out the version before it.")
        if (
            phase in ("Starting", "Progressing", "Paused")
            and self._status["version"] != self._spec["version"]
        ):
            self._take_back("VersionChanged", f"{self._spec['version']} is wanted now; starts over with it.")
            return True
        if action == "Promote" and phase in ("Progressing", "Paused"):
            self._promote("PromoteAsked", "The steps that were left are skipped, as control.action says.")
            return True
        return False

    def _pending(self) -> None:
        seen, version = self._seen, self._spec["version"]
        if seen.problem:
            self._stalled, self._after_s = True, WAIT_S
            self._say(*seen.problem)
        elif seen.ahead:
            self._after_s = WAIT_S
            self._say(
                "WaitingForService", f"{seen.ahead} rolls out another version of {self._spec['service']}."
            )
        elif self._spec.get("dryRun"):
            self._status["plan"] = self._plan()
            self._go("DryRun", "DryRun", "Nothing is changed; status.plan says what would be.")
        elif seen.stable and seen.stable.version == version:
            self._finish("Promoted", "AlreadyStable", f"{version} is what everybody gets already.")
        else:
            self._status |= {
                "route": seen.route, "routeOwned": seen.route_owned, "startedAt": moment_text(self._now),
                "stepIndex": 0, "weight": 0, "mirror": 0, "replicas": self._wanted(),
            }  # fmt: skip
            self._go("Starting", "Started", f"Starts pods with {version}.")

    def _plan(self) -> list[str]:
        seen, spec = self._seen, self._spec
        assert seen.stable is not None
        lines = [
            f"{spec['service']} has {seen.stable.replicas} pods with {seen.stable.version}; they stay.",
            f"the HTTPRoute {seen.route} {'would be made' if seen.route_owned else 'would get weights'}",
        ]
        for number, step in enumerate(self._steps, 1):
            ((what, value),) = step.items()
            lines.append(f"step {number}: {what} {value}")
        return [*lines, f"then {spec['service']} would get {spec['version']}"]

    def _dry(self) -> None:
        if not self._spec.get("dryRun"):
            self._new_run("DryRunEnded", "spec.dryRun is false now.")


_PHASES: dict[str, Any] = {
    "Pending": _Rollout._pending,
    "DryRun": _Rollout._dry,
    "Starting": _Rollout._starting,
    "Progressing": _Rollout._progressing,
    "Paused": _Rollout._paused,
    "Promoting": _Rollout._promoting,
    "RollingBack": _Rollout._rolling_back,
    **dict.fromkeys(ENDED, _Rollout._resting),
}
