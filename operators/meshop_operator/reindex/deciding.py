"""What follows from what is seen: the whole life of a rebuild, as a pure function of object, facts and time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meshop_operator.conditions import READY, RECONCILING, STALLED, conditions_make
from meshop_operator.deciding import Decision, Happened
from meshop_operator.reindex.jobs import JobFacts, job_name
from meshop_operator.reindex.phases import ABORTABLE, ACTIVE, ENDED, IDLE, OPEN, SUSPENDABLE, WORK
from meshop_operator.reindex.schedules import ScheduleWrong, schedule_due, schedule_next
from meshop_operator.values import (
    Document,
    duration_parse,
    moment_of,
    moment_parse,
    moment_text,
    seconds_until,
)

#: What is looked at again for want of an event, or for progress.
WAIT_S, PROGRESS_S, SOON_S = 30.0, 5.0, 2.0
_MESSAGE_MAX = 600
#: Error codes of the command that deserve a word of their own.
_REASONS = {
    "generation_broken": "VerificationFailed",
    "disk_short": "DiskShort",
    "generation_refused": "Refused",
    "generation_busy": "Busy",
    "search_unavailable": "SearchUnavailable",
}


@dataclass(frozen=True)
class Seen:
    """Facts. ``ahead`` is who has the alias, or has waited for it longer; ``job`` is that of the current phase."""

    job: JobFacts | None = None
    ahead: str = ""
    has_template: bool = True
    documents: int | None = None
    per_second: int | None = None


def reindex_decide(resource: Document, seen: Seen, now: datetime) -> Decision:
    """Take one step at most."""
    life = _Life(resource, seen, now)
    life.step()
    return life.decision()


class _Life:
    """One look: a copy of the status, changed by the step that is due."""

    def __init__(self, resource: Document, seen: Seen, now: datetime) -> None:
        self._resource, self._seen, self._now = resource, seen, now
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
    def _action(self) -> str:
        if "deletionTimestamp" in self._metadata and self._phase in OPEN:
            return "Abort"
        return str(self._spec.get("control", {}).get("action", "Run"))

    def step(self) -> None:
        """The one step that is due."""
        if not self._phase:
            self._begin()
            return
        if self._intend():
            return
        if self._is_suspended():
            self._say("Suspended", "spec.suspend is true; nothing new is started.")
        elif self._phase in WORK:
            self._work()
        elif self._phase in _WAITS:
            _WAITS[self._phase](self)

    def decision(self) -> Decision:
        """What came of it."""
        status = self._status
        status["observedGeneration"] = self._generation
        phase, reason = self._phase, status.get("reason", "")
        stalled = phase == "Failed" or reason in ("PodTemplateMissing", "ScheduleWrong")
        status["conditions"] = conditions_make(
            self._before.get("conditions", []),
            truths={
                READY: phase in ("Keeping", "Complete", "Scheduled", "Deleting"),
                RECONCILING: phase in ACTIVE or phase == "Pending",
                STALLED: stalled,
            },
            reason=reason, message=status.get("message", ""), observed_generation=self._generation, now=self._now,
        )  # fmt: skip
        return Decision(
            {key: value for key, value in status.items() if value is not None},
            tuple(self._happened), self._after_s,
        )  # fmt: skip

    def _begin(self) -> None:
        self._status |= {"run": 0, "retry": self._retry()}
        if self._spec.get("schedule"):
            self._go("Scheduled", "WaitingForSchedule", "Waits for the first time of its schedule.")
        else:
            self._new_run("Created", "Wanted; waits for the alias.")

    def _retry(self) -> int:
        return int(self._spec.get("control", {}).get("retry", 0))

    def _new_run(self, reason: str, message: str) -> None:
        keep = ("activeGeneration", "lastScheduledAt", "run", "phaseStartedAt", "phase", "retry")
        self._status = {key: self._status[key] for key in keep if key in self._status}
        self._status["run"] = int(self._status.get("run", 0)) + 1
        self._status["attempt"] = 0
        self._go("Pending", reason, message)

    def _intend(self) -> bool:
        """What a person wants; whether that was a step."""
        action, phase = self._action, self._phase
        if phase in ENDED and self._retry() > int(self._status.get("retry", 0)):
            self._status["retry"] = self._retry()
            if action != "Abort":
                self._new_run("Retried", "Begins again, because control.retry was raised.")
                return True
        if action == "Abort" and phase in ABORTABLE:
            self._status["outcome"] = "Aborted"
            self._go("Aborting", "AbortAsked", "Gives the generation up, as control.action says.")
            return True
        if action == "Abort" and phase == "Pending":
            self._finish("Aborted", "AbortAsked", "Given up before it began.")
            return True
        if action == "Abort" and phase in ("Settling", "Keeping", "Deleting", "Complete"):
            self._refuse(
                "AbortRefused", "The new generation is searched already; Rollback goes back within keepFor."
            )
        if action == "Rollback" and phase == "Keeping":
            return self._roll_back()
        if action == "Rollback" and phase in ("Complete", "Failed", "Aborted", "Deleting"):
            self._refuse(
                "RollbackRefused", "There is no generation of this run to go back from (keepFor is over)."
            )
        return False

    def _roll_back(self) -> bool:
        if not self._status.get("previousGeneration"):
            self._refuse("RollbackRefused", "Nothing was searched before this generation.")
            return False
        if self._status.get("refusedAt") == self._generation:
            return False
        self._status["attempt"] = int(self._status.get("attempt", 0)) + 1
        self._go("RollingBack", "RollbackAsked", f"Goes back to {self._status['previousGeneration']}.")
        return True

    def _refuse(self, reason: str, message: str) -> None:
        if self._status.get("refusedAt") != self._generation:
            self._status["refusedAt"] = self._generation
            self._status |= {"reason": reason, "message": message}
            self._tell(reason, message, warning=True)

    def _is_suspended(self) -> bool:
        is_startable = self._phase in SUSPENDABLE or self._phase in ("Pending", "Scheduled")
        return bool(self._spec.get("suspend")) and is_startable and "deletionTimestamp" not in self._metadata

    # Phases that wait.

    def _pending(self) -> None:
        if not self._seen.has_template:
            name = self._spec.get("podTemplate", "reindex")
            self._say("PodTemplateMissing", f"There is no PodTemplate {name} (spec.podTemplate).")
            self._after_s = WAIT_S / 3
            return
        if self._seen.ahead:
            self._say(
                "WaitingForAlias", f"{self._seen.ahead} has the alias {self._spec.get('alias', 'products')}."
            )
            self._after_s = WAIT_S
            return
        uid = self._metadata["uid"].replace("-", "")[:4]
        self._status |= {
            "generation": f"g{self._now:%Y%m%d%H%M%S}_{uid}", "startedAt": moment_text(self._now),
            "progress": f"0/{self._spec['shards']}", "verified": "No",
        }  # fmt: skip
        self._go("Planning", "Started", f"Builds the generation {self._status['generation']}.")

    def _awaiting(self) -> None:
        name = self._status["generation"]
        if self._spec.get("approval") != "Manual":
            self._go("Preparing", "Verified", f"{name} is what the catalogue is.")
        elif self._spec.get("control", {}).get("approved") == name:
            self._go("Preparing", "Approved", f"{name} was approved.")
        else:
            self._say("ApprovalNeeded", f"Verified; set spec.control.approved to {name} to put it to use.")

    def _keeping(self) -> None:
        if self._scheduled():
            return
        until = moment_of(self._status, "keepUntil")
        if until and self._now < until:
            self._wait_for(until)
        elif self._status.get("previousGeneration"):
            self._go("Deleting", "KeepForOver", f"Deletes {self._status['previousGeneration']}.")
        else:
            self._finish("Complete", "Done", "Searched; there was nothing to keep.")

    def _resting(self) -> None:
        """Nothing happens by itself but a schedule."""
        self._scheduled()

    def _scheduled(self) -> bool:
        schedule, zone = self._spec.get("schedule"), self._spec.get("timeZone", "")
        if not schedule or self._spec.get("suspend") or self._phase not in IDLE:
            return False
        last = self._status.get("lastScheduledAt") or self._metadata["creationTimestamp"]
        try:
            due = schedule_due(schedule, zone, after=moment_parse(last), now=self._now)
            if due:
                self._status["lastScheduledAt"] = moment_text(due)
                self._new_run("Due", f"The schedule asked for it at {moment_text(due)}.")
                return True
            coming = schedule_next(schedule, zone, self._now)
        except ScheduleWrong as error:
            self._say("ScheduleWrong", str(error))
            return False
        self._status["nextRunAt"] = moment_text(coming)
        self._wait_for(coming)
        return False

    # Phases that are Jobs.

    def _work(self) -> None:
        job, phase = self._seen.job, self._phase
        if job is None or job.name != job_name(self._resource, self._status, phase):
            self._after_s = SOON_S
            return
        self._note_progress(job)
        if job.succeeded:
            _RESULTS.get(phase, _Life._nothing)(self, job)
            self._status["attempt"] = 0
            then = WORK[phase].then
            if phase == "Aborting":
                self._give_up()
            elif phase in ("Deleting", "RollingBack"):
                self._finish(then, *_ENDS[phase])
            else:
                self._go(then, f"{phase}Done", f"{phase} is done.")
        elif job.failed:
            self._failed(job)
        else:
            self._say("Running", f"{phase}: the Job {job.name} runs.")
            self._after_s = PROGRESS_S

    def _nothing(self, job: JobFacts) -> None:
        """No result to note."""

    def _note_progress(self, job: JobFacts) -> None:
        if self._phase == "Building":
            self._status["progress"] = f"{job.completed}/{self._spec['shards']}"
            if self._seen.documents is not None:
                self._status["documents"] = self._seen.documents
            if self._seen.per_second is not None:
                self._status["documentsPerSecond"] = self._seen.per_second

    def _planned(self, job: JobFacts) -> None:
        for result in job.results:
            if result.get("replaces"):
                self._status |= {
                    "previousGeneration": result["replaces"],
                    "activeGeneration": result["replaces"],
                }

    def _built(self, job: JobFacts) -> None:
        self._status["progress"] = f"{self._spec['shards']}/{self._spec['shards']}"
        self._status.pop("documentsPerSecond", None)
        found = [int(result["documents"]) for result in job.results if "documents" in result]
        if found:
            self._status["documents"] = max(found)

    def _caught_up(self, job: JobFacts) -> None:
        for result in job.results:
            if "seconds" in result:
                self._status["lag"] = f"{float(result['seconds']):.1f}s"

    def _verified(self, job: JobFacts) -> None:
        self._status["verified"] = "Yes"
        for result in job.results:
            if "documents" in result:
                self._status["documents"] = int(result["documents"])

    def _swapped(self, job: JobFacts) -> None:
        keep = duration_parse(self._spec.get("keepFor", "24h"))
        self._status |= {
            "activeGeneration": self._status["generation"], "swappedAt": moment_text(self._now),
            "keepUntil": moment_text(self._now + keep),
        }  # fmt: skip

    def _rolled_back(self, job: JobFacts) -> None:
        self._status["activeGeneration"] = self._status["previousGeneration"]

    def _failed(self, job: JobFacts) -> None:
        """A phase did not end well. Before the swap the run is given up; after it, what is searched stays searched."""
        phase = self._phase
        error = job.error or {}
        reason = _REASONS.get(str(error.get("error", "")), "")
        if not reason:
            reason = "DeadlineExceeded" if job.reason == "DeadlineExceeded" else f"{phase}Failed"
        message = _error_text(phase, job, error)
        self._status["failedPhase"] = phase
        if phase == "Verifying":
            self._status["verified"] = "Failed"
        if phase == "Aborting":
            self._finish("Failed", "AbortFailed", message, warning=True)
        elif phase == "RollingBack":
            self._status["refusedAt"] = self._generation
            self._go("Keeping", "RollbackFailed", message, warning=True)
        elif phase == "Settling":
            self._go("Keeping", "SettlingFailed", message, warning=True)
        elif phase == "Deleting":
            self._finish("Complete", "DeletingFailed", message, warning=True)
        else:
            self._status["outcome"] = "Failed"
            self._go("Aborting", reason, message, warning=True)

    def _give_up(self) -> None:
        """The generation is gone; the reason stays that of the failure."""
        outcome = str(self._status.pop("outcome", "Aborted"))
        reason, message = self._status.get("reason", ""), self._status.get("message", "")
        if reason in ("Running", ""):
            reason, message = f"{outcome}", f"{outcome}; what was searched before is searched still."
        self._finish(outcome, reason, message, warning=outcome == "Failed")

    # Saying things.

    def _go(self, phase: str, reason: str, message: str, *, warning: bool = False) -> None:
        if self._phase != phase:
            self._status["phaseStartedAt"] = moment_text(self._now)
        self._status |= {"phase": phase, "reason": reason, "message": message[:_MESSAGE_MAX]}
        self._tell(reason, f"{phase}: {message}", warning=warning)

    def _finish(self, phase: str, reason: str, message: str, *, warning: bool = False) -> None:
        self._status["completedAt"] = moment_text(self._now)
        self._go(phase, reason, message, warning=warning)

    def _say(self, reason: str, message: str) -> None:
        """A reason that is no transition. While a run is being given up, its own stays."""
        if self._phase != "Aborting":
            self._status |= {"reason": reason, "message": message}

    def _tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        key = f"{self._status.get('run')} {self._status.get('attempt', 0)} {self._phase} {reason} {self._generation}"
        self._happened.append(Happened(key, reason, message, warning))

    def _wait_for(self, moment: datetime) -> None:
        wait_s = seconds_until(moment, self._now) + 0.1
        self._after_s = min(wait_s, self._after_s or wait_s)


_WAITS: dict[str, Any] = {
    "Pending": _Life._pending,
    "AwaitingApproval": _Life._awaiting,
    "Keeping": _Life._keeping,
    **dict.fromkeys(("Scheduled", *ENDED), _Life._resting),
}
_RESULTS: dict[str, Any] = {
    "Planning": _Life._planned,
    "Building": _Life._built,
    "CatchingUp": _Life._caught_up,
    "Preparing": _Life._caught_up,
    "Settling": _Life._caught_up,
    "Verifying": _Life._verified,
    "Swapping": _Life._swapped,
    "RollingBack": _Life._rolled_back,
}
_ENDS = {
    "Deleting": ("Done", "Searched, and the generation before it is deleted."),
    "RollingBack": ("RolledBack", "The generation before it is searched again."),
}


def _error_text(phase: str, job: JobFacts, error: Document) -> str:
    said = error.get("message") or job.reason or "the Job failed"
    extra = error.get("extra")
    return f"{phase} failed: {said}" + (f" {extra}" if extra else "")


def reindex_ttl(resource: Document, now: datetime) -> timedelta | None:
    """How long until the object is to be deleted; ``None`` for never."""
    ttl = resource["spec"].get("ttlSecondsAfterFinished")
    ended = moment_of(resource.get("status", {}), "completedAt")
    if ttl is None or ended is None or resource.get("status", {}).get("phase") not in ENDED:
        return None
    return ended + timedelta(seconds=int(ttl)) - now
