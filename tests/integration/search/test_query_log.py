"""What people search, and what they search in vain."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.core.redis_client import redis_client
from apps.search.models import SearchedText
from apps.search.services import querylog
from apps.search.services.querylog import query_count, query_log_flush, query_log_prune
from tests.support.api import client_of
from tests.support.factories import product_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_keys(monkeypatch, settings):
    settings.MESHOP = settings.MESHOP.model_copy(update={"elasticsearch_url": ""})
    names = [f"test:{uuid.uuid4().hex}" for _ in range(2)]
    monkeypatch.setattr(querylog, "KEY", names[0])
    monkeypatch.setattr(querylog, "TAKEN", names[1])
    yield
    redis_client().delete(*names)


def counts():
    return {row.text: (row.searches, row.in_vain) for row in SearchedText.objects.all()}


def test_searches_are_counted_by_text(db):
    product_make(name="Copper Kettle")
    guest = client_of()
    for text in ("Kettle", " kettle", "unobtainium"):
        guest.get("/api/products/", {"search": text})
    guest.get("/api/search/", {"search": "unobtainium"})
    guest.get("/api/search/", {"search": "kettle", "brand": "Nobody"})
    assert query_log_flush() == 2
    assert counts() == {"kettle": (2, 0), "unobtainium": (2, 2)}
    query_count(text="kettle", found=0)
    query_log_flush()
    assert counts()["kettle"] == (3, 1)
    assert query_log_flush() == 0


@pytest.mark.parametrize("text", ["ada@example.com", "+44 20 7946 0958", "4242 4242 4242 4242"])
def test_what_looks_like_a_person_is_not_kept(text):
    query_count(text=text, found=0)
    assert query_log_flush() == 0


def test_nobody_can_fill_the_table(monkeypatch):
    monkeypatch.setattr(querylog, "MAX_TEXTS", 3)
    monkeypatch.setattr(querylog, "MAX_A_DAY", 3)
    for number in range(5):
        query_count(text=f"word {number}", found=0)
    query_count(text="word 1", found=0)
    assert query_log_flush() == 3
    for text in ("word 1", "word 5", "word 6"):
        query_count(text=text, found=0)
    query_log_flush()
    assert counts() == {"word 0": (1, 1), "word 1": (3, 3), "word 2": (1, 1)}


def test_a_flush_that_died_is_finished_by_the_next(monkeypatch):
    query_count(text="kettle", found=1)
    with monkeypatch.context() as broken:
        broken.setattr(querylog, "_store", lambda texts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            query_log_flush()
    query_count(text="lamp", found=1)
    query_log_flush()
    query_log_flush()
    assert counts() == {"kettle": (1, 0), "lamp": (1, 0)}


def test_old_days_are_forgotten():
    today = timezone.now().date()
    for days in (0, 91):
        SearchedText.objects.create(day=today - timedelta(days=days), text="kettle", searches=1)
    assert query_log_prune() == 1
    assert SearchedText.objects.get().day == today


def test_the_report_is_for_merchandisers():
    today = timezone.now().date()
    for days, text, searches, in_vain in (
        (0, "kettle", 9, 0),
        (1, "sofa", 4, 4),
        (2, "sofa", 1, 1),
        (40, "old", 99, 99),
    ):
        SearchedText.objects.create(
            day=today - timedelta(days=days), text=text, searches=searches, in_vain=in_vain
        )
    url = "/api/search/texts/"
    assert client_of().get(url).status_code == 401
    assert client_of(user_make()).get(url).status_code == 403
    merchandiser = user_make()
    merchandiser.user_permissions.set(Permission.objects.filter(codename="view_searchedtext"))
    client = client_of(merchandiser)
    rows = client.get(url).json()["results"]
    assert rows == [
        {"text": "kettle", "searches": 9, "in_vain": 0},
        {"text": "sofa", "searches": 5, "in_vain": 5},
    ]
    assert [row["text"] for row in client.get(url, {"in_vain": "true"}).json()["results"]] == ["sofa"]
    assert client.get(url, {"days": "0"}).status_code == 400
