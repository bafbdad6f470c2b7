"""What shoppers and staff see of pictures, with the service and without."""

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.ai_client import CALLS
from tests.support.ai_server import MODEL
from tests.support.api import client_of
from tests.support.drawings import encoded, thing
from tests.support.factories import user_make
from tests.unit.ai.test_pictures import bomb

SEARCH, CHECK, LIST = (f"/api/products/{path}/" for path in ("visual-search", "image-check", "pictures"))
PHOTO = encoded(thing(1, side=900))
HOSTILE = {"text": b"hello", "half": PHOTO[:200], "empty": b"", "svg": b"<svg/>"}


def sent(url, content=PHOTO, user=None, **fields):
    file = SimpleUploadedFile("a.jpg", content)
    return client_of(user).post(url, {"image": file, **fields}, format="multipart")


def seen(*products, source="model"):
    items = [{"product_id": p.pk, "image_id": 1, "score": 3.0 - n} for n, p in enumerate(products)]
    model = MODEL if source == "model" else None
    return {"source": source, "model": model, "reasons": ["nearest"], "items": items, "confidence": 0.7}


def skus(response):
    assert response.status_code == 200, response.content
    return [result["product"]["sku"] for result in response.json()["results"]]


def test_products_come_in_the_order_of_the_service(service, catalogue):
    service.answers["/v1/search"] = seen(catalogue[3], catalogue[5], catalogue[0])
    response = sent(SEARCH, limit=2)
    assert skus(response) == ["V3", "V0"]  # not what is hidden
    body = response.json()
    assert (body["source"], body["confidence"], body["reasons"]) == ("model", 0.7, ["nearest"])
    assert [result["score"] for result in body["results"]] == [3.0, 1.0]
    path, question = service.asked[0]
    assert (path, question["limit"]) == ("/v1/search", 8)
    assert len(base64.b64decode(question["image"])) < 100_000


def test_a_category_narrows_what_is_seen(service, catalogue):
    service.answers["/v1/search"] = seen(*catalogue[:5])
    assert skus(sent(SEARCH, category="fruit")) == ["V0", "V2", "V4"]
    assert skus(sent(SEARCH, category="nothing")) == []


@pytest.mark.parametrize("trouble", ["absent", "error", "nonsense", "empty"])
def test_without_the_service_words_and_category_find(request, catalogue, trouble):
    if trouble != "absent":
        service = request.getfixturevalue("service")
        service.status = 500 if trouble == "error" else 200
        service.raw = b"?" if trouble == "nonsense" else None
        service.answers["/v1/search"] = seen(source="baseline")
    body = sent(SEARCH, text="apple", category="fruit").json()
    assert (body["source"], body["model"], body["confidence"]) == ("fallback", None, None)
    assert {result["product"]["sku"] for result in body["results"]} == {"V0", "V2", "V4"}
    assert "words and category" in body["reasons"][0]
    assert {result["product"]["sku"] for result in sent(SEARCH, category="fruit").json()["results"]} == {
        "V0", "V2", "V4",
    }  # fmt: skip
    nothing = sent(SEARCH).json()
    assert (nothing["source"], nothing["results"]) == ("fallback", [])


def test_a_late_service_is_not_waited_for_and_counted(service, catalogue, monkeypatch, settings):
    changed = settings.MESHOP.model_copy(update={"ai_picture_deadline_ms": 100})
    monkeypatch.setattr(settings, "MESHOP", changed)
    service.hold.clear()
    failed = CALLS.labels("visual_recognition", "failed")
    before = failed._value.get()
    assert sent(SEARCH, text="apple").json()["source"] == "fallback"
    service.hold.set()
    assert failed._value.get() == before + 1


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_pictures_are_refused_with_the_service_and_without(request, catalogue, kind):
    assert sent(SEARCH, HOSTILE[kind]).json()["code"] == "image_invalid"
    service = request.getfixturevalue("service")
    response = sent(SEARCH, HOSTILE[kind])
    assert (response.status_code, response.json()["code"]) == (400, "image_invalid")
    assert service.asked == []


def test_bombs_are_refused_unread(catalogue):
    response = sent(SEARCH, bomb(10_000, 10_000))
    assert (response.status_code, response.json()["code"]) in (
        (400, "image_invalid"),
        (413, "payload_too_large"),
    )


@pytest.mark.parametrize("fields", [{"limit": 0}, {"limit": 51}, {"limit": "x"}, {"text": "x" * 201}])
def test_bad_questions_are_refused(catalogue, fields):
    response = sent(SEARCH, **fields)
    assert (response.status_code, response.json()["code"]) == (400, "validation_error")
    assert set(response.json()["extra"]["fields"]) == set(fields)


def test_a_picture_is_needed(catalogue):
    assert client_of().post(SEARCH, {}, format="multipart").status_code == 400
    assert client_of().post(SEARCH, {"image": "x"}, format="json").status_code == 415


def test_staff_learn_of_copies_categories_and_colours(service, catalogue, staff):
    service.answers["/v1/inspect"] = {
        "source": "model", "model": MODEL, "reasons": ["looks the same as picture 7"], "confidence": 0.8,
        "duplicates": [
            {"product_id": catalogue[1].pk, "image_id": 7, "likeness": 0.999},
            {"product_id": catalogue[1].pk, "image_id": 8, "likeness": 0.99},
            {"product_id": 999_999, "image_id": 9, "likeness": 0.99},
        ],
        "categories": [{"slug": "fruit", "share": 0.9}, {"slug": "gone", "share": 0.1}],
        "colours": [{"name": "red", "share": 0.8}],
    }  # fmt: skip
    response = sent(CHECK, user=staff)
    body = response.json()
    assert response.status_code == 200
    assert [(d["product"]["sku"], d["image_id"]) for d in body["duplicates"]] == [("V1", 7)]
    assert body["categories"][0]["category"]["name"] == "Fruit"
    assert len(body["categories"]) == 1
    assert body["colours"] == [{"name": "red", "share": 0.8}]


def test_without_the_service_staff_are_told_nothing(catalogue, staff):
    body = sent(CHECK, user=staff).json()
    assert (body["source"], body["duplicates"], body["categories"], body["colours"]) == (
        "fallback",
        [],
        [],
        [],
    )


def test_checking_is_for_those_who_may_change_products(catalogue):
    assert sent(CHECK).status_code == 401
    assert sent(CHECK, user=user_make()).status_code == 403


def test_pictures_are_listed_newest_first_without_hidden_products(catalogue, monkeypatch):
    body = client_of().get(LIST).json()
    assert [row["product_id"] for row in body["results"]] == [p.pk for p in reversed(catalogue[:5])]
    assert body["next"] is None
    assert body["results"][0]["category"] == "fruit"
    assert body["results"][1]["category"] is None
    third = body["results"][2]["id"]
    assert len(client_of().get(f"{LIST}?before={third}").json()["results"]) == 2
    monkeypatch.setattr("apps.visual.api.views._PAGE", 2)
    assert client_of().get(LIST + "?before=999999").json()["next"] == body["results"][1]["id"]
    for wrong in ("0", "x", "-1", "9" * 30):
        assert client_of().get(f"{LIST}?before={wrong}").status_code == 400


def test_the_list_says_when_nothing_has_changed(catalogue):
    tag = client_of().get(LIST).headers["ETag"]
    assert client_of(if_none_match=tag).get(LIST).status_code == 304


def test_the_number_of_statements_does_not_grow(service, catalogue):
    def statements(*products):
        service.answers["/v1/search"] = seen(*products)
        with CaptureQueriesContext(connection) as captured:
            sent(SEARCH, category="fruit")
        return len(captured)

    assert statements(catalogue[0]) == statements(*catalogue)
