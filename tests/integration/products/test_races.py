"""What happens when everybody writes at once. Each of these is red without the lock or constraint it speaks of."""

import pytest

from apps.inventory.models import StockItem
from apps.inventory.selectors import stock_drift_list
from apps.products.errors import AlreadyVoted, ReviewExists, SkuTaken
from apps.products.models import Category, Product, ProductReview, SearchWord, Tag, WishlistItem
from apps.products.services.categories import category_create
from apps.products.services.products import product_create, product_update
from apps.products.services.reviews import review_create, review_vote_helpful
from apps.products.services.wishlists import wishlist_add
from tests.support.factories import product_make, user_make
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)
CALLERS = 12


def failures(results):
    return [type(result) for result in results if isinstance(result, Exception)]


def test_a_sku_raced_for_is_used_once_and_leaves_no_ledger_behind():
    def create():
        return product_create(data={"sku": "RACE", "name": "Racer", "price_minor": 1, "stock": 3})

    results = run_together([create] * CALLERS)
    assert failures(results) == [SkuTaken] * (CALLERS - 1)
    assert (Product.objects.count(), StockItem.objects.count()) == (1, 1)
    assert stock_drift_list() == []


def test_equal_names_at_once_all_get_a_slug():
    results = run_together(
        [
            lambda n=n: product_create(data={"sku": f"R-{n}", "name": "Zebra Racer", "price_minor": 1})
            for n in range(CALLERS)
        ]
    )
    assert failures(results) == []
    assert len({product.slug for product in results}) == CALLERS
    assert SearchWord.objects.filter(spelling="zebra", word="zebra").count() == 1


def test_every_rating_is_counted():
    """Red without ``product_lock`` in ``review_create``: the last mean to be written misses the others."""
    product = product_make()
    people = [user_make() for _ in range(CALLERS)]
    results = run_together(
        [
            lambda user=user, n=n: review_create(user=user, product_id=product.pk, rating=1 + 4 * (n % 2))
            for n, user in enumerate(people)
        ]
    )
    assert failures(results) == []
    product.refresh_from_db()
    assert (product.rating, product.review_count) == (3, CALLERS)


def test_one_review_each_however_often_it_is_sent():
    product, user = product_make(), user_make()
    results = run_together([lambda: review_create(user=user, product_id=product.pk, rating=5)] * CALLERS)
    assert failures(results) == [ReviewExists] * (CALLERS - 1)
    product.refresh_from_db()
    assert product.review_count == ProductReview.objects.count() == 1


def test_votes_are_counted_once_each():
    review = review_create(user=user_make(), product_id=product_make().pk, rating=5)
    people = [user_make() for _ in range(6)]
    results = run_together(
        [lambda user=user: review_vote_helpful(review_id=review.pk, user=user) for user in people * 2]
    )
    assert failures(results) == [AlreadyVoted] * 6
    review.refresh_from_db()
    assert review.helpful_count == 6


def test_one_wish_however_often_it_is_sent():
    product, user = product_make(), user_make()
    results = run_together([lambda: wishlist_add(user=user, product_id=product.pk)] * CALLERS)
    assert failures(results) == []
    assert sum(created for _, created in results) == WishlistItem.objects.count() == 1


def test_categories_at_once_all_find_their_place():
    """Red without ``category_tree_lock``: two siblings take the same path."""
    parent = category_create(name="Top")
    results = run_together(
        [lambda: category_create(name="Twin", parent_id=parent.pk)] * CALLERS, at_once=CALLERS
    )
    assert failures(results) == []
    parent.refresh_from_db()
    assert parent.numchild == CALLERS
    assert len(set(Category.objects.values_list("path", flat=True))) == CALLERS + 1
    assert Category.objects.find_problems() == ([], [], [], [], [])


def test_a_tag_used_by_many_at_once_is_one_tag():
    products = [product_make() for _ in range(CALLERS)]
    results = run_together(
        [
            lambda product=product: product_update(product_id=product.pk, data={"tags": ["Brand new"]})
            for product in products
        ]
    )
    assert failures(results) == []
    assert Tag.objects.get().products.count() == CALLERS


def test_changes_of_one_product_at_once_lose_nothing():
    """Red without ``product_lock`` in ``product_update``: a stale copy of the row is written back."""
    product = product_make()
    changes = [
        {"name": "New"},
        {"brand": "New"},
        {"description": "New"},
        {"price_minor": 7},
        {"attributes": {"a": 1}},
    ]
    results = run_together(
        [lambda data=data: product_update(product_id=product.pk, data=data) for data in changes]
    )
    assert failures(results) == []
    product.refresh_from_db()
    assert [product.name, product.brand, product.description, product.price_minor, product.attributes] == [
        "New", "New", "New", 7, {"a": 1},
    ]  # fmt: skip
