"""Reviews: one per customer and product, cleaned, moderated, and voted helpful by others only."""

import pytest

from tests.e2e.support.answers import at_once, not_found, ok, refused, refused_field, statuses

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">here</a>',
    "<svg/onload=alert(1)>",
    "<iframe src='//example.com'></iframe>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
]


def change(person, review, **fields):
    return person.patch(f"products/reviews/{review['id']}/", fields)


def vote(person, review):
    return person.post(f"products/reviews/{review['id']}/helpful/")


def moderate(staff, review, status):
    return ok(change(staff, review, status=status))


class TestWriting:
    def test_a_review_is_shown_with_its_product(self, staff, customer, guest):
        product = staff.add_product()
        written = customer.review(product, 4, title="Sturdy", body="Keeps the tea warm.")

        assert set(written) >= {
            "id", "product_id", "rating", "title", "body", "verified_purchase", "helpful_count", "status", "user",
        }  # fmt: skip
        assert (written["product_id"], written["rating"]) == (product["id"], 4)
        assert (written["title"], written["body"]) == ("Sturdy", "Keeps the tea warm.")
        assert written["helpful_count"] == 0
        shown = guest.reviews_of(product)
        assert [r["id"] for r in shown] == [written["id"]]
        assert customer.email not in str(shown)

    def test_the_product_carries_the_mean_and_the_number(self, staff, new_customer, guest):
        product = staff.add_product()
        assert (product["rating"], product["review_count"]) == (0, 0)
        for rating in (5, 4, 4):
            new_customer().review(product, rating)

        seen = guest.product(product["id"])
        assert seen["rating"] == pytest.approx(13 / 3, abs=0.01)
        assert seen["review_count"] == 3
        assert guest.products(search=product["sku"])[0]["review_count"] == 3

    def test_guests_write_none(self, staff, guest):
        product = staff.add_product()
        refused(guest.try_review(product), 401, "not_authenticated")
        assert guest.reviews_of(product) == []

    def test_one_person_has_one_opinion(self, staff, customer):
        product = staff.add_product()
        customer.review(product, 5)
        refused(customer.try_review(product, 1), 409, "review_exists")
        assert customer.product(product["id"])["rating"] == 5

    def test_one_opinion_even_when_sent_ten_times_at_once(self, staff, customer):
        product = staff.add_product()
        answers = at_once([lambda: customer.try_review(product, 5)] * 10)
        assert statuses(answers) == {201: 1, 409: 9}
        assert customer.product(product["id"])["review_count"] == 1

    def test_twenty_people_at_once_are_all_counted(self, staff, new_customer):
        product = staff.add_product()
        people = [new_customer() for _ in range(20)]
        ratings = [5, 1] * 10
        answers = at_once(
            [lambda p=p, r=r: p.try_review(product, r) for p, r in zip(people, ratings, strict=True)]
        )
        assert statuses(answers) == {201: 20}
        seen = people[0].product(product["id"])
        assert (seen["review_count"], seen["rating"]) == (20, 3)

    @pytest.mark.parametrize("rating", [0, 6, -1, 3.5, "good", None, True, [], {}, 10**30])
    def test_ratings_are_whole_numbers_from_one_to_five(self, staff, customer, rating):
        product = staff.add_product()
        refused_field(customer.try_review(product, rating), "rating")
        assert customer.product(product["id"])["review_count"] == 0

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", "x" * 121),
            ("title", ["a"]),
            ("body", "x" * 5001),
            ("body", {"a": 1}),
            ("product_id", "mug"),
        ],
    )
    def test_a_bad_field_is_named_and_nothing_is_saved(self, staff, customer, field, value):
        product = staff.add_product()
        refused_field(customer.try_review(product, **{field: value}), field)
        assert customer.reviews_of(product) == []

    def test_unknown_products_cannot_be_reviewed(self, customer):
        refused(customer.try_review({"id": 2**62}), 404, "product_not_found")
        not_found(customer.get(f"products/{2**62}/reviews/"))

    @pytest.mark.parametrize("text", HOSTILE)
    def test_script_in_text_does_not_survive(self, staff, customer, guest, text):
        product = staff.add_product()
        answer = customer.try_review(product, title=f"Nice {text}", body=f"Before {text} after")
        assert answer.status_code in (201, 400), answer.text
        for review in guest.reviews_of(product):
            shown = f"{review['title']} {review['body']}".lower()
            assert not [
                bad for bad in ("<script", "onerror", "onload", "javascript:", "<iframe") if bad in shown
            ]
            assert "before" in shown
            assert "after" in shown

    def test_signs_of_ordinary_text_survive(self, staff, customer):
        text = 'Fits 3 < 4 & 5 cups; "good" value, it\'s 100% – naïve 茶 🫖'
        written = customer.review(staff.add_product(), body=text)
        assert written["body"] == text


class TestVerifiedPurchase:
    def test_nobody_is_verified_before_paying(self, staff, customer):
        product = staff.add_product()
        customer.order(product)
        assert customer.review(product)["verified_purchase"] is False

    def test_nobody_verifies_or_approves_themselves(self, staff, customer):
        product = staff.add_product()
        written = customer.review(product, verified_purchase=True, helpful_count=99, user=1)
        assert written["verified_purchase"] is False
        assert written["helpful_count"] == 0


class TestReading:
    def test_pages_hold_every_review_once_newest_first(self, staff, new_customer, guest):
        product = staff.add_product()
        ids = [new_customer().review(product)["id"] for _ in range(5)]
        for first_page in ({"page": 1}, {"cursor": ""}):
            assert [r["id"] for r in walk(guest, product, page_size=2, **first_page)] == ids[::-1]

    @pytest.mark.parametrize(
        ("name", "value"), [("page", 0), ("page_size", 101), ("cursor", "!"), ("page", "last")]
    )
    def test_bad_pages_are_refused(self, staff, guest, name, value):
        product = staff.add_product()
        refused_field(guest.get(f"products/{product['id']}/reviews/", **{name: value}), name)

    def test_reviews_are_found_by_the_slug_too(self, staff, customer, guest):
        product = staff.add_product()
        customer.review(product)
        assert len(ok(guest.get(f"products/{product['slug']}/reviews/"))["results"]) == 1


def walk(person, product, **query):
    """All reviews of a product, page after page by its links."""
    answer = ok(person.get(f"products/{product['id']}/reviews/", **query))
    found = list(answer["results"])
    while answer["next"]:
        answer = ok(person.get(answer["next"]))
        found += answer["results"]
        assert len(found) <= answer["count"]
    return found


class TestChanging:
    def test_the_author_changes_it_and_the_mean_follows(self, staff, customer, guest):
        product = staff.add_product()
        written = customer.review(product, 5)
        changed = ok(change(customer, written, rating=2, body="It broke."))
        assert (changed["rating"], changed["body"], changed["title"]) == (2, "It broke.", written["title"])
        replaced = ok(
            customer.put(f"products/reviews/{written['id']}/", {"rating": 3, "title": "Hm", "body": ""})
        )
        assert (replaced["rating"], replaced["title"]) == (3, "Hm")
        assert guest.product(product["id"])["rating"] == 3

    def test_the_author_removes_it_and_may_write_again(self, staff, customer, guest):
        product = staff.add_product()
        written = customer.review(product, 1)
        ok(customer.delete(f"products/reviews/{written['id']}/"), 204)
        seen = guest.product(product["id"])
        assert (seen["rating"], seen["review_count"]) == (0, 0)
        customer.review(product, 4)
        assert guest.product(product["id"])["rating"] == 4

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_others_cannot_touch_it(self, staff, customer, stranger, guest, method):
        product = staff.add_product()
        written = customer.review(product, 5)
        path, body = f"products/reviews/{written['id']}/", {"rating": 1, "title": "No", "body": "No"}
        not_found(stranger.send(method, path, json=body))
        refused(guest.send(method, path, json=body), 401, "not_authenticated")
        assert guest.reviews_of(product)[0]["rating"] == 5

    @pytest.mark.parametrize("key", [0, -1, 2**62, 10**30, "first", "1.5"])
    def test_unknown_reviews_do_not_exist(self, customer, key):
        body = {"rating": 1, "title": "", "body": ""}
        for method in ("PUT", "PATCH", "DELETE"):
            not_found(customer.send(method, f"products/reviews/{key}/", json=body))
        not_found(customer.post(f"products/reviews/{key}/helpful/"))

    @pytest.mark.parametrize("rating", [0, 6, 2.5, "x", None])
    def test_a_bad_change_changes_nothing(self, staff, customer, rating):
        product = staff.add_product()
        written = customer.review(product, 5)
        refused_field(change(customer, written, rating=rating), "rating")
        assert customer.reviews_of(product)[0]["rating"] == 5

    def test_a_changed_text_is_cleaned_too(self, staff, customer):
        written = customer.review(staff.add_product())
        answer = change(customer, written, body=f"Good {HOSTILE[1]} enough")
        assert "onerror" not in answer.text


class TestModeration:
    def test_a_rejected_review_is_neither_shown_nor_counted(self, staff, customer, new_customer, guest):
        product = staff.add_product()
        bad, good = customer.review(product, 1), new_customer().review(product, 5)
        moderate(staff, bad, "rejected")

        assert [r["id"] for r in guest.reviews_of(product)] == [good["id"]]
        seen = guest.product(product["id"])
        assert (seen["rating"], seen["review_count"]) == (5, 1)

    def test_an_approved_review_comes_back(self, staff, customer, guest):
        product = staff.add_product()
        written = customer.review(product, 4)
        moderate(staff, written, "rejected")
        assert moderate(staff, written, "approved")["status"] == "approved"
        assert guest.product(product["id"])["rating"] == 4

    def test_only_staff_moderate(self, staff, customer, stranger, guest):
        product = staff.add_product()
        written = customer.review(product)
        moderate(staff, written, "rejected")
        answer = change(customer, written, status="approved")
        assert answer.status_code in (200, 400, 403), answer.text
        not_found(change(stranger, written, status="approved"))
        assert guest.reviews_of(product) == []

    def test_a_rejected_text_does_not_come_back_by_rewriting_it(self, staff, customer, guest):
        product = staff.add_product()
        written = customer.review(product, 1, body="Rude.")
        moderate(staff, written, "rejected")
        ok(change(customer, written, body="Rude again."))
        ok(
            customer.put(
                f"products/reviews/{written['id']}/", {"rating": 1, "title": "", "body": "Still rude."}
            )
        )
        assert guest.reviews_of(product) == []
        moderate(staff, written, "approved")
        assert [r["body"] for r in guest.reviews_of(product)] == ["Still rude."]

    def test_there_are_three_states(self, staff, customer):
        written = customer.review(staff.add_product())
        refused_field(change(staff, written, status="excellent"), "status")


class TestHelpfulVotes:
    def test_each_person_votes_once(self, staff, customer, stranger, guest):
        product = staff.add_product()
        written = customer.review(product)
        assert ok(vote(stranger, written))["helpful_count"] == 1
        refused(vote(stranger, written), 409, "already_voted")
        assert guest.reviews_of(product)[0]["helpful_count"] == 1

    def test_nobody_votes_for_themselves(self, staff, customer):
        product = staff.add_product()
        refused(vote(customer, customer.review(product)), 403, "own_review")
        assert customer.reviews_of(product)[0]["helpful_count"] == 0

    def test_guests_do_not_vote(self, staff, customer, guest):
        refused(vote(guest, customer.review(staff.add_product())), 401, "not_authenticated")

    def test_hidden_reviews_get_no_votes(self, staff, customer, stranger):
        written = customer.review(staff.add_product())
        moderate(staff, written, "rejected")
        not_found(vote(stranger, written))

    def test_ten_votes_at_once_count_ten(self, staff, customer, new_customer, guest):
        product = staff.add_product()
        written = customer.review(product)
        voters = [new_customer() for _ in range(10)]
        assert statuses(at_once([lambda v=voter: vote(v, written) for voter in voters])) == {200: 10}
        assert guest.reviews_of(product)[0]["helpful_count"] == 10

    def test_ten_votes_of_one_person_count_one(self, staff, customer, stranger, guest):
        product = staff.add_product()
        written = customer.review(product)
        assert statuses(at_once([lambda: vote(stranger, written)] * 10)) == {200: 1, 409: 9}
        assert guest.reviews_of(product)[0]["helpful_count"] == 1
