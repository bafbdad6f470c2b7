"""The plugin, run by kubectl against a real API server."""

import os
import subprocess

import pytest
import yaml

from tests.support.kube_api import ADMIN
from tests.support.operator_world import (
    ROUTE,
    SERVICE,
    STABLE,
    STABLE_SERVICE,
    eventually,
    reaches,
    reindex,
    rollout,
)
from tools.kind.config import BIN
from tools.paths import OPERATORS

PLUGIN = OPERATORS / "kubectl"


@pytest.fixture
def meshop(kube, tmp_path):
    if not (BIN / "kubectl").exists():
        pytest.skip("kubectl is built by make kind-up, and is not there")
    config = kube.kubeconfig(tmp_path / "config", token=ADMIN)
    environment = {**os.environ, "KUBECONFIG": str(config), "PATH": f"{PLUGIN}:{BIN}:{os.environ['PATH']}"}

    def run(*arguments, code=0):
        done = subprocess.run(
            ["kubectl", "meshop", *arguments],
            env=environment,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_a_rebuild_from_approval_to_rollback(shop, cluster, operators, meshop):
    operators.lead()
    shop.create(reindex("autumn", approval="Manual"))
    reaches(shop, "CatalogReindex", "autumn", "AwaitingApproval")
    assert "ApprovalNeeded" in meshop("status")
    assert "nothing waits" not in meshop("promote", "crx/autumn")
    reaches(shop, "CatalogReindex", "autumn", "Keeping")
    assert "[####################] 2/2" in meshop("watch", "crx/autumn")
    assert "nothing waits for approval" in meshop("promote", "crx/autumn", code=1)
    meshop("rollback", "crx/autumn")
    reaches(shop, "CatalogReindex", "autumn", "RolledBack")
    meshop("watch", "crx/autumn", code=3)
    meshop("retry", "crx/autumn")
    eventually(lambda: shop.get("CatalogReindex", "autumn")["status"]["run"] == 2)


def test_a_rollout_paused_promoted_and_told(shop, cluster, operators, meshop):
    for document in (STABLE, STABLE_SERVICE, ROUTE):
        shop.apply(document)
    eventually(lambda: shop.get("Deployment", SERVICE)["status"].get("readyReplicas") == 4)
    operators.lead()
    shop.create(
        rollout(steps=[{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "1h"}}])
    )
    reaches(shop, "ModelRollout", "better", "Paused")
    assert "[#####...............]  25%  recommendations latest -> v2" in meshop("status")
    assert "is taken back with abort" in meshop("rollback", "mro/better", code=1)
    meshop("promote", "mro/better")
    eventually(lambda: shop.get("ModelRollout", "better")["status"]["weight"] == 50)
    meshop("promote", "mro/better", "--full")
    reaches(shop, "ModelRollout", "better", "Promoted")


def test_what_makes_no_sense_is_said(kube, meshop):
    assert "is not KIND/NAME" in meshop("abort", "recommendations", code=1)
    assert "needs KIND/NAME" in meshop("abort", code=1)
    assert "not found" in meshop("abort", "mro/nobody", code=1)


def test_krews_manifest_names_files_that_are_there():
    manifest = yaml.safe_load((PLUGIN / "meshop.yaml").read_text())
    for platform in manifest["spec"]["platforms"]:
        assert platform["bin"] == "kubectl-meshop"
        for file in platform["files"]:
            assert (PLUGIN / file["from"]).exists()
