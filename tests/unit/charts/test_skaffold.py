"""``skaffold.yaml`` is one that Skaffold reads, and names things that are there."""

import glob
import json
import re

import jsonschema
import pytest
import yaml

from tests.support.charts import containers, render
from tools.charts.gomodules import module_folder
from tools.errors import ToolError
from tools.paths import ROOT

SKAFFOLD = ("github.com/GoogleContainerTools/skaffold/v2", "v2.13.2")


@pytest.fixture(scope="module")
def configs():
    return list(yaml.safe_load_all((ROOT / "skaffold.yaml").read_text()))


@pytest.fixture(scope="module")
def validator(configs):
    version = configs[0]["apiVersion"].rpartition("/")[2]
    try:
        folder = module_folder(*SKAFFOLD)
    except ToolError as error:
        pytest.skip(f"the schema of skaffold.yaml comes with its Go module: {error}")
    text = (folder / "docs-v2" / "content" / "en" / "schemas" / f"{version}.json").read_text()
    return jsonschema.Draft7Validator(json.loads(text))


def test_skaffold_reads_it(configs, validator):
    for config in configs:
        errors = [f"{'/'.join(map(str, e.path))}: {e.message[:300]}" for e in validator.iter_errors(config)]
        assert errors == [], config["metadata"]["name"]


def test_a_typing_error_is_found(configs, validator):
    assert not validator.is_valid({**configs[0], "biuld": {}})


def test_every_service_is_a_module_with_an_image_and_a_test(configs):
    by_name = {config["metadata"]["name"]: config for config in configs}
    assert set(by_name) == {"backend", "gateway", "meshop"}
    for name in ("backend", "gateway"):
        (artifact,) = by_name[name]["build"]["artifacts"]
        assert (ROOT / artifact["docker"]["dockerfile"]).exists()
        assert by_name[name]["test"][0]["image"] == artifact["image"] == f"meshop/{name}"
    assert {p["name"] for p in by_name["meshop"]["profiles"]} == {"dev", "kind", "ci"}


def test_synchronised_files_are_there_and_land_where_python_looks(configs):
    (profile,) = configs[0]["profiles"]
    text = (ROOT / "docker" / "backend.Dockerfile").read_text()
    looked_in = re.findall(r"PYTHONPATH=(/app/\S+)", text)[-1].split(":")
    for rule in profile["patches"][1]["value"]["manual"]:
        assert glob.glob(str(ROOT / rule["src"]), recursive=True)
        landing = rule["src"].removeprefix(rule["strip"]).partition("/")[0]
        assert f"{rule['dest']}/{landing}" in looked_in
    assert "invalidation-mode checked-hash" in text


def test_only_development_opens_the_root(configs):
    name = configs[2]["profiles"][0]["patches"][0]["value"].removeprefix("charts/platform/values-")
    opened = render(values=("kind", name.removesuffix(".yaml")))
    assert not next(
        c["securityContext"]["readOnlyRootFilesystem"] for n, _, c in containers(opened) if "backend" in n
    )


def test_values_that_it_sets_reach_the_images(configs):
    (release,) = configs[2]["deploy"]["helm"]["releases"]
    sets = [
        f"{name}.{field}={field}-of-{name.partition('.')[0]}"
        for name, image in release["setValueTemplates"].items()
        for field in image
    ]
    text = yaml.safe_dump_all(render(*sets, values=("kind",)))
    for part in ("backend", "worker", "gateway", "shopTest"):
        assert f"repository-of-{part}:tag-of-{part}" in text


def test_verify_runs_as_somebody_whom_the_policies_let_in(configs):
    (check,) = configs[2]["verify"]
    job = yaml.safe_load((ROOT / check["executionMode"]["kubernetesCluster"]["jobManifestPath"]).read_text())
    test = next(
        d for d in render(values=("kind",)) if d["kind"] == "Job" and "shop-test" in d["metadata"]["name"]
    )
    theirs, ours = test["spec"]["template"], job["spec"]["template"]
    assert ours["spec"]["serviceAccountName"] == theirs["spec"]["serviceAccountName"]
    for key in ("app.kubernetes.io/name", "app.kubernetes.io/instance"):
        assert ours["metadata"]["labels"][key] == theirs["metadata"]["labels"][key]
