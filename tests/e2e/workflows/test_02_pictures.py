"""Workflow 2, pictures: what staff may upload, and what becomes of it."""

import pytest

from tests.e2e.support.answers import not_found, ok, refused, refused_field
from tests.e2e.support.people import upload
from tests.e2e.support.pictures import HOSTILE, SECRET, bomb, html_in_picture, located_photo, read
from tests.e2e.support.things import png


class TestPictures:
    def test_the_first_one_is_the_primary(self, staff, guest):
        made = staff.add_product()
        first = staff.add_image(made, alt="From the front")
        second = ok(staff.upload(made, png(colour="navy")), 201)
        images = guest.product(made["id"])["images"]

        assert [(i["id"], i["is_primary"]) for i in images] == [(first["id"], True), (second["id"], False)]
        assert images[0]["alt"] == "From the front"

    def test_it_can_be_fetched(self, staff, guest):
        made = staff.add_product()
        staff.add_image(made)
        url = guest.product(made["id"])["images"][0]["url"]
        answer = guest.http.get(url)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert read(answer.content).size == (8, 6)

    def test_a_photo_keeps_no_secret_and_stands_upright(self, staff, guest):
        made = staff.add_product()
        ok(staff.upload(made, located_photo(), "photo.jpg"), 201)
        content = guest.http.get(guest.product(made["id"])["images"][0]["url"]).content
        image = read(content)
        assert image.size == (20, 40)
        assert not dict(image.getexif())
        assert SECRET.encode() not in content

    def test_what_hides_behind_a_picture_is_left_behind(self, staff, guest):
        made = staff.add_product()
        ok(staff.upload(made, html_in_picture(), "page.html"), 201)
        url = guest.product(made["id"])["images"][0]["url"]
        assert url.endswith(".png")
        assert b"script" not in guest.http.get(url).content

    @pytest.mark.parametrize("name", HOSTILE)
    def test_what_is_no_picture_is_refused(self, staff, guest, name):
        made = staff.add_product()
        answer = staff.upload(made, HOSTILE[name], name)
        assert ok(answer, 400)["code"] in ("image_invalid", "validation_error")
        assert guest.product(made["id"])["images"] == []

    @pytest.mark.parametrize("side", [20_000, 2**31 - 1])
    def test_a_decompression_bomb_is_refused(self, staff, guest, side):
        made = staff.add_product()
        answer = staff.upload(made, bomb(side))
        assert answer.status_code in (400, 413), answer.text
        assert answer.json()["code"] in ("image_invalid", "payload_too_large")
        assert guest.product(made["id"])["images"] == []

    def test_a_file_that_is_too_large_is_refused(self, staff, guest):
        made = staff.add_product()
        refused(staff.upload(made, png() + bytes(6_000_000)), 413, "payload_too_large")
        assert guest.product(made["id"])["images"] == []

    def test_a_missing_file_is_named(self, staff):
        made = staff.add_product()
        answer = staff.send("POST", f"products/{made['id']}/upload_image/", files={"other": ("a.png", png())})
        refused_field(answer, "image")

    def test_json_is_no_upload(self, staff):
        made = staff.add_product()
        refused(
            staff.post(f"products/{made['id']}/upload_image/", {"image": "a.png"}),
            415,
            "unsupported_media_type",
        )

    def test_only_staff_upload(self, staff, customer, guest):
        made = staff.add_product()
        refused(upload(customer, made, png(), "a.png"), 403, "permission_denied")
        refused(upload(guest, made, png(), "a.png"), 401, "not_authenticated")
        assert guest.product(made["id"])["images"] == []

    def test_unknown_products_have_none(self, staff):
        not_found(staff.upload({"id": 2**62}, png()))

    @pytest.mark.parametrize(
        "path", ["media/../manage.py", "media/..%2f..%2fetc/passwd", "media/products/", "media/"]
    )
    def test_only_pictures_are_served(self, guest, shop_url, path):
        answer = guest.http.get(f"{shop_url}/{path}")
        assert answer.status_code in (400, 404), answer.text
