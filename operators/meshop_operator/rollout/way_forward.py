"""The way forward of a rollout: pods, steps, numbers, promotion. Pure."""

from datetime import datetime
from typing import Any

from meshop_operator.rollout.analysis import Verdict, entry_after, metric_due, metric_outcome
from meshop_operator.rollout.facts import metrics_watched
from meshop_operator.rollout.manifests import canary_replicas
from meshop_operator.rollout.way_back import WayBack
from meshop_operator.values import Document, duration_parse, moment_of, moment_text, seconds_until


class WayForward(WayBack):
    """Everything between the first pod of the canary and the last of stable."""

    @property
    def _action(self) -> str:
        if self._is_going:
            return "Abort"
        return str(self._control.get("action", "Run"))

    @property
    def _steps(self) -> list[Document]:
        return list(self._spec["steps"])

    @property
    def _index(self) -> int:
        return int(self._status.get("stepIndex", 0))

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
        self._say(reason, message)
        if message:
            self._tell(reason, f"Step {done}: {message}")
        self._after_s = 0.0

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

    def _step_started(self) -> datetime:
        return moment_of(self._status, "stepStartedAt") or self._now


def _goes_on(metric: Document) -> bool:
    return bool(metric.get("onInconclusive", "Pause") == "Continue")


_STEPS: dict[str, Any] = {
    "setWeight": WayForward._set_weight,
    "setScale": WayForward._set_scale,
    "mirror": WayForward._mirror,
    "pause": WayForward._pause,
    "warmup": WayForward._warmup,
    "analysis": WayForward._analysis,
}
