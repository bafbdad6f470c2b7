"""What every image keeps to. That they build and run is seen by the tests on kind."""

import re

import pytest

from tests.support.charts import containers, render
from tools.paths import ROOT

KINDS = ("backend", "gateway", "ai", "operator")


def dockerfile(kind):
    return (ROOT / "docker" / f"{kind}.Dockerfile").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_base_can_be_another_one(kind):
    text = dockerfile(kind)
    assert "ARG BASE=python:3.11-slim-bookworm" in text
    assert set(re.findall(r"^FROM (\S+)", text, re.M)) == {"${BASE}"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_runs_is_nobody_and_has_no_tools_to_build(kind):
    build, final = dockerfile(kind).split("\nFROM ${BASE}\n")
    assert re.search(r"^USER 10001:10001$", final, re.M)
    installed = re.findall(r"apt-get install -y -qq --no-install-recommends ([a-z0-9 -]+?) &&", final)
    assert installed == (["libgomp1"] if kind == "ai" else [])
    assert not re.search(r"gcc|build-essential|-dev\b|pip install", final)
    assert "--require-hashes --only-binary :all:" in build
    assert "pip uninstall --yes pip" in build


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_copied_is_there(kind):
    let_in = (ROOT / ".dockerignore").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(kind), re.M):
        for source in line.replace("${SERVICE}", "recommendations").split():
            assert (ROOT / source).exists(), source
            folders = ["/".join(source.split("/")[:depth]) for depth in range(1, source.count("/") + 2)]
            assert "requirements" in folders or any(f"\n!{folder}\n" in let_in for folder in folders), source


def test_no_secret_is_baked_in():
    for kind in KINDS:
        assert not re.search(r"^ENV.*(SECRET|PASSWORD|KEY)=", dockerfile(kind), re.M)


def test_pods_run_as_the_user_of_the_image():
    for name, spec, container in containers(render()):
        if "meshop/" in container["image"]:
            assert spec["securityContext"]["runAsUser"] == 10001, name
