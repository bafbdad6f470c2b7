"""What follows from what is seen: the whole life of a rebuild, as a pure function of object, facts and time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meshop_operator.conditions import READY, RECONCILING, STALLED, conditions_make
from meshop_operator.deciding import Decision
from meshop_operator.life import Life
from meshop_operator.reindex.jobs import JobFacts, job_name
from meshop_operator.reindex.outcomes import failure_read, results_read
from meshop_operator.reindex.phases import ABORTABLE, ACTIVE, ENDED, IDLE, OPEN, SUSPENDABLE, WORK
from meshop_operator.reindex.schedules import ScheduleWrong, schedule_due, schedule_next
from meshop_operator.values import (
    Document,
    moment_of,
    moment_parse,
    moment_text,
    seconds_until,
)

#: What is looked at again for want of an event, or for progress.
WAIT_S, PROGRESS_S, SOON_S = 30.0, 5.0, 2.0


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


class _Life(Life):
    """A rebuild."""

    def __init__(self, resource: Document, seen: Seen, now: datetime) -> None:
        super().__init__(resource, now)
        self._seen = seen

    @property
    def _action(self) -> str:
        if self._is_going and self._phase in OPEN:
            return "Abort"
        return str(self._control.get("action", "Run"))

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
        self._status |= {"run": 0, "retry": self._retry}
        if self._spec.get("schedule"):
            self._go("Scheduled", "WaitingForSchedule", "Waits for the first time of its schedule.")
        else:
            self._new_run("Created", "Wanted; waits for the alias.")

    def _new_run(self, reason: str, message: str) -> None:
        keep = (
            "activeGeneration",
            "lastScheduledAt",
            "run",
            "phaseStartedAt",
            "phase",
            "retry",
            "wentBackAt",
        )
        self._status = {key: self._status[key] for key in keep if key in self._status}
        self._status["run"] = int(self._status.get("run", 0)) + 1
        self._status["attempt"] = 0
        self._go("Pending", reason, message)

    def _intend(self) -> bool:
        """What a person wants; whether that was a step."""
        action, phase = self._action, self._phase
        if phase in ENDED and self._retry > int(self._status.get("retry", 0)):
            self._status["retry"] = self._retry
            if action == "Run":  # with another intent the new run would be given up, or taken back, at once
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
        if (
            self._status.get("refusedAt") == self._generation
            or self._status.get("wentBackAt") == self._generation
        ):
            return False
        self._status |= {"retry": self._retry, "wentBackAt": self._generation}
        self._status["attempt"] = int(self._status.get("attempt", 0)) + 1
        self._go("RollingBack", "RollbackAsked", f"Goes back to {self._status['previousGeneration']}.")
        return True

    def _is_suspended(self) -> bool:
        is_startable = self._phase in SUSPENDABLE or self._phase in ("Pending", "Scheduled")
        return bool(self._spec.get("suspend")) and is_startable and not self._is_going

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
        elif self._control.get("approved") == name:
            self._go("Preparing", "Approved", f"{name} was approved.")
        else:
            self._say("ApprovalNeeded", f"Verified; set spec.control.approved to {name} to put it to use.")

    def _keeping(self) -> None:
        if self._scheduled():
            return
        until = moment_of(self._status, "keepUntil")
        if until and self._now < until:
            self._wait_until(until)
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
        self._wait_until(coming)
        return False

    # Phases that are Jobs.

    def _work(self) -> None:
        job, phase = self._seen.job, self._phase
        if job is None or job.name != job_name(self._resource, self._status, phase):
            self._after_s = SOON_S
            return
        self._note_progress(job)
        if job.succeeded:
            self._status |= results_read(phase, job.results, self._spec, self._status, self._now)
            self._status.pop("documentsPerSecond", None)
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

    def _note_progress(self, job: JobFacts) -> None:
        if self._phase == "Building":
            self._status["progress"] = f"{job.completed}/{self._spec['shards']}"
            if self._seen.documents is not None:
                self._status["documents"] = self._seen.documents
            if self._seen.per_second is not None:
                self._status["documentsPerSecond"] = self._seen.per_second

    def _failed(self, job: JobFacts) -> None:
        """A phase did not end well. Before the swap the run is given up; after it, what is searched stays searched."""
        phase = self._phase
        reason, message = failure_read(phase, job)
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

    def _say(self, reason: str, message: str) -> None:
        """While a run is being given up, the reason for that stays."""
        if self._phase != "Aborting":
            super()._say(reason, message)

    def _wait_until(self, moment: datetime) -> None:
        self._wait_for(seconds_until(moment, self._now) + 0.1)


_WAITS: dict[str, Any] = {
    "Pending": _Life._pending,
    "AwaitingApproval": _Life._awaiting,
    "Keeping": _Life._keeping,
    **dict.fromkeys(("Scheduled", *ENDED), _Life._resting),
}
_ENDS = {
    "Deleting": ("Done", "Searched, and the generation before it is deleted."),
    "RollingBack": ("RolledBack", "The generation before it is searched again."),
}


def reindex_ttl(resource: Document, now: datetime) -> timedelta | None:
    """How long until the object is to be deleted; ``None`` for never."""
    ttl = resource["spec"].get("ttlSecondsAfterFinished")
    ended = moment_of(resource.get("status", {}), "completedAt")
    if ttl is None or ended is None or resource.get("status", {}).get("phase") not in ENDED:
        return None
    return ended + timedelta(seconds=int(ttl)) - now
