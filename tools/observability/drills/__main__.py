"""``make drill FAULT=stuck-relay`` (or ``all``): break it, see the alert, see what customers get, see it recover.

On this machine inside ``tools.testbed --stack --prometheus`` with ``SHORTEN`` and ``MESHOP_FAULTS=on``; with
``--namespace`` in a cluster, whose Prometheus has rules with windows as short. Writes a table of verdicts.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError
from tools.observability.drills.faults import DRILLS, Drill
from tools.observability.drills.load import Customers
from tools.observability.drills.places import ClusterPlace, LocalPlace, Place
from tools.paths import BUILD
from tools.stack.commands import Stack
from tools.stack.config import StackConfig
from tools.state import StateFolder

TABLE = BUILD / "drills.md"
#: Requests that must be served while a fallback holds. The moment of the fault itself may cost some.
PROMISE = 0.99
_EVERY_S = 0.5


@dataclass(frozen=True)
class Verdict:
    """What was seen of one drill. Times in seconds; none where it did not come to that."""

    drill: Drill
    calm: bool
    detected_s: float | None
    served: float
    asked: int
    recovered_s: float | None

    @property
    def passed(self) -> bool:
        """Whether everything was as it should be."""
        held = not self.drill.held or self.served >= PROMISE
        return self.calm and self.detected_s is not None and held and self.recovered_s is not None

    def row(self) -> str:
        """For the table."""
        times = [
            f"{value:.0f} s" if value is not None else "no" for value in (self.detected_s, self.recovered_s)
        ]
        served = f"{self.served:.1%} of {self.asked}"
        promise = served if self.drill.held else f"{served} (no fallback)"
        verdict = "passed" if self.passed else "FAILED"
        return (
            f"| {self.drill.name} | {self.drill.says} | {self.drill.alert} | {times[0]} | {promise} | {times[1]} "
            f"| {verdict if self.calm else verdict + ': the alert was firing before'} |"
        )


def drill_run(drill: Drill, place: Place, customers: Customers, *, patience_s: float) -> Verdict:
    """Run one drill; never leaves its fault on."""
    calm = _wait(lambda: not firing(place, drill.alert), patience_s) is not None
    customers.card = drill.card
    with drill.breaks(place):
        customers.mark()
        detected = _wait(lambda: firing(place, drill.alert), patience_s)
        served, asked = customers.served, customers.asked
    customers.card = ""
    recovered = _wait(lambda: not firing(place, drill.alert), patience_s)
    return Verdict(drill, calm, detected, served, asked, recovered)


def firing(place: Place, alert: str) -> bool:
    """Whether an alert fires now."""
    found = place.ask("query", query=f'ALERTS{{alertname="{alert}",alertstate="firing"}}')
    return bool(found["result"])


def _wait(condition: Callable[[], bool], patience_s: float) -> float | None:
    began = time.monotonic()
    while time.monotonic() - began < patience_s:
        if condition():
            return time.monotonic() - began
        time.sleep(_EVERY_S)
    return None


def place_here() -> LocalPlace:
    """The stack of the test bed that runs this. Raises :class:`ToolError` outside of one."""
    folder, prometheus = os.environ.get("MESHOP_STACK_DIR"), os.environ.get("PROMETHEUS_URL")
    if not folder or not prometheus:
        raise ToolError("Drills run inside `tools.testbed --stack --prometheus -- …`, as make drill does.")
    state = StateFolder(Path(folder))
    return LocalPlace(Stack.plan(StackConfig.from_json(state.remembered("config")), state), prometheus)


def main() -> int:
    """Run drills and write the table; 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.observability.drills", description=__doc__)
    parser.add_argument("faults", nargs="+", help=f"all, or of: {', '.join(drill.name for drill in DRILLS)}")
    parser.add_argument("--patience", type=float, default=90, help="seconds for an alert to come, and to go")
    parser.add_argument("--namespace", help="in the cluster of the current context instead of here")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the shop in the cluster")
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args()
    names = [drill.name for drill in DRILLS] if options.faults == ["all"] else options.faults
    known = {drill.name: drill for drill in DRILLS}
    if unknown := [name for name in names if name not in known]:
        raise ToolError(f"There is no fault {', '.join(unknown)}; there are: {', '.join(known)}.")
    place: Place = ClusterPlace(options.url, options.namespace) if options.namespace else place_here()
    rows = [
        "| fault | what it is | alert | detected after | served meanwhile | gone after | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    passed = True
    with Customers(place.url) as customers:
        for name in names:
            verdict = drill_run(known[name], place, customers, patience_s=options.patience)
            print(verdict.row(), flush=True)
            rows.append(verdict.row())
            passed &= verdict.passed
            options.table.parent.mkdir(parents=True, exist_ok=True)
            options.table.write_text("\n".join(rows) + "\n")
    return 0 if passed else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(str(error))
