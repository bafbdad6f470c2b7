"""How fast, how many, how much memory."""

import re
import time
from pathlib import Path

import httpx
import pytest

from tests.support.operator_world import eventually, reaches, reindex, rollout, status_of

MANY = 200
#: What a busy machine of two cores may take longer than an idle one.
SLACK = 2


def first_children(kube, count):
    """Seconds from each object to its first Job, as one who watches sees it."""
    taken = []
    for number in range(count):
        name = f"quick-{number}"
        begin = time.monotonic()
        kube.create(reindex(name))
        eventually(lambda n=name: [j for j in kube.list("Job") if j["metadata"]["name"].startswith(n)])
        taken.append(time.monotonic() - begin)
        reaches(kube, "CatalogReindex", name, "Keeping")
        kube.delete("CatalogReindex", name)
    return sorted(taken)


@pytest.mark.timeout(300)
def test_the_first_child_comes_within_a_second(shop, cluster, operators, capsys):
    operators.lead()
    reaches_first = first_children(shop, 1)  # the Lease was waited for
    taken = first_children(shop, 12)
    p95 = taken[int(len(taken) * 0.95)]
    with capsys.disabled():
        print(
            f"\nfirst child after {taken[len(taken) // 2]:.3f} s (median), {p95:.3f} s (p95), first {reaches_first}"
        )
    assert p95 <= 1.0 * SLACK


@pytest.mark.timeout(300)
def test_200_objects_are_reconciled_in_30_seconds_in_150_mb(shop, operators, capsys):
    """All of them wanted at once: one takes the alias, the others say for whom they wait; and 20 rollouts besides."""
    for number in range(MANY - 20):
        shop.create(reindex(f"many-{number:03}"))
    for number in range(20):
        shop.create(rollout(f"roll-{number:02}"))
    process = operators.start()
    begin = time.monotonic()

    def seen():
        found = [*shop.list("CatalogReindex"), *shop.list("ModelRollout")]
        return sum(1 for one in found if one.get("status", {}).get("observedGeneration") == 1)

    eventually(lambda: seen() == MANY, timeout_s=60, every_s=0.3)
    taken = time.monotonic() - begin
    eventually(
        lambda: status_of(shop, "CatalogReindex", "many-100").get("reason") == "WaitingForAlias", timeout_s=60
    )
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())[1]) / 1000
    with capsys.disabled():
        print(f"\n{MANY} objects in {taken:.1f} s from the start of the process, {peak:.0f} MB at most")
    assert taken <= 30 * SLACK
    assert peak <= 150


def test_metrics_and_probes(shop, cluster, operators):
    operators.lead()
    shop.create(reindex("counted"))
    reaches(shop, "CatalogReindex", "counted", "Keeping")
    base = f"http://127.0.0.1:{operators.ports['a']}"
    assert httpx.get(f"{base}/readyz").json() == {"ready": True}
    assert httpx.get(f"{base}/healthz").status_code == 200
    text = httpx.get(f"{base}/metrics").text
    assert "meshop_operator_leader 1.0" in text
    assert (
        'meshop_operator_transitions_total{kind="CatalogReindex",phase="Swapping",reason="PreparingDone"} 1.0'
        in text
    )
    assert 'meshop_operator_phase_seconds_count{kind="CatalogReindex",phase="Building"} 1.0' in text
