"""Upgrades that no visitor and no buyer notices."""

import pytest

from tests.kind.support import releases
from tests.kind.support.database import query
from tests.kind.support.load import Buyers, Visitors
from tools.charts.helm import helm
from tools.kind import release
from tools.kind.config import NAMESPACE, RELEASE
from tools.kind.shell import environment, kubectl

HAS_COLUMN = (
    f"SELECT count(*) FROM information_schema.columns WHERE table_name = '{releases.TABLE}' "
    f"AND column_name = '{releases.COLUMN}'"
)


@pytest.fixture
def next_version():
    releases.next_image()
    yield releases.next_chart()
    query(releases.FORGET)


def images_of(apps):
    """The images that the store and one of its workers run."""
    return {
        name: apps.read_namespaced_deployment(name, NAMESPACE).spec.template.spec.containers[0].image
        for name in ("backend", "worker-default")
    }


def chart_of(deployment):
    return deployment.metadata.labels["helm.sh/chart"]


def test_an_upgrade_with_a_migration_and_the_way_back_fail_nobody(apps, products, next_version, capsys):
    """Every pod of store, workers and gateway is made anew, twice; old code works on new tables."""
    query(releases.FORGET)
    anew = r"gateway.podAnnotations.meshop\.io/version=next"
    with Visitors(3, pause_s=0.05) as visitors, Buyers(2, products) as buyers:
        release.install(
            "--set", f"backend.image.tag={releases.TAG}", "--set", f"worker.defaults.image.tag={releases.TAG}",
            "--set", anew, chart=next_version,
        )  # fmt: skip
        upgraded = images_of(apps)
        chart = chart_of(apps.read_namespaced_deployment("backend", NAMESPACE))
        migrated = query(HAS_COLUMN)
        helm(
            "rollback", RELEASE, "--namespace", NAMESPACE, "--wait", "--wait-for-jobs", "--timeout", "10m",
            environment=environment(),
        )  # fmt: skip
    with capsys.disabled():
        print(f"\nvisitors {dict(visitors.statuses)}, buyers {dict(buyers.statuses)}")
    assert set(upgraded.values()) == {releases.IMAGE}
    assert chart == f"backend-{releases.VERSION}"
    assert migrated == ["1"]
    assert set(images_of(apps).values()) == {"meshop/backend:dev"}
    assert chart_of(apps.read_namespaced_deployment("backend", NAMESPACE)) != chart
    assert visitors.statuses["200"] > 200
    assert sum(len(orders) for orders in buyers.paid.values()) > 20
    assert (visitors.failures, buyers.failures) == ({}, {})


def test_migrations_ran_as_a_job_of_the_revision():
    """Of the one that was installed: going back to a revision runs the Job of that one."""
    installed = helm("get", "manifest", RELEASE, "--namespace", NAMESPACE, environment=environment())
    jobs = kubectl("get", "jobs", "--namespace", NAMESPACE, "--output=name").split()
    (job,) = [job for job in jobs if "/migrate-" in job]
    assert f"name: {job.removeprefix('job.batch/')}\n" in installed
