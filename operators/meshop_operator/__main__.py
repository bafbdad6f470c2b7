"""``python -m meshop_operator``: watch one namespace, and work while holding its Lease."""

import asyncio
import signal
import sys
from typing import Any

import structlog

from meshop_operator.api import Api
from meshop_operator.controller import Controller
from meshop_operator.handlers import login_make, settings_make, watch
from meshop_operator.kinds import CATALOG_REINDEX, MODEL_ROLLOUT
from meshop_operator.leases import Leader
from meshop_operator.reindex.machine import Reindexes
from meshop_operator.rollout.machine import Rollouts
from meshop_operator.rollout.measuring import Meter
from meshop_operator.settings import OperatorSettings, operator_settings
from meshop_operator.web import Health, serve
from meshop_shared.logging import configure_logging

log = structlog.get_logger(__name__)


async def run(settings: OperatorSettings) -> None:
    """Work until told to stop; the Lease is given back then. Ends with an error when a part of it does."""
    login = login_make(settings_make())
    lease_api = Api(login=login, namespace=settings.namespace)
    leader = Leader(
        api=lease_api, name=settings.lease, identity=settings.identity, lease_s=settings.lease_s,
        renew_s=settings.lease_renew_s, retry_s=settings.lease_retry_s,
    )  # fmt: skip
    api = Api(login=login, namespace=settings.namespace, guard=leader.check)
    meter = Meter(prometheus_url=settings.prometheus_url, timeout_s=settings.measure_s)
    controller = Controller(
        api=api, leader=leader, resync_s=settings.resync_s,
        machines={CATALOG_REINDEX.name: Reindexes(), MODEL_ROLLOUT.name: Rollouts(meter)},
    )  # fmt: skip
    health = Health()
    runner = await serve(health, host=settings.host, port=settings.port)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(leader.run(gained=controller.wake_all, lost=controller.forget), name="lease"),
        asyncio.create_task(controller.run(settings.workers), name="workers"),
        asyncio.create_task(watch(controller, settings, login), name="watches"),
    ]
    stop: asyncio.Task[Any] = asyncio.create_task(stopping.wait(), name="stop")
    health.ready = True
    ended, _ = await asyncio.wait([*tasks, stop], return_when=asyncio.FIRST_COMPLETED)
    health.ready = False
    for task in [*tasks, stop]:
        task.cancel()
    await asyncio.gather(*tasks, stop, return_exceptions=True)
    await leader.release()
    for part in (api, lease_api, meter):
        await part.close()
    await runner.cleanup()
    # Whose watching ended without an error was told to stop: kopf hears SIGTERM too.
    for task in ended - {stop}:
        if error := task.exception():
            log.error("a part of the operator ended", part=task.get_name(), exc_info=error)
            sys.exit(1)


def main() -> None:
    """Entry point."""
    settings = operator_settings()
    configure_logging(service="operator", level=settings.log_level)
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
