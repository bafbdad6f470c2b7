"""The phases of a rebuild, what each runs, and what follows."""

from dataclasses import dataclass


#: What `manage.py catalog_reindex --phase` is called with, and the end of the Job's name.
@dataclass(frozen=True)
class Work:
    """A phase that is a Job."""

    command: str
    suffix: str
    then: str


WORK = {
    "Planning": Work("plan", "plan", "Building"),
    "Building": Work("build", "build", "CatchingUp"),
    "CatchingUp": Work("catch_up", "catchup", "Verifying"),
    "Verifying": Work("verify", "verify", "AwaitingApproval"),
    "Preparing": Work("catch_up", "prepare", "Swapping"),
    "Swapping": Work("swap", "swap", "Settling"),
    "Settling": Work("catch_up", "settle", "Keeping"),
    "Deleting": Work("delete", "delete", "Complete"),
    "RollingBack": Work("rollback", "rollback", "RolledBack"),
    "Aborting": Work("abort", "abort", ""),
}
#: A generation is on its way: given up when the run is, and when the object goes.
OPEN = frozenset(
    {
        "Planning",
        "Building",
        "CatchingUp",
        "Verifying",
        "AwaitingApproval",
        "Preparing",
        "Swapping",
        "Aborting",
    }
)
#: May be given up by a person. A swap is waited for: it takes seconds, and is undone or done.
ABORTABLE = frozenset({"Planning", "Building", "CatchingUp", "Verifying", "AwaitingApproval", "Preparing"})
#: Stopped by `suspend`: nothing there is half done for searches.
SUSPENDABLE = frozenset({"Planning", "Building", "CatchingUp", "Verifying", "AwaitingApproval", "Preparing"})
#: An alias is taken by a run in these.
ACTIVE = OPEN | {"Settling", "RollingBack"}
#: Nothing happens any more but by a schedule or a retry.
ENDED = frozenset({"Complete", "RolledBack", "Aborted", "Failed"})
#: A scheduled run may begin.
IDLE = ENDED | {"Scheduled", "Keeping"}
