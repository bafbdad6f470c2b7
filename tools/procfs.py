"""Who is who among the processes of this machine (Linux)."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
#: Niceness of what gives way: it gets what the others leave.
YIELDING = 19


class ProcessStat(NamedTuple):
    """The fields of ``/proc/<pid>/stat`` that tell a process from another one that later got its number, and what it
    has used so far.
    """

    state: str
    session: int
    start_ticks: str
    cpu_s: float


def read_stat(pid: int) -> ProcessStat | None:
    """The state of a process; ``None`` when it is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and parentheses
    cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return ProcessStat(state=fields[0], session=int(fields[3]), start_ticks=fields[19], cpu_s=cpu_s)


def identity(pid: int) -> str | None:
    """A word that names this process and never another one, over reboots too; ``None`` when it ended."""
    stat = read_stat(pid)
    if stat is None or stat.state in "ZX":  # a zombie has ended, whether or not its parent has noticed
        return None
    boot = (PROC / "sys" / "kernel" / "random" / "boot_id").read_text().strip()
    return f"{boot}:{stat.start_ticks}"


def make_yield(pid: int) -> None:
    """Let a session give way to others. Linux may schedule sessions as groups, and then looks at theirs only."""
    with contextlib.suppress(OSError):  # it has ended, or this kernel has no groups
        os.setpriority(os.PRIO_PROCESS, pid, YIELDING)
        (PROC / str(pid) / "autogroup").write_text(str(YIELDING))


def session_cpu_s(session: int) -> float:
    """Seconds that the living processes of a session have had a processor for, in user mode and in the kernel."""
    stats = (read_stat(pid) for pid in session_members(session))
    return sum(stat.cpu_s for stat in stats if stat)


def session_members(session: int) -> list[int]:
    """Living processes of a session: a service and the children that stayed with it."""
    members = []
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            stat = read_stat(int(entry.name))
            if stat and stat.session == session and stat.state not in "ZX":
                members.append(int(entry.name))
    return members
