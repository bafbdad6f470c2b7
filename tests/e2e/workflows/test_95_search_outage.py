"""Workflow 2 once more, with Elasticsearch killed in the middle, without it, and after its return."""

import os
import signal
import threading
from pathlib import Path

import pytest

from tests.e2e.support.answers import ids, ok
from tests.e2e.support.things import unique
from tests.e2e.workflows import test_02_search as search
from tests.support.polling import wait_until
from tools.processes import ProcessTable
from tools.servers import elasticsearch
from tools.state import StateFolder


class Node:
    """The node of Elasticsearch that the stack searches."""

    def __init__(self, folder: Path) -> None:
        self._table = ProcessTable(folder, report=lambda _line: None)
        self._server = elasticsearch.ElasticsearchServer.planned(StateFolder(folder))

    def kill(self) -> None:
        record = self._table.record(elasticsearch.NAME)
        assert record
        assert record.alive
        os.killpg(record.pid, signal.SIGKILL)

    def start(self) -> None:
        self._table.ensure([self._server.service()])


@pytest.fixture(scope="module")
def node():
    """Skips where the stack has none, or is none of this machine's; in the end it runs."""
    folder = os.environ.get("MESHOP_STACK_DIR", "")
    if not folder or ProcessTable(Path(folder)).record(elasticsearch.NAME) is None:
        pytest.skip("this test kills Elasticsearch: run python -m tools.testbed --stack --elasticsearch")
    made = Node(Path(folder))
    yield made
    made.start()


@pytest.fixture(scope="class")
def dead_node(node):
    """Killed before the tests of a class, alive after them."""
    node.kill()
    yield node
    node.start()


def source(person, text):
    answer = person.get("products/", search=text)
    ok(answer)
    return answer.headers["x-search-source"]


def test_killed_in_the_middle_nobody_notices(node, staff, new_guest):
    """No search fails: first Elasticsearch answers, in the end PostgreSQL, and always with the product."""
    made = staff.add_product(name=f"{unique('Zither')} samovar")
    word = made["name"].split()[0]
    people = [new_guest() for _ in range(2)]
    wait_until(lambda: source(people[0], word) == "elasticsearch", timeout_s=60)
    answers, stop = [], threading.Event()

    def keep_searching(person):
        while not stop.wait(0.2):  # slower than the request limits
            answer = person.get("products/", search=word)
            found = ids(answer.json()["results"]) if answer.status_code == 200 else []
            answers.append((answer.status_code, made["id"] in found, answer.headers.get("x-search-source")))

    threads = [threading.Thread(target=keep_searching, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(answers) > 20)
        node.kill()
        wait_until(lambda: [one[2] for one in answers[-20:]] == ["postgresql"] * 20, timeout_s=60)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        node.start()
    assert {one[:2] for one in answers} == {(200, True)}
    assert answers[0][2] == "elasticsearch"


@pytest.mark.usefixtures("dead_node")
class TestSearchWithoutElasticsearch(search.TestSearch):
    """Everything that people find by words is found."""


@pytest.mark.usefixtures("dead_node")
class TestPagingWithoutElasticsearch(search.TestPaging):
    """Pages, too."""


def test_the_breaker_heals_and_the_index_learns_what_it_missed(node, staff, guest):
    node.kill()
    word = unique("Ocarina").replace("-", "")
    made = staff.add_product(name=f"{word} stand")
    assert source(guest, word) == "postgresql"
    node.start()
    wait_until(lambda: source(guest, word) == "elasticsearch", timeout_s=150)
    assert ids(guest.products(search=word)) == [made["id"]]
