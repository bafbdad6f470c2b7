"""Running callers in processes of their own, forked from the test: real parallelism, and each a crash of its own."""

import multiprocessing
import signal
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connections

from apps.payments import bootstrap


def run_in_processes(callers: list[Callable[[], Any]]) -> list[Any]:
    """Run all at once; return results, exceptions included, in order. A process that is killed fails the test."""
    connections.close_all()  # a connection cannot be shared
    context = multiprocessing.get_context("fork")
    answers = [context.Pipe(duplex=False) for _ in callers]
    processes = [
        context.Process(target=_run, args=(caller, sender))
        for caller, (_, sender) in zip(callers, answers, strict=True)
    ]
    for process in processes:
        process.start()
    for _, sender in answers:
        sender.close()
    results = [receiver.recv() for receiver, _ in answers]
    for process in processes:
        process.join()
    return results


def die_at(place: str, caller: Callable[[], Any]) -> None:
    """Run ``caller`` in a process that kills itself at the failpoint ``place``; fails if it got past it."""
    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=_run_to, args=(place, caller))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, f"{place}: the process ended with {process.exitcode}"


def _run_to(place: str, caller: Callable[[], Any]) -> None:
    settings.MESHOP = settings.MESHOP.model_copy(update={"meshop_failpoint": place})
    bootstrap._stripe.cache_clear()  # its connections belong to the test
    caller()


def _run(caller: Callable[[], Any], sender: Any) -> None:
    try:
        sender.send(caller())
    except Exception as error:  # the test judges it
        sender.send(error)
    finally:
        connections.close_all()
