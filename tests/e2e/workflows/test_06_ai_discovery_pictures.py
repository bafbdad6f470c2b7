"""Finding things by a photo, and looking at pictures before they are uploaded; through the front door."""

import random
import time

import pytest
from PIL import Image, ImageDraw

from tests.e2e.support.answers import ok, refused, refused_field
from tests.e2e.support.pictures import HOSTILE, bomb
from tests.e2e.support.things import encoded, unique
from tests.support.polling import wait_until


def looked_at(person, content, path="products/visual-search/", **fields):
    """The answer to a picture; asked again while a busy machine makes the service too late for its caller."""
    end = time.monotonic() + 20
    while True:
        answer = person.send("POST", path, files={"image": ("a.png", content)}, data=fields)
        late = answer.status_code == 200 and answer.json()["source"] == "fallback"
        if not late or time.monotonic() > end:
            return answer
        time.sleep(0.5)


def drawing(seed):
    """A picture that no other product has: coloured fields of all sizes, one over the other, on white."""
    chance = random.Random(seed)
    image = Image.new("RGB", (400, 400), "white")
    pen = ImageDraw.Draw(image)
    for _ in range(90):
        left, top = (chance.randrange(40, 330) for _ in range(2))
        shade = tuple(chance.randrange(20, 230) for _ in range(3))
        pen.rectangle((left, top, left + chance.randrange(8, 70), top + chance.randrange(8, 70)), fill=shade)
    return image


@pytest.fixture(scope="class")
def pictured(administrator):
    """A product with a picture of its own, that the service has seen; its picture, and its category."""
    administrator.stay_signed_in()
    image, category = drawing(unique("picture")), administrator.add_category()
    product = administrator.add_product(category_id=category["id"])
    ok(administrator.upload(product, encoded(image, "PNG")), 201)

    def known():
        answer = ok(looked_at(administrator, encoded(image, "PNG"), limit=5))
        return product["id"] in [result["product"]["id"] for result in answer["results"]]

    wait_until(known, timeout_s=60, every_s=0.5)
    return product, image, category


class TestUploads:
    """What holds with the service and without it."""

    @pytest.mark.parametrize("name", sorted(HOSTILE))
    def test_hostile_uploads_are_refused(self, guest, name):
        refused(looked_at(guest, HOSTILE[name]), 400, "image_invalid")

    def test_a_bomb_is_refused(self, guest):
        answer = looked_at(guest, bomb(10_000))
        assert (answer.status_code, answer.json()["code"]) in (
            (400, "image_invalid"),
            (413, "payload_too_large"),
        )

    def test_a_missing_picture_is_named(self, guest):
        refused_field(guest.send("POST", "products/visual-search/", files={"other": ("a", b"x")}), "image")

    @pytest.mark.parametrize("limit", ["0", "51", "many"])
    def test_bad_limits_are_refused(self, guest, limit):
        refused_field(looked_at(guest, encoded(drawing(1), "PNG"), limit=limit), "limit")

    def test_checking_is_for_staff(self, guest, customer):
        sent = encoded(drawing(2), "PNG")
        refused(looked_at(guest, sent, "products/image-check/"), 401, "not_authenticated")
        refused(looked_at(customer, sent, "products/image-check/"), 403, "permission_denied")


class TestPictures:
    """What only the service ``visual_recognition`` can."""

    def test_a_photo_finds_its_product(self, pictured, guest):
        product, image, _ = pictured
        photo = image.rotate(4, fillcolor="white").resize((300, 300)).convert("RGB")
        answer = ok(looked_at(guest, encoded(photo, "JPEG", quality=60), limit=5))
        assert answer["source"] in ("model", "baseline")
        assert answer["results"][0]["product"]["id"] == product["id"]
        assert len(answer["results"]) <= 5
        assert answer["reasons"]

    def test_a_category_narrows_the_search(self, pictured, staff, guest):
        product, image, category = pictured
        other = staff.add_category()
        mine = ok(looked_at(guest, encoded(image, "PNG"), category=category["slug"]))
        assert [result["product"]["id"] for result in mine["results"]] == [product["id"]]
        assert ok(looked_at(guest, encoded(image, "PNG"), category=other["slug"]))["results"] == []

    @pytest.mark.parametrize("change", ["crop", "half", "jpeg", "turn"])
    def test_a_copy_is_known_before_it_is_uploaded_again(self, pictured, staff, change):
        product, image, _ = pictured
        copy = {
            "crop": lambda: image.crop((30, 30, 370, 370)),
            "half": lambda: image.resize((200, 200)),
            "jpeg": lambda: image,
            "turn": lambda: image.rotate(4, fillcolor="white"),
        }[change]()
        sent = encoded(copy, "JPEG", quality=40)
        answer = ok(looked_at(staff, sent, "products/image-check/"))
        assert [found["product"]["id"] for found in answer["duplicates"]] == [product["id"]]

    def test_a_new_picture_is_no_copy_and_gets_suggestions(self, pictured, staff):
        _, image, category = pictured
        answer = ok(looked_at(staff, encoded(drawing(unique("new")), "PNG"), "products/image-check/"))
        assert answer["duplicates"] == []
        assert answer["colours"]
        same = ok(looked_at(staff, encoded(image, "PNG"), "products/image-check/"))
        assert same["categories"][0]["category"]["slug"] == category["slug"]

    def test_a_product_that_leaves_the_shop_is_not_found(self, staff, guest):
        image, product = drawing(unique("leaving")), staff.add_product()
        ok(staff.upload(product, encoded(image, "PNG")), 201)
        assert staff.delete(f"products/{product['id']}/").status_code == 204
        found = ok(looked_at(guest, encoded(image, "PNG")))["results"]
        assert product["id"] not in [result["product"]["id"] for result in found]
