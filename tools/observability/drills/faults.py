"""The faults: how each is made and undone, which alert must see it, and whether customers may notice."""

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import psycopg

from tools.observability.drills.places import Place, execute, wait_until

_SECONDS = "600"
Break = Callable[[Place], AbstractContextManager[None]]


@dataclass(frozen=True)
class Drill:
    """One fault."""

    name: str
    alert: str
    breaks: Break
    #: Whether a fallback must keep requests answered; without one, only detection and recovery are judged.
    held: bool
    says: str
    #: The card that customers pay with while it lasts.
    card: str = "4242424242424242"


def switch(name: str, strength: float = 1.0) -> Break:
    """A switch of ``apps.core.faults``."""

    @contextmanager
    def broken(place: Place) -> Iterator[None]:
        place.manage("fault", name, "--strength", str(strength), "--seconds", _SECONDS)
        try:
            yield
        finally:
            place.manage("fault", "--clear")

    return broken


def away(program: str) -> Break:
    """A program that is gone."""
    return lambda place: place.away(program)


@contextmanager
def nothing(_: Place) -> Iterator[None]:
    """The customers are the fault."""
    yield


@contextmanager
def row_lock(place: Place) -> Iterator[None]:
    """Somebody locks an article's stock and goes home; eight others wait for it."""
    take = "SELECT * FROM inventory_stockitem ORDER BY id LIMIT 1 FOR UPDATE"
    with place.database() as address, psycopg.connect(address) as owner:
        owner.execute(take)
        waiting = [threading.Thread(target=_wait_for, args=(address, take)) for _ in range(8)]
        for thread in waiting:
            thread.start()
        try:
            yield
        finally:
            owner.rollback()
            for thread in waiting:
                thread.join()


def _wait_for(address: str, statement: str) -> None:
    with contextlib.suppress(psycopg.Error), psycopg.connect(address) as connection:
        connection.execute(statement)
        connection.rollback()


@contextmanager
def deadlocks(place: Place) -> Iterator[None]:
    """Two sessions lock two rows in opposite order, again and again, while it lasts."""
    stop = threading.Event()
    with place.database() as address:
        execute(address, "CREATE TABLE IF NOT EXISTS drill_row (id int PRIMARY KEY)")
        execute(address, "INSERT INTO drill_row VALUES (1), (2) ON CONFLICT DO NOTHING")
        barrier = threading.Barrier(2)
        sessions = [
            threading.Thread(target=_cross, args=(address, order, stop, barrier))
            for order in ((1, 2), (2, 1))
        ]
        for session in sessions:
            session.start()
        try:
            yield
        finally:
            stop.set()
            barrier.abort()
            for session in sessions:
                session.join()
            execute(address, "DROP TABLE drill_row")


def _cross(address: str, order: tuple[int, int], stop: threading.Event, barrier: threading.Barrier) -> None:
    with psycopg.connect(address) as connection:
        while not stop.is_set():
            with contextlib.suppress(psycopg.Error, threading.BrokenBarrierError):
                for row in order:
                    connection.execute("SELECT * FROM drill_row WHERE id = %s FOR UPDATE", [row])
                    barrier.wait(timeout=5) if row == order[0] else None
            connection.rollback()
            stop.wait(1)


@contextmanager
def crowd_of_sessions(place: Place) -> Iterator[None]:
    """Somebody opens nearly all connections that the database has."""
    with place.database() as address, contextlib.ExitStack() as open_ones:
        with psycopg.connect(address) as connection:
            row = connection.execute(
                "SELECT current_setting('max_connections')::int, (SELECT count(*) FROM pg_stat_activity)"
            ).fetchone()
        assert row
        for _ in range(int(row[0] * 0.9) - row[1]):
            open_ones.enter_context(psycopg.connect(address))
        yield


@contextmanager
def spoilt_model(place: Place) -> Iterator[None]:
    """A version of the assistant is promoted whose bytes are not there."""
    version = f"drill-{uuid.uuid4().hex[:8]}"
    with place.ai_database() as address:
        execute(
            address,
            "INSERT INTO ai_model (name, version, digest, artefact, data_digest, seed, metrics, card, promoted_at)"
            " VALUES ('chatbot', %s, repeat('0', 64), 'file:///nowhere', '', 0, '{}', '', clock_timestamp())",
            version,
        )
        try:
            yield
        finally:
            execute(address, "DELETE FROM ai_model WHERE version = %s", version)


@contextmanager
def behind_clock(place: Place) -> Iterator[None]:
    """Reservations are long overdue, and the sweep does not see it."""
    overdue = (
        "UPDATE inventory_stockreservation SET expires_at = clock_timestamp() - interval '400 seconds' "
        "WHERE id IN (SELECT id FROM inventory_stockreservation WHERE status = 'live' ORDER BY id LIMIT 5)"
    )
    expire = (
        "UPDATE orders_order SET expires_at = clock_timestamp() - interval '400 seconds' WHERE number IN "
        "(SELECT reference FROM inventory_stockreservation WHERE status = 'live' AND expires_at < clock_timestamp())"
    )
    with switch("late-sweep")(place), place.database() as address:
        wait_until(lambda: execute(address, overdue) > 0, timeout_s=60, what="somebody to reserve something")
        execute(address, expire)
        yield


@contextmanager
def stored_events(place: Place) -> Iterator[None]:
    """A webhook of the payment provider lies unapplied."""
    name = f"evt_drill_{uuid.uuid4().hex}"
    with place.database() as address:
        execute(
            address,
            "INSERT INTO payments_stripeevent (event_id, type, created, payload, intent_id, state, attempts, error,"
            " received_at) VALUES (%s, 'drill', now(), '{}', 'pi_drill', 'waiting', 0, '', now() - interval '1 hour')",
            name,
        )
        try:
            yield
        finally:
            execute(address, "DELETE FROM payments_stripeevent WHERE event_id = %s", name)


DRILLS = (
    Drill("slow-requests", "BackendSlow", switch("slow-requests", 1.3), False, "every request takes 1.3 s longer"),
    Drill("failing-requests", "BackendErrors", switch("failing-requests", 0.3), False, "three in ten requests fail"),
    Drill("burning-budget", "AvailabilityBurnFast", switch("failing-requests", 0.9), False, "nine in ten fail"),
    Drill("leak", "MemoryGrowing", switch("leak", 1), True, "every request leaves a megabyte behind"),
    Drill("slow-ai", "AiDegraded", switch("slow-ai", 5), True, "AI services are too late"),
    Drill("open-breaker", "BreakerOpen", switch("slow-ai", 5), True, "the breaker before AI services opens"),
    Drill("lost-ai", "TargetDown", away("recommendations"), True, "one AI service is gone"),
    Drill("stuck-relay", "OutboxStuck", switch("stuck-relay"), True, "the relay publishes nothing"),
    Drill("lost-relay", "RelayAbsent", away("relay"), True, "the relay is gone"),
    Drill("lost-worker", "WorkersIdle", away("worker"), True, "the workers are gone"),
    Drill("poison-events", "EventRetries", switch("poison-events"), True, "a consumer fails at every event"),
    Drill("lost-mail-server", "MailsFailing", switch("lost-mail-server"), True, "no mail goes out"),
    Drill("lost-redis", "RedisDown", away("redis"), True, "Redis neither answers nor hangs up"),
    Drill("payment-declines", "PaymentsDeclined", nothing, True, "every card is refused", card="4000000000000002"),
    Drill("stored-events", "PaymentEventsStuck", stored_events, True, "a payment webhook is not applied"),
    Drill("spoilt-model", "AiModelNotLoaded", spoilt_model, True, "a model without bytes is promoted"),
    Drill("behind-clock", "OrdersOverdue", behind_clock, True, "reservations outlive their time"),
    Drill("row-lock", "DatabaseLocks", row_lock, False, "a forgotten lock on an article"),
    Drill("deadlocks", "DatabaseDeadlocks", deadlocks, True, "two sessions lock in opposite order"),
    Drill("crowd-of-sessions", "DatabaseConnectionsHigh", crowd_of_sessions, True, "connections run short"),
)  # fmt: skip
