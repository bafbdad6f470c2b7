"""What an alert is, and how its windows are written, so that a drill can shorten all of them alike."""

from collections.abc import Callable
from dataclasses import dataclass

#: A window in minutes as PromQL writes it.
Window = Callable[[float], str]
_SHORTEST_S = 15
#: Labels that PodMonitors give to every target of ours.
OURS = 'app_kubernetes_io_part_of="meshop"'


def windows(shorten: float = 1) -> Window:
    """Writes windows ``shorten`` times as short, but none below three scrapes of a drill."""

    def write(minutes: float) -> str:
        seconds = max(_SHORTEST_S, round(minutes * 60 / shorten))
        return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"

    return write


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert and its entry in the runbook."""

    name: str
    severity: str
    #: Takes the writer of windows.
    expression: Callable[[Window], str]
    #: Minutes that it has to hold.
    holds: float
    summary: str
    #: For the runbook: what it means for customers, where to look, what to do.
    means: str
    look: str
    do: str
