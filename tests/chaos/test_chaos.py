"""Ten thousand events while broker and workers are killed at random: none is lost, each has its effect once."""

import os
import random
import threading
import time

import pytest
from django.db import transaction

from apps.core.deadletters import deadletter_list
from apps.core.events import event_emit
from apps.core.models import EventRetry, OutboxEvent
from config.celery import app
from tests.support.backbone import effects
from tests.support.polling import wait_until
from tests.support.programs import Programs

EVENTS = int(os.environ.get("CHAOS_EVENTS", "10000"))
BROKER_KILLS = 10
WORKER_KILLS = 20
PER_TRANSACTION = 10
PLACED = {
    "order_id": 1,
    "number": "M-1",
    "user_id": None,
    "currency": "GBP",
    "total_minor": 100,
    "lines": [{"product_id": 1, "variant_id": None, "sku": "S", "quantity": 1, "unit_price_minor": 100}],
}


class Killer(threading.Thread):
    """Kills the broker, whole workers and single pool processes, in a random order that is the same each time."""

    def __init__(self, broker, programs: Programs) -> None:
        super().__init__(daemon=True)
        self._broker, self._programs = broker, programs
        self._random = random.Random(20)
        self._workers = [self._worker(), self._worker()]
        self.killed = {"broker": 0, "worker": 0, "pool process": 0}
        self.failure: Exception | None = None

    @property
    def progress(self) -> float:
        """How much of the killing is done, 0 to 1."""
        return sum(self.killed.values()) / (BROKER_KILLS + WORKER_KILLS)

    def run(self) -> None:
        try:
            victims = ["broker"] * BROKER_KILLS + ["worker"] * (WORKER_KILLS // 2)
            victims += ["pool process"] * (WORKER_KILLS - WORKER_KILLS // 2)
            self._random.shuffle(victims)
            for victim in victims:
                time.sleep(self._random.uniform(0.2, 2.0))
                self._kill(victim)
        except Exception as error:  # the test reports it
            self.failure = error

    def _kill(self, victim: str) -> None:
        if victim == "broker":
            self._broker.kill()
            time.sleep(self._random.uniform(0, 0.5))
            self._broker.start()
        elif victim == "worker":
            self._programs.kill(self._workers.pop(0))
            self._workers.append(self._worker())
        else:
            wait_until(self._kill_child, timeout_s=60, what="a pool process")
        self.killed[victim] += 1

    def _kill_child(self) -> bool:
        self._workers = [self._living(worker) for worker in self._workers]
        return self._programs.kill_child(self._random.choice(self._workers))

    def _living(self, worker):
        """The worker, or another in its place: one that loses a process while it starts its pool gives up."""
        if worker.poll() is None:
            return worker
        self._programs.kill(worker)
        return self._worker()

    def _worker(self):
        return self._programs.worker(queues="default", concurrency=2)


@pytest.mark.timeout(1200)
def test_ten_thousand_events_survive_a_dying_broker_and_dying_workers(broker, programs, monkeypatch):
    """Red without publisher confirms (events are lost with the broker) and without the inbox (effects double)."""
    relay = programs.relay()
    killer = Killer(broker, programs)
    killer.start()
    emitted = []
    while len(emitted) < EVENTS or killer.is_alive():
        # Spread over the killing, so that no kill finds an idle platform.
        if len(emitted) < EVENTS and (len(emitted) <= EVENTS * killer.progress or not killer.is_alive()):
            with transaction.atomic():
                for _ in range(PER_TRANSACTION):
                    row = event_emit(type="order.placed", aggregate="order:1", payload=PLACED)
                    emitted.append(row.event_id)
        else:
            time.sleep(0.05)
    assert killer.failure is None
    assert killer.killed == {"broker": BROKER_KILLS, "worker": 10, "pool process": 10}
    wait_until(lambda: sum(effects().values()) >= EVENTS, timeout_s=300, every_s=0.5, what="all effects")
    assert programs.stop(relay) == 0
    seen = effects()
    assert set(seen) == set(emitted), f"{len(set(emitted) - set(seen))} events lost"
    assert {event: count for event, count in seen.items() if count != 1} == {}
    assert not OutboxEvent.objects.filter(published_at__isnull=True).exists()
    assert not EventRetry.objects.exists()
    monkeypatch.setattr(app.conf, "broker_url", broker.server.url())
    assert deadletter_list(app=app, queue="default") == []
    print(f"\n{EVENTS} events, killed: {killer.killed}: 0 lost, 0 doubled")
