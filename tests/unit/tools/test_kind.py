"""What can be said of the cluster's tools without a cluster."""

import re
import subprocess
import sys

import yaml

from tests.support.charts import helm_ensure, named, render
from tools.kind import cluster, config, images, programs
from tools.kind.config import FILES


def test_programs_are_named_as_they_are_called():
    names = {
        name for shop in (*programs.CONTROL_PLANE, *programs.MESH, *programs.TOOLS) for name in shop.programs
    }
    assert names >= {
        "kubelet",
        "kubeadm",
        "etcd",
        "coredns",
        "kind",
        "pilot-agent",
        "install-cni",
        "metrics-server",
    }


def test_a_workshop_repeats_the_replacements_of_its_module(tmp_path, monkeypatch):
    (tmp_path / "go.mod").write_text("replace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n)\n")
    monkeypatch.setattr(programs, "module_files", lambda *_: tmp_path)
    shop = programs.Workshop(
        "x", "example.org/x", "v1.2.3", ("k8s.io/kubernetes/cmd/kubectl",), with_kubernetes=True
    )
    folder = tmp_path / "x"
    folder.mkdir()
    shop._write_module(folder)
    assert f"replace k8s.io/api => k8s.io/api {config.STAGING}" in (folder / "go.mod").read_text()
    assert '"k8s.io/kubernetes/cmd/kubectl"' in (folder / "tools.go").read_text()


def test_an_image_is_made_again_when_what_it_is_made_of_changes(tmp_path):
    file = tmp_path / "program"
    file.write_text("one")
    before = images._digest([tmp_path], {"BASE": "x"})
    assert images._digest([tmp_path], {"BASE": "x"}) == before
    assert images._digest([tmp_path], {"BASE": "y"}) != before
    file.write_text("two")
    assert images._digest([tmp_path], {"BASE": "x"}) != before


def test_volumes_fit_what_the_stores_ask_for():
    helm_ensure()
    documents = render(values=("kind",))
    asked = [d for d in documents if d["kind"] in ("StatefulSet", "PersistentVolumeClaim")]
    assert 0 < len(asked) <= cluster.VOLUMES
    capacity = int(cluster._volumes()[0]["spec"]["capacity"]["storage"].removesuffix("Gi"))
    for document in asked:
        spec = document["spec"]
        claims = [c["spec"] for c in spec.get("volumeClaimTemplates", [])] or [spec]
        for claim in claims:
            assert int(claim["resources"]["requests"]["storage"].removesuffix("Gi")) <= capacity


def test_the_port_of_the_node_is_the_ingress_port():
    (node,) = yaml.safe_load((FILES / "cluster.yaml").read_text())["nodes"]
    (mapping,) = node["extraPortMappings"]
    assert (mapping["containerPort"], mapping["hostPort"]) == (config.NODE_PORT, config.HOST_PORT)
    assert mapping["listenAddress"] == "127.0.0.1"
    helm_ensure()
    options = named(render(values=("kind",)), "ConfigMap", "edge-options")
    service = yaml.safe_load(options["data"]["service"])
    assert service["spec"]["ports"] == [{"name": "http", "port": 80, "nodePort": config.NODE_PORT}]


def test_versions_in_files_are_those_of_the_configuration():
    assert config.METRICS_IMAGE in (FILES / "metrics-server.yaml").read_text()
    assert f"registry.k8s.io/pause:{config.PAUSE}" in (FILES / "containerd.toml").read_text()
    for name in ("istiod", "istio-cni"):
        assert yaml.safe_load((FILES / f"{name}.yaml").read_text())["global"]["tag"] == config.ISTIO_TAG


def test_every_file_that_an_image_copies_from_here_is_there():
    given = {"bin/", "images/", "version", "pilot-discovery", "envoy", "pilot-agent", "envoy_bootstrap.json"}
    given |= {"istio-cni", "install-cni", "${PROGRAM}", "qdrant_front.py"}
    for dockerfile in FILES.glob("*.Dockerfile"):
        for line in re.findall(r"^COPY (.+)$", dockerfile.read_text(), re.MULTILINE):
            for source in [part for part in line.split() if not part.startswith("--")][:-1]:
                assert source in given or (FILES / source).exists(), (dockerfile.name, source)


def test_the_runtime_takes_away_what_the_kernel_does_not_grant(tmp_path):
    """Run for real, with a stand-in for runc, on a specification that asks for what nobody has."""
    (tmp_path / "config.json").write_text(
        '{"process": {"capabilities": {"bounding": ["CAP_CHOWN", "CAP_OF_NOBODY"], "ambient": null}}}'
    )
    (tmp_path / "runc").write_text('#!/bin/sh\necho "runc $*"\n')
    (tmp_path / "runc").chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(FILES / "runc-less"), "create", "--bundle", str(tmp_path), "id"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout == f"runc create --bundle {tmp_path} id\n"
    left = yaml.safe_load((tmp_path / "config.json").read_text())["process"]["capabilities"]
    assert left == {"bounding": ["CAP_CHOWN"], "ambient": []}
