"""What follows from what is seen: the whole life of a rollout, as a pure function of object, facts and time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from meshop_operator.conditions import READY, RECONCILING, STALLED, conditions_make
from meshop_operator.deciding import Decision, Happened
from meshop_operator.rollout.analysis import Look, Verdict, entry_after, metric_due, metric_outcome
from meshop_operator.rollout.manifests import canary_replicas
from meshop_operator.values import Document, duration_parse, moment_of, moment_text, seconds_until

WAIT_S, SOON_S = 10.0, 1.0
_MESSAGE_MAX = 600
#: The canary is there, or on its way.
LIVE = frozenset({"Starting", "Progressing", "Paused", "Promoting", "RollingBack"})
#: It may be told to stop.
_FORWARD = frozenset({"Starting", "Progressing", "Paused", "Promoting"})
ENDED = frozenset({"Promoted", "RolledBack"})
_HELD = " No stable pod is ready: requests stay with the canary until one is."
#: What begins anew when another version is wanted.
_PER_RUN = (
    "stepIndex", "step", "weight", "mirror", "scale", "replicas", "outcome", "analysis", "readyAt", "startedAt",
    "completedAt", "scaleDownAt", "stepStartedAt", "previousVersion", "plan",
)  # fmt: skip


@dataclass(frozen=True)
class Workload:
    """A Deployment as it is. ``settled``: all its pods are of its present template, and work."""

    replicas: int = 0
    ready: int = 0
    settled: bool = False
    version: str = ""


@dataclass(frozen=True)
class Seen:
    """Facts. ``problem`` is why nothing can be begun, as reason and sentence."""

    stable: Workload | None = None
    canary: Workload | None = None
    problem: tuple[str, str] | None = None
    ahead: str = ""
    route: str = ""
    route_owned: bool = False
    route_clean: bool = True
    looks: Mapping[str, Look] = field(default_factory=dict)


def metrics_watched(spec: Document, status: Document) -> list[Document]:
    """Metrics that count now: those of the step, and those in the background once the canary has requests."""
    if status.get("phase") not in ("Progressing", "Paused"):
        return []
    names = set()
    index = int(status.get("stepIndex", 0))
    if index < len(spec["steps"]) and status.get("phase") == "Progressing":
        names |= set(spec["steps"][index].get("analysis", {}).get("metrics", []))
    if status.get("weight") or status.get("mirror"):
        names |= set(spec.get("background", []))
    return [metric for metric in spec.get("metrics", []) if metric["name"] in names]


def metrics_due(spec: Document, status: Document, now: datetime) -> list[Document]:
    """Those that are to be looked at now."""
    entries = {entry["name"]: entry for entry in status.get("analysis", [])}
    return [
        m for m in metrics_watched(spec, status) if metric_due(m, entries.get(m["name"], {}), now) <= 0.05
    ]


def rollout_decide(resource: Document, seen: Seen, now: datetime) -> Decision:
    """Take one step at most."""
    life = _Life(resource, seen, now)
    life.step()
    return life.decision()


class _Life:
    """One look: a copy of the status, changed by the step that is due."""

    def __init__(self, resource: Document, seen: Seen, now: datetime) -> None:
        self._seen, self._now = seen, now
        self._spec: Document = resource["spec"]
        self._metadata: Document = resource["metadata"]
        self._before: Document = resource.get("status", {})
        self._status: Document = {key: value for key, value in self._before.items() if key != "conditions"}
        self._happened: list[Happened] = []
        self._after_s: float | None = None
        self._stalled = False
        self._generation = int(self._metadata.get("generation", 1))

    @property
    def _phase(self) -> str:
        return str(self._status.get("phase", ""))

    @property
    def _action(self) -> str:
        if "deletionTimestamp" in self._metadata:
            return "Abort"
        return str(self._control.get("action", "Run"))

    @property
    def _control(self) -> Document:
        return dict(self._spec.get("control", {}))

    @property
    def _steps(self) -> list[Document]:
        return list(self._spec["steps"])

    @property
    def _index(self) -> int:
        return int(self._status.get("stepIndex", 0))

    def step(self) -> None:
        """The one step that is due."""
        if not self._phase:
            self._status |= {"run": 0, "retry": int(self._control.get("retry", 0))}
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

    def _new_run(self, reason: str, message: str) -> None:
        for key in _PER_RUN:
            self._status.pop(key, None)
        self._status |= {"run": int(self._status.get("run", 0)) + 1, "version": self._spec["version"]}
        self._go("Pending", reason, message)

    def _intend(self) -> bool:
        """What a person wants; whether that was a step."""
        action, phase = self._action, self._phase
        retry = int(self._control.get("retry", 0))
        if phase in ENDED and "deletionTimestamp" not in self._metadata:
            if self._status.get("version") != self._spec["version"]:
                self._status["retry"] = retry
                self._new_run("VersionWanted", f"{self._spec['version']} is wanted now.")
                return True
            if phase == "RolledBack" and retry > int(self._status.get("retry", 0)) and action != "Abort":
                self._status["retry"] = retry
                self._new_run("Retried", "Begins again, because control.retry was raised.")
                return True
        if action == "Abort" and phase in _FORWARD:
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

    def _refuse(self, reason: str, message: str) -> None:
        if self._status.get("refusedAt") != self._generation:
            self._status["refusedAt"] = self._generation
            self._status |= {"reason": reason, "message": message}
            self._tell(reason, message, warning=True)

    # Before it begins.

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

    # Forward.

    def _starting(self) -> None:
        self._status["replicas"] = self._wanted()
        if self._canary_is_ready():
            self._status |= {"readyAt": moment_text(self._now), "stepStartedAt": moment_text(self._now)}
            self._go("Progressing", "CanaryReady", "The canary's pods are ready.")
        else:
            self._say("CanaryStarting", "Waits for the canary's pods to be ready.")
            self._mind_the_deadline("phaseStartedAt", "the canary's pods did not become ready")

    def _canary_is_ready(self) -> bool:
        canary = self._seen.canary
        is_right = canary is not None and canary.version == self._status["version"]
        return bool(is_right and canary and canary.settled and canary.ready >= int(self._status["replicas"]))

    def _wanted(self) -> int:
        """Pods of the canary: what setScale said, else its share of the weight that it has or gets next."""
        if self._status.get("scale"):
            return int(self._status["scale"])
        weight = int(self._status.get("weight", 0))
        if self._index < len(self._steps):
            weight = max(weight, int(self._steps[self._index].get("setWeight", 0)))
        return canary_replicas(self._seen.stable.replicas if self._seen.stable else 1, weight)

    def _progressing(self) -> None:
        if not self._is_sound():
            return
        if self._action == "Pause":
            self._go("Paused", "PauseAsked", "Held, as control.action says.")
            return
        if self._index >= len(self._steps):
            self._promote("StepsDone", "Every step was good.")
            return
        ((what, value),) = self._steps[self._index].items()
        _STEPS[what](self, value)

    def _paused(self) -> None:
        if not self._is_sound():
            return
        value = self._steps[self._index].get("pause") if self._index < len(self._steps) else None
        if self._status.get("reason") == "PauseAsked":
            if self._action != "Pause":
                self._status["stepStartedAt"] = moment_text(self._now)
                self._go("Progressing", "Resumed", "Goes on.")
        elif self._status.get("reason") == "Inconclusive":
            if int(self._control.get("approvedStep", 0)) > self._index:
                self._next("Approved")
                self._go("Progressing", "Approved", "Goes on, for somebody has looked at it.")
        elif value is None:
            self._go("Progressing", "Resumed", "Goes on.")
        else:
            self._pause_over(value)

    def _pause_over(self, value: Document) -> None:
        if value.get("duration"):
            over = self._step_started() + duration_parse(value["duration"])
            if self._now < over:
                self._wait_for(seconds_until(over, self._now))
                return
        elif int(self._control.get("approvedStep", 0)) <= self._index:
            return
        self._next("Resumed")
        self._go("Progressing", "Resumed", f"Step {self._index} is over.")

    def _is_sound(self) -> bool:
        """Look at numbers and pods; False when it was taken back."""
        self._account()
        canary = self._seen.canary
        gets = int(self._status.get("weight", 0))
        if gets and (canary is None or canary.ready == 0):
            self._take_back("CanaryUnavailable", "No pod of the canary is ready, and it gets requests.")
            return False
        for metric in metrics_watched(self._spec, self._status):
            verdict, why = metric_outcome(metric, self._entry(metric["name"]))
            if verdict in (Verdict.BAD, Verdict.ERROR):
                reason = "AnalysisFailed" if verdict is Verdict.BAD else "AnalysisError"
                self._take_back(reason, why)
                return False
            if verdict is Verdict.INCONCLUSIVE and metric.get("onInconclusive", "Pause") == "Fail":
                self._take_back("AnalysisInconclusive", why)
                return False
        self._plan_next_look()
        return True

    def _account(self) -> None:
        entries = {entry["name"]: entry for entry in self._status.get("analysis", [])}
        for metric in metrics_watched(self._spec, self._status):
            look = self._seen.looks.get(metric["name"])
            if look is not None:
                entries[metric["name"]] = entry_after(
                    metric, entries.get(metric["name"], {}), look, self._now
                )
        if entries:
            self._status["analysis"] = list(entries.values())

    def _entry(self, name: str) -> Document:
        return next((e for e in self._status.get("analysis", []) if e["name"] == name), {})

    def _plan_next_look(self) -> None:
        for metric in metrics_watched(self._spec, self._status):
            self._wait_for(metric_due(metric, self._entry(metric["name"]), self._now))

    # Steps.

    def _set_weight(self, weight: int) -> None:
        self._status["replicas"] = self._wanted()
        if weight and not self._canary_is_ready():
            self._say("CanaryScaling", f"Waits for {self._status['replicas']} pods before {weight} percent.")
            self._mind_the_deadline("stepStartedAt", "the canary's pods did not become ready")
            return
        self._status["weight"] = weight
        self._next("WeightSet", f"The canary gets {weight} percent.")

    def _set_scale(self, value: Document) -> None:
        self._status["scale"] = int(value["replicas"])
        self._status["replicas"] = self._wanted()
        if self._canary_is_ready():
            self._next("Scaled", f"The canary has {value['replicas']} pods.")
        else:
            self._say("CanaryScaling", f"Waits for {value['replicas']} pods.")
            self._mind_the_deadline("stepStartedAt", "the canary's pods did not become ready")

    def _mirror(self, value: Document) -> None:
        self._status["mirror"] = int(value["percent"])
        self._next("MirrorSet", f"{value['percent']} percent of requests are mirrored to the canary.")

    def _pause(self, value: Document) -> None:
        until = (
            f"for {value['duration']}" if value.get("duration") else "until control.approvedStep allows it"
        )
        self._go("Paused", f"PausedAtStep{self._index + 1}", f"Step {self._index + 1}: waits {until}.")

    def _warmup(self, value: Document) -> None:
        over = self._step_started() + duration_parse(value["duration"])
        if self._now >= over:
            self._next("WarmedUp", "The canary is warm.")
            return
        self._say("WarmingUp", f"Lets the canary get warm for {value['duration']}.")
        self._wait_for(seconds_until(over, self._now))

    def _analysis(self, value: Document) -> None:
        metrics = [m for m in self._spec.get("metrics", []) if m["name"] in value["metrics"]]
        outcomes = [(m, *metric_outcome(m, self._entry(m["name"]))) for m in metrics]
        unsure = [why for m, verdict, why in outcomes if verdict is Verdict.INCONCLUSIVE and not _goes_on(m)]
        if unsure:
            self._go(
                "Paused",
                "Inconclusive",
                f"{'; '.join(unsure)}. Set control.approvedStep to {self._index + 1}.",
            )
        elif all(v is Verdict.GOOD or (v is Verdict.INCONCLUSIVE and _goes_on(m)) for m, v, _ in outcomes):
            self._next("AnalysisPassed", "; ".join(why for _, _, why in outcomes))
        else:
            self._say(
                "Analysing", "; ".join(why for _, verdict, why in outcomes if verdict is Verdict.WAITING)
            )
            self._mind_the_deadline("stepStartedAt", "the analysis did not get its data")

    def _next(self, reason: str, message: str = "") -> None:
        """Go to the following step, with counts of its own for its metrics."""
        done = self._index + 1
        self._status |= {"stepIndex": done, "stepStartedAt": moment_text(self._now)}
        names = (
            set(self._steps[done].get("analysis", {}).get("metrics", []))
            if done < len(self._steps)
            else set()
        )
        names -= set(self._spec.get("background", [])) if self._status.get("weight") else set()
        self._status["analysis"] = [e for e in self._status.get("analysis", []) if e["name"] not in names]
        self._status |= {"reason": reason, "message": message[:_MESSAGE_MAX]}
        if message:
            self._tell(reason, f"Step {done}: {message}")
        self._after_s = 0.0

    # The end.

    def _promote(self, reason: str, message: str) -> None:
        stable = self._seen.stable
        before = stable.version if stable else ""
        self._status |= {"previousVersion": before, "stepIndex": len(self._steps), "mirror": 0}
        self._go("Promoting", reason, f"{message} {self._spec['service']} gets {self._status['version']}.")

    def _promoting(self) -> None:
        stable = self._seen.stable
        if stable and stable.version == self._status["version"] and stable.settled:
            self._status |= {"weight": 0, "mirror": 0, "scaleDownAt": self._scale_down_at()}
            self._finish("Promoted", "Promoted", f"Everybody gets {self._status['version']}.")
            return
        self._say("StableUpdating", f"{self._spec['service']} gets {self._status['version']}, pod by pod.")
        self._mind_the_deadline("phaseStartedAt", "the stable Deployment did not become ready with it")

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
        if outcome == "VersionChanged" and "deletionTimestamp" not in self._metadata:
            self._status["retry"] = int(self._control.get("retry", 0))
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

    # Time and words.

    def _step_started(self) -> datetime:
        return moment_of(self._status, "stepStartedAt") or self._now

    def _mind_the_deadline(self, since: str, what: str) -> None:
        begin = moment_of(self._status, since) or self._now
        over = begin + duration_parse(self._spec.get("progressDeadline", "10m"))
        if self._now >= over:
            limit = self._spec.get("progressDeadline", "10m")
            self._take_back("ProgressDeadlineExceeded", f"After {limit}, {what}.")
        else:
            self._wait_for(min(WAIT_S, seconds_until(over, self._now)))

    def _wait_for(self, wait_s: float) -> None:
        wait_s = max(0.1, wait_s)
        self._after_s = wait_s if self._after_s is None else min(wait_s, self._after_s)

    def _finish(self, phase: str, reason: str, message: str, *, warning: bool = False) -> None:
        self._status["completedAt"] = moment_text(self._now)
        self._go(phase, reason, message, warning=warning)

    def _go(self, phase: str, reason: str, message: str, *, warning: bool = False) -> None:
        if self._phase != phase:
            self._status["phaseStartedAt"] = moment_text(self._now)
        self._status |= {"phase": phase, "reason": reason, "message": message[:_MESSAGE_MAX]}
        self._tell(reason, f"{phase}: {message}", warning=warning)

    def _say(self, reason: str, message: str) -> None:
        self._status |= {"reason": reason, "message": message[:_MESSAGE_MAX]}

    def _tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        key = f"{self._status.get('run')} {self._phase} {self._index} {reason} {self._generation}"
        self._happened.append(Happened(key, reason, message, warning))


def _goes_on(metric: Document) -> bool:
    return bool(metric.get("onInconclusive", "Pause") == "Continue")


_PHASES: dict[str, Any] = {
    "Pending": _Life._pending,
    "DryRun": _Life._dry,
    "Starting": _Life._starting,
    "Progressing": _Life._progressing,
    "Paused": _Life._paused,
    "Promoting": _Life._promoting,
    "RollingBack": _Life._rolling_back,
    **dict.fromkeys(ENDED, _Life._resting),
}
_STEPS: dict[str, Any] = {
    "setWeight": _Life._set_weight,
    "setScale": _Life._set_scale,
    "mirror": _Life._mirror,
    "pause": _Life._pause,
    "warmup": _Life._warmup,
    "analysis": _Life._analysis,
}
