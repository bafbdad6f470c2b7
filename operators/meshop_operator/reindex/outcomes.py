"""What the Jobs of a rebuild came to, as fields of the status and as reasons. Pure."""

from datetime import datetime

from meshop_operator.reindex.jobs import JobFacts
from meshop_operator.values import Document, duration_parse, moment_text

#: Error codes of the command that deserve a word of their own.
_REASONS = {
    "generation_broken": "VerificationFailed",
    "disk_short": "DiskShort",
    "generation_refused": "Refused",
    "generation_busy": "Busy",
    "search_unavailable": "SearchUnavailable",
}


def results_read(
    phase: str, results: tuple[Document, ...], spec: Document, status: Document, now: datetime
) -> Document:
    """Fields of the status that a phase which ended well changes."""
    if phase == "Planning":
        before = next((found["replaces"] for found in results if found.get("replaces")), None)
        return {"previousGeneration": before, "activeGeneration": before} if before else {}
    if phase == "Building":
        return {"progress": f"{spec['shards']}/{spec['shards']}", **_documents(results)}
    if phase in ("CatchingUp", "Preparing", "Settling"):
        lag = next((found["seconds"] for found in results if "seconds" in found), None)
        return {} if lag is None else {"lag": f"{float(lag):.1f}s"}
    if phase == "Verifying":
        return {"verified": "Yes", **_documents(results)}
    if phase == "Swapping":
        keep_until = now + duration_parse(spec.get("keepFor", "24h"))
        return {
            "activeGeneration": status["generation"], "swappedAt": moment_text(now),
            "keepUntil": moment_text(keep_until),
        }  # fmt: skip
    if phase == "RollingBack":
        return {"activeGeneration": status["previousGeneration"]}
    return {}


def _documents(results: tuple[Document, ...]) -> Document:
    """Whoever ends last knows of all."""
    found = [int(result["documents"]) for result in results if "documents" in result]
    return {"documents": max(found)} if found else {}


def failure_read(phase: str, job: JobFacts) -> tuple[str, str]:
    """Reason and message of a phase that did not end well."""
    error = job.error or {}
    reason = _REASONS.get(str(error.get("error", "")), "")
    if not reason:
        reason = "DeadlineExceeded" if job.reason == "DeadlineExceeded" else f"{phase}Failed"
    said, extra = error.get("message") or job.reason or "the Job failed", error.get("extra")
    return reason, f"{phase} failed: {said}" + (f" {extra}" if extra else "")
