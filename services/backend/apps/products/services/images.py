"""Pictures of products. The file is written first and taken back if its row does not get committed."""

from functools import partial
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from apps.core.events import event_emit
from apps.core.response_cache import CATALOGUE, stamp_bump
from apps.products.locks import product_lock
from apps.products.models import ProductImage
from apps.products.pictures import Picture, picture_read


def image_add(
    *, product_id: int, upload: IO[bytes], size: int, alt: str = "", is_primary: bool = False
) -> ProductImage:
    """Store a picture; the first one is the primary. Raises ``ImageInvalid``, ``PayloadTooLarge``, ``NotFound``.

    Call outside a transaction: whoever rolls back later would leave the file behind.
    """
    picture = picture_read(upload, size=size)
    name = f"products/{product_id}/{picture.name}"
    written = not default_storage.exists(name)
    if written:
        name = default_storage.save(name, ContentFile(picture.content))
    committed = False
    try:
        image = _image_create(product_id, name, picture, alt=alt, is_primary=is_primary)
        committed = True
        return image
    finally:
        if written and not committed:
            default_storage.delete(name)


@transaction.atomic
def _image_create(
    product_id: int, name: str, picture: Picture, *, alt: str, is_primary: bool
) -> ProductImage:
    product_lock(product_id)
    images = ProductImage.objects.filter(product_id=product_id)
    primary = is_primary or not images.exists()
    if primary:
        images.filter(is_primary=True).update(is_primary=False)
    image = ProductImage(
        product_id=product_id, alt=alt, is_primary=primary, width=picture.width, height=picture.height
    )
    image.file.name = name
    image.save()
    payload = {"product_id": product_id, "image_id": image.pk, "file": name}
    event_emit(type="product.image_added", aggregate=f"product:{product_id}", payload=payload)
    stamp_bump(CATALOGUE)
    return image


@transaction.atomic
def image_change(*, image_id: int, alt: str, is_primary: bool) -> None:
    """Describe a picture, or make it the primary one of its product."""
    image = ProductImage.objects.get(pk=image_id)
    product_lock(image.product_id)
    if is_primary:
        others = ProductImage.objects.filter(product_id=image.product_id, is_primary=True).exclude(
            pk=image_id
        )
        others.update(is_primary=False)
    ProductImage.objects.filter(pk=image_id).update(alt=alt, is_primary=is_primary or image.is_primary)
    stamp_bump(CATALOGUE)


@transaction.atomic
def image_delete(*, image_id: int) -> None:
    """Take a picture away; the oldest of the others becomes primary. Its file goes once nothing refers to it."""
    image = ProductImage.objects.get(pk=image_id)
    product_lock(image.product_id)
    name = str(image.file.name)
    image.delete()
    left = ProductImage.objects.filter(product_id=image.product_id)
    if image.is_primary and (heir := left.order_by("pk").first()):
        left.filter(pk=heir.pk).update(is_primary=True)
    if not ProductImage.objects.filter(file=name).exists():
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
    stamp_bump(CATALOGUE)
