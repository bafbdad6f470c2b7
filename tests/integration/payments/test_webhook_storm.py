"""10,000 events, shuffled, each delivered one to five times, among forgeries: the end is that of the ordered replay."""

import random
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from apps.inventory.selectors import stock_drift_list
from apps.payments.errors import SignatureInvalid
from apps.payments.models import StripeEvent
from apps.payments.selectors import ledger_audit
from apps.payments.services.webhooks import events_finish, webhook_receive
from apps.payments.states import PaymentStatus
from tests.support.forks import run_in_processes
from tests.support.payments import deliver, signed
from tests.support.stripe_storm import Event, universe_make, universe_state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

PAYMENTS, EVENTS, SEED = 850, 10_000, 20_260
Delivery = tuple[bytes, str, bool]


def deliveries_make(events: list[Event], forgeries: list[Event], choice: random.Random) -> list[Delivery]:
    """Each event one to five times, and one forged or stale delivery for every nine good ones; all shuffled."""
    good = [(*signed(event), True) for event in events for _ in range(choice.randint(1, 5))]
    bad: list[Delivery] = []
    while len(bad) * 9 < len(good):
        event = choice.choice(forgeries)
        payload, signature = signed(event)
        kind = choice.randrange(4)
        if kind == 0:
            bad.append((*signed(event, secret="whsec_stolen"), False))
        elif kind == 1:
            bad.append((*signed(event, at=time.time() - 3_600), False))
        elif kind == 2:
            bad.append((payload.replace(b'"paid"', b'"paid" '), signature, False))
        else:
            bad.append((payload, choice.choice(good)[1], False))
    choice.shuffle(deliveries := good + bad)
    return deliveries


def deliver_all(deliveries: list[Delivery]) -> int:
    """Deliver; return how many were refused. Good ones must be taken and bad ones refused."""
    refused = 0
    for payload, signature, is_good in deliveries:
        try:
            webhook_receive(payload=payload, signature=signature)
            assert is_good, payload
        except SignatureInvalid:
            assert not is_good, payload
            refused += 1
    return refused


def replay(events: list[Event]) -> None:
    """Deliver in order, once each; many in a transaction, for this is not about crashes."""
    for start in range(0, len(events), 100):
        with transaction.atomic():
            deliver(*events[start : start + 100])


def test_shuffled_repeated_and_forged_events_end_like_the_ordered_replay(stripe: Any) -> None:
    told, replayed = (universe_make(payments=PAYMENTS, seed=SEED) for _ in range(2))
    for universe in (told, replayed):
        assert len(universe.events) >= EVENTS
        del universe.events[EVENTS:]
    choice = random.Random(SEED)
    deliveries = deliveries_make(told.events, told.forgeries, choice)

    begin = time.monotonic()
    work = [partial(deliver_all, deliveries[start::2]) for start in range(2)]
    *refused, _ = run_in_processes([*work, partial(replay, replayed.events)])
    late = events_finish(limit=EVENTS, give_up=timedelta(days=1))
    print(
        f"\n{EVENTS} events, {len(deliveries)} deliveries of which {sum(refused)} were forged or stale and refused, "
        f"{late} finished by the reconciler; {time.monotonic() - begin:.1f} s with the ordered replay"
    )

    assert sum(refused) == sum(not is_good for _, _, is_good in deliveries) >= len(deliveries) * 0.1
    left = StripeEvent.objects.exclude(state="applied").values_list("state", "type")
    assert list(left) == []
    states = universe_state(told)
    assert states == universe_state(replayed)
    assert not StripeEvent.objects.filter(event_id__startswith="evt_forged").exists()
    assert ledger_audit() == []
    assert stock_drift_list() == []
    seen = {state["payment"][0] for state in states}
    assert seen >= set(PaymentStatus) - {"created"}
    assert {refund[1] for state in states for refund in state["refunds"]} >= {
        "succeeded",
        "failed",
        "requested",
    }
