"""Orders placed one at a time, and the time until each one's mail; for a platform that runs. Needs Django set up."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from django.db import transaction

from apps.core.broker import work_queue
from apps.core.models import OutboxEvent
from apps.core.publisher import BrokerPublisher
from apps.orders.services.placing import order_place
from config.celery import app
from tests.load.bare_mail import bare_mail
from tests.support.factories import product_make, user_make

ADDRESS = {"full_name": "Ada", "line1": "1 Main St", "city": "London", "postal_code": "N1", "country": "GB"}
WAYS = ("bare task", "meshop")
WAIT_S = 30.0
_BATCH = 500


class MailSink:
    """A mail server that remembers when it had taken which mail, and nothing else."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._awaited: dict[str, threading.Event] = {}

    def expect(self, address: str) -> threading.Event:
        self._awaited[address] = threading.Event()
        return self._awaited[address]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        (address,) = envelope.rcpt_tos
        self.times[address] = time.perf_counter()
        self._awaited.pop(address).set()
        return "250 OK"


@contextmanager
def mail_sink(port: int) -> Iterator[MailSink]:
    """Listen while the context lasts."""
    sink = MailSink()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


class MailLatency:
    """Measures both ways in turns."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink
        self._product = product_make(sku=f"BENCH-{uuid.uuid4().hex[:12]}", stock=1_000_000)

    def measure(self, samples: int) -> dict[str, list[float]]:
        """Seconds from each commit to its mail, by way."""
        times: dict[str, list[float]] = {way: [] for way in WAYS}
        for number in range(samples):
            for way in WAYS if number % 2 else reversed(WAYS):
                times[way].append(self._sample(way))
                time.sleep(0.02)  # what is done after the mail does not fall into the next sample
        return times

    def _sample(self, way: str) -> float:
        user = user_make(email=f"{uuid.uuid4().hex}@example.com")
        arrived = self._sink.expect(user.email)
        committed: list[float] = []
        placed: list[int] = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.perf_counter()))
            if way == "bare task":
                queue = {"queue": "email", "routing_key": "email.task"}
                transaction.on_commit(lambda: bare_mail.apply_async((placed[0],), **queue))
            order, _ = order_place(
                user=user,
                items=[((self._product.pk, None), 1)],
                shipping_address=ADDRESS,
                billing_address=ADDRESS,
            )
            placed.append(order.pk)
            if way == "bare task":  # nobody else shall mail
                OutboxEvent.objects.filter(aggregate=f"order:{order.pk}").delete()
        if not arrived.wait(WAIT_S):
            raise SystemExit(f"No mail within {WAIT_S:.0f} s by way of the {way}.")
        return self._sink.times[user.email] - committed[0]


def backlog_make(*, messages: int, queue: str) -> None:
    """Fill a queue that nobody consumes."""
    publisher = BrokerPublisher(app)
    event = {"id": str(uuid.uuid4()), "type": "order.paid", "version": 1, "payload": {"order_id": 1}}
    for _ in range(messages // _BATCH):
        for _ in range(_BATCH):
            publisher.send(consumer="bench", queue=queue, message=event)
        publisher.confirm()
    publisher.close()


def backlog_drop(*, queue: str) -> None:
    """Empty it again."""
    with app.connection_for_write() as connection:
        work_queue(queue)(connection.default_channel).purge()
