"""``make bench-events``: how long after the commit of an order is its mail with the mail server?

Outbox, relay, RabbitMQ, worker, inbox and mail log, beside a bare Celery task that sends the same mail: same broker,
same worker, same queue, same minute, one after the other. With 100,000 messages in another queue, and without before
and after, so that a machine that grows slower or faster meanwhile tells nothing.
``BENCH_EVENTS_SAMPLES`` says how many mails each way.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from tests.support.broker import Broker
from tests.support.programs import Programs
from tools.ports import pick_port

SAMPLES, WARM_UP = int(os.environ.get("BENCH_EVENTS_SAMPLES", "300")), 20
BACKLOG = 100_000
LIMIT = 1.3


def main() -> int:
    """Print both comparisons; ends with 1 when a mail does not arrive."""
    with tempfile.TemporaryDirectory() as folder, platform(Path(folder)) as latency:
        module = import_module(latency.__module__)
        latency.measure(WARM_UP)
        before = latency.measure(SAMPLES // 2)
        began = time.monotonic()
        module.backlog_make(messages=BACKLOG, queue="analytics")
        print(f"{BACKLOG:,} messages in another queue after {time.monotonic() - began:.0f} s", flush=True)
        latency.measure(WARM_UP)
        loaded = latency.measure(SAMPLES)
        module.backlog_drop(queue="analytics")
        latency.measure(WARM_UP)
        after = latency.measure(SAMPLES // 2)
    idle = {way: before[way] + after[way] for way in before}
    print(f"\n{'commit to mail server, ms':44}{'p50':>9}{'p95':>9}{'p99':>9}")
    rounds = {"": idle, f", {BACKLOG:,} waiting elsewhere": loaded}
    for title, times in rounds.items():
        for way, values in times.items():
            print(
                f"{way + title:44}{''.join(f'{quantile(values, share):9.1f}' for share in (0.5, 0.95, 0.99))}"
            )
    for title, times in rounds.items():
        p50, p95 = (
            quantile(times["meshop"], share) / quantile(times["bare task"], share) for share in (0.5, 0.95)
        )
        print(f"{'meshop to bare task' + title:44}{p50:7.2f} ×{p95:7.2f} ×")
    for way in idle:
        flat = [quantile(loaded[way], share) / quantile(idle[way], share) for share in (0.5, 0.95)]
        print(f"{way + ', with the backlog to without':44}{flat[0]:7.2f} ×{flat[1]:7.2f} ×")
    print(f"  asked: p95 at most {LIMIT} × of the bare task, and flat with the backlog")
    return 0


def quantile(values: list[float], share: float) -> float:
    """In milliseconds."""
    return sorted(values)[int(len(values) * share)] * 1000


@contextmanager
def platform(folder: Path) -> Iterator[Any]:
    """Relay and worker as in production, on a broker and a mail server of their own."""
    broker, port = Broker(folder), pick_port()
    os.environ |= {
        "BROKER_URL": broker.server.url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "WARNING",
    }
    programs = Programs(folder, {})
    django.setup()
    module = import_module("tests.load.mail_latency")  # its settings are known only now
    try:
        broker.start()
        call_command("migrate", verbosity=0)
        with module.mail_sink(port) as sink:
            programs.relay()
            programs.worker(queues="email", concurrency=2, include="tests.load.bare_mail")
            yield module.MailLatency(sink)
    finally:
        programs.stop_all()
        broker.kill()


if __name__ == "__main__":
    sys.exit(main())
