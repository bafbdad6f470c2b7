"""Light load for ``SOAK_MIN`` minutes: nothing restarts, nothing runs out of memory, nobody is refused."""

import os
import time

from tests.kind.support.load import Buyers, Visitors
from tests.kind.support.pods import restarts, running_pods
from tools.kind.shell import kubectl

MINUTES = float(os.environ.get("SOAK_MIN", "30"))


def oom_kills(core):
    """Containers whose last end was for lack of memory."""
    return [
        f"{pod.metadata.name}/{status.name}"
        for pod in running_pods(core)
        for status in [*(pod.status.container_statuses or []), *(pod.status.init_container_statuses or [])]
        for state in (status.state, status.last_state)
        if state.terminated and state.terminated.reason == "OOMKilled"
    ]


def test_soak(core, products, capsys):
    before = restarts(core)
    names = {pod.metadata.name for pod in running_pods(core)}
    with Visitors(2, pause_s=0.5) as visitors, Buyers(1, products, pause_s=3) as buyers:
        time.sleep(60 * MINUTES)
    with capsys.disabled():
        print(f"\n{MINUTES:g} minutes: visitors {dict(visitors.statuses)}, buyers {dict(buyers.statuses)}")
        print(kubectl("top", "pods", "--namespace", "shop", "--sum"))
    assert (visitors.failures, buyers.failures) == ({}, {})
    assert oom_kills(core) == []
    assert restarts(core) == before
    assert names <= {pod.metadata.name for pod in running_pods(core)}
