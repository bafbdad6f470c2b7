"""The table that ends ``make up`` and is all of ``make status``."""

from tools.processes import ProcessTable, Service
from tools.stack.prepare import Credentials
from tools.stack.services import FALLBACKS


def service_state(service: Service, table: ProcessTable) -> str:
    """One word or two on a service."""
    record = table.record(service.name)
    if record is None:
        return "stopped"
    if not record.alive:
        return "ended"
    return "running" if service.ready() else "not answering"


def print_report(
    services: list[Service], table: ProcessTable, *, url: str, credentials: Credentials | None = None
) -> bool:
    """Print components, what is degraded, and how to go on; whether all services run."""
    rows = [("component", "state", "address", "note")]
    states = {service.name: service_state(service, table) for service in services}
    for service in services:
        note = (
            service.note
            if states[service.name] in ("running", "stopped")
            else "see " + table.shown_log(service.name)
        )
        rows.append((service.name, states[service.name], service.address, note))
    rows += [(fallback.component, "degraded", "", fallback.note) for fallback in FALLBACKS]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print(
            "  ".join(
                [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]
            ).rstrip()
        )
    healthy = set(states.values()) == {"running"}
    if healthy:
        print(f"\nMeshop is up at {url}  (API: {url}/api/docs/, admin: {url}/admin/)")
    if credentials:
        print(f"Administrator (shown once): {credentials.email}  {credentials.password}")
    return healthy
