"""kube-score finds nothing critical."""

import pytest
import yaml

from tests.support.charts import EVERYTHING, render
from tools.charts.score import PROGRAM, critical_findings

SETS = {
    "default": {},
    "production": {"values": ("production",)},
    "everything": {"more": EVERYTHING},
}


@pytest.fixture(scope="module", autouse=True)
def kube_score():
    if not PROGRAM.ensure_built():
        pytest.skip("kube-score is built from its Go module: install Go 1.24 and let it reach a module proxy")


def is_of_the_operators_pods(finding):
    """Whether a policy has no pods because the operator makes them when they are wanted."""
    name = finding.split(":")[0].rpartition("/")[2]
    return "networkpolicy-targets-pod" in finding and (name == "reindex" or name.endswith("-canary"))


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_critical(name):
    found = critical_findings(yaml.safe_dump_all(render(**SETS[name])))
    assert [finding for finding in found if not is_of_the_operators_pods(finding)] == []


def test_one_small_machine_gives_up_what_needs_several():
    """Its images are loaded, not pulled, and nothing is drained."""
    given_up = ("container-image-pull-policy", "deployment-has-poddisruptionbudget")
    manifests = yaml.safe_dump_all(render(values=("kind",)))
    assert critical_findings(manifests, *given_up) == []
    assert critical_findings(manifests)


def test_what_is_critical_is_found():
    manifests = yaml.safe_dump_all(render("networkPolicies.enabled=false"))
    assert [finding for finding in critical_findings(manifests) if "pod-networkpolicy" in finding]
