"""Programs, containers and stores die while people buy; nothing promised is lost, nothing is done twice."""

from contextlib import closing

import pytest

from tests.e2e.support.answers import ok
from tests.e2e.support.people import Person
from tests.kind.support.database import TableLock, query
from tests.kind.support.load import Buyers
from tests.kind.support.node import kill_container
from tests.kind.support.probes import until
from tools.kind.config import NAMESPACE, URL
from tools.kind.shell import kubectl

#: What a buyer is told of an order that was paid, each once.
TOLD = ["order.paid", "order.placed"]
MAILS = "SELECT template, count(*) FROM notifications_emaillog WHERE state = 'sent' AND recipient = '{}' GROUP BY 1"


def settled() -> bool:
    """No event waits to be published, no mail to be sent."""
    (waiting,) = query("SELECT count(*) FROM core_outboxevent WHERE published_at IS NULL")
    (unsent,) = query("SELECT count(*) FROM notifications_emaillog WHERE state <> 'sent'")
    return (waiting, unsent) == ("0", "0")


def audit() -> None:
    """The store's own proofs; each ends with an error when something is lost."""
    for command in ("stock_audit", "ledger_audit"):
        kubectl("exec", "--namespace", NAMESPACE, "deployment/backend", "--", "python", "manage.py", command)
    letters = kubectl(
        "exec", "--namespace", NAMESPACE, "deployment/worker-default", "--", "python", "manage.py", "deadletters",
        "list",
    )  # fmt: skip
    assert "0 dead letters" in letters


def check_promises(buyers: Buyers) -> int:
    """Every order that was confirmed is paid, and its buyer was told once; how many there were."""
    for buyer, orders in buyers.paid.items():
        with closing(Person(URL)) as person:
            person.login(buyer.email)
            for order in orders:
                assert ok(person.get(f"orders/{order}/"))["payment_status"] == "paid"

            def told(person=person, orders=orders) -> bool:
                page = ok(person.get("notifications/", page_size=100))
                inbox = page["results"]
                while page["next"]:
                    page = ok(person.get(page["next"]))
                    inbox += page["results"]
                heard = {
                    order: sorted(n["kind"] for n in inbox if n["data"]["order_id"] == order)
                    for order in orders
                }
                return all(kinds == TOLD for kinds in heard.values())

            until(told, 180, "a word about every order, once")
    until(settled, 120, "an end of all work")
    for buyer, orders in buyers.paid.items():
        sent = dict(row.split("|") for row in query(MAILS.format(buyer.email)))
        assert int(sent["payment_received"]) == len(orders)
    audit()
    return sum(map(len, buyers.paid.values()))


def test_a_worker_that_is_killed_in_the_middle_of_a_task(core, products):
    """A lock holds the task where its effect is half done; the program dies there; the task is done once."""
    with Buyers(1, products, pause_s=1, patient=True) as buyers:
        with TableLock("notifications_emaillog") as lock:
            until(lock.waiting, 60, "a task that waits in the middle")
            kill_container(core, "worker-email")
        until(lambda: any(len(orders) >= 3 for orders in buyers.paid.values()), 60, "a few orders")
    assert check_promises(buyers) >= 3


@pytest.mark.parametrize("victim", ["relay", "backend", "rabbitmq", "redis", "postgresql"])
def test_a_container_that_is_killed_on_the_node(core, products, victim):
    """Buyers who repeat what got no answer get what they ordered, once."""
    with Buyers(2, products, pause_s=0.5, patient=True) as buyers:
        until(lambda: len(buyers.paid) == 2 and all(buyers.paid.values()), 60, "the first orders")
        kill_container(core, victim)
        bought = {person: len(orders) for person, orders in buyers.paid.items()}
        until(lambda: all(len(o) > bought[p] for p, o in buyers.paid.items()), 120, "orders after it")
    assert check_promises(buyers) >= 4


def test_a_database_pod_that_is_made_anew(core, products):
    """Its volume is all that stays."""
    with Buyers(2, products, pause_s=0.5, patient=True) as buyers:
        until(lambda: len(buyers.paid) == 2 and all(buyers.paid.values()), 60, "the first orders")
        kubectl("delete", "pod", "postgresql-0", "--namespace", NAMESPACE)
        kubectl("rollout", "status", "statefulset/postgresql", "--namespace", NAMESPACE, "--timeout=300s")
        bought = {person: len(orders) for person, orders in buyers.paid.items()}
        until(lambda: all(len(o) > bought[p] for p, o in buyers.paid.items()), 120, "orders after it")
    assert check_promises(buyers) >= 4
