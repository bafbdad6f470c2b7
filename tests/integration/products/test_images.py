"""Pictures: uploading, serving, and files that do not outlive their row."""

import io
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.products.models import ProductImage
from apps.products.services.images import image_add, image_change, image_delete
from tests.support.factories import product_make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """A media folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def png(colour="red", size=(8, 6)):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def upload(client, key, data=None, name="a.png", **fields):
    file = SimpleUploadedFile(name, png() if data is None else data)
    return client.post(f"/api/products/{key}/upload_image/", {"image": file} | fields, format="multipart")


def files(media: Path):
    return [path for path in media.rglob("*") if path.is_file()]


def test_uploading_and_fetching(staff, guest, media):
    product = product_make()
    response = upload(staff, product.slug, alt="<b>Front</b>")
    body = response.json()
    assert (response.status_code, set(body)) == (201, {"id", "url", "is_primary", "alt"})
    assert (body["is_primary"], body["alt"]) == (True, "Front")
    assert guest.get(f"/api/products/{product.pk}/").json()["images"] == [body]
    image = ProductImage.objects.get()
    assert (image.width, image.height) == (8, 6)
    served = guest.get(body["url"])
    assert (served.status_code, served["Content-Type"]) == (200, "image/png")
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in served["Cache-Control"]
    assert Image.open(io.BytesIO(b"".join(served.streaming_content))).size == (8, 6)


def test_exactly_one_is_primary(staff):
    product = product_make()
    first, second, third = (
        upload(staff, product.pk, png(colour), **fields).json()["id"]
        for colour, fields in (("red", {}), ("blue", {}), ("teal", {"is_primary": "true"}))
    )
    primary = ProductImage.objects.filter(is_primary=True)
    assert primary.get().pk == third
    image_change(image_id=second, alt="Side", is_primary=True)
    assert primary.get().pk == second
    image_delete(image_id=second)
    assert primary.get().pk == first


def test_the_same_picture_twice_is_stored_once(staff, media):
    product = product_make()
    assert upload(staff, product.pk).status_code == upload(staff, product.pk).status_code == 201
    assert len(files(media)) == 1


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "image_invalid"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 400, "image_invalid"),
        (png()[:40], 400, "image_invalid"),
        (png() + bytes(5_000_000), 413, "payload_too_large"),
    ],
)
def test_what_is_no_picture_leaves_nothing(staff, media, data, status, code):
    product = product_make()
    response = upload(staff, product.pk, data, "fine.png")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert files(media) == []
    assert not ProductImage.objects.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd.png", "a.exe", "x" * 300 + ".png", "<script>.png"])
def test_the_name_of_the_upload_means_nothing(staff, media, name):
    product = product_make()
    upload(staff, product.pk, name=name)
    [stored] = files(media)
    assert stored.relative_to(media).parts[:2] == ("products", str(product.pk))
    assert stored.suffix == ".png"
    assert len(stored.stem) == 40


def test_bad_fields_are_named(staff):
    url = f"/api/products/{product_make().pk}/upload_image/"
    for body, field in (
        ({}, "image"),
        ({"image": "text"}, "image"),
        ({"image": SimpleUploadedFile("a.png", png()), "alt": "x" * 201}, "alt"),
        ({"image": SimpleUploadedFile("a.png", png()), "is_primary": "perhaps"}, "is_primary"),
    ):
        response = staff.post(url, body, format="multipart")
        assert response.status_code == 400
        assert field in response.json()["extra"]["fields"]
    response = staff.post(url, {"image": "a.png"}, format="json")
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_unknown_products(staff, media):
    for key in (2**62, "nowhere"):
        assert upload(staff, key).status_code == 404
    assert files(media) == []


def test_the_file_goes_when_the_row_is_not_written(media, monkeypatch):
    """Red without the clean-up in ``image_add``."""
    product = product_make()

    def fail(**kwargs):
        raise RuntimeError("the outbox is gone")

    monkeypatch.setattr("apps.products.services.images.event_emit", fail)
    with pytest.raises(RuntimeError):
        image_add(product_id=product.pk, upload=io.BytesIO(png()), size=100)
    assert files(media) == []


def test_the_file_goes_with_its_last_row(media, django_capture_on_commit_callbacks):
    product = product_make()
    first, second = (image_add(product_id=product.pk, upload=io.BytesIO(png()), size=100) for _ in range(2))
    with django_capture_on_commit_callbacks(execute=True):
        image_delete(image_id=first.pk)
    assert len(files(media)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        image_delete(image_id=second.pk)
    assert files(media) == []


class TestServing:
    @pytest.mark.parametrize(
        "path",
        [
            "", "products", "products/", "nothing.png", "../settings.py", "..%2f..%2fetc%2fpasswd", "%00.png",
            "/etc/hosts.png", "products/../secret.txt", "secret.txt", "page.html", "x.svg", "a" * 5000 + ".png",
        ],
    )  # fmt: skip
    def test_only_pictures_within_the_folder(self, guest, media, path):
        (media / "secret.txt").write_text("secret")
        (media / "page.html").write_text("<script></script>")
        (media / "x.svg").write_text("<svg/>")
        response = guest.get(f"/media/{path}")
        assert response.status_code in (400, 404)
        assert response.json()["code"] in ("not_found", "validation_error")

    def test_only_reading(self, guest):
        default_storage.save("a.png", io.BytesIO(png()))
        response = guest.post("/media/a.png")
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
        head = guest.head("/media/a.png")
        assert (head.status_code, head["Content-Type"]) == (200, "image/png")
        head.close()
