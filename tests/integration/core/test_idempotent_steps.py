"""An operation of several transactions still happens once per key, whoever dies on the way."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core.idempotency import (
    Answer,
    IdempotencyClaim,
    IdempotencyInFlight,
    IdempotencyMismatch,
    run_idempotent_steps,
)
from apps.core.models import IdempotencyRecord
from meshop_shared.errors import Conflict, ValidationFailed
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def call(operation, *, key: str | None = "k", body: bytes = b"{}") -> Answer:
    return run_idempotent_steps(scope="test", key=key, request_body=body, lease_s=60, operation=operation)


def answer(claim: IdempotencyClaim) -> Answer:
    made = Answer(201, b'{"made": 1}')
    with transaction.atomic():
        claim.store(made)
    return made


def test_the_second_request_gets_the_first_answer():
    assert call(answer) == Answer(201, b'{"made": 1}')
    assert call(lambda claim: pytest.fail("ran twice")) == Answer(201, b'{"made": 1}', replayed=True)


def test_another_body_is_refused_while_it_runs_and_afterwards():
    def reuse_inside(claim: IdempotencyClaim) -> Answer:
        with pytest.raises(IdempotencyMismatch):
            call(answer, body=b'{"other": 1}')
        return answer(claim)

    call(reuse_inside)
    with pytest.raises(IdempotencyMismatch):
        call(answer, body=b'{"other": 1}')


def test_the_same_request_in_flight_is_refused():
    def repeat_inside(claim: IdempotencyClaim) -> Answer:
        with pytest.raises(IdempotencyInFlight):
            call(answer)
        return answer(claim)

    assert call(repeat_inside).status_code == 201


def test_a_failure_gives_the_key_back():
    def fail(claim: IdempotencyClaim) -> Answer:
        raise Conflict()

    with pytest.raises(Conflict):
        call(fail)
    assert call(answer).replayed is False


def test_a_dead_process_keeps_the_key_until_its_lease_ends():
    class Killed(BaseException):
        pass

    def die(claim: IdempotencyClaim) -> Answer:
        claim.release = lambda: None  # a dead process releases nothing
        raise Killed

    with pytest.raises(Killed):
        call(die)
    with pytest.raises(IdempotencyInFlight):
        call(answer)
    IdempotencyRecord.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(IdempotencyMismatch):
        call(answer, body=b"[]")
    assert call(answer).replayed is False


def test_whoever_lost_the_claim_cannot_store_its_answer():
    def overtaken(claim: IdempotencyClaim) -> Answer:
        IdempotencyRecord.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        assert call(answer).replayed is False
        return answer(claim)

    with pytest.raises(IdempotencyInFlight):
        call(overtaken)
    assert call(answer) == Answer(201, b'{"made": 1}', replayed=True)


def test_without_a_key_everything_runs():
    runs = []

    def count(claim: IdempotencyClaim) -> Answer:
        runs.append(1)
        return answer(claim)

    call(count, key=None)
    call(count, key=None)
    assert len(runs) == 2
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b"])
def test_a_bad_key_is_refused(key):
    with pytest.raises(ValidationFailed):
        call(answer, key=key)


def test_of_many_at_once_one_runs():
    gate = threading.Semaphore(0)
    runs = []

    def slow(claim: IdempotencyClaim) -> Answer:
        runs.append(1)
        for _ in range(19):
            assert gate.acquire(timeout=20)
        return answer(claim)

    def one() -> str:
        try:
            call(slow)
        except IdempotencyInFlight:
            gate.release()
            return "in flight"
        return "answered"

    results = run_together([one] * 20, at_once=20)
    assert results.count("answered") == 1
    assert results.count("in flight") == 19
    assert len(runs) == 1
