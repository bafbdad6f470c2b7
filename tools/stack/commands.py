"""``up``, ``down``, ``status``, ``manage`` and ``train``."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace

from tools.environment import backend_environment
from tools.errors import ToolError
from tools.paths import BACKEND
from tools.ports import require_free
from tools.processes import INHERITED, ProcessTable, Service
from tools.servers import postgres, redis
from tools.servers.datastores import Datastores, plan_datastores, settle_port
from tools.stack import ai
from tools.stack.config import StackConfig
from tools.stack.prepare import Credentials, ensure_admin, load_catalogue, prepare_schema
from tools.stack.report import print_report
from tools.stack.services import BACKEND_NAME, MEASURED, platform_services
from tools.state import StateFolder


@dataclass(frozen=True)
class Stack:
    """A stack as its configuration describes it, running or not."""

    config: StackConfig
    state: StateFolder
    table: ProcessTable
    datastores: Datastores
    environment: dict[str, str]

    @classmethod
    def plan(cls, config: StackConfig, state: StateFolder) -> "Stack":
        """Work out servers and settings for a configuration with settled ports; starts nothing."""
        assert config.pg_port
        assert config.redis_port
        datastores = plan_datastores(
            state,
            flavour=config.servers,
            durable=config.durable,
            pg_port=config.pg_port,
            redis_port=config.redis_port,
        )
        environment = backend_environment(
            state,
            database_url=datastores.postgres.url(),
            redis_url=datastores.redis.url(),
            public_url=config.url,
            rate_limit=config.rate_limit,
        )
        own = {"AI_DATABASE_URL": ai.database_url(environment["DATABASE_URL"])}
        if config.ai_ports:
            own["AI_URLS"] = ai.ai_urls(config)
        return cls(
            config, state, ProcessTable(state.path), datastores, {**environment, **config.settings, **own}
        )

    def services(self) -> list[Service]:
        """Every program of the stack."""
        return [*self.datastores.services(), *platform_services(self.config, self.environment)]

    def manage_environment(self) -> dict[str, str]:
        """The environment of a management command."""
        return {**{name: os.environ[name] for name in INHERITED if name in os.environ}, **self.environment}

    def start(self) -> Credentials | None:
        """Bring everything up; answers credentials that were made up on the way."""
        environment = self.manage_environment()
        new = self.datastores.start(self.table)
        prepare_schema(self.state, environment, new=new)
        ai.ensure_database(environment["DATABASE_URL"])
        load_catalogue(self.config, environment)
        credentials = ensure_admin(self.config, self.state, environment, new=new)
        if self.config.ai_ports:
            known = None if new else self.state.remembered("taught")
            self.state.remember("taught", ai.self_taught_train(self.config, environment, already=known))
        self.table.ensure(platform_services(self.config, self.environment))
        return credentials


def stack_up(config: StackConfig) -> int:
    """Start what does not run and restart what has changed; data and secrets stay."""
    state = StateFolder(config.folder)
    with state.lock():
        table = ProcessTable(state.path)
        table.stop([name for name, record in table.records().items() if not record.alive])
        config = settle_ports(config, state, table)
        stack = Stack.plan(config, state)
        table.stop(set(table.records()) - {service.name for service in stack.services()})
        state.remember("config", config.to_json())
        credentials = stack.start()
    print_report(stack.services(), stack.table, url=config.url, credentials=credentials)
    return 0


def stack_down(config: StackConfig) -> int:
    """End what was started here, and only that."""
    if not config.folder.exists():
        print("Nothing was running.")
        return 0
    state = StateFolder(config.folder)
    with state.lock():
        stopped = ProcessTable(state.path).stop()
    print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
    return 0


def stack_status(config: StackConfig) -> int:
    """Print the table; 0 unless something that was started does not work."""
    stack = stack_existing(config)
    if not stack.table.records():
        print("Nothing is running: make up starts it.")
        return 0
    return 0 if print_report(stack.services(), stack.table, url=stack.config.url) else 1


def stack_manage(config: StackConfig, arguments: list[str]) -> int:
    """Run a management command with the settings of the stack."""
    stack = stack_existing(config)
    command = [sys.executable, str(BACKEND / "manage.py"), *arguments]
    return subprocess.run(command, env=stack.manage_environment(), check=False).returncode


def stack_train(config: StackConfig, arguments: list[str]) -> int:
    """Train a service of the stack with its database and store; the running service takes the model by itself."""
    stack = stack_existing(config)
    name, *rest = arguments or ["?"]
    if name not in ai.NAMES:
        raise ToolError(f"{name} is no AI service; there are: {', '.join(ai.NAMES)}.")
    environment = {
        **stack.manage_environment(),
        **ai.ai_environment(stack.config, stack.environment),
        "OPENBLAS_NUM_THREADS": "2",
    }
    return subprocess.run(
        [sys.executable, "-m", f"{name}.train", *rest], env=environment, check=False
    ).returncode


def settle_ports(config: StackConfig, state: StateFolder, table: ProcessTable) -> StackConfig:
    """Fill in the ports that nobody chose; stop with a sentence when one that somebody chose is taken."""
    if all(record.address != config.url for record in table.records().values()):
        require_free(config.port, "PORT")
    return replace(
        config,
        pg_port=settle_port(state, table, postgres.NAME, chosen=config.pg_port, variable="PG_PORT"),
        redis_port=settle_port(state, table, redis.NAME, chosen=config.redis_port, variable="REDIS_PORT"),
        backend_port=settle_port(state, table, BACKEND_NAME, chosen=None, variable="PORT"),
        ai_ports={name: settle_port(state, table, name, chosen=None, variable="PORT") for name in ai.NAMES},
        metrics_ports={
            name: settle_port(state, table, f"{name}-metrics", chosen=None, variable="PORT", program=name)
            for name in MEASURED
        },
    )


def stack_existing(config: StackConfig) -> Stack:
    """The stack of a state folder as last configured, running or not; stops with a sentence when there is none."""
    state = StateFolder(config.folder) if config.folder.exists() else None
    remembered = state.remembered("config") if state else None
    if state is None or remembered is None:
        raise ToolError("Nothing has been started here yet: make up does.")
    return Stack.plan(StackConfig.from_json(remembered), state)
