"""``python -m tools.testbed [options] -- command``: run a command with the servers that tests need, then stop them.

Servers come from Debian's packages where they are or can be installed, else from the wheels; they listen on free
ports, keep their data below ``build/testbed`` and end with the command, on Ctrl-C too. Several may run at a time.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from tools import procfs
from tools.environment import TRACING, backend_environment
from tools.errors import ToolError
from tools.observability.stack import prometheus_start
from tools.paths import BUILD
from tools.ports import LOOPBACK, pick_port
from tools.processes import ProcessTable, Service
from tools.servers import debian, elasticsearch, rabbitmq, stripe_mock
from tools.servers.datastores import Datastores, plan_datastores
from tools.servers.prometheus import ensure_prometheus
from tools.stack import ai
from tools.stack.commands import Stack
from tools.stack.config import StackConfig
from tools.stack.prepare import run_manage
from tools.stack.ready import http_ready
from tools.stack.services import MEASURED
from tools.state import StateFolder

TESTBEDS = BUILD / "testbed"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.testbed", description=__doc__)
    parser.add_argument(
        "--stack", action="store_true", help="start the whole platform too, with a demo catalogue"
    )
    parser.add_argument(
        "--elasticsearch", action="store_true", help="with --stack: the shop searches in Elasticsearch"
    )
    parser.add_argument(
        "--traces", action="store_true", help="with --stack: receive traces, in the file MESHOP_TRACES"
    )
    parser.add_argument(
        "--prometheus", action="store_true", help="with --stack: Prometheus with all rules, at PROMETHEUS_URL"
    )
    parser.add_argument(
        "--ai",
        type=lambda names: [name for name in names.split(",") if name],
        default=ai.NAMES,
        metavar="NAMES",
        help="with --stack: only these AI services, by comma; none where it is empty",
    )
    parser.add_argument("--durable", action="store_true", help="commits reach the disk, as in production")
    parser.add_argument("--servers", choices=("auto", "debian", "embedded"), default="auto")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- command")
    options = parser.parse_args(arguments)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("no command was given")
    remove_abandoned(TESTBEDS)
    folder = TESTBEDS / str(os.getpid())
    state = StateFolder(folder)
    state.remember("owner", procfs.identity(os.getpid()))
    table = ProcessTable(folder, report=lambda _line: None)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        if options.stack:
            environment = start_stack(state, table, options)
        else:
            environment = start_servers(state, table, options)
        return run(command, environment)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave servers behind
        table.stop()
        shutil.rmtree(folder, ignore_errors=True)


def start_servers(state: StateFolder, table: ProcessTable, options: argparse.Namespace) -> dict[str, str]:
    """Start the datastores; the environment that leads to them."""
    datastores = plan_datastores(
        state,
        flavour=options.servers,
        durable=options.durable,
        pg_port=state.port("postgresql"),
        redis_port=state.port("redis"),
    )
    _announce(datastores)
    datastores.start(table)
    environment = backend_environment(
        state,
        database_url=datastores.postgres.url(),
        redis_url=datastores.redis.url(),
        public_url="http://127.0.0.1:8000",
    )
    if options.servers != "embedded":
        debian.ensure_installed((rabbitmq.PACKAGE,))  # tests start brokers of their own, to kill them
    if stripe_mock.STRIPE_MOCK.ensure_built():
        mock = stripe_mock.StripeMock.planned()
        table.ensure([mock.service()])
        environment["STRIPE_MOCK_URL"] = mock.url
    if node := start_elasticsearch(state, table):
        environment["ELASTICSEARCH_TEST_URL"] = node.url()
    return environment


def start_elasticsearch(state: StateFolder, table: ProcessTable) -> elasticsearch.ElasticsearchServer | None:
    """Start a node where one can be had."""
    if missing := elasticsearch.ensure_made():
        print(f"There is no Elasticsearch, so its tests are skipped: {missing}.", flush=True)
        return None
    node = elasticsearch.ElasticsearchServer.planned(state)
    node.initialise()
    table.ensure([node.service()])
    return node


def receive_traces(state: StateFolder, table: ProcessTable) -> dict[str, str]:
    """Start a receiver; the settings that send one request in a hundred to it, and those whose id is small."""
    port = state.port("traces")
    table.ensure(
        [
            Service(
                name="traces",
                command=(
                    sys.executable, "-m", "tools.observability.trace_receiver",
                    "--port", str(port), "--file", str(state.path / "traces"),
                ),
                ready=http_ready(port, "/"),
            )
        ]
    )  # fmt: skip
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:{port}",
        "OTEL_TRACES_SAMPLER_ARG": "0.01",
    }


def start_stack(state: StateFolder, table: ProcessTable, options: argparse.Namespace) -> dict[str, str]:
    """Start the whole platform; what a client of it must know, besides the environment of its backend."""
    node = start_elasticsearch(state, table) if options.elasticsearch else None
    settings = {name: os.environ[name] for name in (*TRACING, "MESHOP_FAULTS") if os.environ.get(name)}
    if options.traces:
        settings |= receive_traces(state, table)
    if node:
        settings["ELASTICSEARCH_URL"] = node.url()
    config = StackConfig(
        folder=state.path,
        port=pick_port(),
        pg_port=state.port("postgresql"),
        redis_port=state.port("redis"),
        backend_port=state.port("backend"),
        ai_ports={name: state.port(name) for name in options.ai},
        metrics_ports={name: state.port(f"{name}-metrics") for name in MEASURED},
        admin_email="admin@meshop.example",
        admin_password=state.secret("admin_password"),
        servers=options.servers,
        durable=options.durable,
        rate_limit=os.environ.get("RATE_LIMIT", "on"),
        settings=settings,
    )
    state.remember("config", config.to_json())
    stack = Stack.plan(config, state)
    _announce(stack.datastores)
    stack.start()
    if node:
        run_manage(stack.manage_environment(), "catalog_reindex")
    prometheus = ""
    if options.prometheus and ensure_prometheus():
        shorten = float(os.environ.get("SHORTEN", "1"))
        prometheus = prometheus_start(stack, state, table, shorten=shorten).url
    return {
        **stack.environment,
        "MESHOP_STACK_DIR": str(state.path),
        "MESHOP_URL": config.url,
        "MESHOP_ADMIN_EMAIL": str(config.admin_email),
        "MESHOP_ADMIN_PASSWORD": str(config.admin_password),
        "MESHOP_MAIL_DIR": str(state.path / "mail"),
        "PROMETHEUS_URL": prometheus,
        "MESHOP_TRACES": str(state.path / "traces") if options.traces else "",
    }


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run in the foreground; when interrupted, let the command end by itself first."""
    with subprocess.Popen(command, env={**os.environ, **environment}) as process:
        try:
            return process.wait()
        except (KeyboardInterrupt, SystemExit) as interruption:
            if isinstance(interruption, SystemExit):
                process.terminate()  # Ctrl-C reaches the command by itself, a signal to this process does not
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


def remove_abandoned(testbeds: Path) -> None:
    """Stop and delete what was left by runs that were killed."""
    for folder in testbeds.glob("*"):
        if not folder.name.isdigit():
            continue
        owner = StateFolder(folder).remembered("owner")
        if owner is None or procfs.identity(int(folder.name)) != owner:
            ProcessTable(folder).stop()
            shutil.rmtree(folder, ignore_errors=True)


def _announce(datastores: Datastores) -> None:
    commits = "durable" if datastores.postgres.durable else "not durable, for speed"
    print(f"Test servers: {datastores.label}; commits are {commits}.", flush=True)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
