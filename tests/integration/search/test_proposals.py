"""Synonyms learned from the log of searches wait for a merchandiser, and are rules once one agrees."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from apps.search.models import SearchedText, SearchSynonym, SynonymProposal
from apps.search.services.proposals import synonym_proposals_decide, synonyms_propose
from tests.support.ai_server import AiServer, ai_configured, ai_unconfigured
from tests.support.api import client_of
from tests.support.factories import product_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[AiServer]:
    """The semantic search: a sofa is like a couch, whatever the text."""
    with ai_configured(monkeypatch, "semantic_search", ai_deadline_ms=2_000) as running:
        running.answers["/v1/synonyms"] = lambda question: {
            "source": "baseline",
            "items": [
                {"text": number, "word": "couch", "known": "sofa", "score": 0.8}
                for number, text in enumerate(question["texts"])
                if "couch" in text
            ],
        }
        yield running


def searched(text: str, searches: int, *, days: int = 0) -> None:
    day = timezone.now().date() - timedelta(days=days)
    SearchedText.objects.create(day=day, text=text, searches=searches)


def found():
    answer = client_of().get("/api/products/?search=couch&mode=lexical").json()
    return [row["sku"] for row in answer["results"]]


def proposals():
    rows = SynonymProposal.objects.order_by("id")
    return [(row.word, row.known, row.searches, row.example, row.state) for row in rows]


def test_what_is_searched_often_is_asked_about_and_kept_once(service):
    searched("red couch", 4)
    searched("couch", 3)
    searched("couch", 2, days=5)
    searched("old couch", 9, days=40)
    searched("rare couch", 2)
    searched("kettle", 7)
    for _ in range(2):
        assert synonyms_propose() == 1
        assert proposals() == [("couch", "sofa", 9, "couch", "open")]
    assert service.asked[0] == ("/v1/synonyms", {"texts": ["kettle", "couch", "red couch"]})
    searched("blue couch", 5)
    synonyms_propose()
    assert proposals() == [("couch", "sofa", 14, "blue couch", "open")]


def test_an_approved_one_is_a_rule_that_searches_use(service):
    product_make(sku="SOFA", name="Velvet sofa")
    searched("couch", 3)
    synonyms_propose()
    assert found() == []
    ids = list(SynonymProposal.objects.values_list("pk", flat=True))
    assert synonym_proposals_decide(ids=ids, approved=True) == 1
    assert [rule.rule for rule in SearchSynonym.objects.all()] == ["couch, sofa"]
    assert found() == ["SOFA"]
    assert synonym_proposals_decide(ids=ids, approved=False) == 0
    assert synonyms_propose() == 0
    assert proposals()[0][-1] == "approved"


def test_a_rejected_one_does_not_come_back(service):
    searched("couch", 3)
    synonyms_propose()
    synonym_proposals_decide(ids=[SynonymProposal.objects.get().pk], approved=False)
    searched("couch", 30, days=1)
    synonyms_propose()
    assert proposals() == [("couch", "sofa", 3, "couch", "rejected")]
    assert not SearchSynonym.objects.exists()


def test_what_is_a_rule_already_is_not_proposed(service):
    SearchSynonym.objects.create(rule="couch => sofa")
    searched("couch", 3)
    assert synonyms_propose() == 0
    assert proposals() == []


@pytest.mark.parametrize("answer", [{"source": "model"}, {"source": "model", "items": [{"text": "a"}]}, {}])
def test_without_an_answer_nothing_is_proposed(service, answer):
    searched("couch", 3)
    service.answers["/v1/synonyms"] = answer
    assert synonyms_propose() == 0


def test_without_the_service_nothing_is_proposed(monkeypatch):
    ai_unconfigured(monkeypatch)
    searched("couch", 3)
    assert synonyms_propose() == 0


@pytest.mark.parametrize(
    ("action", "state", "rules"), [("approve", "approved", 1), ("reject", "rejected", 0)]
)
def test_merchandisers_decide_in_the_admin(action, state, rules):
    row = SynonymProposal.objects.create(word="couch", known="sofa", score=0.8, searches=3, example="couch")
    viewer, merchandiser = (user_make(is_staff=True) for _ in range(2))
    viewer.user_permissions.set(Permission.objects.filter(codename="view_synonymproposal"))
    merchandiser.user_permissions.set(
        Permission.objects.filter(codename__in=["view_synonymproposal", "add_searchsynonym"])
    )
    form = {"action": action, "_selected_action": row.pk}
    for user, expected in ((viewer, "open"), (merchandiser, state)):
        browser = Client()
        browser.force_login(user)
        assert browser.post("/admin/search/synonymproposal/", form).status_code in (200, 302)
        row.refresh_from_db()
        assert row.state == expected
    assert SearchSynonym.objects.count() == rules
