"""What kube-score finds critical in rendered charts."""

import json
import subprocess

from tools.go_program import GoProgram

PROGRAM = GoProgram("github.com/zegl/kube-score/cmd/kube-score", "v1.20.0")
#: A limit of CPU slows a program down while cores are idle; requests share them fairly. Memory limits are checked.
EXCEPTIONS = ("--ignore-container-cpu-limit",)
_CRITICAL = 1


def critical_findings(manifests: str, *ignored: str, kubernetes: str = "v1.34") -> list[str]:
    """One sentence for each finding in these manifests; checks named in ``ignored`` are left out."""
    options = [option for check in ignored for option in ("--ignore-test", check)]
    done = subprocess.run(
        [
            str(PROGRAM.path), "score", "--output-format", "json", "--kubernetes-version", kubernetes, *EXCEPTIONS,
            *options, "-",
        ],
        input=manifests, text=True, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    return [
        f"{scored['object_name']}: {check['check']['id']}: {comment['summary']}"
        for scored in json.loads(done.stdout)
        for check in scored["checks"]
        if check["grade"] == _CRITICAL and not check["skipped"]
        for comment in check["comments"] or [{"summary": ""}]
    ]
