"""What can go wrong in the catalogue."""

from meshop_shared.errors import Conflict, NotFound, PermissionDenied, ValidationFailed


class ProductNotFound(NotFound):
    """404: no such product, or it is not shown in the shop."""

    code = "product_not_found"
    message = "There is no such product."


class CategoryNotFound(NotFound):
    """404: no such category."""

    code = "category_not_found"
    message = "There is no such category."


class SkuTaken(Conflict):
    """409: another product or variant has this SKU."""

    code = "sku_taken"
    message = "This SKU is already in use."


class SlugTaken(Conflict):
    """409: another product has this slug."""

    code = "slug_taken"
    message = "This slug is already in use."


class VariantsConflict(Conflict):
    """409: carts and open orders hold the units a product has, so it cannot change how it is sold."""

    code = "variants_conflict"
    message = "A product cannot switch between being sold with and without variants."


class ReviewExists(Conflict):
    """409: one review per user and product."""

    code = "review_exists"
    message = "You have already reviewed this product."


class AlreadyVoted(Conflict):
    """409: one helpful vote per user and review."""

    code = "already_voted"
    message = "You have already marked this review as helpful."


class OwnReview(PermissionDenied):
    """403: nobody votes for themselves."""

    code = "own_review"
    message = "You cannot mark your own review as helpful."


class ImageInvalid(ValidationFailed):
    """400: the upload is not a picture that we can read whole."""

    code = "image_invalid"
    message = "Upload a JPEG, PNG, WebP or GIF picture."
