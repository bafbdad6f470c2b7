import pytest

from apps.products.imports.demo.generator import demo_article, demo_sku
from apps.products.imports.demo.vocabulary import COLOURS, DEPARTMENTS


def article(number, *, seed=1, currency="GBP", exponent=2):
    return demo_article(seed=seed, number=number, currency=currency, exponent=exponent)


def test_a_product_depends_on_seed_and_number_alone():
    assert article(17) == article(17)
    assert article(17) != article(18)
    assert (
        article(17).name != article(17, seed=2).name
        or article(17).price_minor != article(17, seed=2).price_minor
    )


def test_this_seed_gives_these_products_on_every_machine():
    names = [article(number).name for number in (1, 2, 3)]
    assert names == [
        "Brightwave Silent Aluminium Tripod Moss Grey",
        "Saltbay Professional Glass Goblet Oak Navy",
        "Ashgrove Classic Merino Shirt Dress Rowan Yellow",
    ]


def test_the_catalogue_is_plausible():
    articles = [article(number) for number in range(1, 2_001)]
    assert len({item.sku for item in articles}) == 2_000
    assert all(len(item.category) == 3 for item in articles)
    assert {item.category[0] for item in articles} == {department.name for department in DEPARTMENTS}
    assert all(50 < item.price_minor < 300_000 for item in articles)
    assert sum(item.price_minor % 100 in (95, 99) for item in articles) > 800
    assert 40 < sum(item.stock == 0 for item in articles) < 240
    with_variants = [item for item in articles if item.variants]
    assert 100 < len(with_variants) < 400
    assert all(2 <= len(item.variants) <= 4 for item in with_variants)
    assert all(item.name.startswith(item.brand) and item.description for item in articles)


@pytest.mark.parametrize(("exponent", "factor"), [(0, 1), (2, 1), (3, 10)])
def test_prices_fit_the_currency(exponent, factor):
    assert article(1, exponent=exponent).price_minor == article(1).price_minor * factor


def test_skus_sort_by_number():
    assert demo_sku(seed=3, number=42) == "DEMO-3-0000042"


def test_texts_fit_their_columns():
    longest = max((article(number).name for number in range(1, 5_001)), key=len)
    assert len(longest) <= 200
    assert len(COLOURS) == len({name for name, _ in COLOURS})
