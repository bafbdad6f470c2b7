"""What the cluster looked like when a test failed."""

from tools.errors import ToolError
from tools.kind import config
from tools.kind.shell import kubectl

FOLDER = config.HOME / "evidence"
_OWN = ("--namespace", config.NAMESPACE)
QUESTIONS = {
    "events": ("get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"),
    "pods": ("get", "pods", "--all-namespaces", "--output=wide"),
    "described": ("describe", "pods", *_OWN),
    "logs": (
        "logs", *_OWN, "--selector=app.kubernetes.io/part-of=meshop", "--tail=200", "--prefix", "--all-containers",
        "--max-log-requests=60",
    ),
    "ingress": ("logs", *_OWN, "deployment/edge-istio", "--tail=400"),
    "usage": ("top", "pods", "--all-namespaces", "--containers"),
    "control-plane": ("logs", "--namespace", "istio-system", "deployment/istiod", "--tail=400"),
}  # fmt: skip


def collect_evidence(name: str) -> None:
    """Events, pods and logs as they are now, in a folder named after the test."""
    folder = FOLDER / "".join(letter if letter.isalnum() else "-" for letter in name)[:80]
    folder.mkdir(parents=True, exist_ok=True)
    for file, question in QUESTIONS.items():
        try:
            text = kubectl(*question)
        except ToolError as error:
            text = str(error)
        (folder / f"{file}.txt").write_text(text)
