"""Kubernetes, etcd, CoreDNS, kind, Istio and metrics-server, built from their Go modules.

Each is built once per version into ``build/kind/bin``. Modules with ``replace`` directives cannot be installed by
``go install``, so those are built in a workshop: a module of its own that requires them and repeats the directives.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import ToolError
from tools.kind.config import (
    BIN,
    COREDNS,
    ETCD,
    HOME,
    ISTIO,
    ISTIO_TAG,
    KIND,
    KUBERNETES,
    METRICS_SERVER,
    STAGING,
)
from tools.kind.shell import run

_KUBERNETES = "k8s.io/kubernetes"
_KUBERNETES_VERSION = "k8s.io/component-base/version"
_ISTIO_VERSION = "istio.io/istio/pkg/version"
GO_ENV: Mapping[str, str] = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}


@dataclass(frozen=True)
class Workshop:
    """Programs of one module."""

    name: str
    module: str
    version: str
    #: Package of each program; its last part is the program's name.
    packages: tuple[str, ...]
    flags: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    #: Compile with the libraries of Kubernetes, so that what both use is compiled once.
    with_kubernetes: bool = False
    #: Versions that stay although this module asks for newer ones.
    pins: Mapping[str, str] = field(default_factory=dict)
    #: Replacements in its files, where these do not know a newer library.
    edits: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of what it builds."""
        return tuple(_program_name(package) for package in self.packages)

    def build(self) -> None:
        """Build what is missing."""
        stamp = BIN / f".{self.name}-{self.version}"
        if stamp.exists() and all((BIN / program).exists() for program in self.programs):
            return
        print(f"Building {', '.join(self.programs)} ({self.module} {self.version}).", flush=True)
        folder = HOME / "go" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        BIN.mkdir(parents=True, exist_ok=True)
        self._write_module(folder)
        run("go", "mod", "tidy", cwd=folder, env=GO_ENV)
        linker = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in self.variables.items())])
        for package, program in zip(self.packages, self.programs, strict=True):
            command = [
                "go",
                "build",
                "-trimpath",
                *self.flags,
                "-ldflags",
                linker,
                "-o",
                str(BIN / program),
                package,
            ]
            run(*command, cwd=folder, env=GO_ENV, timeout_s=3600)
        stamp.touch()

    def _write_module(self, folder: Path) -> None:
        lines = ["module workshop", "", "go 1.24", "", f"require {self.module} {self.version}"]
        packages = list(self.packages)
        if self.with_kubernetes:
            lines += _kubernetes_libraries()
            packages.append("k8s.io/kubernetes/cmd/kubelet")
        lines += [f"replace {module} => {module} {version}" for module, version in self.pins.items()]
        if self.edits:
            self._edit(folder / "source")
            lines.append(f"replace {self.module} => ./source")
        (folder / "go.mod").write_text("\n".join(lines) + "\n")
        imports = "\n".join(f'import _ "{package}"' for package in packages)
        (folder / "tools.go").write_text(f"//go:build tools\n\npackage tools\n\n{imports}\n")

    def _edit(self, source: Path) -> None:
        """A copy of the module's files, edited. Raises :class:`ToolError` where an edit finds nothing."""
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(module_files(self.module, self.version), source, copy_function=shutil.copyfile)
        for name, replacements in self.edits.items():
            text = (source / name).read_text()
            for old, new in replacements:
                if old not in text:
                    raise ToolError(f"{self.module} {self.version} has no `{old}` in {name}.")
                text = text.replace(old, new)
            (source / name).write_text(text)


def _kubernetes_libraries() -> list[str]:
    """Kubernetes, and its ``replace`` directives, which point to folders of its own, as versions."""
    own = (module_files(_KUBERNETES, f"v{KUBERNETES}") / "go.mod").read_text()
    staged = re.findall(r"^\s+(k8s\.io/[a-z-]+) => ", own, re.MULTILINE)
    return [
        f"require {_KUBERNETES} v{KUBERNETES}",
        *(f"replace {module} => {module} {STAGING}" for module in staged),
    ]


def module_files(module: str, version: str) -> Path:
    """The folder of a module's files."""
    folder = HOME / "go" / "files"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text("module files\n\ngo 1.24\n")
    answer = run("go", "mod", "download", "-json", f"{module}@{version}", cwd=folder, env=GO_ENV)
    return Path(json.loads(answer)["Dir"])


def _program_name(package: str) -> str:
    parts = [part for part in package.split("/") if not re.fullmatch(r"v\d+", part)]
    return "etcd" if "etcd" in parts[0] else parts[-1]


_COMPONENTS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kubeadm",
    "kube-proxy",
    "kubectl",
)
_MAJOR, _MINOR, _ = KUBERNETES.split(".")
CONTROL_PLANE = (
    Workshop(
        "kubernetes", _KUBERNETES, f"v{KUBERNETES}",
        tuple(f"{_KUBERNETES}/cmd/{name}" for name in _COMPONENTS),
        variables={
            f"{_KUBERNETES_VERSION}.gitVersion": f"v{KUBERNETES}",
            f"{_KUBERNETES_VERSION}.gitMajor": _MAJOR,
            f"{_KUBERNETES_VERSION}.gitMinor": _MINOR,
        },
        with_kubernetes=True,
    ),
    Workshop("etcd", "go.etcd.io/etcd/server/v3", f"v{ETCD}", ("go.etcd.io/etcd/server/v3",)),
    Workshop("coredns", "github.com/coredns/coredns", COREDNS, ("github.com/coredns/coredns",)),
)  # fmt: skip
_ISTIO_VARIABLES = {
    f"{_ISTIO_VERSION}.buildVersion": f"{ISTIO_TAG}.0",
    f"{_ISTIO_VERSION}.buildTag": ISTIO_TAG,
    f"{_ISTIO_VERSION}.buildHub": "local",
}
MESH = (
    Workshop(
        "istio-agent", "istio.io/istio", ISTIO,
        ("istio.io/istio/pilot/cmd/pilot-agent",),
        flags=("-tags=agent,disable_pgv",), variables=_ISTIO_VARIABLES,
    ),
    Workshop(
        "istio-control", "istio.io/istio", ISTIO,
        (
            "istio.io/istio/pilot/cmd/pilot-discovery",
            "istio.io/istio/cni/cmd/istio-cni",
            "istio.io/istio/cni/cmd/install-cni",
        ),
        flags=("-tags=vtprotobuf,disable_pgv",), variables=_ISTIO_VARIABLES,
    ),
    Workshop(
        "metrics-server", "sigs.k8s.io/metrics-server", METRICS_SERVER,
        ("sigs.k8s.io/metrics-server/cmd/metrics-server",),
        with_kubernetes=True,
        pins={"github.com/davecgh/go-spew": "v1.1.1"},
        edits={
            "cmd/metrics-server/app/options/options.go": (
                ("import (", 'import (\n\t"k8s.io/apiserver/pkg/util/compatibility"'),
                (
                    "serverConfig.Version = &versionGet",
                    "serverConfig.EffectiveVersion = compatibility.DefaultBuildEffectiveVersion()",
                ),
                ("serverConfig.Version.String()", "versionGet.String()"),
            )
        },
    ),
)  # fmt: skip
TOOLS = (Workshop("kind", "sigs.k8s.io/kind", KIND, ("sigs.k8s.io/kind",)),)


def build(workshops: Sequence[Workshop]) -> None:
    """Build all of them."""
    for workshop in workshops:
        workshop.build()


def has_go() -> bool:
    """Whether any of this can be built."""
    return shutil.which("go", path=os.environ.get("PATH")) is not None
