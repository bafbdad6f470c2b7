"""A Prometheus beside a stack on this machine."""

from tools.observability.rules import rules_yaml
from tools.processes import ProcessTable
from tools.servers.prometheus import PrometheusServer
from tools.stack.commands import Stack
from tools.state import StateFolder


def stack_targets(stack: Stack) -> dict[str, int]:
    """Where the programs of a stack show their metrics."""
    config = stack.config
    assert config.backend_port
    return {
        "gateway": config.port,
        "backend": config.backend_port,
        **config.metrics_ports,
        **config.ai_ports,
    }


def prometheus_start(
    stack: Stack, state: StateFolder, table: ProcessTable, *, shorten: float = 1
) -> PrometheusServer:
    """Start it with the rules of the chart, their windows divided by ``shorten``."""
    server = PrometheusServer(
        data=state.path / "prometheus",
        port=state.port("prometheus"),
        targets=stack_targets(stack),
        rules=rules_yaml(shorten=shorten),
    )
    server.initialise()
    table.ensure([server.service()])
    return server
