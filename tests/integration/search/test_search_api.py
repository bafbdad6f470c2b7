"""``GET /api/search/``: one answer with products, facets, marks and a better spelling."""

import pytest
from django.contrib.auth.models import Permission

from apps.products.services.categories import category_create
from apps.products.services.products import product_create
from tests.support.api import client_of
from tests.support.factories import user_make

pytestmark = pytest.mark.django_db
URL = "/api/search/"


@pytest.fixture
def shop(settings):
    settings.MESHOP = settings.MESHOP.model_copy(update={"elasticsearch_url": ""})
    home = category_create(name="Home")
    kettles = category_create(name="Kettles", parent_id=home.pk)
    for number, (name, brand, price) in enumerate(
        [
            ("Copper Kettle", "Acme", 1_000),
            ("Enamel Kettle", "Acme", 3_000),
            ("Steel Kettle", "Sonic", 20_000),
        ]
    ):
        product_create(
            data={"sku": f"K-{number}", "name": name, "brand": brand, "price_minor": price, "stock": number,
                  "category_id": kettles.pk}
        )  # fmt: skip


def ask(**query):
    answer = client_of().get(URL, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_an_answer_has_everything(shop):
    body = ask(search="copper kettle")
    assert (body["count"], body["count_is_exact"], body["source"]) == (1, True, "postgresql")
    assert body["results"][0]["highlights"]["name"] == "<em>Copper</em> <em>Kettle</em>"
    assert [(one["slug"], one["count"]) for one in body["facets"]["category"]] == [
        ("home", 1),
        ("kettles", 1),
    ]
    assert body["did_you_mean"] is None
    assert ask(search="coper kettle")["did_you_mean"] == "copper kettle"


def test_facets_stay_right_under_filters(shop):
    facets = ask(search="kettle", brand="Acme", in_stock="true")["facets"]
    assert facets["brand"] == [{"value": "Acme", "count": 1}, {"value": "Sonic", "count": 1}]
    assert facets["in_stock"] == [{"value": True, "count": 1}, {"value": False, "count": 1}]
    assert [(one["min"], one["count"]) for one in facets["price"]] == [("25.00", 1)]


def test_without_words_everything_is_found(shop):
    body = ask(category="home", ordering="-price")
    assert [row["name"] for row in body["results"]] == ["Steel Kettle", "Enamel Kettle", "Copper Kettle"]
    assert body["facets"]["brand"][0] == {"value": "Acme", "count": 2}


def test_extras_can_be_left_out(shop):
    body = ask(search="kettle", facets="false", highlights="false")
    assert body["facets"] is None
    assert {len(row["highlights"]) for row in body["results"]} == {0}


def test_pages_go_on(shop):
    first = ask(search="kettle", page_size=2, cursor="")
    second = client_of().get(first["next"]).json()
    found = [row["name"] for row in first["results"] + second["results"]]
    assert sorted(found) == ["Copper Kettle", "Enamel Kettle", "Steel Kettle"]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"facets": "perhaps"}, "facets"), ({"min_price": "x"}, "min_price"), ({"search": "x" * 300}, "search")],
)
def test_bad_parameters_are_named(shop, query, field):
    answer = client_of().get(URL, query)
    assert answer.status_code == 400
    assert field in answer.json()["extra"]["fields"]


def test_what_the_shop_hides_is_for_staff(shop):
    assert client_of().get(URL, {"is_active": "false"}).status_code == 401
    staff = user_make()
    staff.user_permissions.set(Permission.objects.filter(codename="view_product"))
    assert client_of(staff).get(URL, {"is_active": "false"}).json()["count"] == 0
