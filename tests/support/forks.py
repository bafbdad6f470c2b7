"""Running callers in processes of their own, forked from the test: real parallelism, and each a crash of its own."""

import multiprocessing
from collections.abc import Callable
from typing import Any

from django.db import connections


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


def _run(caller: Callable[[], Any], sender: Any) -> None:
    try:
        sender.send(caller())
    except Exception as error:  # the test judges it
        sender.send(error)
    finally:
        connections.close_all()
