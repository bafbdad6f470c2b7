"""Upgrades, restarts and losses that no visitor notices."""

import subprocess
import time

import pytest

from tests.kind.support.load import Visitors
from tests.kind.support.probes import until
from tools.charts.helm import HelmError, helm
from tools.kind import release
from tools.kind.config import NAMESPACE, RELEASE
from tools.kind.shell import environment, kubectl


def test_an_upgrade_and_the_way_back_fail_nobody():
    """Every pod is made anew and the migrations' Job runs again, under continuous load."""
    with Visitors(4, pause_s=0.05) as visitors:
        changes = [
            f"{part}.podAnnotations.meshop\\.io/upgrade=number-{time.time_ns()}"
            for part in ("backend", "gateway")
        ]
        release.install(*(option for change in changes for option in ("--set", change)))
        helm(
            "rollback", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout", "10m",
            environment=environment(),
        )  # fmt: skip
    assert visitors.statuses["200"] > 200
    assert visitors.failures == {}


def test_migrations_ran_as_a_job_of_the_revision():
    history = helm(
        "history", RELEASE, "--namespace", NAMESPACE, "--output", "json", environment=environment()
    )
    revision = history.count('"revision"')
    jobs = kubectl("get", "jobs", "--namespace", NAMESPACE, "--output=name").split()
    assert [job for job in jobs if "/migrate-" in job] == [f"job.batch/migrate-{revision}"]


@pytest.mark.parametrize(
    "target", ["deployment/worker-default", "statefulset/postgresql", "statefulset/rabbitmq"]
)
def test_what_is_killed_loses_no_order(target):
    """``helm test`` pays an order, which is done when its event went from the outbox through the broker."""
    name = target.partition("/")[2]
    selector = f"--selector=app.kubernetes.io/name={name}"
    kubectl(
        "delete", "pod", "--namespace", NAMESPACE, selector, "--grace-period=0", "--force", "--wait=false"
    )
    kubectl("rollout", "status", target, "--namespace", NAMESPACE, "--timeout=300s")

    def bought():
        try:
            return "Bought." in release.buy()
        except (HelmError, subprocess.TimeoutExpired):
            return False

    until(bought, 300, "somebody who buys")
    for audit in ("stock_audit", "ledger_audit"):
        kubectl("exec", "--namespace", NAMESPACE, "deployment/backend", "--", "python", "manage.py", audit)
